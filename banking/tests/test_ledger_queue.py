"""The bank's own busy accounts: nobody waits for them, and their statements come out right."""

import io
import random
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, transaction

from audit.models import Record
from banking import ledger, tasks
from banking.errors import UnknownCurrency
from banking.models import Account, Entry, Movement, Queue
from banking.tests.ledger_help import account, balance, eur, now, outcome
from banking.tests.test_ledger_concurrency import at_once
from banking.tests.test_ledger_verify import edited, moved
from banking.verify import findings, verify_ledger
from fintrust.core.ids import uuid7
from fintrust.core.money import Money
from fintrust.testing import servers

FUTURE = datetime(2126, 1, 1, tzinfo=UTC)


@pytest.fixture
def fees(db):
    return _queued("fees")


def _queued(code: str) -> Account:
    found = ledger.internal(code, "EUR")
    ledger.set_queued(found, True)
    return found


def statement(account: Account) -> list[tuple[int, int, int]]:
    rows = ledger.entries(account).order_by("seq")
    return [(e.seq, e.amount_minor, e.balance_minor) for e in rows]


def test_a_queued_side_has_its_place_after_the_fold(fees):
    ada = account(100)
    first = ledger.move(uuid7(), ada, fees, eur(30), narrative="card")
    assert (first.source_balance, first.source_seq) == (eur(70), 2)
    assert (first.target_balance, first.target_seq) == (None, None)
    second = ledger.move(uuid7(), fees, ada, eur(10), kind="refund")
    assert (balance(fees), ledger.balance(fees)) == (0, eur(20)), "the row follows later"
    assert statement(fees) == []
    assert verify_ledger() == [], "what waits is no error"

    assert ledger.fold(fees) == 2
    assert statement(fees) == [(1, 30, 30), (2, -10, 20)]
    assert (now(fees).balance, now(fees).seq, ledger.balance(fees)) == (eur(20), 2, eur(20))
    entry = Entry.objects.get(account=fees, seq=2)
    assert (entry.movement_id, entry.counter_id, entry.kind) == (second.id, ada.pk, "refund")
    assert (entry.balance_before, entry.booked_at) == (eur(30), second.booked_at)
    assert ledger.fold(fees) == 0
    assert verify_ledger() == []


def test_a_past_balance_counts_what_waited_then(fees):
    ada = account(100)
    first = ledger.move(uuid7(), ada, fees, eur(30))
    ledger.fold(fees)
    second = ledger.move(uuid7(), ada, fees, eur(5))
    for _ in range(2):
        assert ledger.balance_at(fees, first.booked_at) == eur(30)
        assert ledger.balance_at(fees, second.booked_at) == eur(35)
        assert ledger.balance_at(fees, FUTURE) == eur(35)
        ledger.fold(fees)


def test_a_replay_of_a_queued_movement_is_a_replay(fees):
    ada, ben, id = account(100), account(), uuid7()
    ledger.move(id, ada, fees, eur(100))
    for _ in range(2):
        assert outcome(ledger.move, id, ada, fees, eur(100)) == "replayed"
        assert outcome(ledger.move, id, ada, fees, eur(99)) == "idempotency-conflict"
        assert outcome(ledger.move, id, ada, ben, eur(100)) == "idempotency-conflict"
        ledger.fold(fees)
    assert (balance(ada), now(ada).seq, ledger.balance(fees)) == (0, 2, eur(100))


def test_the_payer_is_checked_as_ever(fees):
    ada, dollars = account(100), account(1, "USD")
    assert outcome(ledger.move, uuid7(), ada, fees, eur(101)) == "insufficient-funds"
    assert outcome(ledger.move, uuid7(), dollars, fees, Money(1, "USD")) == "currency-mismatch"
    assert outcome(ledger.move, uuid7(), fees, fees, eur(1)) == "same-account"
    assert outcome(ledger.move, uuid7(), ada, fees, eur(0)) == "invalid-amount"
    assert outcome(ledger.move, uuid7(), fees, 999_999, eur(1)) == "unknown-account"
    ledger.set_status(ada, "frozen")
    assert outcome(ledger.move, uuid7(), ada, fees, eur(1)) == "account-frozen"
    assert outcome(ledger.move, uuid7(), fees, ada, eur(1)) == "account-frozen"
    assert (balance(ada), ledger.balance(fees)) == (100, eur(0))


