"""A closed day takes nothing more, whoever began when; and its figures stay what they were."""

import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Event

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone
from psycopg import errors as pg

from audit.models import Record
from banking import ledger, tasks
from banking.books.selectors import frozen_trial_balance, trial_balance
from banking.books.services import close_period
from banking.models import Close, Currency, FrozenBalance
from banking.tests.ledger_help import account, balance, eur, now, outcome
from banking.tests.test_ledger_concurrency import at_once
from banking.verify import verify_ledger
from fintrust.core.errors import Problem
from fintrust.core.ids import uuid7
from fintrust.core.money import Money
from fintrust.testing import servers


def day(back: int) -> date:
    return timezone.now().date() - timedelta(days=back)


def frozen(account, until) -> int:
    found = FrozenBalance.objects.filter(account=account, until_day=until).first()
    return found.balance_minor if found else 0


@pytest.fixture
def ada(db):
    yield account(100_00)
    assert verify_ledger() == []


@pytest.fixture
def ben(db):
    return account()


# --- closing --------------------------------------------------------------------------------


def test_a_close_freezes_what_every_account_held(ada, ben):
    ledger.move(uuid7(), ada, ben, eur(30_00), value_date=day(3))
    ledger.move(uuid7(), ada, ben, eur(5_00), value_date=day(1))
    close = close_period(currency="EUR", until_day=day(2))
    assert (close.currency_id, close.until_day) == ("EUR", day(2))
    assert (frozen(ada, day(2)), frozen(ben, day(2))) == (-30_00, 30_00)
    kept = frozen_trial_balance("EUR", day(2))
    assert kept.debits == kept.credits == eur(0), "both customers are one line, and it is zero"
    assert Currency.objects.get(code="EUR").closed_until == day(2)


def test_the_frozen_figures_are_those_of_the_trial_balance_of_that_day(ada, ben):
    fees = ledger.internal("fees", "EUR")
    ledger.move(uuid7(), ada, fees, eur(3_00), value_date=day(4))
    before = trial_balance("EUR", on=day(4))
    close_period(currency="EUR", until_day=day(4))
    ledger.move(uuid7(), ada, ben, eur(1_00), value_date=day(3))
    kept = frozen_trial_balance("EUR", day(4))
    said = {line.code: line.amount for line in before.lines if line.amount}
    assert {line.code: line.amount for line in kept.lines} == said != {}
    assert trial_balance("EUR", on=day(4)) == before


@pytest.mark.parametrize("back, said", [(1, "done"), (2, "period-closed"), (9, "period-closed")])
def test_nothing_is_valued_in_a_closed_period(ada, ben, back, said):
    close_period(currency="EUR", until_day=day(2))
    when = {"value_date": day(back)}
    hold = ledger.hold(uuid7(), ada, eur(1)).id
    instruction = ledger.Instruction(uuid7(), ada, ben, eur(1))
    assert outcome(ledger.move, uuid7(), ada, ben, eur(1), **when) == said
    assert outcome(ledger.capture, hold, uuid7(), ben, **when) == said
    assert outcome(ledger.journal, uuid7(), [instruction], **when) == said
    assert outcome(ledger.move_many, [instruction], linked=True, **when) == said
    [item] = ledger.move_many([ledger.Instruction(uuid7(), ada, ben, eur(1))], **when)
    assert (item.code if isinstance(item, Problem) else "done") == said
    assert outcome(ledger.move, uuid7(), ada, ben, eur(1)) == "done"


def test_a_closed_period_says_so_and_the_other_currencies_stay_open(ada, ben):
    close_period(currency="EUR", until_day=day(2))
    with pytest.raises(Problem) as refusal, transaction.atomic():
        ledger.move(uuid7(), ada, ben, eur(1), value_date=day(2))
    assert refusal.value.extra == {"value_date": str(day(2))}
    dollars = account(1_00, "USD"), account(0, "USD")
    assert outcome(ledger.move, uuid7(), *dollars, Money(1, "USD"), value_date=day(2)) == "done"


def test_a_replay_from_before_the_close_is_still_answered(ada, ben):
    id, journal = uuid7(), uuid7()
    legs = [ledger.Instruction(uuid7(), ada, ben, eur(2))]
    ledger.move(id, ada, ben, eur(1), value_date=day(2))
    ledger.journal(journal, legs, value_date=day(2))
    close_period(currency="EUR", until_day=day(1))
    assert outcome(ledger.move, id, ada, ben, eur(1), value_date=day(2)) == "replayed"
    assert outcome(ledger.journal, journal, legs, value_date=day(2)) == "replayed"


def test_what_was_booked_in_a_closed_period_is_reversed_in_an_open_one(ada, ben):
    moved = ledger.move(uuid7(), ada, ben, eur(1), value_date=day(2))
    close_period(currency="EUR", until_day=day(1))
    assert ledger.reverse(uuid7(), moved.id).value_date == day(0)
    assert ledger.balance_on(ben, day(1)) == eur(1)


