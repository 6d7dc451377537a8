"""The database is killed while clients move money; then their books are compared with its own.

A sum of zero proves little: a doubled movement keeps it, and so does a lost one. As in Jepsen's
bank test, the judge is what every client was told. And the judge is judged: three mistakes that
others made are planted, and each must be found.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest

from banking.tests.bank_clients import PATIENCE_SECONDS, Book
from banking.verify import findings
from fintrust.embedded import Throwaway
from fintrust.stack import roles, urls
from fintrust.testing.servers import PROJECT

KILLS = int(os.environ.get("LEDGER_KILLS", 3))
SECONDS_BETWEEN_KILLS = 1.0


@dataclass
class Server:
    """A PostgreSQL whose commits wait for the disk, with the bank's database in it."""

    throwaway: Throwaway
    administrator: str
    environment: dict[str, str]

    def python(self, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=PROJECT,
            env=self.environment,
            text=True,
            **options,
        )

    def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.administrator) as connection:
            return connection.execute(statement, parameters).fetchall()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    throwaway = Throwaway()
    throwaway.postgres = replace(throwaway.postgres, durable=True)
    try:
        address = throwaway.start()["DATABASE_URL"]
        roles.ensure(address, {})
        environment = os.environ | urls.for_roles(address, {})
        made = Server(throwaway, address, environment)
        migration = made.python("manage.py", "migrate", "--database=owner", "--verbosity=0")
        assert migration.wait() == 0
        yield made
    finally:
        throwaway.stop()


@dataclass(frozen=True)
class Trial:
    """What the clients were told, and what the database says happened."""

    books: list[Book]
    ledger: dict[str, list[tuple[int, int, int]]]  # by the name the client gave it

    @property
    def told(self) -> dict[str, tuple[int, int, int]]:
        return {name: tuple(what) for book in self.books for name, what in book.moved.items()}

    @property
    def lost(self) -> set[str]:
        """Acknowledged, and not there."""
        return {name for name, what in self.told.items() if what not in self.ledger.get(name, [])}

    @property
    def doubled(self) -> set[str]:
        return {name for name, found in self.ledger.items() if len(found) > 1}

    @property
    def untold(self) -> set[str]:
        """There, and nobody was told."""
        return self.ledger.keys() - self.told.keys()

    @property
    def wrong(self) -> list[str]:
        return [what for book in self.books for what in book.wrong]

    def count(self, what: str) -> int:
        return sum(getattr(book, what) for book in self.books)


def tried(server: Server, fault: str = "none", kills: int = 1) -> Trial:
    with server.python(
        "-m", "banking.tests.bank_clients", fault, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as clients:
        accounts = json.loads(clients.stdout.readline())
        for _ in range(kills):
            let_them_move(server, accounts)
            server.throwaway.crash()
        time.sleep(0.3)  # those who were cut off ask again
        said, _ = clients.communicate("", timeout=90)
    books = [Book(**book) for book in json.loads(said)]
    return Trial(books, movements(server, accounts))


def let_them_move(server: Server, accounts: list[int]) -> None:
    """At least so long, and until something has moved: a busy machine needs longer to come back."""
    before, give_up = moved(server, accounts), time.monotonic() + PATIENCE_SECONDS
    time.sleep(SECONDS_BETWEEN_KILLS)
    while moved(server, accounts) == before:
        assert time.monotonic() < give_up, "nothing moved before the kill"
        time.sleep(0.1)


def moved(server: Server, accounts: list[int]) -> int:
    [(count,)] = server.sql(f"SELECT count(*) FROM banking_movement WHERE {_OURS}", accounts)
    return count


def movements(server: Server, accounts: list[int]) -> dict[str, list[tuple[int, int, int]]]:
    found: dict[str, list[tuple[int, int, int]]] = {}
    statement = f"SELECT narrative, debit_id, credit_id, amount FROM banking_movement WHERE {_OURS}"
    for name, *what in server.sql(statement, accounts):
        found.setdefault(name, []).append(tuple(what))
    return found


_OURS = "kind <> 'deposit' AND debit_id = ANY(%s)"


def test_nothing_acknowledged_is_lost_and_nothing_is_doubled(server):
    trial = tried(server, kills=KILLS)
    assert trial.wrong == []
    assert (trial.lost, trial.doubled, trial.untold) == (set(), set(), set())
    assert trial.count("unanswered") > 0, "nobody was cut off: nothing was tested"
    assert min(map(trial.count, ("repeated", "refused", "reads"))) > 0
    with psycopg.connect(server.administrator) as connection:
        assert findings(connection.cursor()) == []


def test_the_judge_finds_requests_without_a_key(server):
    assert tried(server, "no-key").doubled


def test_the_judge_finds_commits_that_do_not_wait_for_the_disk(server):
    assert tried(server, "asynchronous-commit", kills=2).lost


def test_the_judge_finds_what_is_acknowledged_too_early(server):
    assert tried(server, "early-acknowledgement").lost
