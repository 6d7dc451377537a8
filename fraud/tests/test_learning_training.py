"""From history to a model and its score: causal, the same again, exact, and true to life."""

import json
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fraud.errors import ModelDamaged, ModelFormatUnknown, TooFewLabels
from fraud.learning import bundle, evidence, metrics, training, voices
from fraud.learning.inputs import FOREST, INPUTS
from fraud.learning.policy import LEARNING
from fraud.learning.scorer import Scorer
from fraud.learning.training import Labels, Window
from fraud.learning.weights import log_odds
from fraud.policy import LABELS
from fraud.tests import lessons
from fraud.tests.lessons import DAY, QUICK, START


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer(lessons.model())


@pytest.fixture(scope="module")
def unseen():
    return lessons.history(8_000, seed=8, start=START + 60 * DAY)


def test_the_same_history_makes_the_same_bytes():
    taught = lessons.history()
    again = training.train(taught, lessons.labels(taught), lessons.window(), QUICK)
    assert again.to_bytes() == lessons.model().to_bytes()


@pytest.mark.parametrize("name", ["learning/training.py", "features/columns/sliding.py"])
def test_other_code_has_another_name(monkeypatch, tmp_path, name):
    here, ours = Path(evidence.__file__).parent, evidence.code_hash()
    for folder in ("learning", "features"):
        shutil.copytree(here.parent / folder, tmp_path / folder)
    monkeypatch.setattr(evidence, "__file__", str(tmp_path / "learning/evidence.py"))
    assert evidence.code_hash.__wrapped__() == ours
    with (tmp_path / name).open("a") as source:
        source.write("# trained otherwise\n")
    assert evidence.code_hash.__wrapped__() != ours


def test_it_finds_frauds_it_has_not_seen(scorer, unseen):
    found = metrics.figures(unseen.fraud, scorer.scores(unseen.columns))
    alone = metrics.average_precision(unseen.fraud, unseen.columns["deviations"])
    assert found.auc > 0.75
    assert found.average_precision > alone + 0.05


def test_what_two_in_a_thousand_reach_is_told_apart():
    """Between equal shares of the payments that are wider, the last would be half frauds."""
    taught, unseen = lessons.history(40_000), lessons.history(40_000, seed=8)
    for known in (taught, unseen):
        known.fraud = known.columns["amount_vs_mean"] > 8.4
    policy = replace(QUICK, later_frauds_min=10)
    made = training.train(taught, lessons.labels(taught), lessons.window(), policy)
    scores = Scorer(made).scores(unseen.columns)
    assert metrics.average_precision(unseen.fraud, scores) > 0.9


@pytest.fixture(scope="module")
def later_scores():
    """What a model of a larger bank says about another forty days, and what came true."""
    taught = lessons.history(40_000)
    made = training.train(taught, lessons.labels(taught), lessons.window(), QUICK)
    many = lessons.history(60_000, seed=9, start=START + 60 * DAY)
    return Scorer(made).scores(many.columns), many.fraud


@pytest.mark.parametrize("low, high", [(0.0, 0.1), (0.1, 0.3), (0.3, 0.6), (0.6, 1.0)])
def test_a_score_is_the_share_that_came_true(later_scores, low, high):
    """0.8 means four in five."""
    scores, fraud = later_scores
    here = (scores >= low) & (scores < high)
    assert here.sum() > 1_000
    assert fraud[here].mean() == pytest.approx(scores[here].mean(), abs=0.04)


def test_one_scores_as_among_many(scorer, unseen):
    many = scorer.scores(unseen.columns)[:300].tolist()
    ones = [unseen.one(row) for row in range(300)]
    assert [scorer.probability(one) for one in ones] == many
    assert [scorer.score(one).score for one in ones] == many


def test_reasons_add_up_to_the_score(scorer, unseen):
    for row in range(300):
        scored = scorer.score(unseen.one(row))
        total = scored.base + sum(scored.contributions.values())
        assert total == pytest.approx(log_odds(scored.score), abs=1e-9)


