"""Clients of the ledger that keep their own books, as a process that outlives its database.

    python -m banking.tests.bank_clients FAULT

prints the accounts they use, moves money between them until its input ends, and then prints what
each client was told, both as a line of JSON. Each client asks through `banking.ledger`, waits for
the answer, and asks again under the same id whenever none came.

FAULT plants a mistake that the judge has to find: `no-key` asks under a new id each time,
`asynchronous-commit` does not wait for the disk, `early-acknowledgement` believes an answer before
it has been committed; `none` plants nothing.
"""

import json
import random
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

CLIENTS, ACCOUNTS = 8, 12
OPENING_MINOR = 2_000
REPEATED = 0.2
PATIENCE_SECONDS = 60.0
EARLY_SECONDS = 0.05


@dataclass
class Book:
    """What one client was told, and what it saw that cannot be."""

    moved: dict[str, tuple[int, int, int]] = field(default_factory=dict)  # name -> who, whom, minor
    refused: int = 0
    repeated: int = 0
    unanswered: int = 0
    reads: int = 0
    wrong: list[str] = field(default_factory=list)


class Client:
    def __init__(self, accounts: list[int], fault: str, seed: int, stop: threading.Event) -> None:
        self.accounts, self.fault, self.stop = accounts, fault, stop
        self.dice = random.Random(seed)
        self.book = Book()
        self.said: list[Callable[[], object]] = []  # what can be asked again

    def run(self) -> Book:
        from django.db import connection

        try:
            while not self.stop.is_set():
                deed = self.dice.choices(
                    [self.move, self.batch, self.hold, self.look, self.repeat],
                    [60, 10, 10, 10, 100 * REPEATED],
                )[0]
                deed()
        finally:
            connection.close()
        return self.book

    # --- what it asks -------------------------------------------------------------------------

    def move(self) -> None:
        from banking import ledger

        name, source, target, minor = self._plan()
        id = _new()

        def ask() -> None:
            moved = ledger.move(self._id(id), source, target, _eur(minor), narrative=name)
            self._told(name, moved)

        self._answered(ask)
        self.said.append(lambda: self._answered(ask))

    def batch(self) -> None:
        from banking import ledger

        plans = [(_new(), *self._plan()) for _ in range(5)]

        def ask() -> None:
            orders = [
                ledger.Instruction(self._id(id), source, target, _eur(minor), narrative=name)
                for id, name, source, target, minor in plans
            ]
            for order, said in zip(orders, ledger.move_many(orders), strict=True):
                if isinstance(said, ledger.Moved):
                    self._told(order.narrative, said)
                else:
                    self.book.refused += 1

        self._answered(ask)

    def hold(self) -> None:
        """Set aside, then take a part of it or give it back."""
        from django.db import transaction

        from banking import ledger
        from banking.errors import HoldEnded

        name, source, target, minor = self._plan()
        hold, movement = _new(), _new()
        part = self.dice.randrange(1, minor + 1)
        if not self._answered(lambda: ledger.hold(hold, source, _eur(minor), because=name)):
            return

        def capture() -> None:
            moved = ledger.capture(hold, movement, target, _eur(part), narrative=name)
            self._told(name, moved)

        def release() -> None:
            """Has no id of its own: who asks again is told that it has ended, and how."""
            try:
                with transaction.atomic():
                    ledger.release(hold)
            except HoldEnded as ended:
                if ended.extra.get("outcome") != "released":
                    raise

        if self.dice.random() < 0.3:
            self._answered(release)
        else:
            self._answered(capture)

    def look(self) -> None:
        """One statement, one moment: nothing is missing, and nobody is below their floor."""
        from django.db.models import Sum

        from banking.models import Account

        def ask() -> None:
            total = Account.objects.filter(currency="EUR").aggregate(sum=Sum("balance_minor"))
            if total["sum"] != 0:
                self.book.wrong.append(f"all balances add up to {total['sum']}")
            for account in Account.objects.filter(pk__in=self.accounts):
                if account.balance_minor - account.held_minor < 0:
                    self.book.wrong.append(f"account {account.pk} has sunk below its floor")
            self.book.reads += 1

        self._answered(ask)

    def repeat(self) -> None:
        if self.said:
            self.book.repeated += 1
            self.dice.choice(self.said[-50:])()

    def _plan(self) -> tuple[str, int, int, int]:
        source, target = self.dice.sample(self.accounts, 2)
        return str(_new()), source, target, self.dice.randrange(1, 200)

    # --- how it is answered -------------------------------------------------------------------

    def _answered(self, ask: Callable[[], object]) -> bool:
        """Ask until there is an answer; False when it was no."""
        from django.db import Error, connection, transaction

        from fintrust.core.errors import Problem

        give_up = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up:
            try:
                if connection.connection is None and self.fault == "asynchronous-commit":
                    connection.cursor().execute("SET synchronous_commit = off")
                self._pending: list[tuple[str, Any]] = []
                with transaction.atomic():
                    ask()
                self._believe()
                return True
            except Problem as problem:
                self._judge(problem)
                return False
            except Error as error:
                if "deadlock" in str(error):
                    self.book.wrong.append(str(error))
                self.book.unanswered += 1  # done or not? nobody told us, so ask again
                with suppress(Error):
                    connection.close()
                if self.fault == "early-acknowledgement" and self._believed:
                    return True
                time.sleep(0.02)
        self.book.wrong.append("the database did not come back")
        return False

    def _told(self, name: str, moved: Any) -> None:
        self._pending.append((name, moved))
        if self.fault == "early-acknowledgement":
            self._believe()
            time.sleep(EARLY_SECONDS)  # or the database would have to die within a millisecond

    @property
    def _believed(self) -> bool:
        return any(name in self.book.moved for name, _ in self._pending)

    def _believe(self) -> None:
        for name, moved in self._pending:
            what = (moved.source_id, moved.target_id, moved.amount.minor)
            if self.book.moved.setdefault(name, what) != what:
                self.book.wrong.append(f"{name} was answered in two ways")

    def _judge(self, problem: Any) -> None:
        if problem.code == "insufficient-funds":
            self.book.refused += 1
        else:
            self.book.wrong.append(f"an answer that makes no sense: {problem.code}")

    def _id(self, id: UUID) -> UUID:
        return _new() if self.fault == "no-key" else id


def _new() -> UUID:
    from fintrust.core.ids import uuid7

    return uuid7()


def _eur(minor: int) -> Any:
    from fintrust.core.money import Money

    return Money(minor, "EUR")


def run(fault: str) -> None:
    from banking.tests.ledger_help import account

    accounts = [account(OPENING_MINOR).pk for _ in range(ACCOUNTS)]
    print(json.dumps(accounts), flush=True)
    stop = threading.Event()
    clients = [Client(accounts, fault, seed, stop) for seed in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        books = [pool.submit(client.run) for client in clients]
        sys.stdin.read()  # until the judge has seen enough
        stop.set()
        print(json.dumps([asdict(book.result()) for book in books]))


if __name__ == "__main__":
    import django

    django.setup()
    run(sys.argv[1])
