"""The customer's own hard limits. Pure: no database."""

import json
from datetime import timedelta

import pytest

from fraud import policies
from fraud.counterfactual import passing
from fraud.features import Snapshot
from fraud.hits import Hit
from fraud.limits.own import CustomerPolicies, NewPayee, Standing, TimeRange, minute_of
from fraud.limits.words import spelled
from fraud.tests.factories import NOON, facts, snapshot
from fraud.verdict import CURRENT, decide

FRIEND = "acc_01kahkf19qf7wa2mgdb9wkbn4x"


def known(standing=None, **own):
    return snapshot(own=CustomerPolicies(**own), standing=standing or Standing())


def refused(asked, snapshot):
    """The codes of the limits that forbid it."""
    found = (policy(asked, snapshot) for policy in policies.POLICIES)
    return [hit.code for hit in found if hit]


# --- amounts --------------------------------------------------------------------------------


@pytest.mark.parametrize("amount, works", [(499_99, True), (500_00, True), (500_01, False)])
def test_the_largest_amount_is_still_allowed(amount, works):
    limits = known(max_transaction_amount={"GBP": 500_00})
    assert (refused(facts(amount_minor=amount), limits) == []) is works


def test_who_set_no_limit_has_none():
    assert refused(facts(amount_minor=10**17), snapshot()) == []


def test_a_refusal_names_both_amounts():
    hit = policies.largest_amount(
        facts(amount_minor=600_00), known(max_transaction_amount={"GBP": 500_00})
    )
    assert hit == Hit("largest_amount", 1.0, "£600.00 is over your own limit of £500.00 a payment")


def test_a_decision_of_an_earlier_version_is_made_again_from_what_it_knew():
    old = snapshot().to_json() | {"limit_minor": 500_00}
    assert not {"own", "standing"} & old.keys()
    then = Snapshot.from_json(json.loads(json.dumps(old)))
    assert decide(facts(amount_minor=500_01), then, CURRENT).forbidden
    assert not decide(facts(amount_minor=500_00), then, CURRENT).forbidden


@pytest.mark.parametrize("spent, works", [(0, True), (50_00, True), (50_01, False)])
def test_a_days_money_reaches_its_limit_and_not_beyond(spent, works):
    limits = known(Standing(spent_minor=spent), daily_total={"GBP": 100_00})
    assert (refused(facts(amount_minor=50_00), limits) == []) is works


def test_a_days_limit_says_what_was_sent():
    limits = known(Standing(spent_minor=60_00), daily_total={"GBP": 100_00})
    assert policies.daily_total(facts(amount_minor=50_00), limits).because == (
        "With £60.00 sent today, £50.00 is over your own limit of £100.00 a day"
    )


@pytest.mark.parametrize("made, works", [(0, True), (1, True), (2, False), (3, False)])
def test_as_many_payments_as_one_allows_in_a_day(made, works):
    limits = known(Standing(payments=made), daily_payments=2)
    assert (refused(facts(), limits) == []) is works


@pytest.mark.parametrize(
    "own",
    [
        {"daily_total": {"GBP": 1}},
        {"daily_payments": 1},
        {"only_allowed_payees": True},
        {"new_payee": NewPayee(24, {"GBP": 1})},
    ],
)
def test_between_ones_own_accounts_nothing_leaves(own):
    standing = Standing(payments=9, spent_minor=10**6)
    assert refused(facts(to_self=True), known(standing, **own)) == []
    assert len(refused(facts(), known(standing, **own))) == 1


@pytest.mark.parametrize("name", ["max_transaction_amount", "daily_total"])
def test_an_amount_holds_for_its_currency_only(name):
    limits = known(**{name: {"EUR": 1}})
    assert refused(facts(currency="GBP"), limits) == []
    assert len(refused(facts(currency="EUR"), limits)) == 1


