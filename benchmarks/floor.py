"""What benchmarks share: a durable database of their own, pgbench, rounds, and the bare transfer.

The disk of a virtual machine has two speeds and changes between them by itself, so only ratios to
a floor measured in the same rounds say anything.
"""

import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import psycopg
from psycopg import sql

from fintrust.embedded import Binaries, Throwaway
from fintrust.stack import roles, secret_file, urls

PROJECT = Path(__file__).resolve().parents[1]

# Nothing but the work: no rules, no ids, no indexes besides the accounts' key.
BARE = """
CREATE TABLE bare_account (id bigint PRIMARY KEY, balance bigint NOT NULL) WITH (fillfactor = 50);
CREATE TABLE bare_entry (
    account_id bigint NOT NULL, amount bigint NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE FUNCTION bare_move(source bigint, target bigint, minor bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE bare_account SET balance = balance - minor WHERE id = source;
    UPDATE bare_account SET balance = balance + minor WHERE id = target;
    INSERT INTO bare_entry (account_id, amount) VALUES (source, -minor);
    INSERT INTO bare_entry (account_id, amount) VALUES (target, minor);
END $$;
GRANT SELECT, INSERT, UPDATE ON bare_account, bare_entry TO fintrust_app;
"""


@dataclass(frozen=True)
class Bank:
    """A migrated database, and Django connected to it as the application."""

    administrator: str
    application: str

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """As the administrator, committed."""
        with psycopg.connect(self.administrator, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def pgbench(self, script: str, clients: int, seconds: int) -> float:
        """Committed transactions a second of the application's role."""
        with tempfile.NamedTemporaryFile("w", suffix=".pgbench") as file:
            file.write(script)
            file.flush()
            program = Binaries.from_wheels().postgres / "pgbench"
            done = subprocess.run(
                [
                    program, "--no-vacuum", "--protocol=prepared", f"--client={clients}",
                    "--jobs=2", f"--time={seconds}", f"--file={file.name}", self.application,
                ],
                capture_output=True, text=True,
            )  # fmt: skip
        found = re.search(r"tps = ([\d.]+)", done.stdout)
        if done.returncode != 0 or found is None:
            raise SystemExit(f"pgbench failed:\n{done.stdout}{done.stderr}")
        return float(found[1])


@contextmanager
def bank() -> Iterator[Bank]:
    """On DATABASE_URL's server (an administrator's), or on a throw-away one that syncs its log."""
    with _server() as (address, passwords):
        database = f"fintrust_bench_{os.getpid()}"
        administrator = urls.with_login(address, database=database)
        roles.ensure(administrator, passwords)
        try:
            own = urls.for_roles(address, passwords, database=database)
            os.environ |= own | {"DJANGO_SETTINGS_MODULE": "fintrust.settings"}
            _migrate()
            yield Bank(administrator, own["DATABASE_URL"])
        finally:
            _close()
            with psycopg.connect(address, autocommit=True) as connection:
                name = sql.Identifier(database)
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@contextmanager
def _server() -> Iterator[tuple[str, Mapping[str, str]]]:
    if address := os.environ.get("DATABASE_URL"):
        state = Path(os.environ.get("FINTRUST_STATE") or PROJECT / "var").resolve()
        yield urls.with_login(address, database="postgres"), secret_file.passwords(state)
        return
    server = Throwaway()
    # Commits must really wait for the disk here; a test's server does not wait.
    server.postgres = replace(server.postgres, durable=True)
    try:
        started = server.start()
        os.environ.setdefault("REDIS_URL", started["REDIS_URL"])
        address = urls.with_login(started["DATABASE_URL"], database="postgres")
        with psycopg.connect(address, autocommit=True) as connection:
            # Otherwise the checkpoints of one round would be paid for in the next.
            connection.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
            connection.execute("SELECT pg_reload_conf()")
        yield address, {}
    finally:
        server.stop()


def _migrate() -> None:
    command = [sys.executable, "manage.py", "migrate", "--database=owner", "--verbosity=0"]
    subprocess.run(command, cwd=PROJECT, check=True)
    import django

    django.setup()


def _close() -> None:
    from django.db import connections

    connections.close_all()


def rounds(count: int, runs: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Every run once in each round, one after the other; every other round backwards.

    A first round is not counted: after a checkpoint each page is written whole once.
    """
    measured: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    for number in range(count):
        for name in list(runs) if number % 2 == 0 else reversed(list(runs)):
            measured[name].append(runs[name]())
        latest = ", ".join(f"{name} {values[-1]:.0f}" for name, values in measured.items())
        print(f"round {number + 1}: {latest}", flush=True)
    return measured


def ratio(ours: list[float], floor: list[float]) -> float:
    """The median of the rounds' own ratios: the disk's mood cancels out."""
    return median(our / its for our, its in zip(ours, floor, strict=True))


def environment(bank: Bank) -> None:
    """What the figures below were measured on."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    print(f"{os.cpu_count()} x {model[1] if model else platform.machine()}, {platform.release()}")
    print(f"Python {platform.python_version()}")
    for (said,) in bank.execute("SELECT split_part(version(), ' on ', 1)"):
        print(said)
    for name in (
        "fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size",
    ):  # fmt: skip
        [(value,)] = bank.execute(f"SHOW {name}")
        print(f"{name} = {value}")


def report(**figures: float) -> None:
    for name, value in figures.items():
        print(f"{name} {value:.4g}")