@pytest.mark.parametrize("minor, said", [(10**15, "done"), (10**15 + 1, "amount-too-large")])
def test_amounts_before_a_queue_are_smaller_so_that_what_waits_fits(fees, minor, said):
    clearing = ledger.internal("clearing", "EUR")
    assert outcome(ledger.move, uuid7(), clearing, fees, eur(minor)) == said
    if said != "done":
        assert outcome(ledger.check, uuid7(), clearing, fees, eur(minor)) == said


@pytest.mark.django_db
def test_a_queued_balance_stops_a_digit_before_the_others():
    clearing, fees = ledger.internal("clearing", "EUR"), ledger.internal("fees", "EUR")
    for minor in [10**18 - 1] * 3:
        ledger.move(uuid7(), clearing, fees, eur(minor))
    ledger.set_queued(fees, True)
    assert outcome(ledger.move, uuid7(), clearing, fees, eur(3)) == "done"
    ledger.fold(fees)
    assert outcome(ledger.move, uuid7(), clearing, fees, eur(1)) == "balance-too-large"
    assert outcome(ledger.move, uuid7(), fees, clearing, eur(1)) == "done"
    assert verify_ledger() == []


def test_both_sides_may_queue(fees):
    clearing, id = _queued("clearing"), uuid7()
    before = ledger.balance(clearing).minor
    ledger.move(id, clearing, fees, eur(7))
    assert outcome(ledger.move, id, clearing, fees, eur(7)) == "replayed"
    assert (ledger.balance(fees), ledger.balance(clearing)) == (eur(7), eur(before - 7))
    assert tasks.fold_queues() == 2
    assert statement(clearing)[-1][1:] == (-7, before - 7)
    assert verify_ledger() == []


def test_holds_captures_and_reversals_meet_a_queue(fees):
    ada = account(100)
    hold = ledger.hold(uuid7(), ada, eur(40))
    captured = ledger.capture(hold.id, uuid7(), fees, eur(30))
    back = ledger.reverse(uuid7(), captured.id)
    assert (back.source_balance, back.target_balance) == (None, eur(100))
    assert ledger.balance(fees) == eur(0)
    ledger.fold(fees)
    assert statement(fees) == [(1, 30, 30), (2, -30, 0)]
    assert verify_ledger() == []


def test_a_queue_that_ends_leaves_an_ordinary_account(fees):
    ada = account(100)
    ledger.move(uuid7(), ada, fees, eur(30))
    ledger.set_queued(fees, False)
    assert balance(fees) == 30
    assert ledger.move(uuid7(), ada, fees, eur(5)).target_seq == 2
    ledger.set_queued(fees, True)
    ledger.set_queued(fees, True)
    ledger.move(uuid7(), ada, fees, eur(2))
    ledger.fold(fees)
    assert statement(fees) == [(1, 30, 30), (2, 5, 35), (3, 2, 37)]
    assert verify_ledger() == []


def test_a_customers_account_does_not_queue(fees):
    assert outcome(ledger.set_queued, account(), True) == "account-not-queueable"
    assert outcome(ledger.set_queued, 999_999, True) == "unknown-account"


def test_an_operator_begins_and_ends_a_queue_and_the_audit_remembers(db):
    for options, queues in [({}, True), ({"stop": True}, False)]:
        call_command("queue_account", "fees", "EUR", stdout=io.StringIO(), **options)
        assert Queue.objects.filter(account__gl_code="fees").exists() is queues
        last = Record.objects.order_by("-pk")[0]
        assert (last.action, last.after) == ("banking.account.queueing", {"queued": queues})
    with pytest.raises(UnknownCurrency):
        call_command("queue_account", "fees", "XXX")


# --- with commits that are commits ----------------------------------------------------------


@pytest.mark.usefixtures("bank")
def test_payments_and_folds_at_once_lose_nothing_and_keep_the_order():
    fees = _queued("fees")
    people = [account(10_000) for _ in range(6)]

    def pay(seed):
        dice = random.Random(seed)

        def deed():
            for n in range(60):
                person, minor = dice.choice(people), dice.randint(1, 20)
                if n % 10 == 0:
                    batch = [ledger.Instruction(uuid7(), person, fees, eur(1)) for _ in range(5)]
                    ledger.move_many(batch)
                elif n % 3:
                    assert outcome(ledger.move, uuid7(), person, fees, eur(minor)) == "done"
                else:
                    assert outcome(ledger.move, uuid7(), fees, person, eur(1)) == "done"

        return deed

    def fold():
        for _ in range(40):
            ledger.fold_all()
            assert verify_ledger() == []

    at_once(*[pay(seed) for seed in range(6)], fold, fold)
    ledger.fold(fees)
    entries = list(ledger.entries(fees).order_by("seq"))
    assert [entry.seq for entry in entries] == list(range(1, 6 * 60 + 6 * 6 * 4 + 1))
    assert all(a.booked_at <= b.booked_at for a, b in pairwise(entries))
    assert entries[-1].balance == ledger.balance(fees) == now(fees).balance
    assert sum(balance(person) for person in people) + balance(fees) == 60_000
    assert verify_ledger() == []