# --- places ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "allowed, place, works",
    [
        ("Lisbon, PT", "Lisbon, PT", True),
        ("Lisbon, PT", "  LISBON ,pt ", True),
        ("Lisbon, PT", "Ｌｉｓｂｏｎ， ＰＴ", True),  # full width
        ("São Tomé, ST", "Sa\u0303o Tome\u0301, ST", True),  # letters and accents apart
        ("Straße, DE", "STRASSE, DE", True),
        ("New  York, US", "new york, us", True),
        ("Lisbon, PT", "Lis", False),
        ("Lisbon, PT", "Lisbon", False),
        ("Lisbon", "Lisbon, PT", False),
        ("Lisbon, PT", "New Lisbon, PT", False),
        ("Lisbon, PT", "Lisbon, US", False),
        ("Lisbon, PT", "Lisb\u043en, PT", False),  # a Cyrillic o
        ("Lisbon, PT", "PT", False),
        ("PT", "Lisbon, PT", True),
        ("pt", "PT", True),
        ("PT", "Porto,PT", True),
        ("PT", "Lisbon, PTX", False),
        ("PT", "Captown", False),
        ("PT", "PT, US", False),
        ("US", "Portland, OR, US", True),
        ("Porto", "Porto", True),
        ("Porto", "Porto Alegre", False),
    ],
)
def test_a_place_is_compared_as_a_whole(allowed, place, works):
    limits = known(allowed_locations=(allowed,))
    assert (refused(facts(place=place), limits) == []) is works


@pytest.mark.parametrize("place", ["", "   ", ",", " , "])
def test_a_place_nobody_knows_is_a_case_of_its_own(place):
    asked = facts(place=place)
    assert refused(asked, known(allowed_locations=("PT",))) == []
    assert refused(asked, known(block_unknown_locations=True)) == ["place_unknown"]
    both = known(allowed_locations=("PT",), block_unknown_locations=True)
    assert refused(asked, both) == ["place_unknown"]


@pytest.mark.parametrize("place", ["?", "???", "123", "unknown", "UNKNOWN.", "n/a", "N/A", "None"])
def test_a_word_for_not_knowing_is_no_place(place):
    asked = facts(place=place)
    assert refused(asked, known(block_unknown_locations=True)) == ["place_unknown"]
    assert refused(asked, known(allowed_locations=("PT",))) == ["place_not_allowed"]


@pytest.mark.parametrize("place", ["Å, NO", "Nonehill, GB", "東京", "PT"])
def test_a_short_name_is_a_place(place):
    assert refused(facts(place=place), known(block_unknown_locations=True)) == []


def test_a_known_place_is_fine_for_who_refuses_unknown_ones():
    assert refused(facts(place="Porto, PT"), known(block_unknown_locations=True)) == []


def test_while_a_change_of_places_waits_none_may_be_left():
    assert refused(facts(place="PT"), known(allowed_locations=())) == ["place_not_allowed"]


@pytest.mark.parametrize(
    "allowed, said, seen, works",
    [
        ("Lisbon, PT", "Lisbon, PT", "Lisbon, PT", True),
        ("Lisbon, PT", "Lisbon, PT", "", True),
        ("Lisbon, PT", "Lisbon, PT", "Lagos, NG", False),
        ("Lisbon, PT", "Lagos, NG", "Lisbon, PT", False),
        ("Lisbon, PT", "Lisbon, PT", "Porto, PT", False),
        ("Lisbon, PT", "Lisbon, PT", "New Lisbon, PT", False),
        ("PT", "Lisbon, PT", "Porto, PT", True),
        ("PT", "Lisbon, PT", "NG", False),
        ("Lisbon, PT", "Lisbon, PT", "PT", True),  # Lisbon is in Portugal
        ("Lisbon, PT", "PT", "PT", False),  # which is not all of it Lisbon
        ("Lisbon", "Lisbon", "PT", False),
        ("Lisbon, PT", "", "Lagos, NG", False),
    ],
)
def test_what_is_said_and_what_the_address_shows_are_both_held_to_the_list(
    allowed, said, seen, works
):
    asked = facts(place=said, address_place=seen)
    assert (refused(asked, known(allowed_locations=(allowed,))) == []) is works


def test_a_refusal_says_whether_words_or_the_connection_are_elsewhere():
    limits = known(allowed_locations=("Lisbon, PT",))
    lying = facts(place="Lisbon, PT", address_place="Lagos, NG")
    assert policies.place_not_allowed(lying, limits).because == (
        "Your connection comes from Lagos, NG, which is not among the places you allow payments "
        "from"
    )
    honest = facts(place="Porto, PT", address_place="Lisbon, PT")
    assert policies.place_not_allowed(honest, limits).because == (
        "Porto, PT is not among the places you allow payments from"
    )


