"""Features, distance and risk, in tables. No database."""

import random

import pytest

from biometrics import keystrokes
from biometrics.keystrokes import KEYS_MIN, WINDOW_MIN, Strokes, Zone, features, risk

L, R, D, E = Zone.LEFT, Zone.RIGHT, Zone.DIGIT, Zone.ERASE


def _even(zones, step=200.0, hold=100.0):
    return Strokes(zones, [step * n for n in range(len(zones))], [hold] * len(zones))


def distance(sample, window):
    found = keystrokes.distance(sample, window)
    assert found is not None
    return found


def _person(seed, hold, step, keys=24):
    """Somebody with their own usual times, a little different each time."""
    chance = random.Random(seed)
    zones = [(L, R, R, L, D, D, R, L)[n % 8] for n in range(keys)]
    downs, holds = [0.0], []
    for _ in zones:
        holds.append(max(20.0, chance.gauss(hold, hold / 6)))
        downs.append(downs[-1] + max(30.0, chance.gauss(step, step / 5)))
    return features(Strokes(zones, downs[:-1], holds))


@pytest.mark.parametrize(("keys", "says_something"), [(KEYS_MIN - 1, False), (KEYS_MIN, True)])
def test_a_few_keys_say_nothing(keys, says_something):
    assert bool(features(_even([L] * keys))) is says_something


@pytest.mark.parametrize(
    ("zones", "name"),
    [
        ([L] * 8, "step_same_hand_mean"),
        ([L, R] * 4, "step_other_hand_mean"),
        ([D] * 8, "step_digits_mean"),
        ([L, D] * 4, "step_mixed_mean"),
    ],
)
def test_steps_are_told_apart_by_the_hands_that_make_them(zones, name):
    found = features(_even(zones))
    assert found[name] == 200.0
    assert [key for key in found if key.startswith("step_") and key.endswith("_mean")] == [name]


@pytest.mark.parametrize(
    ("zone", "name"),
    [(L, "hold_left"), (R, "hold_right"), (D, "hold_digit"), (Zone.SPACE, "hold_other")],
)
def test_holds_are_averaged_by_zone(zone, name):
    found = features(Strokes([zone] * 8, [200.0 * n for n in range(8)], [90.0, 110.0] * 4))
    assert found[f"{name}_mean"] == 100.0
    assert found[f"{name}_deviation"] == 10.0


@pytest.mark.parametrize(("gap", "paused"), [(1499.9, 0.0), (1500.0, round(1 / 7, 4))])
def test_a_pause_is_counted_and_not_averaged(gap, paused):
    downs = [200.0 * n for n in range(7)]
    found = features(Strokes([L] * 8, [*downs, downs[-1] + gap], [100.0] * 8))
    assert found["share_paused"] == paused
    assert (found["step_same_hand_mean"] == 200.0) is bool(paused)


def test_erasing_and_rolling_are_shares():
    zones = [L, E, L, E, L, L, L, L]
    assert features(_even(zones))["share_erased"] == 0.25
    assert features(_even(zones, step=200, hold=201))["share_rolled"] == 1.0
    assert features(_even(zones, step=200, hold=200))["share_rolled"] == 0.0


@pytest.mark.parametrize(("known", "answers"), [(WINDOW_MIN - 1, False), (WINDOW_MIN, True)])
def test_nothing_is_said_of_somebody_hardly_known(known, answers):
    window = [_person(seed, 100, 200) for seed in range(known)]
    assert (keystrokes.distance(_person(99, 100, 200), window) is not None) is answers


def test_too_few_keys_have_no_distance():
    assert keystrokes.distance({}, [_person(seed, 100, 200) for seed in range(10)]) is None


@pytest.mark.parametrize(
    ("hold", "step", "same"),
    [(100, 200, True), (108, 210, True), (160, 200, False), (100, 330, False), (60, 120, False)],
)
def test_the_same_person_is_near_and_another_is_far(hold, step, same):
    window = [_person(seed, 100, 200) for seed in range(20)]
    found = [risk(distance(_person(seed, hold, step), window)) for seed in range(100, 120)]
    assert (sum(found) / len(found) < 0.5) is same


def test_one_odd_feature_is_capped():
    window = [{"hold_left_mean": 100.0, "hold_right_mean": 100.0} for _ in range(6)]
    assert distance({"hold_left_mean": 1e9, "hold_right_mean": 100.0}, window) == 1.5


def test_learning_somebody_elses_rhythm_once_moves_little():
    clean = [_person(seed, 100, 200) for seed in range(19)]
    poisoned = [*clean, _person(500, 60, 110)]
    sample = _person(99, 100, 200)
    assert abs(distance(sample, poisoned) - distance(sample, clean)) < 0.1


@pytest.mark.parametrize(
    ("distance", "risk_from", "risk_to"),
    [(0.0, 0.0, 0.01), (0.7, 0.0, 0.05), (1.3, 0.5, 0.5), (1.7, 0.9, 1.0), (3.0, 0.99, 1.0)],
)
def test_risk_rises_with_distance_from_nothing_to_certainty(distance, risk_from, risk_to):
    assert risk_from <= risk(distance) <= risk_to
