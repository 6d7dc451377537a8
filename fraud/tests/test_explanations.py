"""Models, officers' rules, reasons and what would have passed. Pure but for the last part."""

import math
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from fraud import selectors, services
from fraud.counterfactual import AMOUNT, KNOWN_PAYEE, LATER, LESS_LATER, after, passing
from fraud.explanation import beside
from fraud.limits.own import CustomerPolicies, NewPayee, Standing, TimeRange
from fraud.models import Decision, RuleHit
from fraud.policy import EXPLAINING
from fraud.replay import replay
from fraud.rulebook import selectors as rulebook
from fraud.rulebook import services as ruling
from fraud.tests.factories import NOON, customer, facts, habit, snapshot
from fraud.tests.models import Condition, Logistic
from fraud.tests.test_rulebook import in_force
from fraud.travel.judge import Around, Sighting, judge
from fraud.verdict import CURRENT, VERIFIED, Models, decide
from fraud.whatif import services as whatif

ALARMED = Models(champion=Logistic(-4.0, {"amount_vs_mean": 0.4, "new_payee": 1.5}))
STRANGER = {"pair_count": 0, "pair_largest": None, "pair_first_at": None}


def ruled(*rules, **changes):
    return replace(CURRENT, live=rules, **changes)


@pytest.mark.parametrize(
    "count, amount, payee, hour",
    [
        (0, "we know none of your payments in GBP", "no payments to others", "nothing known yet"),
        (1, "we know 1 of your payments in GBP", "1 payment to others",
         "your only payment was at another hour of the day"),
        (2, "we know 2 of your payments in GBP", "2 payments to others",
         "none of your 2 payments in this hour of the day"),
    ],
)  # fmt: skip
def test_what_is_usual_is_counted_in_words(count, amount, payee, hour):
    known = snapshot(
        **STRANGER, own_same_count=count, own_count_180d=count, local_hour=12, own_hour_12=0
    )
    lines = {line.what: line.usual for line in beside(facts(), known)}
    assert (lines["Amount"], lines["Payee"], lines["Hour"]) == (amount, payee, hour)


def test_an_only_payment_was_at_this_hour():
    known = snapshot(own_count_180d=1, local_hour=12, own_hour_12=1)
    assert "your only payment was at this hour of the day" in [
        line.usual for line in beside(facts(), known)
    ]


# --- models -----------------------------------------------------------------------------------


def test_the_champions_score_decides_and_is_what_its_contributions_say():
    judged = decide(
        facts(amount_minor=500_00),
        snapshot(**STRANGER),
        replace(CURRENT, champion="mdl_1"),
        ALARMED,
    )
    odds = math.fsum(judged.contributions.values())
    assert judged.score == round(1 / (1 + math.exp(-odds)), 6)
    assert judged.contributions == {"base": -4.0, "amount_vs_mean": 4.0, "new_payee": 1.5}
    assert (judged.verdict, judged.champion) == ("BLOCKED", "mdl_1")


def test_what_passes_is_explained_to_whoever_asks():
    ruleset = replace(CURRENT, champion="mdl_1")
    asked = facts(), snapshot(), ruleset, ALARMED
    assert (decide(*asked).verdict, decide(*asked).contributions) == ("VERIFIED", {})
    told = decide(*asked, explain=True)
    assert replace(told, contributions={}) == decide(*asked)
    odds = math.fsum(told.contributions.values())
    assert told.score == round(1 / (1 + math.exp(-odds)), 6)
    stopped = facts(amount_minor=500_00), snapshot(**STRANGER), ruleset, ALARMED
    assert decide(*stopped, explain=True) == decide(*stopped)
    assert decide(facts(), snapshot(), CURRENT, Models(), explain=True).contributions == {}


