"""What money did, read from the ledger: what counts, on which day, and at what price."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Record
from banking import ledger
from banking.insights import selectors, sums
from banking.insights.errors import PeriodTooBusy, UnknownCategory
from banking.insights.services import choose_category
from banking.models import Account, CategoryChoice, Entry, Transfer
from banking.policy import InsightsPolicy
from banking.tests.conftest import open_funded
from banking.transfers import services
from fintrust.core.ids import uuid7
from fintrust.core.money import Money

pytestmark = pytest.mark.django_db
LONG_AGO = date(2000, 1, 1)


def flows(user, since=LONG_AGO, **more):
    return selectors.flows_of(user, since=since, **more)


def total(user, currency="EUR"):
    return sums.total(flows(user), currency)


@pytest.fixture
def savings(ada):
    return open_funded(ada, 0)


@pytest.fixture
def past(ada, hers, his):
    """Ada paid Ben on a day long ago."""

    def do(happened_at, minor=1_00, **changes):
        order = {
            "kind": Transfer.Kind.TRANSFER,
            "by": ada,
            "source": hers,
            "target": his,
            "amount": Money(minor, "EUR"),
            "request_id": str(uuid7()),
            "happened_at": happened_at,
        }
        return services.record_past(**(order | changes))

    return do


# --- what counts ----------------------------------------------------------------------------


def test_money_in_and_out_is_told_from_the_customers_side(ada, ben, hers, send):
    send(10_00, note="Lunch")
    first, second = flows(ada)
    assert (first.amount.minor, first.counterparty.name) == (1_000_00, "Card top-up")
    assert (second.amount.minor, second.counterparty.name) == (-10_00, "Ben Okri")
    assert (second.text, second.account) == ("Lunch", hers.public_id)
    assert [flow.amount.minor for flow in flows(ben)] == [50_00, 10_00]


def test_money_between_own_accounts_is_neither_earned_nor_spent(ada, savings, send):
    send(100_00, target=savings)
    assert total(ada) == sums.Sum(Money(1_000_00, "EUR"), Money(0, "EUR"), 1)


def test_what_was_taken_back_never_was(ada, ben, send):
    paid = send(10_00)
    ledger.reverse(uuid7(), paid.movement_id)
    assert total(ada).spending.minor == 0
    assert total(ben).income.minor == 50_00
    assert len(flows(ada)) == 1


def test_held_and_refused_money_does_not_count(ada, olga, send):
    held = send(900_00)
    assert held.is_held
    assert total(ada).spending.minor == 0
    services.refuse_transfer(transfer=held, by=olga, reason="not theirs")
    assert total(ada).spending.minor == 0
    services.release_transfer(transfer=send(900_00), by=olga, reason="asked")
    assert total(ada).spending.minor == 900_00


def test_each_currency_is_apart(ada, hers, send):
    open_funded(ada, 500, "JPY")
    send(10_00)
    assert total(ada, "JPY").income == Money(500, "JPY")
    assert total(ada).spending == Money(10_00, "EUR")


def test_what_is_left_over_is_what_the_accounts_gained(ada, savings, send):
    """Whatever happened: income less spending is the change of the balances."""
    send(10_00), send(70_00, target=savings), send(5_00, source=savings)
    send(800_00)
    ledger.reverse(uuid7(), send(3_00).movement_id)
    services.withdraw(by=ada, account=savings, amount=Money(2_00, "EUR"), request_id="w")
    balances = sum(account.balance_minor for account in Account.objects.filter(owner=ada))
    assert total(ada).net.minor == balances


@pytest.fixture
def exchange(ada, hers):
    """Money changes its currency on the way, in one journal, through two of the bank's accounts."""

    def do(target):
        journal, euros = uuid7(), ledger.internal("suspense", "EUR")
        dollars = ledger.internal("suspense", target.currency)
        fee = ledger.Instruction(uuid7(), hers, ledger.internal("fees", "EUR"), Money(50, "EUR"))
        out = ledger.Instruction(uuid7(), hers, euros, Money(10_00, "EUR"))
        back = ledger.Instruction(uuid7(), dollars, target, Money(11_00, target.currency))
        ledger.move_many([out, back, fee], journal=journal, linked=True)

    return do


def test_changing_money_into_an_own_currency_costs_its_fee_only(ada, exchange):
    exchange(open_funded(ada, 0, "USD"))
    assert total(ada).spending == Money(50, "EUR")
    assert total(ada, "USD").count == 0


