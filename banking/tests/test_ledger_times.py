"""Two times: when a movement was booked, and from which day it counts; any past of both."""

import io
from datetime import UTC, date, datetime, time, timedelta

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banking import ledger
from banking.books.selectors import balance_sheet, trial_balance
from banking.errors import UnknownCurrency
from banking.models import Account
from banking.tests.ledger_help import account, balance, eur, now, outcome
from banking.verify import findings, verify_ledger
from fintrust.core.errors import Problem
from fintrust.core.ids import uuid7
from fintrust.core.money import Money
from fintrust.testing import servers


def day(back: int) -> date:
    return timezone.now().date() - timedelta(days=back)


@pytest.fixture
def ada(db):
    yield account(100_00)
    assert verify_ledger() == []


@pytest.fixture
def ben(db):
    return account()


# --- value dates ----------------------------------------------------------------------------


def test_a_payment_booked_late_counts_from_its_value_date(ada, ben):
    ledger.move(uuid7(), ada, ben, eur(30_00), value_date=day(3))
    ledger.move(uuid7(), ada, ben, eur(5_00))
    assert [ledger.balance_on(ben, day(back)) for back in (4, 3, 1, 0)] == [
        eur(0), eur(30_00), eur(30_00), eur(35_00),
    ]  # fmt: skip
    # Nothing was booked before today, and that stays true.
    assert ledger.balance_at(ben, datetime.combine(day(0), time.min, UTC)) == eur(0)


def test_days_outside_history_have_balances_too(ada):
    assert ledger.balance_on(ada, date(1970, 1, 1)) == eur(0)
    assert ledger.balance_on(ada, date.max) == eur(100_00)
    with pytest.raises(Problem, match="no such account"), transaction.atomic():
        ledger.balance_on(Account(pk=999_999, currency="EUR"), day(0))


@pytest.mark.parametrize("ahead, said", [(0, "done"), (1, "value-date-in-the-future")])
def test_money_does_not_count_from_a_day_that_has_not_come(ada, ben, ahead, said):
    hold = ledger.hold(uuid7(), ada, eur(1)).id
    when = {"value_date": day(-ahead)}
    assert outcome(ledger.move, uuid7(), ada, ben, eur(1), **when) == said
    assert outcome(ledger.capture, hold, uuid7(), ben, **when) == said
    instruction = ledger.Instruction(uuid7(), ada, ben, eur(1))
    [item] = ledger.move_many([instruction], **when)
    assert (item.code if isinstance(item, Problem) else "done") == said
    assert balance(ben) == (3 if said == "done" else 0)


def test_what_is_wrong_with_the_accounts_is_told_before_the_day(ada, ben):
    when = {"value_date": day(-1)}
    assert outcome(ledger.move, uuid7(), ben, ada, eur(1), **when) == "insufficient-funds"
    assert outcome(ledger.move, uuid7(), ada, ada, eur(1), **when) == "same-account"


def test_a_replay_does_not_ask_for_the_day_again(ada, ben):
    id = uuid7()
    ledger.move(id, ada, ben, eur(1))
    assert outcome(ledger.move, id, ada, ben, eur(1), value_date=day(-1)) == "replayed"


# --- random pasts against a naive reckoning ---------------------------------------------------

DAYS = 8
FIRST = date(2026, 3, 1)
MOMENTS = st.integers(0, DAYS * 24 * 60 - 1).map(
    lambda minute: datetime.combine(FIRST, time.min, UTC) + timedelta(minutes=minute)
)
PAIRS = st.sampled_from([(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)])
STEPS = st.lists(
    st.tuples(MOMENTS, st.integers(-1, 5), PAIRS, st.integers(1, 99)), max_size=14
).map(lambda steps: sorted(steps, key=lambda step: step[0]))


@pytest.fixture
def owner(bank):
    """Only the owner of the tables can write a past; it is never committed."""
    people = [account(overdraft=eur(10_000)).pk for _ in range(3)]
    url = servers.current().addresses(servers.current_database())["DATABASE_OWNER_URL"]
    with psycopg.connect(url) as connection:
        connection.execute("SET timezone = 'UTC'")
        yield connection, people
        connection.rollback()


def write(connection, people, steps):
    """The rows that the ledger would have written, had it been asked at those moments."""
    seqs, balances = [0, 0, 0], [0, 0, 0]
    for booked_at, late, (source, target), minor in steps:
        value_date = booked_at.date() - timedelta(days=late)
        sides = []
        for who, amount in ((source, -minor), (target, minor)):
            seqs[who] += 1
            balances[who] += amount
            sides.append((people[who], seqs[who], amount))
        id = uuid7()
        connection.execute(
            """INSERT INTO banking_movement (id, debit_id, credit_id, amount, debit_balance,
                   credit_balance, debit_seq, credit_seq, booked_at, value_date, currency, kind,
                   narrative)
               VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'EUR', 'past', '')""",
            [
                id, people[source], people[target], minor, balances[source], balances[target],
                seqs[source], seqs[target], booked_at, value_date,
            ],
        )  # fmt: skip
        if late:
            for who, seq, amount in sides:
                connection.execute(
                    "INSERT INTO banking_back_dated VALUES (%s, %s, %s, %s, %s, %s)",
                    [who, seq, id, booked_at.date(), value_date, amount],
                )
    for person, seq, minor in zip(people, seqs, balances, strict=True):
        connection.execute(
            "UPDATE banking_account SET seq = %s, balance = %s WHERE id = %s", [seq, minor, person]
        )