@pytest.mark.parametrize("km, works", [(None, True), (0, True), (99, True), (100, False)])
def test_a_device_and_an_address_that_contradict_each_other_are_nowhere_known(km, works):
    asked = facts(place="Lisbon, PT", address_place="Lisbon, PT", address_km=km)
    assert (refused(asked, known(block_unknown_locations=True)) == []) is works
    assert refused(asked, known(allowed_locations=("PT",))) == []


def test_who_allows_unknown_places_is_not_asked_about_contradictions():
    assert refused(facts(address_place="Lagos, NG", address_km=5_000), known()) == []
    hit = policies.place_unknown(facts(address_km=5_000), known(block_unknown_locations=True))
    assert hit.because == "Your device and your connection say different places"


def test_no_amount_and_no_day_is_promised_from_a_connection_elsewhere():
    limits = known(allowed_locations=("Lisbon, PT",))
    assert passing(facts(place="Lisbon, PT", address_place="Lagos, NG"), limits, CURRENT) == ()


# --- hours ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "start, end, clock, works",
    [
        ("09:00", "17:00", "08:59", False),
        ("09:00", "17:00", "09:00", True),
        ("09:00", "17:00", "16:59", True),
        ("09:00", "17:00", "17:00", False),
        ("22:00", "06:00", "21:59", False),
        ("22:00", "06:00", "22:00", True),
        ("22:00", "06:00", "00:00", True),
        ("22:00", "06:00", "05:59", True),
        ("22:00", "06:00", "06:00", False),
        ("09:00", "00:00", "23:59", True),
        ("09:00", "00:00", "00:00", False),
        ("00:00", "00:01", "00:00", True),
        ("00:00", "00:01", "00:01", False),
        ("12:00", "12:00", "12:00", False),  # nothing is left of two while one waits
    ],
)
def test_the_start_belongs_to_the_hours_and_the_end_does_not(start, end, clock, works):
    hours = TimeRange(minute_of(start), minute_of(end))
    limits = known(Standing(minute=minute_of(clock)), allowed_time_range=hours)
    assert (refused(facts(), limits) == []) is works


def test_who_pays_at_the_wrong_hour_is_told_the_right_ones():
    hours = TimeRange(9 * 60, 17 * 60)
    hit = policies.outside_hours(facts(), known(Standing(minute=1020), allowed_time_range=hours))
    assert hit.because == "It is 17:00 on your clock; you allow payments from 09:00 to 17:00 only"


@pytest.mark.parametrize("text", ["24:00", "09:60", "9:00", "09-00", "", "٠٩:٠٠", "09:0a", "-1:00"])
def test_what_is_no_time_of_day_is_refused(text):
    with pytest.raises(ValueError):
        minute_of(text)


# --- currencies, payees, withdrawals --------------------------------------------------------


@pytest.mark.parametrize(
    "currency, target, works",
    [("GBP", "", True), ("EUR", "", False), ("GBP", "GBP", True), ("GBP", "EUR", False)],
)
def test_neither_side_of_an_exchange_leaves_the_currencies(currency, target, works):
    asked = facts(currency=currency, target_currency=target)
    assert (refused(asked, known(allowed_currencies=("GBP",))) == []) is works


@pytest.mark.parametrize(
    "changes, works",
    [
        ({"counterparty": FRIEND}, True),
        ({"counterparty": FRIEND.upper()}, False),
        ({"counterparty": FRIEND[:-1]}, False),
        ({"counterparty": "acc_stranger"}, False),
        ({"counterparty": ""}, False),
        ({"counterparty": "", "kind": "withdrawal"}, False),
        ({"counterparty": "acc_mine_too", "to_self": True}, True),
    ],
)
def test_a_list_of_payees_lets_nobody_else_be_paid(changes, works):
    limits = known(only_allowed_payees=True, allowed_payees=(FRIEND,))
    assert (refused(facts(**changes), limits) == []) is works


def test_a_list_that_is_switched_off_lets_everybody_be_paid():
    assert refused(facts(), known(allowed_payees=(FRIEND,))) == []


