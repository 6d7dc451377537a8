"""What hurt the users of other ledgers, told there in public, and does not happen here.

Each test is named for the complaint and says whose it was.
"""

import threading
from collections import Counter
from datetime import timedelta

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from banking import ledger
from banking.books.services import close_period
from banking.models import Account, Movement
from banking.tests.ledger_help import account, balance, eur, now, outcome
from banking.tests.test_ledger_concurrency import at_once
from banking.verify import verify_ledger
from fintrust.core.ids import uuid7
from fintrust.testing import servers

pytestmark = pytest.mark.usefixtures("bank")


@pytest.fixture(autouse=True)
def the_ledger_still_proves_itself(bank):
    yield
    assert verify_ledger() == []


def test_a_payment_that_was_acknowledged_survives_the_loss_of_every_connection():
    """Midaz 1384: transfers were acknowledged and lost when PostgreSQL restarted. (The server
    itself is killed in fintrust/tests/test_chaos.py.)"""
    ada, ben = account(10**9), account()
    acknowledged, stop = [], threading.Event()

    def pay():
        while not stop.is_set():
            id = uuid7()
            while id not in acknowledged:
                try:
                    ledger.move(id, ada, ben, eur(1))
                    acknowledged.append(id)
                except (DatabaseError, psycopg.Error):
                    connection.close()  # the same id again, on a new connection

    def cut():
        try:
            with servers.current().connect() as server:
                for _ in range(8):
                    stop.wait(0.05)
                    server.execute(
                        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                            WHERE datname = %s AND pid <> pg_backend_pid()""",
                        [servers.current_database()],
                    )
        finally:
            stop.set()

    at_once(pay, pay, cut)
    connection.close()
    assert set(acknowledged) == set(
        Movement.objects.filter(source=ada).values_list("pk", flat=True)
    )
    assert (balance(ben), len(acknowledged)) == (len(acknowledged), len(set(acknowledged)))


def test_a_hold_that_is_committed_by_two_requests_at_once_pays_once():
    """Midaz 1519: two simultaneous commits of one hold both went through."""
    ada, ben = account(100), account()
    hold = ledger.hold(uuid7(), ada, eur(60)).id
    said = at_once(*[lambda: outcome(ledger.capture, hold, uuid7(), ben)] * 2)
    assert sorted(said) == ["done", "hold-ended"]
    assert (balance(ada), balance(ben), now(ada).held) == (40, 60, eur(0))


def test_a_client_that_repeats_a_request_applies_it_once():
    """Midaz 2485: the retry of a client applied the change of balance a second time."""
    ada, ben, id = account(100), account(), uuid7()
    said = [outcome(ledger.move, id, ada, ben, eur(30)) for _ in range(3)]
    said += at_once(*[lambda: outcome(ledger.move, id, ada, ben, eur(30))] * 4)
    assert Counter(said) == {"done": 1, "replayed": 6}
    assert (balance(ada), balance(ben)) == (70, 30)


def test_no_cache_stands_between_a_payment_and_its_row(redis):
    """Midaz 2499: money disappeared when a cache key was evicted before it was written."""
    ada, ben = account(100), account()
    ledger.move(uuid7(), ada, ben, eur(30))
    redis.flushall()
    ledger.move(uuid7(), ada, ben, eur(30))
    assert (balance(ada), balance(ben)) == (40, 60)


def test_six_holds_of_a_thousand_do_not_fit_on_five_thousand():
    """Blnk 181: six holds of 1 000 were accepted on an account of 5 000."""
    ada = account(5_000)
    said = at_once(*[lambda: outcome(ledger.hold, uuid7(), ada, eur(1_000))] * 6)
    assert Counter(said) == {"done": 5, "insufficient-funds": 1}
    assert now(ada).available == eur(0)


def test_nothing_is_moved_or_held_of_zero():
    """Blnk 384: a transfer of zero was stuck for ever."""
    ada, ben = account(100), account()
    hold = ledger.hold(uuid7(), ada, eur(1)).id
    nothing = ledger.Instruction(uuid7(), ada, ben, eur(0))
    assert {
        outcome(ledger.move, uuid7(), ada, ben, eur(0)),
        outcome(ledger.hold, uuid7(), ada, eur(0)),
        outcome(ledger.capture, hold, uuid7(), ben, eur(0)),
        outcome(ledger.journal, uuid7(), [nothing]),
    } == {"invalid-amount"}
    assert Movement.objects.filter(target=ben).count() == 0


def test_a_balance_is_read_without_reading_the_history():
    """django-hordak 76 and 142: a balance took 31 s on a book of 13 million, since it was summed;
    running totals were missing. Here the plan of either question does not know how long it is."""
    ada, ben = account(100_000), account()
    for _ in range(60):
        ledger.move(uuid7(), ada, ben, eur(1))
    middle = ledger.entries(ben)[30]
    touched = _rows_read(lambda: ledger.balance_at(ben, middle.booked_at))
    assert ledger.balance_at(ben, middle.booked_at) == middle.balance == eur(30)
    assert touched < 20, "about the logarithm of sixty, on both sides"
    assert [entry.balance for entry in ledger.entries(ben)[:3]] == [eur(60), eur(59), eur(58)]


def _rows_read(question) -> int:
    count = """SELECT coalesce(idx_tup_fetch, 0) + coalesce(seq_tup_read, 0)
                 FROM pg_stat_xact_user_tables WHERE relname = 'banking_movement'"""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(count)
        [before] = cursor.fetchone()
        question()
        cursor.execute(count)
        [after] = cursor.fetchone()
    return after - before


def test_every_way_to_move_money_takes_an_id_and_keeps_its_word():
    """pgledger 38: idempotency was asked for, and is still missing."""
    ada, ben = account(1_000), account()
    moved, hold, captured, back, journal, undone = (uuid7() for _ in range(6))
    legs = [ledger.Instruction(uuid7(), ada, ben, eur(1))]
    for expected in ("done", "replayed", "replayed"):
        assert [
            outcome(ledger.move, moved, ada, ben, eur(1)),
            outcome(ledger.hold, hold, ada, eur(5)),
            outcome(ledger.capture, hold, captured, ben),
            outcome(ledger.reverse, back, moved),
            outcome(ledger.journal, journal, legs),
            outcome(ledger.reverse_journal, undone, journal),
        ] == [expected] * 6
    assert balance(ben) == 5


def test_the_answer_to_a_payment_has_the_balances_it_left():
    """TigerBeetle 27: clients want the resulting balances in the response."""
    ada, ben = account(100), account(7)
    moved = ledger.move(uuid7(), ada, ben, eur(30))
    assert (moved.source_balance, moved.target_balance) == (eur(70), eur(37))
    booked = ledger.journal(uuid7(), [ledger.Instruction(uuid7(), ben, ada, eur(37))])
    assert booked.legs[0].target_balance == eur(107)


def test_balance_and_open_holds_are_one_answer():
    """TigerBeetle 2693: reading a balance and then its holds can show a state that never was."""
    ada, ben = account(1_000), account()
    stop = threading.Event()

    def spend():
        try:
            for _ in range(80):
                hold = ledger.hold(uuid7(), ada, eur(1)).id
                ledger.capture(hold, uuid7(), ben)
        finally:
            stop.set()

    def look():
        odd = []
        while not stop.is_set():
            row = now(ada)
            # Each hold of one is either still set aside, or gone with its money.
            if row.held_minor not in (0, 1) or row.available != eur(
                row.balance_minor - row.held_minor
            ):
                odd.append(row)
        return odd

    _, odd = at_once(spend, look)
    assert odd == []
    placed = ledger.hold(uuid7(), ada, eur(20))
    assert (placed.balance, placed.held) == (eur(920), eur(20))


def test_an_account_can_be_closed_when_it_is_empty_and_stays_closed():
    """TigerBeetle 294: accounts could not be closed."""
    ada, ben = account(10), account()
    assert outcome(ledger.set_status, ada, "closed") == "account-not-empty"
    ledger.move(uuid7(), ada, ben, eur(10))
    ledger.set_status(ada, "closed")
    assert outcome(ledger.move, uuid7(), ben, ada, eur(1)) == "account-closed"
    assert outcome(ledger.set_status, ada, "active") == "account-closed"


def test_a_payment_can_be_dated_back_and_past_balances_know_it():
    """Formance 340: transactions of the past could not be taken over with their own date."""
    ada, ben = account(100), account()
    day = timezone.now().date() - timedelta(days=40)
    moved = ledger.move(uuid7(), ada, ben, eur(30), value_date=day)
    assert [ledger.balance_on(ben, day - timedelta(days=back)) for back in (0, 1)] == [
        eur(30), eur(0),
    ]  # fmt: skip
    assert moved.booked_at.date() > day
    close_period(currency="EUR", until_day=day)
    assert outcome(ledger.move, uuid7(), ada, ben, eur(1), value_date=day) == "period-closed"


def test_people_who_pay_each_other_in_every_direction_do_not_deadlock():
    """Formance 767 and 770: concurrent transactions over the same accounts deadlocked."""
    people = [account(1_000) for _ in range(3)]

    def pay(shift):
        def deed():
            said = []
            for n in range(40):
                a, b, c = (people[(n + shift + place) % 3] for place in range(3))
                legs = [
                    ledger.Instruction(uuid7(), a, b, eur(1)),
                    ledger.Instruction(uuid7(), b, c, eur(1)),
                    ledger.Instruction(uuid7(), c, a, eur(1)),
                ]
                said.append(outcome(ledger.journal, uuid7(), legs))
                said.append(outcome(ledger.move, uuid7(), c, a, eur(1)))
            return said

        return deed

    said = at_once(*[pay(shift) for shift in range(3)], *[pay(-shift) for shift in range(3)])
    assert {answer for answers in said for answer in answers} == {"done"}


def test_a_waiting_payment_gives_up_by_name_before_it_holds_the_pool():
    """cala 776: waits for row locks ate 95 % of the database's time, and with it the pool. Here the
    application's role waits ten seconds at most, and then is told so by name."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("10s",)
    ada, ben = account(100), account()

    def pay():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        return outcome(ledger.move, uuid7(), ada, ben, eur(1))

    with transaction.atomic():
        ledger.lock(ada)
        assert at_once(pay, pay, pay) == ["ledger-busy"] * 3
    assert outcome(ledger.move, uuid7(), ada, ben, eur(1)) == "done"


def test_an_entry_is_reversed_once_however_many_ask():
    """robosystems 1203: one entry was reversed twice."""
    ada, ben = account(100), account(100)
    moved = ledger.move(uuid7(), ada, ben, eur(10)).id
    journal = ledger.journal(uuid7(), [ledger.Instruction(uuid7(), ada, ben, eur(10))]).id
    said = at_once(
        *[lambda: outcome(ledger.reverse, uuid7(), moved)] * 4,
        *[lambda: outcome(ledger.reverse_journal, uuid7(), journal)] * 4,
    )
    assert Counter(said) == {"done": 2, "already-reversed": 6}
    assert balance(ada) == 100
    assert Account.objects.get(pk=ben.pk).seq == 5
