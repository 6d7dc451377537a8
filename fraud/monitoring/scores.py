"""What scores and verdicts were, over time. Values in, values out: no Django here."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from fraud.effect import EFFECTS, effect
from fraud.monitoring.policy import MONITORING
from fraud.verdict import BLOCKED, FLAGGED, VERIFIED

VERDICTS = (VERIFIED, FLAGGED, BLOCKED)
_SCORE_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Cell:
    """Decisions of one stretch of time with one verdict and effect, in one band of the score."""

    at: date | datetime
    verdict: str
    review: bool
    bin: int
    count: int
    sum: float
    largest: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of time."""

    at: date | datetime
    counts: dict[str, int]  # by verdict
    effects: dict[str, int]  # by what became of the payments
    mean: float | None
    largest: float | None

    @property
    def decisions(self) -> int:
        return sum(self.counts.values())

    def share(self, effect: str) -> float | None:
        return self.effects[effect] / self.decisions if self.decisions else None


@dataclass(frozen=True, slots=True)
class Scores:
    """A range of time, quiet stretches too, oldest first."""

    stretches: tuple[Stretch, ...]
    counts: dict[str, int]
    effects: dict[str, int]
    bins: tuple[int, ...]

    @property
    def decisions(self) -> int:
        return sum(self.counts.values())

    def share(self, effect: str) -> float | None:
        return self.effects[effect] / self.decisions if self.decisions else None


def scores(cells: Iterable[Cell], when: Sequence[date | datetime]) -> Scores:
    """Put together what one statement counted."""
    by_stretch: dict[date | datetime, list[Cell]] = defaultdict(list)
    bins = [0] * MONITORING.bins
    for cell in cells:
        by_stretch[cell.at].append(cell)
        bins[cell.bin] += cell.count
    stretches = tuple(_stretch(at, by_stretch[at]) for at in when)
    every = [cell for found in by_stretch.values() for cell in found]
    return Scores(stretches, *_counted(every), tuple(bins))


def _counted(cells: Iterable[Cell]) -> tuple[dict[str, int], dict[str, int]]:
    """By verdict, and by what became of the payments."""
    verdicts, effects = dict.fromkeys(VERDICTS, 0), dict.fromkeys(EFFECTS, 0)
    for cell in cells:
        verdicts[cell.verdict] += cell.count
        effects[effect(cell.verdict, cell.review)] += cell.count
    return verdicts, effects


def _stretch(at: date | datetime, cells: Sequence[Cell]) -> Stretch:
    counts, effects = _counted(cells)
    total = sum(counts.values())
    if not total:
        return Stretch(at, counts, effects, None, None)
    mean = math.fsum(cell.sum for cell in cells) / total
    largest = max(cell.largest for cell in cells)
    return Stretch(at, counts, effects, round(mean, _SCORE_DECIMALS), largest)


def edges() -> list[tuple[float, float]]:
    """Where each band of the score begins and ends; the last one includes its end."""
    return [(n / MONITORING.bins, (n + 1) / MONITORING.bins) for n in range(MONITORING.bins)]


def stability(
    before: Sequence[int], now: Sequence[int], *, enough: int = MONITORING.drift_decisions_min
) -> float | None:
    """The population stability index of two distributions over the same bands; None without
    enough decisions in each. An empty band counts as half a decision, or it would be infinite."""
    if min(sum(before), sum(now)) < enough:
        return None
    shares = [
        [max(count, 0.5) / sum(max(c, 0.5) for c in counts) for count in counts]
        for counts in (before, now)
    ]
    return math.fsum((b - a) * math.log(b / a) for a, b in zip(*shares, strict=True))