@pytest.mark.usefixtures("bank")
def test_the_same_queued_id_from_eight_threads_is_one_movement():
    fees, clearing, ada = _queued("fees"), _queued("clearing"), account(1_000)
    for source in (ada, clearing):
        id = uuid7()
        told = at_once(*[lambda s=source, i=id: outcome(ledger.move, i, s, fees, eur(100))] * 8)
        assert Counter(told) == {"done": 1, "replayed": 7}
        assert Movement.objects.filter(pk=id).count() == 1


@pytest.mark.usefixtures("bank")
def test_two_transactions_lock_an_account_that_queues_and_neither_waits():
    fees, ada, ben = _queued("fees"), account(1), account(1)

    def other():
        with transaction.atomic():
            locked = ledger.lock(fees, ben)
            ledger.check(uuid7(), ben, fees, eur(1))
            ledger.move(uuid7(), ben, fees, eur(1))
            return locked

    with transaction.atomic():
        assert ledger.lock(ada, fees) == [ada, fees]
        ledger.move(uuid7(), ada, fees, eur(1))
        assert at_once(other) == [[fees, ben]]
    assert ledger.balance(fees) == eur(2)


@pytest.mark.usefixtures("bank")
def test_a_fold_waits_for_nobody_long_and_nobody_is_left_behind():
    fees, ada = _queued("fees"), account(100)
    with transaction.atomic():
        ledger.move(uuid7(), ada, fees, eur(1))
        # The open transaction holds a number: nothing after it may be placed before it.
        assert at_once(lambda: ledger.fold(fees)) == [0]
    other = account(10)
    ledger.move(uuid7(), other, fees, eur(2))
    assert ledger.fold(fees) == 2
    assert [amount for _, amount, _ in statement(fees)] == [1, 2]


@pytest.mark.usefixtures("bank")
def test_a_fold_refuses_a_snapshot_that_stands_still():
    fees, ada = _queued("fees"), account(100)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with pytest.raises(Exception, match="read committed"), transaction.atomic():
            ledger.fold(fees)
    ledger.move(uuid7(), ada, fees, eur(1))
    assert ledger.fold(fees) == 1


@pytest.mark.usefixtures("bank")
def test_what_was_tampered_with_behind_a_queue_is_named():
    fees, ada = _queued("fees"), account(100)
    placed = ledger.move(uuid7(), ada, fees, eur(1)).id
    ledger.fold(fees)
    waits = ledger.move(uuid7(), ada, fees, eur(2)).id
    names = {"placed": placed, "waits": waits, "fees": fees.pk, "ada": ada.pk}
    tampering = [
        (moved("credit_balance = 1", "waits"), {"queue"}),
        (moved("credit_seq = 0", "waits"), {"queue", "sum"}),
        (moved("narrative = 'x'", "placed"), {"queue"}),
        ("UPDATE banking_queue SET folded = folded + 1000", {"queue", "sum"}),
        ("UPDATE banking_queue SET folded = 0", {"queue", "sum"}),
        (edited("folded", "DELETE FROM banking_folded"), {"queue", "balance", "sequence"}),
        (edited("folded", "UPDATE banking_folded SET amount = 5"),
         {"queue", "balance", "running-balance"}),
        ("UPDATE banking_account SET floor = -5 WHERE id = {fees}", {"queue"}),
    ]  # fmt: skip
    url = servers.current().addresses(servers.current_database())["DATABASE_OWNER_URL"]
    with psycopg.connect(url) as owner:
        for deed, codes in tampering:
            owner.execute(deed.format(**names))
            found = findings(owner.cursor())
            assert {finding.code for finding in found} == codes, (deed, found)
            owner.rollback()
    assert verify_ledger() == []


@pytest.mark.usefixtures("bank")
def test_not_even_the_owner_edits_what_was_folded(owner_sql):
    fees, ada = _queued("fees"), account(100)
    ledger.move(uuid7(), ada, fees, eur(1))
    ledger.fold(fees)
    for deed in ["UPDATE banking_folded SET amount = 2", "DELETE FROM banking_folded",
                 "TRUNCATE banking_folded"]:  # fmt: skip
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            owner_sql(deed)