def test_every_voice_is_heard_and_named():
    """A voice with a weight speaks in the sum, and in the reasons under its own name."""
    spoken = {name: bundle.Voice(0.5, 0.0) for name in voices.NAMES}
    loud = Scorer(replace(lessons.model(), voices=spoken))
    ordinary = lessons.history().one(0) | {"rules_score": 0.0, "deviations": 0.0}
    for name, value in (("rules_score", 0.6), ("deviations", 9.0)):
        before, after = loud.score(ordinary), loud.score(ordinary | {name: value})
        assert after.score > before.score
        assert after.contributions[name] > before.contributions[name]
    assert set(loud.score(ordinary).contributions) >= set(voices.NAMES)


def test_what_is_not_known_says_nothing(scorer):
    scored = scorer.score({})
    assert 0 < scored.score < 1
    assert scored.contributions.get("rules_score", 0.0) == 0.0
    assert scored.contributions.get("unlike_others", 0.0) == pytest.approx(
        scorer.score({"nobody": "asked"}).contributions.get("unlike_others", 0.0)
    )


def test_more_known_frauds_of_a_payee_never_make_a_payment_safer(scorer, unseen):
    rising = [one.name for one in INPUTS if one.rises]
    assert rising
    for name in rising:
        for row in range(50):
            one = unseen.one(row)
            chances = [scorer.probability(one | {name: share}) for share in (0.0, 0.2, 0.6, 1.0)]
            assert chances == sorted(chances)


def test_the_forest_sees_no_label():
    assert not [name for name in FOREST if "fraud" in name or ("last" in name and "share" in name)]


def test_every_feature_says_why_it_is_sound():
    assert all(one.why.endswith(".") for one in INPUTS)
    assert len({one.name for one in INPUTS}) == len(INPUTS) <= LEARNING.features_max


# --- causal ---------------------------------------------------------------------------------------


def test_labels_that_come_later_change_nothing():
    taught = lessons.history()
    known = lessons.labels(taught)
    late = Labels(
        np.r_[known.payment, np.arange(500)],
        np.r_[known.fraud, np.ones(500, dtype=bool)],
        np.r_[known.known_at, np.full(500, lessons.window().known_by)],
        np.r_[known.weight, np.full(500, 0.5)],
    )
    again = training.train(taught, late, lessons.window(), QUICK)
    assert again.to_bytes() == lessons.model().to_bytes()


def test_the_newest_label_that_was_known_counts():
    known = Labels([0, 0, 0, 1], [True, False, True, True], [10, 30, 20, 40], [0.2, 0.9, 0.3, 0.5])
    for known_by, answers, believed in (
        (10, [-1, -1, -1], [1, 1, 1]),
        (11, [1, -1, -1], [0.2, 1, 1]),
        (30, [1, -1, -1], [0.3, 1, 1]),
        (31, [0, -1, -1], [0.9, 1, 1]),
        (41, [0, 1, -1], [0.9, 0.5, 1]),
    ):
        found = training.answers(known, 3, known_by=known_by)
        assert [column.tolist() for column in found] == [answers, believed]


def test_what_is_hardly_believed_teaches_less():
    """Two signs of fraud of the same strength, of which one is known from worse sources."""
    taught = lessons.history(20_000)
    one, other = (taught.columns[name] > 4.5 for name in ("own_count_24h", "back_count_30d"))
    taught.fraud = (one | other) & (np.arange(20_000) % 2 == 0)
    known = lessons.labels(taught)

    def scores(weight):
        made = training.train(taught, replace(known, weight=weight), lessons.window(), QUICK)
        found = Scorer(made).scores(taught.columns)
        return found[one & ~other].mean(), found[other & ~one].mean()

    alike = scores(known.weight)
    assert alike[0] == pytest.approx(alike[1], abs=0.05)
    believed, doubted = scores(np.where(taught.fraud & other, 0.2, 1.0))
    assert believed > doubted + 0.1


