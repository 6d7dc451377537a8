"""Clients keep their own books while processes die; then the books are compared.

A sum of zero proves little: a doubled transfer keeps it. The judge is what each client asked for
and was told, as in Jepsen's bank test.
"""

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import psycopg
import requests

from fintrust.core.ids import to_public, uuid7
from fintrust.stack import urls
from fintrust.testing.stack import RunningStack

CLIENTS = 8
REQUESTS = 500
DUPLICATES = 0.2
DATABASE = "database"
KILLED = ("web", DATABASE, "worker", "web", DATABASE, "worker", "web")
PER_PERSON = 5  # more payments in ten minutes are held, and this is about money that moves
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Ask:
    """One request as its client remembers it."""

    key: str
    source: dict[str, str]
    target: dict[str, str]
    minor: int

    def body(self) -> dict[str, str]:
        return {
            "source": self.source["account"],
            "target": self.target["account"],
            "amount": f"{self.minor / 100:.2f}",
            "currency": "EUR",
        }


@dataclass
class Book:
    """What one client knows."""

    asked: dict[str, Ask] = field(default_factory=dict)
    posted: dict[str, str] = field(default_factory=dict)  # key -> the transfer it was told
    otherwise: list[tuple[str, str]] = field(default_factory=list)
    repeated: int = 0
    unanswered: int = 0


