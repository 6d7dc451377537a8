"""Any stored decision can be made again from what is stored with it, and comes out the same."""

import json
import random
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from fraud import services
from fraud.facts import Facts
from fraud.features import Snapshot
from fraud.limits.own import CustomerPolicies
from fraud.limits.services import set_policies
from fraud.models import Decision
from fraud.policy import FraudPolicy
from fraud.replay import replay
from fraud.tests.factories import NOON, customer, facts, habit, limit_payments, paid, snapshot
from fraud.travel.judge import Around
from fraud.verdict import CURRENT, decide, of_its_time

pytestmark = pytest.mark.django_db
#: Sentences that are worded otherwise since; their codes and weights are the same.
REWORDED = {
    "is 18.0 times": "is 18 times",
    "Payment number 7 within one window of": "This is your 7th payment within",
    "within one window of": "within",
    "only 0 of your payments": "none of your payments",
    "clock: 0 of your": "clock: none of your",
}
FIRST_FORM = Path(__file__).with_name("files") / "decisions_of_2026_11.json"


def run(*ids: str) -> str:
    out = StringIO()
    call_command("replay_decision", *ids, stdout=out)
    return out.getvalue()


@pytest.fixture
def decisions():
    """Forty decisions of all kinds, each read back from the database."""
    ada, dice = customer(), random.Random(11)
    habit(ada, *[dice.randrange(5_00, 200_00) for _ in range(40)])
    limit_payments(ada, {"GBP": 4_000_00})
    made = [
        services.assess(
            facts(
                customer_id=ada.pk,
                at=NOON + timedelta(minutes=13 * n),
                amount_minor=dice.choice([30_00, 300_00, 1_500_00, 5_000_00]),
                counterparty=dice.choice(["acc_payee", f"acc_{n}", ""]),
                balance_minor=dice.choice([None, 2_000_00]),
            )
        )
        for n in range(40)
    ]
    return [Decision.objects.get(pk=decision.pk) for decision in made]


def test_every_decision_comes_out_as_it_was(decisions):
    assert {decision.verdict for decision in decisions} == {"VERIFIED", "FLAGGED", "BLOCKED"}
    for decision in decisions:
        again = replay(decision)
        assert again.differences() == []
        assert again.same_ruleset


def test_what_happened_since_does_not_matter(decisions):
    for n in range(1, 6):
        paid(customer_id=decisions[0].customer_id, at=NOON - timedelta(hours=n), amount_minor=9_99)
    assert all(replay(decision).same for decision in decisions)


def test_the_command_says_that_it_came_out_the_same(decisions):
    said = run(*(decision.public_id for decision in decisions))
    assert said.count("reproduced exactly") == len(decisions)
    assert CURRENT.version in said


def test_another_ruleset_is_named_and_its_difference_shown(decisions):
    strict = replace(CURRENT, version="strict", policy=FraudPolicy(flagged_from=0.0))
    verified = next(decision for decision in decisions if decision.verdict == "VERIFIED")
    again = replay(verified, ruleset=strict)
    assert not again.same and not again.same_ruleset
    assert "'VERIFIED' then, 'FLAGGED' now" in str(again)
    assert f"decided under {CURRENT.version}" in str(again)


def test_a_decision_that_does_not_come_out_the_same_fails_the_command():
    """Written under a ruleset that found nothing; the present one finds the amount."""
    fact = paid(customer_id=customer().pk, amount_minor=5_000_00)
    with pytest.raises(CommandError, match=fact.decision.public_id):
        run(fact.decision.public_id)


def test_a_decision_from_before_addresses_had_places_is_still_made_again():
    """By what it knew: the words alone."""
    ada = customer()
    for place in ("Lisbon, PT", "Lagos, NG"):
        own = CustomerPolicies(allowed_locations=("Lisbon, PT",), block_unknown_locations=True)
        set_policies(customer=ada, asked=own, by=ada)
        asked = facts(customer_id=ada.pk, place=place, latitude=6.45, longitude=3.39)
        stored = Decision.objects.get(pk=services.assess(asked).pk)
        del stored.facts["address_place"], stored.facts["address_km"]
        assert stored.forbidden is (place == "Lagos, NG")
        assert replay(stored).differences() == []


@pytest.mark.parametrize("stored", json.loads(FIRST_FORM.read_text()))
def test_a_decision_in_the_form_of_2026_is_still_made_again(stored):
    """Stored before snapshots held aggregates by name: the same verdict, score and sentences."""
    asked, known = Facts.from_json(stored["facts"]), Snapshot.from_json(stored["snapshot"])
    now = decide(asked, known, CURRENT)
    assert (now.verdict, now.score, now.risk_level, now.forbidden) == (
        stored["verdict"],
        stored["score"],
        stored["risk_level"],
        stored["forbidden"],
    )
    said = json.dumps(stored["reasons"], ensure_ascii=False)
    for then, since in REWORDED.items():
        said = said.replace(then, since)
    assert now.reasons_json() == json.loads(said)
    assert Snapshot.from_json(known.to_json()) == known


@pytest.mark.parametrize(
    "ruleset, same",
    [
        ("rules-0123456789abcdef", True),  # the first edition had no name for itself
        ("rules-0123456789abcdef+review", True),
        (CURRENT.version, False),
    ],
)
def test_what_was_decided_without_a_rule_is_made_again_without_it(ruleset, same):
    """Eleven tries in a minute, before a rule minded them."""
    asked = facts(customer_id=customer().pk)
    known = snapshot(around=Around(tries_10s=10, tries_60s=10))
    then = decide(asked, known, of_its_time(CURRENT, "rules-0123456789abcdef"))
    services.keep(Decision.made(asked, known, replace(then, ruleset=ruleset)))
    again = replay(Decision.objects.get())
    assert (again.decision.verdict, again.same) == ("VERIFIED", same)


@pytest.mark.parametrize("text", ["dec_00000000000000000000000000", "trf_1", "nonsense"])
def test_a_decision_that_is_not_there_is_said_so(text):
    with pytest.raises(CommandError, match="no decision"):
        run(text)