def test_an_empty_list_leaves_ones_own_accounts():
    limits = known(only_allowed_payees=True)
    assert refused(facts(), limits) == ["payee_not_allowed"]
    assert refused(facts(to_self=True), limits) == []


@pytest.mark.parametrize(
    "first, had, amount, works",
    [
        (None, 0, 100_00, True),
        (None, 0, 100_01, False),
        (timedelta(hours=1), 60_00, 40_00, True),
        (timedelta(hours=1), 60_00, 40_01, False),
        (timedelta(hours=48) - timedelta(microseconds=1), 60_00, 40_01, False),
        (timedelta(hours=48), 60_00, 40_01, True),
        (-timedelta(hours=1), 0, 100_01, False),  # paid first by what is booked out of order
    ],
)
def test_a_new_payee_gets_so_much_altogether_until_the_hours_are_over(first, had, amount, works):
    standing = Standing(payee_first_at=None if first is None else NOON - first, payee_minor=had)
    limits = known(standing, new_payee=NewPayee(48, {"GBP": 100_00}))
    assert (refused(facts(amount_minor=amount), limits) == []) is works


def test_a_new_payee_is_limited_in_the_currencies_named():
    limits = known(new_payee=NewPayee(48, {"EUR": 1}))
    assert refused(facts(currency="GBP"), limits) == []
    assert refused(facts(currency="EUR"), limits) == ["new_payee_cooling_off"]


@pytest.mark.parametrize("kind, works", [("transfer", True), ("withdrawal", False)])
def test_withdrawals_can_be_refused_alone(kind, works):
    limits = known(block_withdrawals=True)
    assert (refused(facts(kind=kind), limits) == []) is works


# --- all of them ----------------------------------------------------------------------------

EVERYTHING = CustomerPolicies(
    max_transaction_amount={"GBP": 1, "JPY": 10**18 - 1},
    daily_total={"GBP": 1},
    daily_payments=1,
    allowed_locations=("São Tomé, ST",),
    block_unknown_locations=True,
    allowed_time_range=TimeRange(0, 1),
    allowed_currencies=("EUR",),
    only_allowed_payees=True,
    allowed_payees=(FRIEND,),
    new_payee=NewPayee(24, {"GBP": 1}),
    block_withdrawals=True,
    timezone="Pacific/Chatham",
)


@pytest.mark.parametrize(
    "own", [CustomerPolicies(), EVERYTHING, CustomerPolicies(allowed_locations=())]
)
def test_limits_come_back_from_json_exactly(own):
    standing = Standing(minute=1, spent_minor=2, payments=3, payee_first_at=NOON, payee_minor=4)
    then = snapshot(own=own, standing=standing)
    assert Snapshot.from_json(json.loads(json.dumps(then.to_json()))) == then


def test_who_limits_nothing_stores_nothing():
    assert CustomerPolicies().to_json() == {}


def test_no_score_outweighs_them_and_every_reason_is_told():
    standing = Standing(minute=720, spent_minor=10, payments=3)
    asked = facts(kind="withdrawal", counterparty="", place="Porto, PT")
    verdict = decide(asked, snapshot(own=EVERYTHING, standing=standing), CURRENT)
    assert (verdict.verdict, verdict.score, verdict.forbidden) == ("BLOCKED", 0.0, True)
    assert [hit.code for hit in verdict.reasons] == [
        "largest_amount",
        "daily_total",
        "daily_payments",
        "place_not_allowed",
        "outside_hours",
        "currency_not_allowed",
        "payee_not_allowed",
        "withdrawals_blocked",
    ]


def test_money_that_arrives_is_held_to_none():
    arriving = facts(outgoing=False, kind="deposit")
    assert not decide(arriving, snapshot(own=EVERYTHING), CURRENT).forbidden


@pytest.mark.parametrize("hours, words", [(1, "the first hour"), (2, "the first 2 hours")])
def test_an_hour_is_said_as_one(hours, words):
    own = CustomerPolicies(new_payee=NewPayee(amount={"GBP": 100_00}, hours=hours))
    hit = policies.new_payee_cooling_off(facts(amount_minor=100_01), snapshot(own=own))
    assert hit is not None and f"in {words}, and would have £100.01" in hit.because
    assert spelled("new_payee", own).endswith(f"in {words}")
