"""Weights, scales, figures, thresholds and shifts, each on both sides of its edges. Pure."""

import math

import numpy as np
import pytest

from fraud.learning import drift, metrics, thresholds, voices, weights
from fraud.learning.costs import Costs, NoCosts
from fraud.learning.policy import LEARNING
from fraud.learning.thresholds import NoBudget
from fraud.learning.weights import Scale

DICE = np.random.default_rng(5)


# --- weights and scale --------------------------------------------------------------------------


def test_weights_are_those_behind_the_data():
    rows = DICE.normal(size=(20_000, 2))
    fraud = DICE.random(20_000) < weights.chances(-2 + 1.5 * rows[:, 0] + 0.5 * rows[:, 1])
    intercept, found = weights.logistic(rows, fraud, ridge=1e-3)
    assert (intercept, *found) == pytest.approx((-2, 1.5, 0.5), abs=0.1)


def test_at_the_found_weights_nothing_pulls_any_more():
    """The slope of the likelihood is nothing, but for what the ridge holds back."""
    rows = DICE.normal(size=(3_000, 2))
    fraud = DICE.random(3_000) < weights.chances(rows @ [1.0, 0.5])
    intercept, found = weights.logistic(rows, fraud, ridge=1.0)
    missing = fraud - weights.chances(intercept + rows @ found)
    assert missing.sum() == pytest.approx(0, abs=1e-6)
    assert rows.T @ missing == pytest.approx(found, abs=1e-6)


def test_who_is_believed_twice_as_much_counts_as_two():
    rows = DICE.normal(size=(500, 2))
    fraud = DICE.random(500) < weights.chances(rows @ [1.0, 0.5])
    believed = DICE.integers(1, 4, 500)
    twice = np.repeat(np.arange(500), believed)
    intercept, found = weights.logistic(rows, fraud, believed, ridge=1.0)
    repeated, again = weights.logistic(rows[twice], fraud[twice], ridge=1.0)
    assert (intercept, *found) == pytest.approx((repeated, *again), abs=1e-8)
    assert (intercept, *found) != pytest.approx(
        (lambda a, b: (a, *b))(*weights.logistic(rows, fraud, ridge=1.0)), abs=1e-3
    )


def test_a_voice_that_speaks_backwards_is_silent():
    rows = DICE.normal(size=(5_000, 2))
    fraud = DICE.random(5_000) < weights.chances(2 * rows[:, 0] - 2 * rows[:, 1])
    _, found = weights.logistic(rows, fraud, ridge=1e-3)
    assert found[0] > 0.5 and found[1] == 0.0


def test_weights_stay_finite_where_frauds_and_others_part_cleanly():
    rows = np.r_[np.full(50, -1.0), np.full(50, 1.0)][:, None]
    intercept, found = weights.logistic(rows, rows[:, 0] > 0, ridge=1e-3)
    assert math.isfinite(intercept) and 1 < found[0] < 1000


def test_chances_do_not_overflow():
    assert weights.chances([-800.0, 0.0, 800.0]).tolist() == [0.0, 0.5, 1.0]
    assert [weights.chance(odds) for odds in (-800.0, 0.0, 800.0)] == [0.0, 0.5, 1.0]
    assert weights.log_odds(weights.chance(2.0)) == pytest.approx(2.0, abs=1e-12)


SCALE = Scale(((-1.0, -2.0), (1.0, 0.0), (2.0, 3.0)), most=5.0)


@pytest.mark.parametrize(
    "odds, calibrated",
    [
        (-2.0, -3.0),
        (-1.0, -2.0),
        (0.0, -1.0),
        (1.0, 0.0),
        (1.5, 1.5),
        (2.0, 3.0),
        (3.0, 4.0),
        (4.0, 5.0),
        (4.1, 5.0),
        (-9.0, -5.0),
    ],
)
def test_a_scale_is_straight_between_its_points_and_goes_on_beyond(odds, calibrated):
    assert SCALE.of(odds) == calibrated


def test_a_scale_never_falls():
    found = [SCALE.of(odds) for odds in np.linspace(-6, 6, 500)]
    assert found == sorted(found)


def test_later_payments_make_the_scale_true():
    """A sum that is twice too sure is brought back to what came true."""
    truth = DICE.normal(-1, 2, 40_000)
    fraud = DICE.random(40_000) < weights.chances(truth)
    scale = weights.isotonic(2 * truth, fraud, both_min=10, most=12.0)
    for sure in (-2.0, 0.0, 2.0):
        assert scale.of(2 * sure) == pytest.approx(sure, abs=0.4)
    rising = [y for _, y in scale.points]
    assert rising == sorted(set(rising))


