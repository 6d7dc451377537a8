"""Tighter at once, looser after a wait: field by field. Pure: no database."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud.limits.change import Written
from fraud.limits.own import CustomerPolicies, NewPayee, TimeRange, looser_in, stricter
from fraud.tests.factories import NOON

A, B, C = (f"acc_01kahkf19qf7wa2mgdb9wkbn4{letter}" for letter in "xyz")
DAY = timedelta(hours=24)
SECOND = timedelta(seconds=1)
EUR = {"EUR": 100}


def own(**fields):
    return CustomerPolicies(**fields)


# --- what is looser -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["max_transaction_amount", "daily_total"])
@pytest.mark.parametrize(
    "old, new, looser",
    [
        (EUR, {"EUR": 100}, False),
        (EUR, {"EUR": 99}, False),
        (EUR, {"EUR": 101}, True),
        (EUR, {}, True),
        ({}, EUR, False),
        (EUR, {"EUR": 100, "GBP": 5}, False),
        (EUR, {"GBP": 5}, True),
        (EUR | {"GBP": 5}, {"EUR": 50, "GBP": 6}, True),
    ],
)
def test_a_greater_amount_is_looser(name, old, new, looser):
    assert looser_in(own(**{name: old}), own(**{name: new})) == ((name,) if looser else ())


@pytest.mark.parametrize(
    "name, old, new, looser",
    [
        ("daily_payments", 3, 3, False),
        ("daily_payments", 3, 2, False),
        ("daily_payments", 3, 4, True),
        ("daily_payments", 3, None, True),
        ("daily_payments", None, 3, False),
        ("block_unknown_locations", True, True, False),
        ("block_unknown_locations", False, True, False),
        ("block_unknown_locations", True, False, True),
        ("block_withdrawals", False, True, False),
        ("block_withdrawals", True, False, True),
        ("allowed_locations", None, ("PT",), False),
        ("allowed_locations", ("PT",), None, True),
        ("allowed_locations", ("PT",), ("pt",), False),
        ("allowed_locations", ("PT",), ("Lisbon, PT",), False),
        ("allowed_locations", ("Lisbon, PT",), ("PT",), True),
        ("allowed_locations", ("PT", "ES"), ("ES",), False),
        ("allowed_locations", ("ES",), ("ES", "PT"), True),
        ("allowed_locations", ("Lisbon, PT",), ("Porto, PT",), True),
        ("allowed_currencies", None, ("EUR",), False),
        ("allowed_currencies", ("EUR",), None, True),
        ("allowed_currencies", ("EUR", "GBP"), ("GBP",), False),
        ("allowed_currencies", ("GBP",), ("EUR", "GBP"), True),
        ("allowed_time_range", None, TimeRange(540, 1020), False),
        ("allowed_time_range", TimeRange(540, 1020), None, True),
        ("allowed_time_range", TimeRange(540, 1020), TimeRange(540, 1020), False),
        ("allowed_time_range", TimeRange(540, 1020), TimeRange(541, 1019), False),
        ("allowed_time_range", TimeRange(540, 1020), TimeRange(540, 1021), True),
        ("allowed_time_range", TimeRange(540, 1020), TimeRange(539, 1020), True),
        ("allowed_time_range", TimeRange(1320, 360), TimeRange(0, 360), False),
        ("allowed_time_range", TimeRange(1320, 360), TimeRange(1320, 361), True),
        ("allowed_time_range", TimeRange(540, 1020), TimeRange(1020, 540), True),
        ("new_payee", None, NewPayee(24, EUR), False),
        ("new_payee", NewPayee(24, EUR), None, True),
        ("new_payee", NewPayee(24, EUR), NewPayee(25, {"EUR": 99}), False),
        ("new_payee", NewPayee(24, EUR), NewPayee(23, EUR), True),
        ("new_payee", NewPayee(24, EUR), NewPayee(24, {"EUR": 101}), True),
        ("new_payee", NewPayee(24, EUR), NewPayee(48, {"EUR": 101}), True),
        ("new_payee", NewPayee(24, EUR), NewPayee(24, EUR | {"GBP": 1}), False),
    ],
)
def test_what_is_looser_is_known_of_each_field(name, old, new, looser):
    assert looser_in(own(**{name: old}), own(**{name: new})) == ((name,) if looser else ())


@pytest.mark.parametrize(
    "old, new, looser",
    [
        ((False, ()), (True, (A,)), False),
        ((True, (A,)), (True, ()), False),
        ((True, (A, B)), (True, (B,)), False),
        ((True, (A,)), (True, (A, B)), True),
        ((True, (A,)), (True, (B,)), True),
        ((True, (A,)), (False, (A,)), True),
        ((False, (A,)), (False, (A, B, C)), False),  # a list that is off allows nobody anything
    ],
)
def test_a_longer_list_of_payees_is_looser_while_it_is_on(old, new, looser):
    before, after = (
        own(only_allowed_payees=on, allowed_payees=payees) for on, payees in (old, new)
    )
    assert bool(looser_in(before, after)) is looser


def test_another_clock_is_looser_where_a_clock_counts():
    """Whoever may turn the clock chooses the hour, and starts the day anew."""
    for limits in (own(daily_total=EUR), own(allowed_time_range=TimeRange(1, 2))):
        london, tokyo = (replace(limits, timezone=zone) for zone in ("Europe/London", "Asia/Tokyo"))
        assert looser_in(london, tokyo) == ("timezone",)
        assert stricter(london, tokyo).timezone == "Europe/London"
    assert looser_in(own(max_transaction_amount=EUR), own(max_transaction_amount=EUR)) == ()


@pytest.mark.parametrize(
    "new, looser",
    [
        ({}, ("daily_total",)),
        ({"max_transaction_amount": EUR}, ("daily_total",)),
        ({"daily_payments": 3}, ("daily_total", "timezone")),
    ],
)
def test_the_clock_is_looser_only_where_the_new_limits_read_one(new, looser):
    london = own(daily_total=EUR, timezone="Europe/London")
    tokyo = own(**new, timezone="Asia/Tokyo")
    assert set(looser_in(london, tokyo)) == set(looser)
    [waiting] = write((NOON - DAY, london), (NOON, tokyo)).pending(NOON)
    assert set(waiting.fields) == set(looser)


def test_what_is_taken_back_is_read_on_the_clock_it_was_written_for():
    london = own(daily_total=EUR, timezone="Europe/London")
    after = write((NOON - DAY, london), (NOON, own(timezone="Asia/Tokyo")))
    assert after.without_pending(NOON) == london


# --- what two sets of limits forbid together ------------------------------------------------


@pytest.mark.parametrize(
    "old, new, together",
    [
        (TimeRange(540, 1020), TimeRange(600, 1200), TimeRange(600, 1020)),
        (TimeRange(1320, 360), TimeRange(1200, 120), TimeRange(1320, 120)),
        (TimeRange(1320, 360), TimeRange(300, 1380), TimeRange(300, 360)),  # and 22 to 23, left out
        (TimeRange(540, 600), TimeRange(600, 660), TimeRange(600, 600)),  # none
    ],
)
def test_hours_that_overlap_leave_what_both_allow(old, new, together):
    found = stricter(own(allowed_time_range=old), own(allowed_time_range=new))
    assert found.allowed_time_range == together
    assert together.minutes <= old.minutes & new.minutes


@pytest.mark.parametrize(
    "old, new, together",
    [
        (("PT",), ("Lisbon, PT", "ES"), ("Lisbon, PT",)),
        (("Lisbon, PT", "Faro, PT"), ("PT",), ("Lisbon, PT", "Faro, PT")),
        (("Lisbon, PT",), ("Porto, PT",), ()),
    ],
)
def test_places_leave_what_both_allow(old, new, together):
    found = stricter(own(allowed_locations=old), own(allowed_locations=new))
    assert found.allowed_locations == together


ranges = st.none() | st.builds(TimeRange, st.integers(0, 1439), st.integers(0, 1439))
amounts = st.dictionaries(st.sampled_from(["EUR", "GBP"]), st.integers(1, 5))
limits = st.builds(
    CustomerPolicies,
    max_transaction_amount=amounts,
    daily_total=amounts,
    daily_payments=st.none() | st.integers(1, 5),
    allowed_locations=st.none()
    | st.lists(st.sampled_from(["PT", "Lisbon, PT", "ES", "porto, pt"]), unique=True).map(tuple),
    block_unknown_locations=st.booleans(),
    allowed_time_range=ranges,
    allowed_currencies=st.none()
    | st.lists(st.sampled_from(["EUR", "GBP"]), unique=True).map(tuple),
    only_allowed_payees=st.booleans(),
    allowed_payees=st.lists(st.sampled_from([A, B, C]), unique=True).map(tuple),
    new_payee=st.none() | st.builds(NewPayee, st.integers(1, 3), amounts),
    block_withdrawals=st.booleans(),
    timezone=st.sampled_from(["Europe/London", "Asia/Tokyo"]),
)


@given(limits, limits)
def test_together_is_never_looser_than_either(old, new):
    together = stricter(old, new)
    assert set(looser_in(old, together)) <= {"timezone"}
    assert set(looser_in(new, together)) <= {"timezone"}


@given(limits)
def test_the_same_limits_are_not_looser(one):
    assert looser_in(one, one) == ()
    assert stricter(one, one) == one


# --- time -----------------------------------------------------------------------------------


def write(*steps, **options):
    """Limits written one after the other, each at its moment."""
    written = Written()
    for at, asked in steps:
        written = written.changed(asked, at, wait=DAY, **options)
    return written


def test_the_first_limits_hold_at_once():
    written = write((NOON, own(max_transaction_amount=EUR)))
    assert written.in_force(NOON).max_transaction_amount == EUR
    assert written.pending(NOON) == []


def test_a_looser_limit_takes_effect_to_the_second():
    written = write(
        (NOON, own(max_transaction_amount=EUR)), (NOON, own(max_transaction_amount={"EUR": 200}))
    )
    assert written.in_force(NOON + DAY - SECOND).max_transaction_amount == EUR
    assert written.in_force(NOON + DAY).max_transaction_amount == {"EUR": 200}
    [pending] = written.pending(NOON + DAY - SECOND)
    assert (pending.at, pending.fields) == (NOON + DAY, ("max_transaction_amount",))
    assert written.pending(NOON + DAY) == []


def test_whoever_steps_up_need_not_wait():
    written = write((NOON, own(max_transaction_amount=EUR)))
    written = written.changed(own(), NOON, wait=DAY, stepped_up=True)
    assert written.in_force(NOON) == own() and written.pending(NOON) == []


def test_stepping_up_ends_what_was_waiting_too():
    asked = own(max_transaction_amount={"EUR": 200})
    written = write((NOON, own(max_transaction_amount=EUR)), (NOON, asked))
    assert written.changed(asked, NOON, wait=DAY, stepped_up=True).in_force(NOON) == asked


def test_a_change_that_tightens_one_thing_and_loosens_another_does_both():
    old = own(max_transaction_amount=EUR, daily_total={"EUR": 500})
    new = own(max_transaction_amount={"EUR": 200}, daily_total={"EUR": 300})
    written = write((NOON, old), (NOON, new))
    now = written.in_force(NOON)
    assert (now.max_transaction_amount, now.daily_total) == (EUR, {"EUR": 300})
    assert written.in_force(NOON + DAY) == new
    assert written.pending(NOON)[0].fields == ("max_transaction_amount",)


def test_a_tightening_meanwhile_does_not_start_the_wait_anew():
    later = NOON + timedelta(hours=5)
    loose = own(max_transaction_amount={"EUR": 200})
    written = write(
        (NOON, own(max_transaction_amount=EUR)),
        (NOON, loose),
        (later, replace(loose, block_withdrawals=True)),
    )
    assert written.in_force(later).block_withdrawals
    assert written.in_force(NOON + DAY - SECOND).max_transaction_amount == EUR
    assert written.in_force(NOON + DAY).max_transaction_amount == {"EUR": 200}


def test_tightening_and_loosening_again_waits_from_the_loosening():
    later = NOON + timedelta(hours=5)
    old = own(max_transaction_amount=EUR)
    written = write((NOON, old), (NOON, own(max_transaction_amount={"EUR": 10})), (later, old))
    assert written.in_force(later + DAY - SECOND).max_transaction_amount == {"EUR": 10}
    assert written.in_force(later + DAY) == old


def test_one_looser_change_after_the_other_comes_one_after_the_other():
    steps = [own(max_transaction_amount={"EUR": amount}) for amount in (100, 200, 300)]
    hour = timedelta(hours=1)
    written = write((NOON, steps[0]), (NOON, steps[1]), (NOON + hour, steps[2]))
    amounts = [
        written.in_force(at).max_transaction_amount["EUR"]
        for at in (NOON + hour, NOON + DAY, NOON + DAY + hour - SECOND, NOON + DAY + hour)
    ]
    assert amounts == [100, 200, 200, 300]
    assert [pending.at for pending in written.pending(NOON + hour)] == [
        NOON + DAY,
        NOON + DAY + hour,
    ]


def test_from_one_place_to_another_there_is_none_until_the_wait_is_over():
    written = write(
        (NOON, own(allowed_locations=("Lisbon, PT",))),
        (NOON, own(allowed_locations=("Porto, PT",))),
    )
    assert written.in_force(NOON).allowed_locations == ()
    assert written.in_force(NOON + DAY).allowed_locations == ("Porto, PT",)


def test_what_waits_can_be_taken_back_and_what_is_tighter_stays():
    old = own(max_transaction_amount=EUR, daily_total={"EUR": 500})
    new = own(max_transaction_amount={"EUR": 200}, daily_total={"EUR": 300})
    written = write((NOON, old), (NOON, new))
    kept = written.without_pending(NOON)
    assert kept == own(max_transaction_amount=EUR, daily_total={"EUR": 300})
    after = written.changed(kept, NOON, wait=DAY)
    assert after.pending(NOON) == [] and after.in_force(NOON) == after.in_force(NOON + 2 * DAY)


@pytest.mark.parametrize(
    "name, old, new",
    [
        ("allowed_locations", ("Lisbon, PT",), ("Porto, PT",)),
        ("allowed_time_range", TimeRange(540, 600), TimeRange(600, 660)),
        ("allowed_currencies", ("EUR",), ("GBP",)),
    ],
)
def test_taking_back_a_swap_returns_to_what_was_written_and_never_opens_everything(name, old, new):
    written = write((NOON, own(**{name: old})), (NOON, own(**{name: new})))
    kept = written.without_pending(NOON)
    assert getattr(kept, name) == old
    # Returning to it is looser than what holds now, so it waits like anything looser.
    after = written.changed(kept, NOON + SECOND, wait=DAY)
    assert getattr(after.in_force(NOON + DAY), name) != new
    assert getattr(after.in_force(NOON + SECOND + DAY), name) == old


@given(st.lists(st.tuples(st.integers(0, 30), limits), min_size=2, max_size=4), st.integers(0, 60))
def test_whatever_is_written_meanwhile_replaced_limits_hold_for_a_day(steps, hours):
    written, at, replaced = Written(), NOON, []
    for gap, asked in steps:
        at += timedelta(hours=gap)
        replaced.append((at, written.asked))
        written = written.changed(asked, at, wait=DAY)
    moment = at + timedelta(hours=hours)
    in_force = written.in_force(moment)
    for when, before in replaced:
        if moment < when + DAY:  # of several clocks the oldest counts
            assert set(looser_in(before, in_force)) <= {"timezone"}


@given(st.lists(limits, min_size=1, max_size=4))
def test_what_is_written_comes_back_from_json_exactly(steps):
    written = write(*((NOON + index * SECOND, one) for index, one in enumerate(steps)))
    assert Written.from_json(json.loads(json.dumps(written.to_json()))) == written