@pytest.mark.parametrize(
    "base, verdict",
    [
        (-0.84731, "VERIFIED"),
        (-0.84729, "FLAGGED"),
        (0.40546, "FLAGGED"),
        (0.40547, "BLOCKED"),
    ],
)
def test_a_models_score_reaches_the_same_thresholds(base, verdict):
    judged = decide(facts(), snapshot(), CURRENT, Models(champion=Logistic(base, {})))
    assert judged.verdict == verdict


def test_without_a_model_the_houses_rules_decide():
    judged = decide(facts(amount_minor=900_00), snapshot(), CURRENT)
    assert (judged.score, judged.contributions, judged.champion) == (0.45, {}, "")


def test_a_model_may_listen_to_the_houses_rules():
    listening = Models(champion=Logistic(0.0, {"rules_score": 2.0}))
    judged = decide(facts(amount_minor=900_00), snapshot(), CURRENT, listening)
    assert judged.contributions["rules_score"] == 0.9


def test_a_missing_model_degrades_the_decision_and_does_not_stop_it():
    judged = decide(facts(), snapshot(), replace(CURRENT, champion="mdl_1"))
    assert (judged.verdict, judged.degraded, judged.champion) == ("VERIFIED", ("model",), "")
    without = decide(facts(), snapshot(degraded=("redis",)), replace(CURRENT, degraded=True))
    assert without.degraded == ("redis", "rules")


def test_the_model_on_trial_says_and_does_not_decide():
    models = Models(shadow=Logistic(5.0, {}))
    judged = decide(facts(), snapshot(), replace(CURRENT, shadow_model="mdl_2"), models)
    assert (judged.verdict, judged.score, judged.shadow_model) == ("VERIFIED", 0.0, "mdl_2")
    assert judged.shadow == {"score": 0.993307, "rules": [], "verdict": "BLOCKED"}


# --- officers' rules ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "action, verdict", [("watch", "VERIFIED"), ("hold", "FLAGGED"), ("block", "BLOCKED")]
)
def test_a_rule_does_what_its_action_says_and_leaves_the_score(action, verdict):
    judged = decide(facts(), snapshot(), ruled(Condition("rlv_1", action)))
    assert (judged.verdict, judged.score, judged.risk_level) == (verdict, 0.0, "SAFE")
    assert [hit.because for hit in judged.reasons] == ["rule rlv_1"] * (action != "watch")
    assert [rule.id for rule in judged.matched] == ["rlv_1"]


def test_a_rule_never_makes_a_verdict_milder():
    blocked = Models(champion=Logistic(3.0, {}))
    judged = decide(facts(), snapshot(), ruled(Condition("rlv_1", "hold")), blocked)
    assert judged.verdict == "BLOCKED"


def test_a_rule_that_does_not_match_is_silent():
    quiet = Condition("rlv_1", "block", matches=lambda values: values["amount"] > 50)
    judged = decide(facts(), snapshot(), ruled(quiet))
    assert (judged.verdict, judged.matched) == ("VERIFIED", ())


def test_a_rule_on_trial_is_remembered_and_does_nothing():
    judged = decide(facts(), snapshot(), replace(CURRENT, shadow=(Condition("rlv_2", "block"),)))
    assert (judged.verdict, judged.reasons) == ("VERIFIED", ())
    assert judged.shadow == {"rules": ["rlv_2"], "verdict": "BLOCKED"}
    assert [rule.id for rule in judged.matched_in_shadow] == ["rlv_2"]


def test_money_that_arrives_is_asked_of_nobody():
    arriving = facts(outgoing=False)
    judged = decide(arriving, snapshot(), ruled(Condition("rlv_1", "block")), ALARMED)
    assert (judged.verdict, judged.contributions, judged.matched) == ("VERIFIED", {}, ())


# --- sentences ----------------------------------------------------------------------------------