def test_a_score_is_a_chance_as_far_as_outcomes_are_believed():
    """Of frauds that are all doubted, the scale does not make certain ones again."""
    taught = lessons.history(20_000)
    known = lessons.labels(taught)
    doubted = replace(known, weight=np.where(taught.fraud, 0.25, 1.0))
    made = training.train(taught, doubted, lessons.window(), QUICK)
    found = np.average(Scorer(made).scores(taught.columns), weights=doubted.weight)
    assert found == pytest.approx(np.average(taught.fraud, weights=doubted.weight), rel=0.2)
    measured = made.about["later"]["average_precision"]
    sure = training.train(taught, known, lessons.window(), QUICK)
    assert measured < sure.about["later"]["average_precision"]


@pytest.mark.parametrize("weight, frauds", [(0.9, 9), (0.2, 2), (1.0, 10)])
def test_frauds_count_as_far_as_they_are_believed(weight, frauds):
    taught = training.Lesson(np.arange(20), np.arange(20) < 10, np.full(20, weight))
    assert taught.believed_frauds == frauds
    assert taught.part(0, 5).believed_frauds == int(5 * weight)


@pytest.mark.parametrize("weight, works", [(1.0, True), (0.9, False)])
def test_doubted_frauds_are_not_enough_to_learn_from(weight, works):
    taught = lessons.history(2_000)
    known = replace(lessons.labels(taught), weight=np.full(2_000, weight))
    few = replace(QUICK, frauds_min=int(taught.fraud.sum()), later_frauds_min=10, rounds=3)
    if works:
        training.train(taught, known, lessons.window(), few)
    else:
        with pytest.raises(TooFewLabels):
            training.train(taught, known, lessons.window(), few)


def test_what_is_not_believed_at_all_says_nothing():
    known = Labels([0, 0, 1], [False, True, True], [10, 20, 20], [0.5, 0.0, 0.0])
    answers, believed = training.answers(known, 2, known_by=30)
    assert (answers.tolist(), believed.tolist()) == ([0, -1], [0.5, 1])


def test_silence_is_believed_as_far_as_the_policy_says():
    quiet = lessons.history(10)
    said = Labels([4], [False], [START], [0.6])
    window = Window(START, START + 40 * DAY, START + 90 * DAY)
    taught = training.lesson(quiet, said, window)
    assert taught.weight.tolist() == [0.6 if row == 4 else 0.9 for row in range(10)]
    assert LEARNING.silence_weight == LABELS.customer_weight == 0.9
    loud = training.lesson(quiet, said, window, replace(LEARNING, silence_weight=0.1))
    assert loud.weight.tolist() == [0.6 if row == 4 else 0.1 for row in range(10)]


def test_nobody_complained_for_long_means_genuine_and_for_a_while_means_unknown():
    quiet = lessons.history(100)
    nothing = np.array([], dtype=int)
    none = Labels(nothing, nothing, nothing, nothing)
    mature = int(LEARNING.mature.total_seconds()) * 1_000_000
    window = Window(START, START + 40 * DAY, int(quiet.at[49]) + mature)
    taught = training.lesson(quiet, none, window)
    assert taught.rows.tolist() == [row for row in range(100) if quiet.at[row] <= quiet.at[49]]
    assert not taught.fraud.any()


def test_nobody_complains_about_money_that_never_moved():
    """Refused, or held and given back: its silence says nothing, and its label all it says."""
    quiet = replace(lessons.history(100), stopped=(3, 4, 5, 6))
    said = Labels([4, 5], [True, False], [START, START], [1.0, 0.5])
    window = Window(START, START + 40 * DAY, START + 90 * DAY)
    taught = training.lesson(quiet, said, window)
    assert taught.rows.tolist() == [row for row in range(100) if row not in (3, 6)]
    assert taught.rows[taught.fraud].tolist() == [4]


