"""What remembering costs, and how fast the log seals, checks and proves.

    python -m benchmarks.audit [--seconds 5] [--records 50000]

On throw-away servers, or on those of DATABASE_URL (an administrator's) and REDIS_URL. The floor is
the same row inserted by pgbench into a bare table with a primary key and nothing else, measured in
the same run on the same machine. `sealed_ratio` is the whole price: indexes, fences and limits of
the real table, and the sequencer at work beside the writers on the same processors.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

from fintrust.embedded import Binaries
from fintrust.testing import servers

CLIENTS = (1, 8)
REPEATS = 3
COLUMNS = (
    "id, action, actor_kind, actor_label, subject, owner_id, before, after, data, reason, purpose,"
    " request_id, ip, session"
)
VALUES = """
    gen_random_uuid(), 'banking.transfer.posted', 'customer', 'usr_01m7x4emebe8dth1p5qnpgdgcf',
    'trf_01m7x4emebe8dth1p5qnpgdgcf', gen_random_uuid(), '{"status": "held"}',
    '{"status": "posted", "minor": 1250, "currency": "EUR"}', '{"rules": ["new_payee"]}', '', '',
    '25d84a0e-582a-4d64-a232-f4eac441a6f0', '192.0.2.7', '0123456789abcdef0123456789abcdef'
"""


@contextmanager
def bank() -> Iterator[str]:
    """A migrated database of its own, and Django connected to it as the application."""
    servers.begin()
    try:
        servers.finish_template()
        database = servers.current_database()
        servers.current().clone(database)
        os.environ["DJANGO_SETTINGS_MODULE"] = "fintrust.settings"
        import django

        django.setup()
        yield database
        from django.db import connections

        connections.close_all()
        servers.current().drop(database)
    finally:
        servers.end()


def addresses() -> dict[str, str]:
    return servers.current().addresses(servers.current_database())


def pgbench(table: str, clients: int, seconds: float) -> float:
    """Committed inserts a second."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(f"INSERT INTO {table} ({COLUMNS}) VALUES ({VALUES});".replace("\n", " "))
        script.flush()
        program = str(Binaries.from_wheels().postgres / "pgbench")
        command = [
            program, "--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2",
            f"--time={max(1, round(seconds))}", f"--file={script.name}",
            addresses()["DATABASE_URL"],
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found[1])


@contextmanager
def sequencer() -> Iterator[None]:
    """A process that seals every fifth of a second, as a worker would."""
    program = "import benchmarks.audit as b; b.seal_for_ever()"
    process = subprocess.Popen([sys.executable, "-c", program], cwd=servers.PROJECT)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def seal_for_ever() -> None:
    import django

    django.setup()
    from audit import log

    while True:
        if log.seal().leaves < log.BATCH_MAX:
            time.sleep(0.2)


def writers(seconds: float) -> Iterator[tuple[str, float]]:
    """Inserts by pgbench: bare table, the records' own table, and that with the sequencer."""
    with servers.current().connect(servers.current_database()) as owner:
        columns = "(LIKE audit_record INCLUDING DEFAULTS, PRIMARY KEY (id))"
        owner.execute(f"CREATE TABLE bare {columns}; GRANT INSERT ON bare TO fintrust_app")
    for clients in CLIENTS:
        runs: dict[str, list[float]] = {"plain": [], "record": [], "sealed": []}
        for _ in range(REPEATS):
            runs["plain"].append(pgbench("bare", clients, seconds))
            runs["record"].append(pgbench("audit_record", clients, seconds))
            with sequencer():
                runs["sealed"].append(pgbench("audit_record", clients, seconds))
        middle = {name: median(values) for name, values in runs.items()}
        for name, value in middle.items():
            yield f"inserts_per_second_{name}_{clients}", value
        yield f"record_ratio_{clients}", middle["record"] / middle["plain"]
        yield f"sealed_ratio_{clients}", middle["sealed"] / middle["plain"]


def timed(work: Callable[[], object], times: int = 1) -> float:
    """Seconds for one."""
    start = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - start) / times


def log_speed(count: int) -> Iterator[tuple[str, float]]:
    """Sealing, verifying and proving, by one process."""
    from audit import log, proofs, selectors, services, signing
    from audit.models import Record
    from audit.verify import verify

    while log.seal().leaves:
        pass
    before = selectors.log_head().size if selectors.head() else 0
    records = (
        Record(
            action="banking.transfer.posted",
            actor_kind="customer",
            actor_label="usr_01m7x4emebe8dth1p5qnpgdgcf",
            subject="trf_01m7x4emebe8dth1p5qnpgdgcf",
            before={"status": "held"},
            after={"status": "posted", "minor": 1250, "currency": "EUR"},
            request_id="25d84a0e-582a-4d64-a232-f4eac441a6f0",
        )
        for _ in range(count)
    )
    Record.objects.bulk_create(records, batch_size=1000)
    batches: list[int] = []

    def seal() -> None:
        while leaves := log.seal().leaves:
            batches.append(leaves)

    yield "sealed_per_second", count / timed(seal)
    size = before + sum(batches)
    yield "verified_per_second", size / timed(lambda: verify())
    yield "verify_nothing_new_ms", timed(lambda: verify(since=size), 5) * 1000
    record = Record.objects.filter(leaf__index=size // 3).get()
    proof = str(selectors.proof_of(record))
    yield "proof_ms", timed(lambda: selectors.proof_of(record), 50) * 1000
    yield "proof_bytes", len(proof)
    yield "verify_proof_ms", timed(lambda: proofs.verify(proof, signing.verifiers()), 50) * 1000
    remember = timed(lambda: services.record("core.test.done", subject="x", after={"a": 1}), 300)
    yield "record_call_ms", remember * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5, help="for each run of pgbench")
    parser.add_argument("--records", type=int, default=50_000, help="to seal, verify and prove")
    arguments = parser.parse_args()
    figures: list[tuple[str, float]] = []
    with bank():
        for measured in (writers(arguments.seconds), log_speed(arguments.records)):
            for name, value in measured:
                print(f"… {name} {value:.3f}", file=sys.stderr, flush=True)
                figures.append((name, value))
    for name, value in figures:
        print(name, f"{value:.3f}")


if __name__ == "__main__":
    main()