class Client:
    """Asks, repeats a fifth of it on purpose, and asks again whenever no answer came."""

    def __init__(self, url: str, people: list[dict[str, str]], seed: int, *, faulty: bool) -> None:
        self.url, self.people, self.faulty = url, people, faulty
        self.dice = random.Random(seed)
        self.book = Book()
        self.session = requests.Session()
        self.name = str(uuid7())

    def run(self, count: int) -> Book:
        for _ in range(count):
            repeat = self.book.asked and self.dice.random() < DUPLICATES
            ask = self.dice.choice(list(self.book.asked.values())) if repeat else self._new()
            self.book.repeated += bool(repeat)
            self._note(ask, self._answer(ask))
        return self.book

    def _new(self) -> Ask:
        number = len(self.book.asked)
        source = self.people[number // PER_PERSON]
        target = self.dice.choice([one for one in self.people if one is not source])
        ask = Ask(f"{self.name}-{number}", source, target, self.dice.randrange(1, 9_00))
        self.book.asked[ask.key] = ask
        return ask

    def _answer(self, ask: Ask) -> requests.Response:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = self._post(ask)
            except requests.RequestException:
                self.book.unanswered += 1  # posted or not? nobody told us, so ask again
            else:
                if answer.status_code not in {429, 503}:
                    return answer
            assert time.monotonic() < deadline, "The bank did not come back."
            time.sleep(0.2)

    def _post(self, ask: Ask) -> requests.Response:
        key = str(uuid7()) if self.faulty else ask.key
        return self.session.post(
            f"{self.url}/api/v1/transactions/transfer",
            json=ask.body(),
            headers={"Authorization": f"Bearer {ask.source['token']}", "Idempotency-Key": key},
            timeout=30,
        )

    def _note(self, ask: Ask, answer: requests.Response) -> None:
        assert answer.status_code < 500, answer.text
        told = answer.json()
        if told.get("status") == "posted":
            before = self.book.posted.setdefault(ask.key, told["id"])
            assert self.faulty or before == told["id"], "one key, two transfers"
        else:
            self.book.otherwise.append((ask.key, str(told.get("status") or told.get("code"))))


def people_of(stack: RunningStack, count: int) -> list[dict[str, str]]:
    made = stack.execute(sys.executable, "-m", "fintrust.tests.chaos_people", str(count))
    assert made.returncode == 0, made.stderr
    return [json.loads(line) for line in made.stdout.splitlines() if line.startswith("{")]


def start_clients(
    pool: ThreadPoolExecutor, stack: RunningStack, requests_each: int, *, faulty: bool
) -> list["Future[Book]"]:
    each = requests_each // PER_PERSON + 1
    people = people_of(stack, each * CLIENTS)
    clients = [
        Client(stack.url, people[n * each : (n + 1) * each], seed=n, faulty=faulty)
        for n in range(CLIENTS)
    ]
    return [pool.submit(client.run, requests_each) for client in clients]


def crash_database(stack: RunningStack) -> None:
    """PostgreSQL takes one killed session for damaged memory: it ends all others at once, and comes
    back from its write-ahead log."""
    sessions = stack.sql("SELECT pid FROM pg_stat_activity WHERE usename = %s", urls.APP)
    os.kill(sessions[0][0], signal.SIGKILL)
    stack.wait_for(lambda: answers(stack), seconds_max=60)


def answers(stack: RunningStack) -> bool:
    try:
        return stack.sql("SELECT true") == [(True,)]
    except psycopg.OperationalError:
        return False


Moves = Counter[tuple[str, str, int]]


def told(books: list[Book]) -> Moves:
    """What the clients were told has moved: each request once, however often it was sent."""
    asks = [book.asked[key] for book in books for key in book.posted]
    return Counter((ask.source["account"], ask.target["account"], ask.minor) for ask in asks)


def moved(stack: RunningStack, books: list[Book]) -> Moves:
    """What moved according to the ledger, from the accounts that the clients use."""
    rows = stack.sql(
        "SELECT d.uuid, c.uuid, m.amount FROM banking_movement m"
        " JOIN banking_account d ON d.id = m.debit_id JOIN banking_account c ON c.id = m.credit_id"
        " WHERE m.kind = 'transfer'"
    )
    ours = {ask.source["account"] for book in books for ask in book.asked.values()}
    found = [(to_public("acc", d), to_public("acc", c), amount) for d, c, amount in rows]
    return Counter(move for move in found if move[0] in ours)


def test_nothing_is_lost_or_doubled_while_processes_are_killed(stack):
    with ThreadPoolExecutor(CLIENTS) as pool:
        running = start_clients(pool, stack, REQUESTS, faulty=False)
        for name in KILLED:
            time.sleep(2)
            if name == DATABASE:
                crash_database(stack)
            else:
                stack.wait_until_back(name, stack.kill(name))
        books = [one.result() for one in running]
    expected, actual = told(books), moved(stack, books)
    assert expected - actual == Counter(), "acknowledged, and lost"
    assert actual - expected == Counter(), "booked, and nobody was told, or twice"
    assert [other for book in books for other in book.otherwise] == []
    assert sum(book.repeated for book in books) > 0.1 * CLIENTS * REQUESTS
    assert sum(book.unanswered for book in books) > 0, "no request was cut off: nothing was tested"
    assert sum(actual.values()) == sum(len(book.asked) for book in books)
    movements, records = movements_and_records(stack)
    assert movements == records
    for check in ("verify_ledger", "verify_audit"):
        checked = stack.manage(check)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def movements_and_records(stack: RunningStack) -> tuple[Counter[str], Counter[str]]:
    """Every movement by its transfer, and every record of a posted transfer.

    The first leg of a journal has its transfer's id. Interest is nobody's transfer.
    """
    movements = stack.sql(
        "SELECT id FROM banking_movement WHERE kind IN ('transfer', 'deposit', 'withdrawal')"
        " AND (journal_id IS NULL OR journal_id = id)"
    )
    records = stack.sql("SELECT subject FROM audit_record WHERE action = 'banking.transfer.posted'")
    return Counter(to_public("trf", id) for (id,) in movements), Counter(s for (s,) in records)


def test_the_judge_finds_what_happens_when_the_key_is_ignored(stack):
    """The same clients, each attempt under a key of its own: the planted fault must be seen."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        books = [one.result() for one in start_clients(pool, stack, 40, faulty=True)]
    # Not every repetition moves money: who pays this often is held. Those that did are seen.
    doubled = moved(stack, books) - told(books)
    assert 0 < sum(doubled.values()) <= sum(book.repeated for book in books)