@pytest.mark.parametrize(
    "back, said", [(1, "done"), (0, "period-not-over"), (-1, "period-not-over")]
)
def test_only_days_that_are_over_can_be_closed(ada, back, said):
    assert outcome(close_period, currency="EUR", until_day=day(back)) == said


def test_closing_again_changes_nothing_and_closing_earlier_is_refused(ada):
    first = close_period(currency="EUR", until_day=day(5))
    records = Record.objects.count()
    again = close_period(currency="EUR", until_day=day(5))
    assert (again.closed_at, Record.objects.count()) == (first.closed_at, records)
    with pytest.raises(Problem) as refusal, transaction.atomic():
        close_period(currency="EUR", until_day=day(6))
    assert refusal.value.code == "period-closed"
    assert refusal.value.extra == {"closed_until": str(day(5))}
    close_period(currency="EUR", until_day=day(4))
    assert close_period(currency="EUR", until_day=day(5)).closed_at == first.closed_at
    assert outcome(close_period, currency="XXX", until_day=day(5)) == "unknown-currency"


def test_a_close_is_a_record_with_the_figures_sealed_into_it(ada, ben):
    ledger.move(uuid7(), ada, ben, eur(1), value_date=day(2))
    close_period(currency="EUR", until_day=day(1))
    closed, kept = Record.objects.filter(subject=f"banking.period EUR {day(1)}").order_by("pk")
    assert (closed.action, kept.action) == ("banking.period.closed", "banking.period.frozen")
    assert kept.data["accounts"] == 2
    assert len(kept.data["sha256"]) == 64


def test_a_close_that_stopped_half_way_is_finished_by_the_sweep(ada, ben):
    ledger.move(uuid7(), ada, ben, eur(1), value_date=day(2))
    ledger.close_period("EUR", day(1))
    assert frozen(ben, day(1)) == 0
    assert tasks.freeze_periods() == 1
    assert frozen(ben, day(1)) == 1
    assert tasks.freeze_periods() == 0


def test_the_command_closes_and_prints_the_figures(ada):
    ledger.move(uuid7(), ada, ledger.internal("fees", "EUR"), eur(12_34), value_date=day(2))
    said = io.StringIO()
    call_command("close_period", "EUR", str(day(1)), stdout=said)
    assert f"EUR is closed until {day(1)}." in said.getvalue()
    assert said.getvalue().count("12.34 EUR") == 4
    with pytest.raises(CommandError, match="period-not-over"):
        call_command("close_period", "EUR", str(day(0)))


# --- at the same time -----------------------------------------------------------------------


class Late:
    """Somebody in a thread who books for yesterday and commits when told to."""

    def __init__(self, source, target, *, before=lambda: None):
        self.wrote, self.commit = Event(), Event()
        self._movement = source, target
        self._before = before
        self._pool = ThreadPoolExecutor(1)
        self.answer = self._pool.submit(self._run)
        assert self.wrote.wait(20)

    def _run(self):
        try:
            with transaction.atomic():
                self._before()
                ledger.move(uuid7(), *self._movement, eur(7), value_date=day(1))
                self.wrote.set()
                assert self.commit.wait(20)
        finally:
            self.wrote.set()
            connection.close()


def in_thread(deed):
    def run():
        try:
            return deed()
        finally:
            connection.close()

    return ThreadPoolExecutor(1).submit(run)


def test_a_close_waits_for_who_is_writing_and_counts_what_they_wrote(bank):
    ada, ben = account(100), account()
    late = Late(ada, ben)
    closing = in_thread(lambda: close_period(currency="EUR", until_day=day(1)))
    with pytest.raises(TimeoutError):
        closing.result(timeout=0.4)
    late.commit.set()
    late.answer.result(20)
    closing.result(20)
    assert frozen(ben, day(1)) == 7
    assert verify_ledger() == []


def test_a_close_that_waits_too_long_gives_up_by_name_and_closes_nothing(bank):
    late = Late(account(100), account())
    assert outcome(close_period, currency="EUR", until_day=day(1)) == "ledger-busy"
    late.commit.set()
    late.answer.result(20)
    assert Close.objects.count() == 0
    assert outcome(close_period, currency="EUR", until_day=day(1)) == "done"