def test_money_sent_in_another_currency_goes_to_whom_it_reached(ada, ben, exchange):
    exchange(open_funded(ben, 0, "USD"))
    assert {flow.counterparty.name for flow in flows(ada)} == {"Card top-up", "Ben Okri", "Fees"}
    (arrived,) = flows(ben)
    assert (arrived.counterparty.name, arrived.amount) == ("Ada Byron", Money(11_00, "USD"))


def test_a_journal_of_the_bank_introduces_nobody_to_a_stranger(ada, ben, hers, his):
    interest = ledger.internal("interest", "EUR")
    pays = [ledger.Instruction(uuid7(), interest, to, Money(1, "EUR")) for to in (hers, his)]
    ledger.move_many(pays, journal=uuid7())
    assert "Ben Okri" not in {flow.counterparty.name for flow in flows(ada)}


def test_a_stranger_sees_nothing_of_it(olga, send):
    send()
    assert flows(olga) == []


# --- on which day ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "zone, month", [("Europe/London", 10), ("Asia/Tokyo", 11), ("Pacific/Kiritimati", 11)]
)
def test_a_month_begins_at_midnight_where_the_customer_lives(ada, ben, zone, month):
    ada.timezone = zone
    ada.save()
    with time_machine.travel(datetime(2027, 10, 31, 20, 0, tzinfo=UTC)):
        assert selectors.today_of(ada).month == month
    open_funded(ada, 5_00)  # booked by the database's own clock
    (flow,) = flows(ada)
    assert (
        flow.day
        == Entry.objects.get(account__owner=ada).booked_at.astimezone(selectors.zone_of(ada)).date()
    )


def test_what_was_taken_over_counts_on_the_day_it_happened(ada, past):
    past(datetime(2026, 3, 31, 23, 30, tzinfo=UTC))
    (flow, _) = flows(ada)
    assert flow.day == date(2026, 3, 31)


@pytest.mark.parametrize("days, inside", [(9, True), (10, True), (11, False)])
def test_a_period_begins_with_its_first_day(ada, past, days, inside):
    now = timezone.now()
    past(now - timedelta(days=days))
    since = (now - timedelta(days=10)).date()
    assert any(not flow.incoming for flow in flows(ada, since)) is inside


@pytest.mark.parametrize("days, inside", [(11, True), (10, True), (9, False)])
def test_a_period_ends_with_its_last_day(ada, past, days, inside):
    now = timezone.now()
    past(now - timedelta(days=days))
    until = (now - timedelta(days=10)).date()
    assert any(not flow.incoming for flow in flows(ada, until=until)) is inside


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_the_calendar_are_days_too(ada, hers, day):
    assert len(flows(ada, day)) == (1 if day == date.min else 0)


# --- at what price --------------------------------------------------------------------------


def test_entries_from_before_the_period_are_not_read(ada, hers, send):
    """The plan has a bound from below on each side of the movements, and finds it by halving."""
    for _ in range(3):
        send(1_00)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        reading = {"accounts": [hers.pk], "seqs": [2], "zone": "UTC", "owner": ada.pk}
        cursor.execute("EXPLAIN " + selectors._FLOWS, reading)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("SELECT banking_seq_before(%s, now() + interval '1 day')", [hers.pk])
        assert cursor.fetchone() == (4,)
        cursor.execute("SELECT banking_seq_before(%s, now() - interval '1 day')", [hers.pk])
        assert cursor.fetchone() == (0,)
    for side in ("debit", "credit"):
        assert f"({side}_id = own.id) AND ({side}_seq > own.seq)" in plan


def test_each_moment_is_found_between_the_entries(hers, send):
    for _ in range(6):
        send(1_00)
    with connection.cursor() as cursor:
        for entry in Entry.objects.filter(account_id=hers.pk):
            cursor.execute("SELECT banking_seq_before(%s, %s)", [hers.pk, entry.booked_at])
            assert cursor.fetchone() == (entry.seq - 1,)


def test_questions_do_not_grow_with_the_rows(ada, hers, send, django_assert_max_num_queries):
    send(1_00)
    with CaptureQueriesContext(connection) as few:
        flows(ada)
    for _ in range(8):
        send(1_00)
    with django_assert_max_num_queries(len(few)):
        flows(ada)


