"""How somebody types, as numbers: timings in, features, distance and risk out. Pure.

A capture knows zones of the keyboard, never keys: which hand, a digit, an erasure. What was
written cannot be read back from it, and the person can still be told apart (see docs/decisions).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from statistics import fmean, median, pstdev

Features = Mapping[str, float]


class Zone(IntEnum):
    """Where on the keyboard. static/js/rhythm.js uses the same numbers."""

    OTHER = 0
    LEFT = 1
    RIGHT = 2
    DIGIT = 3
    SPACE = 4
    ERASE = 5
    ENTER = 6
    TAB = 7
    MODIFIER = 8
    NAVIGATION = 9
    PUNCTUATION = 10


@dataclass(frozen=True)
class Strokes:
    """Keys in the order they went down: zone, time down and time held, in milliseconds."""

    zones: Sequence[int]
    downs: Sequence[float]
    holds: Sequence[float]


KEYS_MIN = 8  # fewer keys say more about the day than about the person
SAMPLES_MIN = 3  # a mean of fewer values is not one
PAUSE_MS = 1500  # longer is thinking, not typing
_LETTERS = frozenset({Zone.LEFT, Zone.RIGHT})


def features(strokes: Strokes) -> dict[str, float]:
    """What is typical of this capture; empty when there is too little of it."""
    if len(strokes.zones) < KEYS_MIN:
        return {}
    found = dict(_shares(strokes))
    for name, values in _timings(strokes).items():
        if len(values) >= SAMPLES_MIN:
            found[f"{name}_mean"] = fmean(values)
            found[f"{name}_deviation"] = pstdev(values)
    return {name: round(value, 4) for name, value in found.items()}


def _timings(strokes: Strokes) -> dict[str, list[float]]:
    """Hold times by zone and times from key down to key down by kind of step, pauses left out."""
    groups: dict[str, list[float]] = {}
    for zone, hold in zip(strokes.zones, strokes.holds, strict=True):
        if hold < PAUSE_MS:
            groups.setdefault(f"hold_{_zone_group(zone)}", []).append(hold)
    steps = zip(pairwise(strokes.zones), _gaps(strokes), strict=True)
    for (before, after), gap in steps:
        if gap < PAUSE_MS:
            groups.setdefault(f"step_{_step_group(before, after)}", []).append(gap)
    return groups


def _gaps(strokes: Strokes) -> list[float]:
    return [after - before for before, after in pairwise(strokes.downs)]


def _zone_group(zone: int) -> str:
    named = {Zone.LEFT: "left", Zone.RIGHT: "right", Zone.DIGIT: "digit"}
    return named.get(Zone(zone), "other")


def _step_group(before: int, after: int) -> str:
    if {before, after} <= _LETTERS:
        return "same_hand" if before == after else "other_hand"
    return "digits" if before == after == Zone.DIGIT else "mixed"


def _shares(strokes: Strokes) -> Iterable[tuple[str, float]]:
    gaps = _gaps(strokes)
    yield "share_erased", strokes.zones.count(Zone.ERASE) / len(strokes.zones)
    yield "share_paused", sum(gap >= PAUSE_MS for gap in gaps) / len(gaps)
    # The next key goes down before this one is up: fluent typists roll, hunters never do.
    rolled = sum(hold > gap for hold, gap in zip(strokes.holds, gaps, strict=False))
    yield "share_rolled", rolled / len(gaps)


# --- Distance ------------------------------------------------------------------------------------

DEVIATION_MAX = 3.0  # one odd feature must not outvote all the others
WINDOW_MIN = 5  # captures before anything is said about a person
WINDOW_MAX = 20  # the latest ones: how somebody typed last month says less than last week
PRIOR_WEIGHT = 5  # five captures' worth of belief in the usual spread
USUAL_SPREAD = 0.2  # of a timing's own size, from one capture of a person to the next
USUAL_SPREAD_SHARE = 0.08


def distance(sample: Features, window: Sequence[Features]) -> float | None:
    """Scaled Manhattan with a cap: the mean over features of |x - median| / spread, each at most 3.

    None while the window is too short or has nothing in common with the sample.
    """
    if len(window) < WINDOW_MIN:
        return None
    terms = [
        min(abs(value - median(known)) / _spread(name, known), DEVIATION_MAX)
        for name, value in sample.items()
        if len(known := [past[name] for past in window if name in past]) >= SAMPLES_MIN
    ]
    return fmean(terms) if terms else None


def _spread(name: str, known: Sequence[float]) -> float:
    """The person's own spread, pulled towards the usual one while little is known."""
    middle = median(known)
    own = 1.4826 * median(
        abs(value - middle) for value in known
    )  # MAD, on the scale of a deviation
    usual = USUAL_SPREAD_SHARE if name.startswith("share_") else max(USUAL_SPREAD * middle, 5.0)
    return (len(known) * own + PRIOR_WEIGHT * usual) / (len(known) + PRIOR_WEIGHT)


# --- Risk ----------------------------------------------------------------------------------------

# Where the odds are even. On CMU's 26 people at the length of a form (22 to 33 keys, the last ten
# captures known) 2 % of genuine captures lie above it, and 82 % of other people's.
RISK_MIDDLE = 1.3
RISK_SLOPE = 6.0


def risk(distance: float) -> float:
    """0 is how this person types, 1 is somebody else."""
    return round(1 / (1 + math.exp(-RISK_SLOPE * (distance - RISK_MIDDLE))), 4)