def test_only_the_window_teaches_and_the_newest_of_it():
    taught = lessons.history(1_000)
    window = Window(int(taught.at[100]), int(taught.at[200]), START + 99 * DAY)
    rows = training.lesson(taught, lessons.labels(taught), window).rows
    assert (rows[0], rows[-1], len(rows)) == (100, 199, 100)
    few = training.lesson(
        taught, lessons.labels(taught), window, replace(LEARNING, payments_max=10)
    )
    assert few.rows.tolist() == list(range(190, 200))


@pytest.mark.parametrize("least, works", [(0, True), (1, False)])
def test_a_bank_without_enough_labels_keeps_its_rules(least, works):
    taught = lessons.history(2_000)
    known = int(taught.fraud.sum())
    few = replace(QUICK, frauds_min=known + least, later_frauds_min=10, rounds=3)
    if works:
        training.train(taught, lessons.labels(taught), lessons.window(), few)
    else:
        with pytest.raises(TooFewLabels, match="rules' score stays"):
            training.train(taught, lessons.labels(taught), lessons.window(), few)


@pytest.mark.parametrize("name", ["payments_min", "later_frauds_min"])
def test_few_payments_or_few_new_frauds_teach_nothing(name):
    taught = lessons.history(1_500)
    with pytest.raises(TooFewLabels):
        training.train(
            taught,
            lessons.labels(taught),
            lessons.window(),
            replace(QUICK, frauds_min=1, **{name: 1_501}),
        )


def test_progress_is_told():
    told = []
    taught = lessons.history()
    training.train(
        taught,
        lessons.labels(taught),
        lessons.window(),
        replace(QUICK, rounds=3),
        lambda step, percent: told.append(percent),
    )
    assert told == sorted(told) and len(told) >= 5


# --- bytes ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def content() -> bytes:
    return lessons.model().to_bytes()


def test_a_model_comes_back_as_it_was(content):
    again = bundle.read(content, bundle.digest(content))
    assert again == lessons.model()
    assert again.to_bytes() == content


def test_one_changed_byte_is_refused(content):
    touched = bytearray(content)
    touched[len(touched) // 2] ^= 1
    with pytest.raises(ModelDamaged):
        bundle.read(bytes(touched), bundle.digest(content))
    with pytest.raises(ModelDamaged):
        bundle.read(content, "0" * 64)


@pytest.mark.parametrize(
    "bad",
    [
        pickle.dumps({"format": bundle.FORMAT}),
        b"",
        b"tree\nversion=v4",
        b"PK\x03\x04",
        b"[" * 100_000,
        b"null",
        b"[1]",
        b'{"format":"fintrust-model-2"}',
        b"\xff\xfe",
    ],
)
def test_what_is_no_model_of_ours_is_not_opened(bad):
    with pytest.raises(ModelFormatUnknown):
        bundle.read(bad, bundle.digest(bad))


@pytest.mark.parametrize(
    "change",
    [
        {"features": []},
        {"features": ["a", "a"]},
        {"features": "ab"},
        {"features": [str(place) for place in range(65)]},
        {"scale": {"points": [], "most": 1}},
        {"scale": {"points": [[1, 1], [0, 2]], "most": 1}},
        {"voices": {"rules_score": [1]}},
        {"voices": None},
        {"forest": {}},
        {"reference": []},
        {"intercept": "much"},
        {"intercept": float("nan")},
        {"trees_weight": -1},
        {"trees": 5},
    ],
)
def test_parts_that_do_not_fit_are_refused(content, change):
    stored = json.loads(content) | change
    bad = json.dumps(stored).encode()
    with pytest.raises(ModelDamaged):
        bundle.read(bad, bundle.digest(bad))


def test_a_model_larger_than_any_is_not_read():
    bad = b" " * (LEARNING.model_bytes_max + 1)
    with pytest.raises(ModelDamaged, match="larger"):
        bundle.read(bad, bundle.digest(bad))
