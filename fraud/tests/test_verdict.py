"""decide(): from hits to a verdict. Pure: no database."""

import ast
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud import verdict
from fraud.hits import Hit
from fraud.policy import STANDARD
from fraud.tests.factories import facts, snapshot
from fraud.verdict import CURRENT, Ruleset, combine, decide, outcome, risk_level

weights = st.lists(st.floats(0, 1), max_size=12)


def finds(*found: float) -> Ruleset:
    """A ruleset whose rules find exactly these weights."""
    made = tuple(
        lambda facts, snapshot, policy, w=w: Hit("found", w, f"it weighs {w}") for w in found
    )
    return Ruleset("test", STANDARD, policies=CURRENT.policies, rules=made)


@pytest.mark.parametrize(
    "score, expected",
    [
        (0.0, "VERIFIED"),
        (0.299999, "VERIFIED"),
        (0.3, "FLAGGED"),
        (0.599999, "FLAGGED"),
        (0.6, "BLOCKED"),
        (1.0, "BLOCKED"),
    ],
)
def test_each_verdict_begins_at_its_threshold(score, expected):
    assert outcome(score, STANDARD) == expected
    assert decide(facts(), snapshot(), finds(score)).verdict == expected


@pytest.mark.parametrize(
    "score, expected",
    [
        (0.0, "SAFE"),
        (0.499999, "SAFE"),
        (0.5, "SUSPICIOUS"),
        (0.799999, "SUSPICIOUS"),
        (0.8, "CRITICAL"),
        (1.0, "CRITICAL"),
    ],
)
def test_each_risk_level_begins_at_its_threshold(score, expected):
    assert risk_level(score, STANDARD) == expected
    assert decide(facts(), snapshot(), finds(score)).risk_level == expected


@given(weights)
def test_a_score_lies_between_nothing_and_certainty(found):
    assert 0 <= combine(found) <= 1


@given(weights, st.floats(0, 1))
def test_one_more_sign_never_lowers_the_score(found, more):
    assert combine([*found, more]) >= combine(found)


@given(weights.filter(bool), st.data())
def test_a_heavier_sign_never_lowers_the_score(found, data):
    place = data.draw(st.integers(0, len(found) - 1))
    heavier = [*found]
    heavier[place] = data.draw(st.floats(found[place], 1))
    assert combine(heavier) >= combine(found)


@given(weights, st.randoms())
def test_the_order_of_rules_does_not_matter(found, random):
    shuffled = [*found]
    random.shuffle(shuffled)
    assert combine(shuffled) == combine(found)


@pytest.mark.parametrize("found, score", [([], 0), ([0.3], 0.3), ([0.2, 0.25], 0.4), ([1], 1)])
def test_signs_add_up_as_independent_ones(found, score):
    assert combine(found) == score


@pytest.mark.parametrize("found", [0.0, 0.299999, 0.45, 1.0])
def test_the_customers_limit_decides_whatever_the_score(found):
    limited = snapshot(limit_minor=10_00)
    judged = decide(facts(amount_minor=10_01), limited, finds(found))
    assert (judged.verdict, judged.forbidden, judged.score) == ("BLOCKED", True, found)
    assert judged.reasons[0].code == "largest_amount"


def test_reasons_come_heaviest_first():
    judged = decide(facts(), snapshot(), finds(0.1, 0.3, 0.2))
    assert all(a.weight >= b.weight for a, b in pairwise(judged.reasons))


def test_money_that_arrives_is_held_to_no_limit_and_no_rule():
    arriving = facts(kind="deposit", outgoing=False, amount_minor=10**9)
    judged = decide(arriving, snapshot(limit_minor=1), finds(1.0))
    assert (judged.verdict, judged.score, judged.reasons) == ("VERIFIED", 0, ())


def test_an_ordinary_payment_is_verified():
    assert decide(facts(), snapshot(), CURRENT).verdict == "VERIFIED"


def test_one_strong_sign_asks_the_customer():
    """£900 where £50 is usual, to somebody known: 12 deviations and more."""
    judged = decide(facts(amount_minor=900_00), snapshot(), CURRENT)
    assert (judged.verdict, judged.score, judged.risk_level) == ("FLAGGED", 0.45, "SAFE")


def test_a_takeover_is_blocked():
    """A fortune, to a stranger, at ten past three in the night of somebody who pays at noon."""
    stranger = snapshot(pair_count=0, pair_largest=None, local_hour=3, local_minute=10)
    judged = decide(facts(amount_minor=900_00), stranger, CURRENT)
    assert [hit.code for hit in judged.reasons] == [
        "unusual_amount",
        "new_payee_large_amount",
        "unusual_hour",
    ]
    assert (judged.verdict, judged.risk_level) == ("BLOCKED", "SUSPICIOUS")


@pytest.mark.parametrize("weight", [-0.01, 1.01, float("nan")])
def test_a_weight_outside_its_range_is_a_mistake_of_the_rule(weight):
    with pytest.raises(ValueError, match="between 0 and 1"):
        Hit("wrong", weight, "")


def test_a_ruleset_is_named_after_its_code_and_numbers(monkeypatch, tmp_path):
    assert CURRENT.version == verdict.version()
    for name in verdict._SOURCES:
        source = verdict.Path(verdict.__file__).parent / name
        (tmp_path / name).parent.mkdir(exist_ok=True)
        copy = shutil.copytree if source.is_dir() else shutil.copyfile
        copy(source, tmp_path / name)
    monkeypatch.setattr(verdict, "__file__", str(tmp_path / "verdict.py"))
    same = verdict.version.__wrapped__()
    for name in ("rules.py", "features/aggregates.py"):
        before = verdict.version.__wrapped__()
        with (tmp_path / name).open("a") as source:
            source.write("# another rule\n")
        assert before != verdict.version.__wrapped__()
    assert same == CURRENT.version != verdict.version.__wrapped__()
    changed = verdict.version.__wrapped__()
    with (tmp_path / "features/columns/sliding.py").open("a") as source:
        source.write("# what no decision asks\n")
    assert changed == verdict.version.__wrapped__()


def test_all_that_decides_is_in_the_name_of_a_ruleset():
    """What a fresh program reads to decide, with officers' rules and a model."""
    deciding = "import sys, fraud.verdict, fraud.rulebook.closures, fraud.learning.scorer"
    told = "print(*[m.__file__ for name, m in sys.modules.items() if name.startswith('fraud.')])"
    run = subprocess.run(
        [sys.executable, "-c", f"{deciding}; {told}"], capture_output=True, text=True, check=True
    )
    app = Path(verdict.__file__).parent
    read = {Path(file) for file in run.stdout.split() if ast.parse(Path(file).read_bytes()).body}
    words = {app / "errors.py", app / "travel/__init__.py"}  # say something, and decide nothing
    assert read - words <= set(verdict.sources())
    assert app / "learning/scorer.py" in read


def test_a_decision_depends_on_its_arguments_alone():
    asked, known = facts(amount_minor=900_00), snapshot(session_risk=0.8)
    assert decide(asked, known, CURRENT) == decide(replace(asked), replace(known), CURRENT)
