"""The forecast on simulated customers: better than naive, and as sure as it says."""

import random
from statistics import fmean

import pytest

from banking.insights.forecast import GAP, NAIVE, History, predict


def flat(spent):
    """A life in which nothing comes again: there is the mean of three months, then as now."""
    ends = range(-GAP, len(spent) + 1)
    means = [round(fmean(spent[max(0, end - 3) : max(0, end)] or [0])) for end in ends]
    return History(spent, means)


# --- customers that live on dice ------------------------------------------------------------


def steady(dice, months):
    level = dice.uniform(800_00, 3_000_00)
    return [round(max(0, dice.gauss(level, level * 0.12))) for _ in range(months)]


def growing(dice, months):
    level = dice.uniform(800_00, 2_000_00)
    step = level * dice.uniform(0.015, 0.04)
    return [round(level + step * i + dice.gauss(0, level * 0.05)) for i in range(months)]


def moody(dice, months):
    """Mostly alike, and now and then a month with a new sofa."""
    level = dice.uniform(800_00, 2_000_00)
    return [
        round(level * dice.lognormvariate(0, 0.1) + (level if dice.random() < 0.1 else 0))
        for _ in range(months)
    ]


def seasonal(dice, months):
    level = dice.uniform(1_000_00, 2_000_00)
    year = [dice.uniform(0.6, 1.6) for _ in range(12)]
    return [round(level * year[i % 12] * dice.gauss(1, 0.05)) for i in range(months)]


def wandering(dice, months):
    spent = [dice.uniform(1_000_00, 2_000_00)]
    while len(spent) < months:
        spent.append(max(0.0, spent[-1] * dice.gauss(1, 0.08)))
    return [round(month) for month in spent]


LIVES = (steady, growing, moody, seasonal, wandering)


def trial(life, months, people=120):
    """How predictions did on the month that nobody had seen: (inside, claimed, error, naive's)."""
    dice = random.Random(f"{life.__name__}-{months}")
    inside, claimed, errors, naive = [], [], [], []
    for _ in range(people):
        spent = life(dice, months + GAP + 1)
        known, truth = flat(spent[:months]), spent[-1]
        found = predict(known)
        inside.append(found.low <= truth <= found.high)
        claimed.append(found.coverage)
        errors.append(abs(truth - found.expected))
        naive.append(abs(truth - known.spent[-1]))
    return fmean(inside), fmean(claimed), fmean(errors), fmean(naive)


@pytest.mark.parametrize("months", [4, 6, 9, 14, 24])
def test_the_truth_lies_within_as_often_as_it_says(months):
    trials = [trial(life, months) for life in LIVES if life is not growing]
    inside, claimed = fmean(t[0] for t in trials), fmean(t[1] for t in trials)
    assert inside == pytest.approx(claimed, abs=0.08)


@pytest.mark.parametrize("months, claimed", [(4, 2 / 3), (5, 3 / 4), (6, 4 / 5), (24, 0.8)])
def test_few_months_claim_less(months, claimed):
    found = predict(flat([1_000_00 + 10_00 * (i % 3) for i in range(months)]))
    assert found.coverage == pytest.approx(claimed, abs=0.04)
    assert found.checks == months - 1 - GAP


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.__name__)
def test_the_chosen_method_is_better_than_the_last_month_again(life):
    trials = [trial(life, months) for months in (6, 12, 24)]
    ours, naive = fmean(t[2] for t in trials), fmean(t[3] for t in trials)
    if life is wandering:  # nothing can beat the last month here; choosing must not cost much
        assert ours < naive * 1.2
    else:
        assert ours < naive * 0.95


def test_a_year_that_repeats_is_recognised():
    dice = random.Random(1)
    spent = seasonal(dice, 24 + GAP + 1)
    assert predict(flat(spent[:24])).method.name.startswith("last-year")


def test_what_is_known_to_come_again_is_used():
    """An insurance that shows up in no average."""
    spent = [1_000_00, 1_010_00, 990_00, 1_600_00, 1_000_00, 1_005_00, 1_620_00, 995_00]
    expected = [1_000_00 + (600_00 if i in (3, 6, 9) else 0) for i in range(10)]
    found = predict(History(spent, expected))
    assert (found.method.name, found.expected) == ("recurring", 1_600_00)
    assert 0 < found.gain <= 1


# --- honesty --------------------------------------------------------------------------------


@pytest.mark.parametrize("months, speaks", [(0, False), (1, False), (3, False), (4, True)])
def test_a_short_past_gives_no_number(months, speaks):
    assert (predict(flat([500_00] * months)) is not None) is speaks


@pytest.mark.parametrize(
    "spent",
    [
        [900_00, 700_00, 500_00, 300_00, 100_00, 50_00],
        [0, 0, 0, 0, 0],
        [5, 0, 3, 0, 9_999_999_999_99, 0],
        [-50_00, 10_00, -5_00, 20_00, 0],  # months in which more came back than was spent
    ],
)
def test_nothing_is_predicted_below_zero(spent):
    found = predict(flat(spent))
    assert 0 <= found.low <= found.expected <= found.high


def test_the_same_past_gives_the_same_forecast():
    spent = moody(random.Random(3), 18)
    assert predict(flat(spent)) == predict(flat(list(spent)))


def test_a_steady_life_is_predicted_exactly():
    found = predict(flat([1_234_56] * 8))
    assert (found.low, found.expected, found.high) == (1_234_56, 1_234_56, 1_234_56)
    assert (found.method, found.gain) == (NAIVE, 0)


def test_a_prediction_never_sees_the_month_that_was_still_running():
    known = History([1, 2, 3, 4, 5], [10, 20, 30, 40, 50, 60, 70]).before(4)
    assert (known.spent, known.expected) == ([1, 2, 3], [10, 20, 30, 40, 50])


def test_what_is_expected_must_reach_to_the_predicted_month():
    with pytest.raises(ValueError, match="predicted"):
        predict(History([1, 2, 3, 4], [0, 0, 0, 0]))
