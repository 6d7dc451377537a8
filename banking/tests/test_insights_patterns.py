"""What is found in a list of flows, without a database: rhythms, categories, sums, what is left."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from banking.insights import recurring, sums
from banking.insights.categories import LABELS, Categoriser, by_nature
from banking.insights.commitments import Commitment, commitments, left_to_spend
from banking.insights.flows import Counterparty, Flow, next_month
from fintrust.core.money import Money

TODAY = date(2026, 11, 26)
SHOP = Counterparty("usr_shop", "Northfield Grocers")
PHONE = Counterparty("usr_phone", "Signal Mobile")


def flow(day, minor, who=PHONE, text="", currency="EUR", reference=""):
    return Flow(day, Money(minor, currency), who, text, "acc_1", reference or f"mov_{day}{minor}")


def monthly(day, minors, who=PHONE, text="Plan", last=date(2026, 11, 1)):
    """One payment in each of the last months, the newest in that of `last`."""
    months = [next_month(last, -back) for back in range(len(minors) - 1, -1, -1)]
    return [
        flow(recurring._on(month, day), -minor, who, text)
        for month, minor in zip(months, minors, strict=True)
    ]


def every(days, times, minor=-5_00, last=TODAY, **more):
    return [flow(last - timedelta(days=days * n), minor, **more) for n in range(times)]


def found(flows, today=TODAY):
    return recurring.find(flows, today=today)


# --- rhythms --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "flows, label, next_day",
    [
        (every(7, 4), "Every week", date(2026, 12, 3)),
        (every(14, 4), "Every two weeks", date(2026, 12, 10)),
        (monthly(8, [19_99] * 3), "Every month", date(2026, 12, 8)),
        (monthly(31, [900_00] * 4, last=date(2026, 10, 1)), "Every month", date(2026, 11, 30)),
        (monthly(1, [900_00] * 4), "Every month", date(2026, 12, 1)),
        (every(91, 3, last=date(2026, 10, 1)), "Every quarter", date(2027, 1, 2)),
        (every(365, 3, last=date(2026, 3, 3)), "Every year", date(2027, 3, 3)),
    ],
)
def test_a_rhythm_and_its_next_date_are_found(flows, label, next_day):
    (one,) = found(flows)
    assert one.rhythm.label == label
    assert abs((one.next - next_day).days) <= 1
    assert one.usual.minor == -flows[-1].amount.minor


@pytest.mark.parametrize(
    "flows",
    [
        every(7, 3),  # one too few
        monthly(8, [19_99] * 2),
        [flow(TODAY - timedelta(days=d), -5_00) for d in (0, 2, 3, 9, 11, 30, 31, 70)],
        monthly(8, [10_00, 90_00, 500_00, 20_00]),  # a shop, not a bill
        monthly(8, [19_99] * 6, last=date(2026, 9, 1)),  # it has stopped
    ],
)
def test_what_is_no_rhythm_is_not_called_one(flows):
    assert found(flows) == []


@pytest.mark.parametrize("late, expected", [(7, True), (8, False)])
def test_a_payment_may_be_a_week_late_before_it_has_stopped(late, expected):
    flows = monthly(8, [19_99] * 6)
    assert bool(found(flows, date(2026, 12, 8) + timedelta(days=late))) is expected


def test_a_weekend_moves_a_payment_and_not_its_usual_day():
    days = [date(2026, 8, 1), date(2026, 9, 1), date(2026, 9, 30), date(2026, 11, 2)]
    (one,) = found([flow(day, -900_00, text=f"Rent {day:%B}") for day in days])
    assert (one.rhythm.label, one.next) == ("Every month", date(2026, 12, 1))


def test_the_expected_dates_of_a_month_end_do_not_drift():
    (one,) = found(monthly(31, [900_00] * 5, last=date(2026, 10, 1)))
    dates = list(one.dates(date(2027, 4, 30)))
    assert [day.day for day in dates] == [30, 31, 31, 28, 31, 30]
    assert all(before < after for before, after in pairwise(dates))


def test_two_plans_of_one_company_are_two_payments():
    flows = monthly(3, [2_99] * 5, text="") + monthly(19, [9_99] * 5, text="")
    assert [one.usual.minor for one in found(flows)] == [9_99, 2_99]


def test_income_comes_again_too():
    (one,) = found([flow(f.day, 3_000_00, text="Salary") for f in monthly(25, [1] * 4)])
    assert one.incoming and one.usual == Money(3_000_00, "EUR")


@pytest.mark.parametrize(
    "minors, before, usual",
    [
        ([19_99, 19_99, 19_99, 21_99], 19_99, 21_99),
        ([19_99, 19_99, 21_99, 21_99], 19_99, 21_99),
        ([21_99, 21_99, 19_99, 19_99], None, 19_99),  # cheaper
        ([19_99, 19_99, 19_99, 19_99], None, 19_99),
        ([61_20, 48_00, 55_10, 70_00], None, 58_15),  # a bill that varies does not rise
    ],
)
def test_a_price_that_went_up_is_told_from_a_bill_that_varies(minors, before, usual):
    (one,) = found(monthly(8, minors))
    assert (one.rise.before.minor if one.rise else None) == before
    assert one.usual.minor == usual
    assert one.rise is None or one.rise.since == monthly(8, minors)[minors.index(21_99)].day


# --- categories -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, text, category",
    [
        ("Northfield Grocers", "", "groceries"),
        ("Copper Kettle Café", "", "eating-out"),
        ("CAFÉ", "", "eating-out"),
        ("Ben Okri", "Rent November", "housing"),
        ("Northfield Grocers", "Birthday present", "gifts"),  # the words of the payment first
        ("Ben Okri", "", "other"),
        ("Barbara Renton", "thanks", "other"),  # no parts of words
        ("", "٣٤ 🎁", "other"),
    ],
)
def test_words_tell_a_category(name, text, category):
    assert by_nature(flow(TODAY, -1, Counterparty("k", name), text)).category == category


def test_the_customers_word_outweighs_ours_and_the_narrower_one_the_wider():
    one, other = flow(TODAY, -1, SHOP, reference="mov_a"), flow(TODAY, -2, SHOP, reference="mov_b")
    chosen = Categoriser({"mov_a": "gifts", SHOP.key: "cash"})
    assert [chosen.of(each).category for each in (one, other)] == ["gifts", "cash"]
    assert "this payment" in chosen.of(one).because
    assert SHOP.name in chosen.of(other).because


def test_every_rule_leads_to_a_category_with_a_name():
    from banking.insights.categories import _BY_WORD

    assert set(_BY_WORD.values()) <= set(LABELS)


# --- sums -----------------------------------------------------------------------------------


def test_months_have_what_came_in_what_was_spent_and_the_rest():
    flows = [
        flow(date(2026, 10, 31), 3_000_00),
        flow(date(2026, 11, 1), -900_00),
        flow(date(2026, 11, 26), 50_00),
    ]
    september, october, november = sums.months(flows, "EUR", until=TODAY, count=3)
    assert (september.sum.net.minor, september.partial) == (0, False)
    assert (october.sum.income.minor, october.sum.spending.minor) == (3_000_00, 0)
    assert (november.sum.net.minor, november.partial) == (-850_00, True)


def test_currencies_are_never_added():
    flows = [flow(TODAY, -1_00), flow(TODAY, -70_00, currency="JPY")]
    assert sums.total(flows, "EUR").spending == Money(1_00, "EUR")
    assert sums.total(flows, "JPY").spending == Money(70_00, "JPY")


def test_a_refund_is_less_spent_and_not_earned():
    flows = [flow(TODAY, -80_00, SHOP), flow(TODAY, 30_00, SHOP, "Refund, two jars")]
    assert sums.total(flows, "EUR") == sums.Sum(Money(0, "EUR"), Money(50_00, "EUR"), 2)


def test_a_refund_from_somebody_who_was_never_paid_is_income():
    assert sums.total([flow(TODAY, 30_00, SHOP, "Refund")], "EUR").income.minor == 30_00


# --- what is left ---------------------------------------------------------------------------


def bills():
    salary = [flow(f.day, 3_000_00, SHOP, "Salary") for f in monthly(12, [1] * 4)]
    rent = monthly(1, [900_00] * 4, Counterparty("usr_home", "Halden Lettings"), "Rent")
    return found(salary + rent + monthly(15, [19_99] * 4))


def test_what_comes_before_the_next_income_is_taken_off():
    left = left_to_spend(Money(1_500_00, "EUR"), bills(), today=TODAY)
    assert left.until == date(2026, 12, 11)
    assert [(line.name, line.amount.minor) for line in left.lines] == [("Halden Lettings", 900_00)]
    assert left.left == Money(600_00, "EUR")


def test_without_an_income_it_is_until_the_end_of_the_month():
    left = left_to_spend(Money(1_500_00, "EUR"), [], today=TODAY)
    assert (left.until, left.lines, left.left.minor) == (date(2026, 11, 30), (), 1_500_00)


def test_what_is_left_may_be_less_than_nothing():
    assert left_to_spend(Money(100_00, "EUR"), bills(), today=TODAY).left.minor == -800_00


def test_another_currency_owes_nothing_here():
    left = left_to_spend(Money(100_00, "USD"), bills(), today=TODAY)
    assert (left.lines, left.left.minor) == ((), 100_00)


def test_a_payment_that_is_scheduled_is_not_expected_once_more():
    rent = Commitment(date(2026, 12, 1), Money(950_00, "EUR"), "Rent", "scheduled", "usr_home")
    left = left_to_spend(Money(1_500_00, "EUR"), bills(), today=TODAY, scheduled=[rent])
    assert left.lines == (rent,)


def test_a_late_payment_is_expected_today():
    late = found(monthly(22, [19_99] * 4, last=date(2026, 10, 1)))
    (line,) = commitments(late, today=TODAY, until=TODAY)
    assert line.day == TODAY
