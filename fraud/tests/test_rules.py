"""Every threshold on both sides of its edge. Pure: no database."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from fraud import rules
from fraud.features import Snapshot
from fraud.features.moments import micros_of
from fraud.hits import Hit
from fraud.policy import STANDARD, FraudPolicy
from fraud.tests.factories import NOON, facts, snapshot
from fraud.travel.judge import Around, Sighting, Travel
from fraud.verdict import CURRENT, decide


def weight(hit: Hit | None) -> float:
    return hit.weight if hit else 0.0


# --- unusual_amount -------------------------------------------------------------------------

# A hundred payments around £200, ten pounds of deviation at least: the floor of a fifth is £40.
STEADY = {"own_same_sum": 100 * 200_00, "own_same_squares": 100 * 200_00**2, "pair_count": 0}


@pytest.mark.parametrize(
    "amount, expected",
    [
        (319_99, 0),  # 2.99975 deviations of £40 above £200
        (320_00, 0.20),  # 3
        (439_99, 0.20),
        (440_00, 0.35),  # 6
        (679_99, 0.35),
        (680_00, 0.45),  # 12
    ],
)
def test_an_amount_is_weighed_by_its_deviations(amount, expected):
    hit = rules.unusual_amount(facts(amount_minor=amount), snapshot(**STEADY), STANDARD)
    assert weight(hit) == expected


def test_the_real_deviation_counts_once_it_is_larger_than_the_floor():
    wide = snapshot(
        own_same_sum=100 * 200_00, own_same_squares=50 * 100_00**2 + 50 * 300_00**2, pair_count=0
    )
    assert wide.deviation_minor == pytest.approx(100_50, abs=1)
    assert not rules.unusual_amount(facts(amount_minor=501_00), wide, STANDARD)
    assert rules.unusual_amount(facts(amount_minor=502_00), wide, STANDARD)


def test_an_unusual_amount_is_told_against_ones_own_usual():
    hit = rules.unusual_amount(facts(amount_minor=1_240_00), snapshot(**STEADY), STANDARD)
    assert hit == Hit("unusual_amount", 0.45, "£1,240.00 is 6.2 times your usual £200.00")


@pytest.mark.parametrize("payments, knows", [(9, False), (10, True)])
def test_own_history_is_used_once_it_is_long_enough(payments, knows):
    known = snapshot(
        own_same_count=payments,
        own_same_sum=payments * 50_00,
        own_same_squares=payments * 50_00**2,
        pair_count=0,
    )
    asked = facts(amount_minor=900_00)
    assert bool(rules.unusual_amount(asked, known, STANDARD)) is knows
    assert bool(rules.large_for_newcomer(asked, known, STANDARD)) is not knows


@pytest.mark.parametrize("amount, noticed", [(99_99, False), (100_00, True)])
def test_a_trifle_is_never_unusual(amount, noticed):
    coffees = snapshot(own_same_sum=100 * 3_00, own_same_squares=100 * 3_00**2, pair_count=0)
    hit = rules.unusual_amount(facts(amount_minor=amount), coffees, STANDARD)
    assert bool(hit) is noticed


@pytest.mark.parametrize(
    "times_before, amount, noticed",
    [(3, 1_200_00, False), (3, 1_200_01, True), (2, 1_200_00, True)],
)
def test_the_rent_is_no_surprise(times_before, amount, noticed):
    """Three payments of up to £1,000 to this payee before: a fifth more is still ordinary."""
    renter = snapshot(pair_count=times_before, pair_largest=1_000_00)
    assert bool(rules.unusual_amount(facts(amount_minor=amount), renter, STANDARD)) is noticed


# --- large_for_newcomer ---------------------------------------------------------------------

NEWCOMER = {
    "own_same_count": 2,
    "own_same_sum": 100_00,
    "own_same_squares": 2 * 50_00**2,
    "pair_count": 0,
    "pair_largest": None,
}
PEERS = {"peer_count": 100, "peer_customers": 10, "peer_high": 300_00}


@pytest.mark.parametrize(
    "amount, expected",
    [
        (299_99, 0),
        (300_00, 0.20),
        (599_99, 0.20),
        (600_00, 0.35),
        (1_499_99, 0.35),
        (1_500_00, 0.45),
    ],
)
def test_a_newcomer_is_compared_with_what_others_pay(amount, expected):
    hit = rules.large_for_newcomer(
        facts(amount_minor=amount), snapshot(**NEWCOMER, **PEERS), STANDARD
    )
    assert weight(hit) == expected


@pytest.mark.parametrize(
    "amount, expected",
    [
        (499_99, 0),
        (500_00, 0.20),
        (999_99, 0.20),
        (1_000_00, 0.35),
        (4_999_99, 0.35),
        (5_000_00, 0.45),
    ],
)
def test_a_newcomer_without_others_is_measured_by_plain_bands(amount, expected):
    hit = rules.large_for_newcomer(facts(amount_minor=amount), snapshot(**NEWCOMER), STANDARD)
    assert weight(hit) == expected


@pytest.mark.parametrize(
    "payments, customers, compared", [(100, 10, True), (99, 10, False), (100, 9, False)]
)
def test_two_busy_people_are_not_peers(payments, customers, compared):
    few = PEERS | {"peer_count": payments, "peer_customers": customers}
    # £400 is above the peers' £300 and below the plain band of £500.
    hit = rules.large_for_newcomer(
        facts(amount_minor=400_00), snapshot(**NEWCOMER, **few), STANDARD
    )
    assert bool(hit) is compared


@pytest.mark.parametrize(
    "currency, amount, noticed",
    [
        ("EUR", 499_99, False),
        ("EUR", 500_00, True),
        ("JPY", 79_999, False),  # no decimals, and 160 yen where others have one euro
        ("JPY", 80_000, True),
        ("BHD", 499_999, False),  # three decimals
        ("BHD", 500_000, True),
    ],
)
def test_a_band_means_the_same_in_every_currency(currency, amount, noticed):
    asked = facts(currency=currency, amount_minor=amount)
    assert bool(rules.large_for_newcomer(asked, snapshot(**NEWCOMER), STANDARD)) is noticed


@pytest.mark.parametrize("payments, known", [(0, "none"), (1, "only 1"), (2, "only 2")])
def test_what_is_known_of_a_newcomer_is_counted_in_words(payments, known):
    hit = rules.large_for_newcomer(
        facts(amount_minor=1_500_00), snapshot(**NEWCOMER | {"own_same_count": payments}), STANDARD
    )
    assert hit is not None
    assert f"while we know {known} of your payments: there is nothing yet" in hit.because


def test_a_newcomer_is_told_what_the_amount_was_compared_with():
    asked = facts(amount_minor=600_00)
    hit = rules.large_for_newcomer(asked, snapshot(**NEWCOMER, **PEERS), STANDARD)
    assert hit is not None and hit.because == (
        "£600.00 is a lot while we know only 2 of your payments: "
        "95 of 100 payments of other customers stay below £300.00"
    )


# --- many_payments, fast_spending -----------------------------------------------------------


@pytest.mark.parametrize(
    "window, before, noticed",
    [
        ("10m", 4, False),
        ("10m", 5, True),
        ("1h", 9, False),
        ("1h", 10, True),
        ("24h", 29, False),
        ("24h", 30, True),
    ],
)
def test_more_payments_than_a_person_makes(window, before, noticed):
    busy = snapshot(**{f"own_count_{window}": before})
    hit = rules.many_payments(facts(), busy, STANDARD)
    assert bool(hit) is noticed


def test_the_count_in_the_reason_includes_this_payment():
    busy = snapshot(own_count_10m=5, own_count_1h=5, own_count_24h=5)
    hit = rules.many_payments(facts(), busy, STANDARD)
    assert hit == Hit("many_payments", 0.30, "This is your 6th payment within 10 minutes")


@pytest.mark.parametrize("before, noticed", [(None, False), (0, False), (9, False), (10, True)])
def test_more_tries_in_a_minute_than_hands_make(before, noticed):
    hit = rules.many_tries(facts(), snapshot(around=Around(tries_60s=before)), STANDARD)
    assert bool(hit) is noticed


def test_tries_are_told_with_this_one_and_unknown_ones_not_at_all():
    hit = rules.many_tries(facts(), snapshot(around=Around(tries_60s=10)), STANDARD)
    assert hit == Hit("many_tries", 0.30, "This is your 11th try to pay within a minute")
    assert rules.many_tries(facts(), snapshot(degraded=("redis",)), STANDARD) is None


def test_what_moved_is_not_held_against_somebody_twice():
    moved = snapshot(own_count_10m=5, around=Around(tries_60s=10))
    assert [hit.code for hit in decide(facts(), moved, CURRENT).reasons] == ["many_payments"]


# £5,000 in 100 days is £50 a day: 3, 5 and 10 days are £150, £250 and £500.
@pytest.mark.parametrize(
    "window, spent, noticed",
    [
        ("10m", 99_99, False),
        ("10m", 100_00, True),
        ("1h", 199_99, False),
        ("1h", 200_00, True),
        ("24h", 449_99, False),
        ("24h", 450_00, True),
    ],
)
def test_days_of_spending_in_a_short_time(window, spent, noticed):
    fast = snapshot(**{f"own_count_{window}": 2, f"own_sum_{window}": spent})
    hit = rules.fast_spending(facts(amount_minor=50_00), fast, STANDARD)
    assert bool(hit) is noticed


def spent_lately(payments: int, minor: int, **changes):
    return snapshot(own_count_10m=payments, own_sum_10m=minor, **changes)


@pytest.mark.parametrize("before, noticed", [(1, False), (2, True)])
def test_fast_spending_is_about_several_payments(before, noticed):
    hit = rules.fast_spending(facts(), spent_lately(before, 1_000_00), STANDARD)
    assert bool(hit) is noticed


@pytest.mark.parametrize("days, per_day_known", [(6.9, False), (7, True)])
def test_a_usual_day_is_known_after_a_week(days, per_day_known):
    first = micros_of(NOON - timedelta(days=days))
    young = spent_lately(2, 900_00, own_same_first_at=first, own_same_sum=100 * 1_00)
    # £950 is weeks of this customer's £14 a day, and below the plain band of £1,000.
    assert bool(rules.fast_spending(facts(), young, STANDARD)) is per_day_known


@pytest.mark.parametrize("spent, noticed", [(949_99, False), (950_00, True)])
def test_a_newcomers_spending_is_measured_by_a_plain_band(spent, noticed):
    newcomer = spent_lately(2, spent, **NEWCOMER)
    assert bool(rules.fast_spending(facts(), newcomer, STANDARD)) is noticed


def test_who_spends_next_to_nothing_may_still_buy_lunch():
    """Three usual days of a penny are three pence; below the trifle nothing is fast."""
    frugal = {"own_same_sum": 100, "own_same_squares": 100}
    nearly = spent_lately(2, 49_99, **frugal)
    just = spent_lately(2, 50_00, **frugal)
    assert not rules.fast_spending(facts(), nearly, STANDARD)
    assert rules.fast_spending(facts(), just, STANDARD)


# --- new_payee_large_amount -----------------------------------------------------------------

STRANGER = {"pair_count": 0, "pair_largest": None}


@pytest.mark.parametrize("balance, noticed", [(240_00, True), (240_01, False)])
def test_half_of_the_account_to_a_stranger(balance, noticed):
    asked = facts(amount_minor=120_00, balance_minor=balance)
    unknown = snapshot(**NEWCOMER)
    assert bool(rules.new_payee_large_amount(asked, unknown, STANDARD)) is noticed


@pytest.mark.parametrize("amount, noticed", [(119_99, False), (120_00, True)])
def test_three_times_ones_median_to_a_stranger(amount, noticed):
    asked = facts(amount_minor=amount)
    hit = rules.new_payee_large_amount(asked, snapshot(**STRANGER), STANDARD)
    assert bool(hit) is noticed


@pytest.mark.parametrize("amount, noticed", [(99_99, False), (100_00, True)])
def test_a_trifle_to_a_stranger_is_a_trifle(amount, noticed):
    asked = facts(amount_minor=amount, balance_minor=amount)
    hit = rules.new_payee_large_amount(asked, snapshot(**STRANGER), STANDARD)
    assert bool(hit) is noticed


@pytest.mark.parametrize(
    "changes", [{"counterparty": ""}, {"to_self": True}], ids=["cash", "own account"]
)
def test_only_a_stranger_is_a_new_payee(changes):
    asked = facts(amount_minor=5_000_00, balance_minor=5_000_00, **changes)
    assert not rules.new_payee_large_amount(asked, snapshot(**STRANGER), STANDARD)


def test_whoever_was_paid_before_is_no_new_payee():
    asked = facts(amount_minor=5_000_00, balance_minor=5_000_00)
    assert not rules.new_payee_large_amount(asked, snapshot(pair_count=1), STANDARD)


@pytest.mark.parametrize("balance", [0, -5_00, None])
def test_a_balance_that_says_nothing_is_not_divided_by(balance):
    asked = facts(amount_minor=110_00, balance_minor=balance)
    assert not rules.new_payee_large_amount(asked, snapshot(**STRANGER), STANDARD)


# --- unusual_hour ---------------------------------------------------------------------------


@pytest.mark.parametrize("hour, noticed", [(23, False), (0, True), (5, True), (6, False)])
def test_the_night_of_somebody_who_pays_by_day(hour, noticed):
    hit = rules.unusual_hour(facts(), snapshot(local_hour=hour), STANDARD)
    assert bool(hit) is noticed


def by_night(nightly: int, payments: int = 100):
    return snapshot(
        local_hour=3,
        local_minute=10,
        own_count_180d=payments,
        own_hour_1=nightly,
        own_hour_12=payments - nightly,
    )


@pytest.mark.parametrize("nightly, noticed", [(2, True), (3, False)])
def test_who_pays_at_night_may_pay_at_night(nightly, noticed):
    assert bool(rules.unusual_hour(facts(), by_night(nightly), STANDARD)) is noticed


@pytest.mark.parametrize("payments, noticed", [(19, False), (20, True)])
def test_a_habit_must_be_known_before_it_is_broken(payments, noticed):
    assert bool(rules.unusual_hour(facts(), by_night(0, payments), STANDARD)) is noticed


@pytest.mark.parametrize(
    "nightly, words",
    [(0, "none of your 100 payments were"), (1, "1 of your 100 payments was"),
     (2, "2 of your 100 payments were")],
)  # fmt: skip
def test_payments_at_night_are_counted_in_words(nightly, words):
    hit = rules.unusual_hour(facts(), by_night(nightly), STANDARD)
    assert hit is not None and f": {words} between 0 and 6 o'clock" in hit.because


def test_the_hour_is_told_on_the_customers_own_clock():
    hit = rules.unusual_hour(facts(), by_night(0), STANDARD)
    assert hit is not None and hit.because == (
        "It is 03:10 on your clock: none of your 100 payments were between 0 and 6 o'clock"
    )


# --- unusual_typing -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "risk, expected",
    [
        (None, 0),
        (0.0, 0),
        (0.59, 0),
        (0.60, 0.10),
        (0.74, 0.10),
        (0.75, 0.20),
        (0.89, 0.20),
        (0.90, 0.30),
        (1.0, 0.30),
    ],
)
def test_another_hand_on_the_keys(risk, expected):
    hit = rules.unusual_typing(facts(), snapshot(session_risk=risk), STANDARD)
    assert weight(hit) == expected


# --- impossible_travel ----------------------------------------------------------------------


def way(impossible, *, minutes=10, place="London, GB"):
    london = Sighting(at=NOON, source="address", place=place, latitude=51.51, longitude=-0.13)
    lagos = replace(london, place="Lagos, NG", latitude=6.45, longitude=3.39)
    hours = minutes / 60
    return Travel(
        km=5021.4, hours=hours, kmh=5021.4 / hours, impossible=impossible, from_=london, to=lagos
    )


@pytest.mark.parametrize("travel, expected", [(None, 0), (way(False), 0), (way(True), 0.30)])
def test_nobody_is_faster_than_an_airliner(travel, expected):
    assert weight(rules.impossible_travel(facts(), snapshot(travel=travel), STANDARD)) == expected


def test_travel_alone_asks_the_customer_and_refuses_nobody():
    verdict = decide(facts(), snapshot(travel=way(True)), CURRENT)
    assert (verdict.verdict, [hit.code for hit in verdict.reasons]) == (
        "FLAGGED",
        ["impossible_travel"],
    )


@pytest.mark.parametrize(
    "travel, words",
    [
        (way(True), "from London, GB, where you were 10 min before"),
        (way(True, minutes=0.4), "where you were less than 1 min before"),
        (way(True, minutes=1), "where you were 1 min before"),
        (way(True, minutes=2), "where you were 2 min before"),
        (way(True, minutes=119), "119 min before"),
        (way(True, minutes=120), "2 hours before"),
        (way(True, place=""), "from your last place, where you were 10 min before"),
    ],
)
def test_the_way_is_told_in_words(travel, words):
    hit = rules.impossible_travel(facts(), snapshot(travel=travel), STANDARD)
    assert hit is not None
    assert hit.because.startswith("5,021 km from ")
    assert words in hit.because


def test_the_way_is_replayed_from_what_was_stored():
    stored = snapshot(travel=way(True))
    again = Snapshot.from_json(json.loads(json.dumps(stored.to_json())))
    assert again.travel == stored.travel
    assert decide(facts(), again, CURRENT) == decide(facts(), stored, CURRENT)


# --- the set --------------------------------------------------------------------------------


def test_every_rule_is_silent_about_an_ordinary_payment():
    assert [rule(facts(), snapshot(), STANDARD) for rule in rules.RULES] == [None] * len(
        rules.RULES
    )


def test_a_rule_is_part_of_the_set_by_its_mark_alone():
    written = {
        thing.__name__
        for thing in vars(rules).values()
        if getattr(thing, "__module__", "") == rules.__name__
        and not thing.__name__.startswith("_")
        and thing not in (rules.rule, rules.rules_of)
    }
    assert {rule.__name__ for rule in rules.RULES} == written


def test_a_lenient_bank_is_another_policy_not_another_rule():
    lenient = FraudPolicy(trifle_major=1_000_000)
    assert rules.unusual_amount(facts(amount_minor=900_00), snapshot(), STANDARD)
    assert not rules.unusual_amount(facts(amount_minor=900_00), snapshot(), lenient)