def test_who_began_before_the_close_is_refused_after_it(bank):
    """Its transaction is older and holds both accounts: that does not help."""
    ada, ben, other = account(100), account(), account(100)
    begun, closed = Event(), Event()

    def begin():
        with transaction.atomic():
            ledger.lock(ada, ben)
            begun.set()
            assert closed.wait(20)
            ledger.move(uuid7(), ada, ben, eur(7), value_date=day(1))

    older = in_thread(lambda: outcome(begin))
    assert begun.wait(20)
    close_period(currency="EUR", until_day=day(1))
    closed.set()
    assert older.result(20) == "period-closed"
    assert (balance(ben), frozen(ben, day(1)), balance(other)) == (0, 0, 100)
    assert verify_ledger() == []


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_who_looks_at_an_old_snapshot_cannot_slip_in_either(bank, level):
    ada, ben = account(100), account()
    url = servers.current().addresses(servers.current_database())["DATABASE_URL"]
    with psycopg.connect(url) as older:
        older.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
        older.execute("SELECT count(*) FROM banking_movement")
        close_period(currency="EUR", until_day=day(1))
        with pytest.raises(pg.SerializationFailure):
            older.execute(
                "SELECT ledger_move(%s, %s, %s, 7, 'EUR', p_value_date => %s)",
                [uuid7(), ada.pk, ben.pk, day(1)],
            )
    assert balance(ben) == 0


def test_among_many_writers_no_late_movement_escapes_the_frozen_figures(bank):
    people = [account(10_000) for _ in range(4)]
    stop = Event()

    def write(number):
        said: Counter[str] = Counter()
        source, target = people[number], people[(number + 1) % 4]
        while not stop.is_set():
            said[outcome(ledger.move, uuid7(), source, target, eur(1), value_date=day(1))] += 1
            outcome(ledger.move, uuid7(), source, target, eur(1))
        return said

    def close():
        try:
            stop.wait(0.3)
            done = close_period(currency="EUR", until_day=day(1))
            stop.wait(0.3)
            return done
        finally:
            stop.set()

    *written, _ = at_once(*[lambda n=n: write(n) for n in range(4)], close)
    said: Counter[str] = sum(written, Counter())
    assert set(said) == {"done", "period-closed"}
    for person in people:
        assert ledger.balance_on(now(person), day(1)) == eur(frozen(person, day(1)))
    assert verify_ledger() == []


def test_two_who_close_at_once_close_once(bank):
    account(100)
    at_once(*[lambda: close_period(currency="EUR", until_day=day(1))] * 4)
    assert Close.objects.count() == 1
    assert Record.objects.filter(action="banking.period.closed").count() == 1
    at_once(
        *[lambda b=b: outcome(close_period, currency="EUR", until_day=day(b)) for b in (3, 2, 1)],
    )
    assert Close.objects.count() == 1
    assert verify_ledger() == []


# --- nobody else ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE banking_currency SET closed_until = NULL",
        "INSERT INTO banking_close (currency, until_day, snapshot) VALUES ('EUR', 'today', '1:1:')",
        "DELETE FROM banking_close",
        "INSERT INTO banking_frozen VALUES ('EUR', 'today', 1, 1)",
        "UPDATE banking_frozen SET balance = 0",
        "TRUNCATE banking_frozen",
        "INSERT INTO banking_back_dated VALUES (1, 1, gen_random_uuid(), 'today', 'today', 1)",
        "DELETE FROM banking_back_dated",
        "SELECT ledger_value(NULL)",
        "SELECT ledger_day_verdict('EUR', 'today')",
        "LOCK TABLE banking_movement IN SHARE ROW EXCLUSIVE MODE",
    ],
)
def test_the_application_closes_by_the_door_only(app_sql, attack):
    with pytest.raises(pg.InsufficientPrivilege):
        app_sql(f"BEGIN; {attack}")


def test_not_even_the_owner_edits_what_was_frozen(bank, owner_sql):
    ada, ben = account(100), account()
    ledger.move(uuid7(), ada, ben, eur(7), value_date=day(2))
    ledger.journal(uuid7(), [ledger.Instruction(uuid7(), ada, ben, eur(1))])
    close_period(currency="EUR", until_day=day(1))
    for book, column in {
        "banking_back_dated": "amount", "banking_close": "until_day", "banking_frozen": "balance",
        "banking_journal": "narrative",
    }.items():  # fmt: skip
        for deed in [f"UPDATE {book} SET {column} = {column}", f"DELETE FROM {book}"]:
            with pytest.raises(pg.IntegrityConstraintViolation, match="append-only"):
                owner_sql(deed)
        with pytest.raises(pg.Error, match="append-only"):
            owner_sql(f"TRUNCATE {book} CASCADE")


def test_nothing_else_is_broken_by_a_lock_that_is_not_given(bank, owner_sql):
    """A waiting writer, too, is told by name that others were busy."""
    ada, ben = account(100), account()
    with transaction.atomic():
        ledger.lock(ada)

        def pay():
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '100ms'")
            return outcome(ledger.move, uuid7(), ada, ben, eur(1))

        assert in_thread(pay).result(20) == "ledger-busy"