def test_a_models_reasons_are_told_against_ones_own_normal():
    judged = decide(facts(amount_minor=310_00), snapshot(**STRANGER), CURRENT, Models(
        champion=Logistic(-2.0, {"amount_vs_mean": 0.4, "new_payee": 1.5, "hour_share": 0.01})
    ))  # fmt: skip
    told = [hit.because for hit in judged.reasons]
    # The rules speak of amount and payee already, so the model does not say it twice.
    assert told == [
        "£310.00 is 6.2 times your usual £50.00",
        "First payment to this payee, and £310.00 is 7.8 times your median payment of £40.00",
    ]
    weights = [hit.weight for hit in judged.reasons]
    assert all(a >= b for a, b in pairwise(weights))


@pytest.mark.parametrize("contribution, told", [(0.0999, False), (0.1, True)])
def test_a_contribution_is_told_from_a_tenth_on(contribution, told):
    assert EXPLAINING.contribution_min == 0.1
    models = Models(champion=Logistic(1.0, {"new_payee": contribution}))
    judged = decide(facts(amount_minor=10_00), snapshot(**STRANGER), CURRENT, models)
    assert [hit.because for hit in judged.reasons] == ["First payment to this payee"] * told


def test_no_more_reasons_than_anybody_reads():
    spoken = (
        "own_unusual_3d",
        "own_unusual_7d",
        "own_unusual_30d",
        "own_frauds_28d",
        "own_payees_24h",
        "addresses_24h",
    )
    models = Models(champion=Logistic(1.0, dict.fromkeys(spoken, 5.0)))
    counted = dict.fromkeys(spoken[:-1], 5)
    known = snapshot(**counted, around=Around(addresses_24h=5))
    judged = decide(facts(amount_minor=10_00), known, CURRENT, models)
    assert len(judged.reasons) == EXPLAINING.reasons_max


# --- what would have passed ---------------------------------------------------------------------


def verified(change, ruleset=CURRENT, models=Models()):  # noqa: B008 - a frozen value
    return decide(change.facts, change.snapshot, ruleset, models).verdict == VERIFIED


def test_a_smaller_amount_would_have_passed_and_not_a_penny_more():
    asked, known = facts(amount_minor=900_00), snapshot()
    change = passing(asked, known, CURRENT)[0]
    assert (change.code, change.text) == (AMOUNT, "Up to £110.30")
    assert verified(change)
    more = replace(asked, amount_minor=change.facts.amount_minor + 1)
    assert decide(more, known, CURRENT).verdict != VERIFIED


def test_at_another_hour_it_would_have_passed():
    night = Models(champion=Logistic(-2.0, {"hour_share": -3.0, "new_payee": 3.0}))
    asked = facts(at=NOON.replace(hour=3), amount_minor=20_00)
    known = snapshot(local_hour=3, **STRANGER)
    later = next(one for one in passing(asked, known, CURRENT, night) if one.code == LATER)
    assert later.text == "In 8 hours, at 11:00"
    assert verified(later, models=night)


def test_after_a_pause_it_would_have_passed():
    busy = snapshot(own_count_10m=6, own_count_1h=6, own_count_24h=6)
    (later,) = passing(facts(), busy, CURRENT)
    assert (later.code, later.text) == (LATER, "In 1 hour, at 13:00")


def test_waiting_empties_what_is_shorter_than_the_wait_and_nothing_else():
    busy = snapshot(own_count_10m=1, own_count_1h=2, own_count_24h=3, own_count_7d=4)
    known = after(busy, facts(), timedelta(hours=1))
    assert [known.count(f"own_count_{span}") for span in ("10m", "1h", "24h", "7d")] == [0, 0, 3, 4]


def test_to_somebody_known_it_would_have_passed():
    asked, known = facts(amount_minor=900_00), snapshot(**STRANGER)
    change = next(one for one in passing(asked, known, CURRENT) if one.code == KNOWN_PAYEE)
    assert verified(change)
    assert change.facts == asked


def test_the_own_limit_would_have_let_the_limit_pass():
    change = passing(facts(amount_minor=50_00), snapshot(limit_minor=10_00), CURRENT)[0]
    assert change.facts.amount_minor == 10_00