def test_a_period_with_too_many_entries_is_refused_and_a_shorter_one_found(ada, past):
    for days in (1, 40, 80):
        past(timezone.now() - timedelta(days=days))  # booked today, so all are read
    tiny = InsightsPolicy(entries_max=3)
    with pytest.raises(PeriodTooBusy):
        flows(ada, policy=tiny)
    with pytest.raises(PeriodTooBusy):
        selectors.months_back(ada, (12, 1), policy=tiny)
    assert selectors.months_back(ada, (12, 1, 0), policy=tiny) == (0, [])
    assert len(selectors.months_back(ada, (12, 1), policy=InsightsPolicy(entries_max=4))[1]) == 4


def test_what_comes_again_is_worked_out_once_until_something_is_booked(ada, past, send):
    now = timezone.now()
    for weeks in (4, 3, 2, 1):
        past(now - timedelta(weeks=weeks), 5_00, note="Class")
    (weekly,) = selectors.recurring_of(ada)
    assert (weekly.rhythm.label, weekly.usual) == ("Every week", Money(5_00, "EUR"))
    with CaptureQueriesContext(connection) as again:
        assert selectors.recurring_of(ada) == (weekly,)
    assert len(again) == 1
    send(5_00, note="Class")
    assert selectors.recurring_of(ada)[0].times == 5


# --- forecast -------------------------------------------------------------------------------


def test_months_that_are_not_whole_are_no_basis(ada, hers, past):
    with time_machine.travel(datetime(2026, 11, 26, 12, 0, tzinfo=UTC)):
        today = selectors.today_of(ada)
        for month in (6, 7, 8, 9, 10, 11):
            past(datetime(2026, month, 10, 12, 0, tzinfo=UTC), 100_00)
        found = [flow for flow in flows(ada) if not flow.incoming]
    whole = selectors.whole_months(found, "EUR", today=today)
    assert [month.first.month for month in whole] == [7, 8, 9, 10]
    predicted, months = selectors.forecast_of(found, "EUR", today=today)
    assert months == 4
    assert (predicted.low, predicted.high, predicted.checks) == (100_00, 100_00, 2)
    shorter = [flow for flow in found if flow.day.month > 6]
    assert selectors.forecast_of(shorter, "EUR", today=today) == (None, 3)
    assert selectors.forecast_of(found, "USD", today=today) == (None, 0)


# --- the customer's word --------------------------------------------------------------------


@pytest.fixture
def lunch(ada, send):
    send(10_00, note="Lunch")
    return flows(ada)[-1]


def categories(user):
    known = selectors.categoriser_of(user)
    return [known.of(flow).category for flow in flows(user) if not flow.incoming]


def test_a_choice_is_for_one_payment_or_for_all(ada, lunch, send):
    send(20_00, note="Lunch")
    assert categories(ada) == ["eating-out", "eating-out"]
    choose_category(customer=ada, flow=lunch, category="gifts", everyone=False)
    assert sorted(categories(ada)) == ["eating-out", "gifts"]
    choose_category(customer=ada, flow=lunch, category="health", everyone=True)
    assert categories(ada) == ["health", "health"]
    send(30_00)
    assert categories(ada) == ["health"] * 3
    choose_category(customer=ada, flow=lunch, category="", everyone=True)
    assert sorted(categories(ada)) == ["eating-out", "eating-out", "other"]
    assert not CategoryChoice.objects.exists()


def test_a_choice_changes_neither_the_money_nor_what_the_other_side_sees(ada, ben, lunch):
    choose_category(customer=ada, flow=lunch, category="gifts", everyone=False)
    assert "gifts" not in {selectors.categoriser_of(ben).of(flow).category for flow in flows(ben)}
    assert flows(ada)[-1] == lunch


def test_a_choice_leaves_a_record_and_the_same_choice_none(ada, lunch):
    for _ in range(2):
        choose_category(customer=ada, flow=lunch, category="gifts", everyone=False)
    choose_category(customer=ada, flow=lunch, category="", everyone=False)
    records = Record.objects.filter(action="banking.category.chosen").order_by("id")
    assert [(r.before["category"], r.after["category"]) for r in records] == [
        ("", "gifts"),
        ("gifts", ""),
    ]
    assert {r.owner_id for r in records} == {ada.pk}


def test_a_category_that_does_not_exist_is_refused(ada, lunch):
    with pytest.raises(UnknownCategory):
        choose_category(customer=ada, flow=lunch, category="yachts", everyone=True)
    assert not CategoryChoice.objects.exists()
