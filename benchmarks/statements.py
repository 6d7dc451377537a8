"""How long a statement takes, and how much memory, in each format.

    python -m benchmarks.statements [--lines 10000] [--rounds 3]

One account with so many lines, through the page's own door: sign-in, middleware, ledger, writer.
`first_byte` is from the request to the first block of the slowest format that is sent while it is
read; `seconds_…` is the whole file; `peak_mb` is what Python allocated at most for a format that is
sent while it is read, `pdf_peak_mb` for the one whose pages are kept until the last. A format that
may not have so many lines is left out. Goals: 200 ms, 2 s each, and the same memory for ten times
the lines.
"""

import argparse
import os
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import median
from typing import Any

from benchmarks import floor
from benchmarks.floor import Bank

NOTES = ("Coffee", "Rent July", "", "a longer note, as people write them to each other " * 2)


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.statements", description=__doc__)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    with floor.bank() as bank:
        visit = prepare(bank, options.lines)
        floor.environment(bank)
        floor.report(**figures(visit, options.lines, options.rounds))


class Visit:
    """A signed-in customer who asks for today's statement."""

    def __init__(self, client: Any, account: str) -> None:
        self.client, self.account = client, account

    def ask(self, format: str) -> Iterator[bytes]:
        today = datetime.now(UTC).date().isoformat()
        answer = self.client.get(
            f"/accounts/{self.account}/statement/{format}/", {"since": today, "until": today}
        )
        if answer.status_code != 200:
            raise SystemExit(f"{format}: {answer.status_code}")
        return iter(answer.streaming_content)


def prepare(bank: Bank, lines: int) -> Visit:
    from django.test import Client

    from banking import ledger
    from fintrust.core.ids import uuid7
    from fintrust.core.models import User
    from fintrust.core.money import Money

    ada = User.objects.create_user("ada@example.org", name="Ada Byron")
    mine, his = (
        ledger.open_account(owner=owner, product="checking", currency="EUR")
        for owner in (ada, User.objects.create_user("ben@example.org", name="Zoë Müller"))
    )
    clearing = ledger.internal("clearing", "EUR")
    for start in range(0, lines, 1_000):
        ledger.move_many(
            [
                ledger.Instruction(
                    uuid7(),
                    clearing if n % 3 == 0 else mine,
                    mine if n % 3 == 0 else his,
                    Money(10_000 if n % 3 == 0 else 37 + n % 1_000, "EUR"),
                    narrative=NOTES[n % len(NOTES)],
                )
                for n in range(start, min(start + 1_000, lines))
            ],
            linked=True,
        )
    bank.execute("VACUUM ANALYZE banking_movement")
    client = Client(SERVER_NAME="localhost")
    client.force_login(ada)
    return Visit(client, mine.public_id)


def figures(visit: Visit, lines: int, rounds: int) -> dict[str, float]:
    from banking.statements.formats import FORMATS

    found: dict[str, float] = {}
    first_bytes = []
    names = [f.name for f in FORMATS.values() if f.lines_max is None or lines <= f.lines_max]
    for name in names:
        timed = [_timed(visit, name) for _ in range(rounds + 1)][1:]  # the first loads the modules
        found[f"statement_seconds_{name}"] = median(whole for _, whole in timed)
        if name != "pdf":
            first_bytes.append(median(first for first, _ in timed))
    found["statement_first_byte_ms"] = 1_000 * max(first_bytes)
    found["statement_peak_mb"] = max(_peak(visit, name) for name in names if name != "pdf")
    if "pdf" in names:
        found["statement_pdf_peak_mb"] = _peak(visit, "pdf")
    return found


def _timed(visit: Visit, format: str) -> tuple[float, float]:
    began = time.perf_counter()
    blocks = visit.ask(format)
    next(blocks)
    first = time.perf_counter() - began
    for _ in blocks:
        pass
    return first, time.perf_counter() - began


def _peak(visit: Visit, format: str) -> float:
    tracemalloc.start()
    try:
        for _ in visit.ask(format):
            pass
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


if __name__ == "__main__":
    main()