def test_each_point_of_a_scale_has_enough_to_go_by():
    odds = np.arange(40.0)
    scale = weights.isotonic(odds, np.arange(40) % 2 == 0, both_min=10, most=12.0)
    assert len(scale.points) == 1  # twenty of each: pools of ten do not rise, and are one
    assert scale.points[0] == (19.5, pytest.approx(0.0))


@pytest.mark.parametrize("believed, points", [(1.0, 2), (0.5, 1)])
def test_a_point_of_a_scale_rests_on_what_is_believed(believed, points):
    """Fifteen of each kind carry two points of five; half believed they carry one."""
    odds, fraud = np.arange(30.0), np.array([1, 0, 0] * 5 + [1, 1, 0] * 5)
    scale = weights.isotonic(odds, fraud, np.full(30, believed), both_min=5, most=12.0)
    assert len(scale.points) == points


def test_a_scale_tells_frauds_as_far_as_they_are_believed():
    fraud = np.arange(40) % 2 == 0
    doubted = np.where(fraud, 0.25, 1.0)
    scale = weights.isotonic(np.arange(40.0), fraud, doubted, both_min=10, most=12.0)
    assert weights.chance(scale.points[0][1]) == pytest.approx((5 + 0.5) / (25 + 1))


def test_a_scale_of_frauds_alone_is_sure_and_not_certain():
    scale = weights.isotonic(np.arange(10.0), np.ones(10), both_min=10, most=12.0)
    assert 0 < weights.chance(scale.of(5.0)) < 1


@pytest.mark.parametrize(
    "points", [[], [[0, 0], [0, 1]], [[0, 1], [1, 1]], [[0, float("nan")]], [[1, 2], [0, 3]]]
)
def test_what_does_not_rise_is_no_scale(points):
    with pytest.raises(ValueError, match="rises"):
        weights.as_points(points)


@pytest.mark.parametrize(
    "deviations, said", [(-3.0, 0.0), (0.0, 0.0), (2.5, 2.5), (12.0, 12.0), (12.1, 12.0)]
)
def test_the_profile_speaks_between_usual_and_extreme(deviations, said):
    assert voices.profile(deviations) == said


def test_rules_that_agree_add_up():
    both = 1 - (1 - 0.3) * (1 - 0.25)
    assert voices.evidence(both) == pytest.approx(voices.evidence(0.3) + voices.evidence(0.25))
    assert voices.evidence(0.0) == 0.0
    assert voices.evidence(1.0) == voices.evidence(LEARNING.rules_score_max) < 5
    assert math.isnan(voices.evidence(math.nan)) and math.isnan(voices.profile(math.nan))


# --- figures ------------------------------------------------------------------------------------


def test_figures_are_those_of_scikit_learn_ties_included():
    from sklearn.metrics import average_precision_score, roc_auc_score

    fraud = DICE.random(3_000) < 0.1
    for decimals in (0, 1, 9):
        scores = np.round(DICE.normal(size=3_000) + fraud, decimals)
        found = metrics.figures(fraud, scores)
        assert found.auc == pytest.approx(roc_auc_score(fraud, scores), abs=1e-12)
        wanted = average_precision_score(fraud, scores)
        assert found.average_precision == pytest.approx(wanted, abs=1e-12)


def test_figures_count_outcomes_as_far_as_they_are_believed():
    from sklearn.metrics import average_precision_score, roc_auc_score

    fraud = DICE.random(3_000) < 0.1
    believed = DICE.choice([0.2, 0.5, 0.9, 1.0], 3_000)
    scores = np.round(DICE.normal(size=3_000) + fraud, 1)
    found = metrics.figures(fraud, scores, believed)
    assert (found.payments, found.frauds) == (3_000, fraud.sum())  # rows, whatever they weigh
    asked = {"sample_weight": believed}
    assert found.auc == pytest.approx(roc_auc_score(fraud, scores, **asked), abs=1e-12)
    wanted = average_precision_score(fraud, scores, **asked)
    assert found.average_precision == pytest.approx(wanted, abs=1e-12)


def test_recall_of_doubted_frauds_is_a_smaller_part():
    fraud, scores = np.array([1, 1, 0, 0]), np.array([9, 3, 8, 1])
    assert metrics.recall_at(fraud, scores, disturbed=0.0) == 0.5
    assert metrics.recall_at(fraud, scores, [0.25, 0.75, 1, 1], disturbed=0.0) == 0.25