BUSY = {"own_count_10m": 6, "own_count_1h": 6, "own_count_24h": 6}


def limited(at, standing=None, counted=None, **own):
    """Asked for then by somebody with these limits of their own."""
    limits = CustomerPolicies(timezone="Europe/London", **own)
    standing = replace(standing or Standing(), minute=at.hour * 60 + at.minute)
    known = snapshot(local_hour=at.hour, own=limits, standing=standing, **(counted or {}))
    return facts(at=at), known


def test_later_is_never_when_the_own_hours_are_over():
    hours = TimeRange(7 * 60, 23 * 60)
    asked, known = limited(NOON.replace(hour=22), counted=BUSY, allowed_time_range=hours)
    assert [one.text for one in passing(asked, known, CURRENT)] == ["From tomorrow, 07:00"]
    asked, known = limited(NOON.replace(hour=21), counted=BUSY, allowed_time_range=hours)
    assert [one.text for one in passing(asked, known, CURRENT)] == ["In 1 hour, at 22:00"]


@pytest.mark.parametrize(
    "at, standing, own, text",
    [
        (NOON.replace(hour=5, minute=24), Standing(),
         {"allowed_time_range": TimeRange(7 * 60, 23 * 60)}, "From 07:00"),
        (NOON.replace(hour=23, minute=24), Standing(),
         {"allowed_time_range": TimeRange(7 * 60, 23 * 60)}, "From tomorrow, 07:00"),
        (NOON.replace(second=30), Standing(spent_minor=90_00),
         {"daily_total": {"GBP": 100_00}}, "From tomorrow, 00:00"),
        (NOON, Standing(payments=3), {"daily_payments": 3}, "From tomorrow, 00:00"),
        (NOON, Standing(payee_first_at=NOON - timedelta(hours=10, seconds=-1), payee_minor=90_00),
         {"new_payee": NewPayee(48, {"GBP": 100_00})}, "From 12 March, 02:01"),
    ],
)  # fmt: skip
def test_it_is_said_when_an_own_limit_lets_go(at, standing, own, text):
    asked, known = limited(at, standing, **own)
    later = next(one for one in passing(asked, known, CURRENT) if one.code == LATER)
    assert later.text == text
    assert verified(later)
    a_minute_before = later.facts.at - asked.at - timedelta(minutes=1)
    early = replace(asked, at=asked.at + a_minute_before)
    assert decide(early, after(known, asked, a_minute_before), CURRENT).forbidden


def test_hours_of_ones_own_begin_on_the_clock_of_the_limits_in_summer_too():
    """The night in which the clocks of London go forward: 07:00 is an hour sooner."""
    hours = TimeRange(7 * 60, 23 * 60)
    asked, known = limited(NOON.replace(month=3, day=28, hour=23), allowed_time_range=hours)
    (later,) = passing(asked, known, CURRENT)
    assert later.text == "From tomorrow, 07:00"
    assert later.facts.at - asked.at == timedelta(hours=7)


def test_a_smaller_amount_and_later_are_tried_together_when_neither_is_enough():
    asked = facts(amount_minor=900_00)
    known = snapshot(**STRANGER, **BUSY)
    assert decide(asked, known, CURRENT).verdict == "BLOCKED"
    (both,) = passing(asked, known, CURRENT)
    assert (both.code, both.text) == (LESS_LATER, "Up to £110.30 in 1 hour, at 13:00")
    assert verified(both)
    more = replace(both.facts, amount_minor=both.facts.amount_minor + 1)
    assert decide(more, both.snapshot, CURRENT).verdict != VERIFIED


