"""Whoever follows the ledger sees every movement once, however late its transaction ends."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from uuid import UUID

import pytest
from django.db import connection, transaction

from banking import ledger
from banking.ledger import START, Cursor
from banking.models import Movement
from banking.policy import BooksPolicy
from banking.tests.ledger_help import account, eur, outcome
from banking.tests.test_ledger_concurrency import at_once
from banking.verify import verify_ledger
from fintrust.core.ids import uuid7
from fintrust.core.live import InvalidCursor

pytestmark = pytest.mark.usefixtures("bank")


def followed(after=START, limit=1_000):
    """Everything there is behind a cursor, page by page."""
    seen: list[Movement] = []
    while True:
        movements, after = ledger.follow(after, limit)
        if not movements:
            return [movement.id for movement in seen], after
        seen += movements


def test_movements_come_once_in_pages_of_any_size():
    ada, ben = account(100), account()
    single = [ledger.move(uuid7(), ada, ben, eur(1)).id for _ in range(5)]
    legs = [ledger.Instruction(uuid7(), ada, ben, eur(1)) for _ in range(7)]
    ledger.journal(uuid7(), legs)
    ledger.move(uuid7(), ada, ben, eur(1))
    for limit in (1, 2, 3, 100):
        seen, _ = followed(limit=limit)
        assert len(seen) == len(set(seen)) == 14  # with the first deposit
        assert seen[1:6] == single
        assert set(seen[6:13]) == {leg.id for leg in legs}


def test_at_the_end_the_cursor_stays():
    account(100)
    _, end = followed()
    assert ledger.follow(end) == ([], end)
    assert Cursor.parse(str(end)) == end


def test_an_older_transaction_that_commits_late_is_not_passed_over():
    ada, ben, payer, payee = account(100), account(), account(1), account()
    _, cursor = followed()
    wrote, commit = Event(), Event()

    def late():
        try:
            with transaction.atomic():
                id = ledger.move(uuid7(), payer, payee, eur(1)).id
                wrote.set()
                assert commit.wait(20)
            return id
        finally:
            connection.close()

    older = ThreadPoolExecutor(1).submit(late)
    assert wrote.wait(20)
    younger = ledger.move(uuid7(), ada, ben, eur(1)).id
    assert ledger.follow(cursor) == ([], cursor), "the younger one waits for the older one"
    commit.set()
    first = older.result(20)
    seen, end = followed(cursor)
    assert seen == [first, younger]
    assert ledger.follow(end)[0] == []


def test_a_movement_that_is_undone_is_never_seen():
    ada, ben = account(100), account()
    _, cursor = followed()
    with transaction.atomic():
        ledger.move(uuid7(), ada, ben, eur(1))
        assert ledger.follow(cursor)[0] == []
        transaction.set_rollback(True)
    assert outcome(ledger.move, uuid7(), ben, ada, eur(1)) == "insufficient-funds"
    assert ledger.follow(cursor)[0] == []


def test_a_follower_among_many_writers_misses_and_repeats_nothing():
    people = [account(1_000) for _ in range(4)]
    _, begin = followed()
    before = Movement.objects.count()
    stop = Event()
    seen: list[UUID] = []

    def write(number):
        for _ in range(60):
            with transaction.atomic():
                for _ in range(1 + number % 2):
                    outcome(ledger.move, uuid7(), people[number], people[number - 1], eur(1))

    def follow():
        cursor = begin
        while True:
            last = stop.is_set()
            movements, cursor = ledger.follow(cursor, 7)
            seen.extend(movement.id for movement in movements)
            if last and not movements:
                return

    def all_writers():
        try:
            at_once(*[lambda n=n: write(n) for n in range(4)])
        finally:
            stop.set()

    at_once(follow, all_writers)
    assert len(seen) == len(set(seen)) == Movement.objects.count() - before
    assert verify_ledger() == []


def test_the_pages_are_read_from_the_index():
    ada, ben = account(100), account()
    for _ in range(20):
        ledger.move(uuid7(), ada, ben, eur(1))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        found = Movement.objects.filter(tx__gte=1).order_by("tx", "id")[:5].explain()
    assert "banking_movement_tx" in found


def test_a_follower_is_not_given_more_than_the_policy_allows():
    account(1), account(1), account(1)
    few = BooksPolicy(follow_max=2)
    assert len(ledger.follow(START, 10**9, policy=few)[0]) == 2
    assert ledger.follow(START, -1) == ([], START)


@pytest.mark.parametrize(
    "text", ["", "-", "1", "1-2", "x-0", "٣-00000000-0000-0000-0000-000000000000", "9" * 30 + "-0"]
)
def test_a_cursor_that_we_never_gave_is_refused(text):
    with pytest.raises(InvalidCursor):
        Cursor.parse(text)