def test_recall_counts_what_a_threshold_would_really_do():
    fraud = np.array([1, 0, 1, 0, 1] + [0] * 10)
    scores = np.array([9, 8, 7, 7, 6] + [1] * 10)
    assert metrics.recall_at(fraud, scores, disturbed=0.0) == 1 / 3
    assert metrics.recall_at(fraud, scores, disturbed=1 / 12) == 1 / 3
    assert metrics.recall_at(fraud, scores, disturbed=2 / 12) == 1.0


@pytest.mark.parametrize("fraud", [[], [False, False], [True, True]])
def test_figures_of_one_kind_alone_are_no_error(fraud):
    found = metrics.figures(fraud, [0.5] * len(fraud))
    assert 0 <= found.average_precision <= 1 and found.auc == 0.5


def test_card_precision_counts_people_once_and_lets_the_found_go():
    day = np.array([1, 1, 1, 1, 2, 2, 2])
    customer = np.array([7, 7, 8, 9, 7, 8, 9])
    fraud = np.array([0, 1, 0, 0, 1, 1, 0])
    scores = np.array([0.9, 0.1, 0.8, 0.2, 0.9, 0.7, 0.8])
    # Day 1 names 7 and 8: 7 is found. Day 2, without 7, names 9 and 8: 8 is found.
    assert metrics.card_precision(day, customer, fraud, scores, top=2) == 0.5
    assert metrics.card_precision(day, customer, fraud, fraud, top=2) == 0.5
    assert metrics.card_precision([], [], [], [], top=2) == 0.0


def test_a_comparison_is_paired_and_repeats_itself():
    fraud = DICE.random(4_000) < 0.1
    good, bad = fraud + DICE.normal(0, 0.5, 4_000), fraud + DICE.normal(0, 2, 4_000)
    ask = {"resamples": 200, "confidence": 0.95, "seed": 1}
    better = metrics.compare(fraud, good, bad, **ask)
    assert better == metrics.compare(fraud, good, bad, **ask)
    assert 0 < better.low < better.candidate - better.champion < better.high
    same = metrics.compare(fraud, good, good.copy(), **ask)
    assert (same.low, same.high) == (0.0, 0.0)


def test_a_candidate_that_finds_what_nobody_believes_is_no_better():
    fraud = DICE.random(4_000) < 0.2
    sure = fraud & (np.arange(4_000) % 2 == 0)
    finds_all, finds_sure = fraud.astype(float), sure.astype(float)
    ask = {"resamples": 100, "confidence": 0.95, "seed": 1}
    doubted = np.where(fraud & ~sure, 1e-6, 1.0)
    plain = metrics.compare(fraud, finds_all, finds_sure, **ask)
    believed = metrics.compare(fraud, finds_all, finds_sure, doubted, **ask)
    assert plain.low > 0.3
    assert believed.candidate == pytest.approx(believed.champion, abs=1e-3)
    assert believed.high < 1e-3


# --- thresholds ---------------------------------------------------------------------------------

SCORES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.9]


@pytest.mark.parametrize(
    "alerts, threshold, raised",
    [
        (1, math.nextafter(0.9, 2), 0),
        (2, math.nextafter(0.8, 2), 2),
        (3, math.nextafter(0.7, 2), 3),
        (3.9, math.nextafter(0.7, 2), 3),
        (4, math.nextafter(0.6, 2), 4),
        (9, math.nextafter(0.1, 2), 9),
        (10, 0.0, 10),
        (99, 0.0, 10),
    ],
)
def test_a_budget_is_a_bound_and_never_overdrawn(alerts, threshold, raised):
    found = thresholds.by_budget(SCORES, days=1, alerts_a_day=alerts)
    assert found == threshold
    assert sum(score >= found for score in SCORES) == raised


def test_a_budget_is_for_each_day():
    twice = thresholds.by_budget(SCORES, days=2, alerts_a_day=1.5)
    assert twice == thresholds.by_budget(SCORES, days=1, alerts_a_day=3)


def test_without_payments_no_budget_is_overdrawn():
    assert thresholds.by_budget([], days=1, alerts_a_day=5) == 0.0


@pytest.mark.parametrize(
    "wanted, found",
    [
        (0.0, 0.1),
        (0.099, 0.1),
        (0.1, 0.1),
        (0.101, 0.101),
        (0.499, 0.499),
        (0.5, 0.5),
        (0.501, 0.5),
    ],
)
def test_whatever_is_wanted_stays_between_two_bounds(wanted, found):
    bounds = {"least": LEARNING.threshold_min, "most": LEARNING.threshold_max}
    assert thresholds.within(wanted, **bounds) == found


@pytest.mark.parametrize(
    "days, alerts", [(0, 5), (-1, 5), (1, 0), (1, -1), (1, math.inf), (1, math.nan)]
)
def test_no_budget_is_no_threshold(days, alerts):
    with pytest.raises(NoBudget):
        thresholds.by_budget(SCORES, days=days, alerts_a_day=alerts)