def test_every_past_balance_is_the_sum_of_what_counted_by_then(owner):
    connection, people = owner

    def asked(sql, *parameters):
        return [int(minor) for (minor,) in connection.execute(sql, parameters).fetchall()]

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps=STEPS, moments=st.lists(MOMENTS, min_size=1, max_size=3))
    def agree(steps, moments):
        with connection.transaction(force_rollback=True):
            write(connection, people, steps)
            assert findings(connection.cursor()) == []
            for at in [*moments, *(step[0] for step in steps[:2])]:
                felt = [0, 0, 0]
                for booked_at, _, (source, target), minor in steps:
                    if booked_at <= at:
                        felt[source] -= minor
                        felt[target] += minor
                assert felt == [
                    asked("SELECT ledger_balance_at(%s, %s)", who, at)[0] for who in people
                ]
                assert felt == asked(
                    """SELECT balance FROM ledger_balances('EUR', %s, NULL)
                        WHERE account_id = ANY (%s) ORDER BY account_id""", at, people,
                )  # fmt: skip
            for day in {at.date() - timedelta(days=2) for at in moments} | {FIRST}:
                felt = [0, 0, 0]
                for booked_at, late, (source, target), minor in steps:
                    if booked_at.date() - timedelta(days=late) <= day:
                        felt[source] -= minor
                        felt[target] += minor
                assert felt == [
                    asked("SELECT ledger_balance_on(%s, %s)", who, day)[0] for who in people
                ]
                assert felt == asked(
                    """SELECT balance FROM ledger_balances('EUR', NULL, %s)
                        WHERE account_id = ANY (%s) ORDER BY account_id""", day, people,
                )  # fmt: skip

    agree()


# --- the books as a whole -------------------------------------------------------------------


@pytest.fixture
def trade(ada, ben):
    """A bank with capital, customers, fees and a loss."""
    internal = {code: ledger.internal(code, "EUR") for code in CODES}
    ledger.move(uuid7(), internal["clearing"], internal["capital"], eur(500_00))
    ledger.move(uuid7(), ada, internal["fees"], eur(3_00))
    ledger.move(uuid7(), internal["interest"], ben, eur(1_00), value_date=day(2))
    return internal


CODES = ("clearing", "capital", "fees", "interest")


def test_a_trial_balance_is_equal_on_both_sides(trade):
    found = trial_balance("EUR")
    lines = {line.code: (line.debit, line.credit) for line in found.lines}
    assert lines["clearing"] == (eur(600_00), eur(0))
    assert lines["checking"] == (eur(0), eur(98_00))
    assert (lines["fees"], lines["interest"]) == ((eur(0), eur(3_00)), (eur(1_00), eur(0)))
    assert found.debits == found.credits == eur(601_00)
    assert [line.kind for line in found.lines] == sorted(
        (line.kind for line in found.lines), key=list(Account.Kind).index
    )


def test_a_trial_balance_is_known_for_every_moment_in_both_times(trade, ada):
    before = ledger.entries(trade["fees"])[0].booked_at - timedelta(microseconds=1)
    was = {line.code: line.amount for line in trial_balance("EUR", at=before).lines}
    assert (was["checking"], was["capital"], was["fees"]) == (eur(100_00), eur(500_00), eur(0))
    counted = {line.code: line.amount for line in trial_balance("EUR", on=day(1)).lines}
    assert (counted["checking"], counted["interest"]) == (eur(1_00), eur(1_00))
    assert counted["clearing"] == eur(0)
    for past in (trial_balance("EUR", at=before), trial_balance("EUR", on=day(1))):
        assert past.debits == past.credits


def test_the_command_prints_a_trial_balance(trade):
    for when, total in {(): "601.00 EUR", ("--on", str(day(1))): "1.00 EUR"}.items():
        said = io.StringIO()
        call_command("trial_balance", "EUR", *when, stdout=said)
        assert said.getvalue().splitlines()[-1].split("  ")[-1].strip() == total
    said = io.StringIO()
    call_command("trial_balance", "EUR", "--at", "2020-01-01T00:00", stdout=said)
    assert said.getvalue().splitlines()[-1].split() == ["0.00", "EUR", "0.00", "EUR"]
    with pytest.raises(CommandError, match="unknown-currency"):
        call_command("trial_balance", "XXX")


def test_a_balance_sheet_shows_the_result_in_the_equity(trade):
    sheet = balance_sheet("EUR")
    assert (sheet.total_assets, sheet.result) == (eur(600_00), eur(2_00))
    assert sheet.total_claims == sheet.total_assets
    assert {line.name for line in sheet.liabilities} >= {"Suspense", "Customers: Current account"}
    then = balance_sheet("EUR", on=day(1))
    assert (then.total_assets, then.total_claims, then.result) == (eur(0), eur(0), eur(-1_00))


def test_a_currency_nobody_uses_is_all_zero_and_an_unknown_one_is_refused(db):
    quiet = balance_sheet("PLN")
    assert quiet.total_assets == quiet.total_claims == Money(0, "PLN")
    for question in (trial_balance, balance_sheet):
        with pytest.raises(UnknownCurrency):
            question("XXX")


def test_the_bank_has_an_account_of_every_class_in_every_currency(db):
    chart = {
        "clearing": "asset", "fx-position": "asset", "suspense": "liability", "capital": "equity",
        "opening": "equity", "fees": "income", "interest-income": "income", "fx-result": "income",
        "interest": "expense", "rounding": "expense", "losses": "expense",
    }  # fmt: skip
    for currency in ("EUR", "JPY", "BHD"):
        found = {code: ledger.internal(code, currency) for code in chart}
        assert {code: opened.kind for code, opened in found.items()} == chart
        assert {(now(o).floor_minor, o.currency) for o in found.values()} == {(None, currency)}