def test_whoever_waits_has_had_time_to_travel_and_tries_no_more():
    paris = Sighting(at=NOON - timedelta(hours=1), source="name", latitude=48.9, longitude=2.4)
    here = Sighting(at=NOON, source="name", latitude=40.7, longitude=-74.0)
    around = Around(tries_10s=9, tries_60s=9)
    known = snapshot(travel=judge(paris, here), around=around)
    then = after(known, facts(), timedelta(hours=9))
    assert (known.travel.impossible, then.travel.impossible) == (True, False)
    assert (then.around.tries_10s, then.around.tries_60s) == (0, 0)
    seconds = after(known, facts(), timedelta(seconds=59))
    assert (seconds.around.tries_10s, seconds.around.tries_60s) == (0, 9)


@pytest.mark.parametrize(
    "seconds, text", [(0, "In a minute, at 12:01"), (30, "In 2 minutes, at 12:02")]
)
def test_whoever_tried_too_often_is_told_to_wait_a_minute(seconds, text):
    known = snapshot(around=Around(tries_10s=10, tries_60s=10))
    asked = facts(at=NOON.replace(second=seconds))
    assert [hit.code for hit in decide(asked, known, CURRENT).reasons] == ["many_tries"]
    (later,) = passing(asked, known, CURRENT)
    assert (later.code, later.text) == (LATER, text)
    assert verified(later)


@pytest.mark.parametrize(
    "stops, found",
    [
        (lambda values: True, 0),
        (lambda values: values["hour"] != 11 or values["amount"] > 0.01, 1),
    ],
)
def test_however_little_helps_it_decides_a_bounded_number_of_times(stops, found):
    decided = []

    def stops_and_counts(values):
        decided.append(values)
        return stops(values)

    rule = Condition("rlv_1", "block", matches=stops_and_counts)
    asked, known = limited(NOON, allowed_time_range=TimeRange(7 * 60, 23 * 60))
    assert len(passing(replace(asked, amount_minor=100_00), known, ruled(rule))) == found
    assert len(decided) <= 2 * (len(EXPLAINING.later_hours) + 3) + 2 * 20


def test_what_passed_needs_no_change_and_what_nothing_helps_has_none():
    assert passing(facts(), snapshot(), CURRENT) == ()
    assert passing(facts(), snapshot(), ruled(Condition("rlv_1", "block"))) == ()
    assert passing(facts(amount_minor=1), snapshot(), ruled(Condition("rlv_1", "hold"))) == ()


# --- stored -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_decision_under_officers_rules_is_kept_with_them_and_made_again_exactly():
    ada = customer()
    author, second = (customer(f"{n}@example.com", is_superuser=True) for n in ("eve", "bob"))
    habit(ada, *[40_00, 60_00] * 10)
    version = in_force(author, second, condition="amount > 100", action="hold")
    asked = facts(customer_id=ada.pk, amount_minor=110_00)
    decision = services.assess(asked)
    assert (decision.verdict, decision.officers) == ("FLAGGED", rulebook.current().id)
    assert RuleHit.objects.get().version_id == version.pk
    ruling.publish(flagged_from=0.2, why="Nearer", by=author)
    assert services.assess(asked).officers != decision.officers
    again = replay(Decision.objects.get(pk=decision.pk))
    assert again.differences() == []
    (change,) = selectors.what_would_have_passed(decision)
    assert change.text == "Up to £100.00"
    # Officers see the border of their rule; who may have stolen the account does not.
    assert selectors.changes_that_pass(decision) == (change,)
    assert selectors.changes_to_tell(decision) == ()
    assert [one.code for one in whatif.ask(asked, by=second).passing] == [AMOUNT]
    assert whatif.ask(asked, by=ada).passing == ()


@pytest.mark.django_db
def test_what_no_officers_rule_stopped_tells_its_customer_what_would_have_passed():
    ada = customer()
    habit(ada, *[40_00, 60_00] * 10)
    decision = services.assess(facts(customer_id=ada.pk, amount_minor=2_000_00))
    assert decision.verdict != "VERIFIED"
    assert selectors.changes_to_tell(decision) == selectors.changes_that_pass(decision) != ()
