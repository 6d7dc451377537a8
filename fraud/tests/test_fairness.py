"""Groups of accounts and their rates: pure, each threshold on both sides of its edge."""

from datetime import UTC, date, datetime, timedelta

import pytest

from fraud.monitoring.fairness import (
    ENOUGH,
    FAR_TIMES,
    GROUPINGS,
    Group,
    Judged,
    Rate,
    groups,
    wilson,
)

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def judged(effect="passed", **changes):
    values = {
        "effect": effect,
        "forbidden": False,
        "product": "Current account",
        "currency": "EUR",
        "channel": "API",
        "joined": date(2025, 1, 1),
        "timezone": "UTC",
        "at": NOON,
    }
    return Judged(**values | changes)


def of(found, grouping):
    return {one.name: one for one in found if one.grouping == grouping}


def group(stopped, payments, others_stopped, others):
    return Group(
        "currency",
        "EUR",
        payments,
        Rate(0, payments),
        Rate(0, payments),
        Rate(stopped, payments),
        Rate(others_stopped, others),
    )


@pytest.mark.parametrize(
    "count, total, low, high",
    [(0, 10, 0.0, 0.27753), (5, 10, 0.23659, 0.76341), (10, 10, 0.72247, 1.0),
     (1, 1000, 0.000177, 0.005642), (0, 0, 0.0, 1.0)],
)  # fmt: skip
def test_the_interval_is_wilsons(count, total, low, high):
    assert wilson(count, total) == pytest.approx((low, high), abs=1e-5)


def test_each_payment_is_in_one_group_of_every_grouping():
    found = groups([judged(), judged("held", currency="GBP"), judged("refused")])
    for grouping in GROUPINGS:
        assert sum(one.payments for one in of(found, grouping.name).values()) == 3
    euro, pound = of(found, "currency")["EUR"], of(found, "currency")["GBP"]
    assert (euro.held.count, euro.refused.count, euro.stopped.share) == (0, 1, 0.5)
    assert (euro.others.count, euro.others.of) == (1, 1)
    assert (pound.held.share, pound.others.share) == (1.0, 0.5)


def test_ones_own_limit_is_no_harm_done_by_the_bank():
    found = groups([judged(), judged("refused", forbidden=True)])
    assert of(found, "currency")["EUR"].payments == 1


def test_nobody_is_nothing():
    assert groups([]) == []


@pytest.mark.parametrize(
    "days, name",
    [(0, "first 30 days"), (30, "first 30 days"), (31, "31 to 90 days"), (90, "31 to 90 days"),
     (91, "91 days to a year"), (365, "91 days to a year"), (366, "over a year")],
)  # fmt: skip
def test_how_long_a_customer(days, name):
    found = groups([judged(joined=NOON.date() - timedelta(days=days))])
    assert list(of(found, "age")) == [name]


@pytest.mark.parametrize(
    "zone, name", [("UTC", "12:00 to 15:00"), ("Asia/Kolkata", "15:00 to 18:00"),
                   ("Pacific/Auckland", "00:00 to 03:00"), ("No/Where", "12:00 to 15:00")],
)  # fmt: skip
def test_the_hour_is_the_customers_own(zone, name):
    assert list(of(groups([judged(timezone=zone)]), "hour")) == [name]


def test_a_group_far_from_all_others_stands_out():
    assert group(40, 200, 20, 1000).is_far
    assert not group(4, 200, 20, 1000).is_far


@pytest.mark.parametrize("payments, far", [(ENOUGH - 1, False), (ENOUGH, True)])
def test_without_enough_payments_nothing_stands_out(payments, far):
    for found in (group(payments // 2, payments, 10, 1000), group(500, 1000, 0, payments)):
        assert found.is_far is found.can_be_judged is far


@pytest.mark.parametrize("stopped, far", [(1499, False), (1500, True)])
def test_a_small_difference_does_not_stand_out_however_sure_it_is(stopped, far):
    assert FAR_TIMES == 1.5
    assert group(stopped, 10_000, 1_000, 10_000).is_far is far


def test_touching_intervals_do_not_stand_out():
    assert wilson(12, 100)[0] < wilson(60, 1000)[1]
    assert not group(12, 100, 60, 1000).is_far
    assert wilson(14, 100)[0] > wilson(60, 1000)[1]
    assert group(14, 100, 60, 1000).is_far


def test_stopped_less_is_no_harm():
    assert not group(0, 1000, 500, 1000).is_far