@pytest.mark.parametrize(
    "costs, threshold",
    [
        (Costs(missed_fraud=99, held_genuine=1, looking=0), 0.01),
        (Costs(missed_fraud=1, held_genuine=1, looking=0), 0.5),
        (Costs(missed_fraud=10, held_genuine=0, looking=2), 0.2),
        (Costs(missed_fraud=1, held_genuine=0, looking=5), 1.0),
        (Costs(missed_fraud=1, held_genuine=0, looking=0), 0.0),
    ],
)
def test_at_the_threshold_asking_costs_what_letting_go_costs(costs, threshold):
    found = costs.threshold
    assert found == threshold
    if 0 < found < 1:
        asked = costs.looking + (1 - found) * costs.held_genuine
        assert asked == pytest.approx(found * costs.missed_fraud)


@pytest.mark.parametrize(
    "costs", [(0, 1, 1), (1, -1, 1), (1, 1, -1), (math.inf, 1, 1), (1, math.nan, 1)]
)
def test_costs_that_cannot_be_are_refused(costs):
    with pytest.raises(NoCosts):
        Costs(*costs)


@pytest.mark.parametrize(
    "wanted, step",
    [
        (0.31, 0.31),
        (0.33, 0.33),
        (0.34, 0.33),
        (0.9, 0.33),
        (0.27, 0.27),
        (0.26, 0.27),
        (0.0, 0.27),
    ],
)
def test_a_threshold_moves_a_tenth_at_most(wanted, step):
    assert thresholds.step(0.3, wanted, share_max=0.1) == pytest.approx(step)


def test_a_threshold_stays_within_reach():
    assert thresholds.step(0.98, 1.5, share_max=0.1) == 1.0


# --- shifts -------------------------------------------------------------------------------------


def test_the_same_population_does_not_shift():
    usual = drift.usual(DICE.gamma(2, 1, 50_000), bins=10)
    assert len(usual.shares) == 11 and sum(usual.shares) == pytest.approx(1)
    assert drift.shift(usual, DICE.gamma(2, 1, 2_000)) < 0.02


@pytest.mark.parametrize("times, alarmed", [(1.0, False), (1.1, False), (1.6, True), (3.0, True)])
def test_a_shift_is_found_in_two_thousand_payments(times, alarmed):
    usual = drift.usual(DICE.gamma(2, 1, 50_000), bins=10)
    shift = drift.shift(usual, times * DICE.gamma(2, 1, LEARNING.drift_payments))
    assert (shift >= LEARNING.shift_max) is alarmed


def test_a_flag_that_turns_and_a_value_that_goes_missing_are_shifts():
    flag = drift.usual((DICE.random(10_000) < 0.05).astype(float), bins=10)
    assert drift.shift(flag, (DICE.random(2_000) < 0.05).astype(float)) < 0.02
    assert drift.shift(flag, (DICE.random(2_000) < 0.4).astype(float)) > 0.2
    seen = drift.usual(DICE.normal(size=10_000), bins=10)
    assert drift.shift(seen, np.full(2_000, np.nan)) > 0.2


def test_a_feature_that_nobody_had_shifts_when_somebody_has_it():
    never = drift.usual(np.full(1_000, np.nan), bins=10)
    assert drift.shift(never, np.full(1_000, np.nan)) < 0.01
    assert drift.shift(never, np.ones(1_000)) > 0.2


def test_thirty_quiet_days_raise_at_most_one_false_alarm():
    """Thirty features and a score, each looked at every day with the fewest payments allowed."""
    dice = np.random.default_rng(11)
    kinds = [
        lambda n: dice.gamma(2, 1, n),
        lambda n: dice.poisson(0.3, n).astype(float),
        lambda n: (dice.random(n) < 0.02).astype(float),
        lambda n: np.where(dice.random(n) < 0.3, np.nan, dice.normal(size=n)),
    ]
    watched = [(kind, drift.usual(kind(50_000), bins=10)) for kind in kinds * 8]
    alarms = sum(
        drift.shift(usual, kind(LEARNING.drift_payments_min)) >= LEARNING.shift_max
        for _ in range(30)
        for kind, usual in watched
    )
    assert alarms <= 1


def test_a_reference_comes_back_as_it_was():
    kept = drift.reference({"a": DICE.normal(size=500), "b": np.zeros(500)}, bins=10)
    again = drift.Reference.from_json(kept.to_json())
    assert again == kept
    assert set(again.shifts({"a": np.zeros(5)})) == {"a"}
