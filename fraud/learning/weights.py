"""How much each voice counts, and what its sum means: logistic weights and an isotonic scale.

Values and numpy only. Both are monotone: more alarm in a voice never makes a payment safer.
"""

import itertools
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


def logistic(
    rows: Any, fraud: Any, believed: Any = 1.0, *, ridge: float, steps_max: int = 50
) -> tuple[float, Any]:
    """Intercept and weights of the voices, none below zero: one that speaks backwards is silent.

    Each outcome counts as far as it is believed, here and in `isotonic`.
    """
    rows, fraud = np.asarray(rows, dtype=float), np.asarray(fraud, dtype=float)
    believed = np.broadcast_to(np.asarray(believed, dtype=float), fraud.shape)
    heard = list(range(rows.shape[1]))
    while True:
        intercept, found = _newton(rows[:, heard], fraud, believed, ridge, steps_max)
        backwards = [place for place, weight in zip(heard, found, strict=True) if weight < 0]
        if not backwards:
            weights = np.zeros(rows.shape[1])
            weights[heard] = found
            return intercept, weights
        heard.remove(min(backwards, key=lambda place: found[heard.index(place)]))


def _newton(
    rows: Any, fraud: Any, believed: Any, ridge: float, steps_max: int
) -> tuple[float, Any]:
    table = np.column_stack([np.ones(len(rows)), rows])
    penalty = np.full(table.shape[1], ridge)
    penalty[0] = 0.0  # the share of frauds is what it is
    weights = np.zeros(table.shape[1])
    weights[0] = log_odds(((believed * fraud).sum() + 0.5) / (believed.sum() + 1))
    for _ in range(steps_max):
        chance = chances(table @ weights)
        spread = believed * chance * (1 - chance)
        slope = table.T @ (believed * (fraud - chance)) - penalty * weights
        step = np.linalg.solve(
            (table * spread[:, None]).T @ table + np.diag(penalty + 1e-12), slope
        )
        size = float(np.abs(step).max())
        weights += step / max(1.0, size / 5)  # a long step would overshoot where nearly all agree
        if size < 1e-10:
            break
    return float(weights[0]), weights[1:]


def chances(odds: Any) -> Any:
    """Log-odds to chances, without overflow on either side."""
    odds = np.asarray(odds, dtype=float)
    small = np.exp(-np.abs(odds))
    return np.where(odds >= 0, 1 / (1 + small), small / (1 + small))


def chance(odds: float) -> float:
    small = math.exp(-abs(odds))
    return 1 / (1 + small) if odds >= 0 else small / (1 + small)


def log_odds(share: float) -> float:
    return math.log(share) - math.log1p(-share)


@dataclass(frozen=True)
class Scale:
    """From the sum of the voices to the log-odds that came true: points, straight between them.

    Beyond the first and the last point it goes on as steeply as the sum itself, up to `most`.
    """

    points: tuple[tuple[float, float], ...]
    most: float

    def of(self, odds: float) -> float:
        at = [x for x, _ in self.points]
        place = bisect_right(at, odds)
        if place == 0:
            found = self.points[0][1] + (odds - at[0])
        elif place == len(at):
            found = self.points[-1][1] + (odds - at[-1])
        else:
            (x0, y0), (x1, y1) = self.points[place - 1], self.points[place]
            found = y0 + (y1 - y0) * ((odds - x0) / (x1 - x0))
        return min(max(found, -self.most), self.most)


def isotonic(odds: Any, fraud: Any, believed: Any = 1.0, *, both_min: int, most: float) -> Scale:
    """The scale of later payments: pool neighbours until shares rise and each has enough to go by.

    Half a fraud and half a genuine payment are added to each pool, so that none is ever certain.
    """
    order = np.argsort(odds, kind="stable")
    believed = np.broadcast_to(np.asarray(believed, dtype=float), order.shape)
    columns = (np.asarray(column)[order].tolist() for column in (odds, fraud, believed))
    pools: list[_Pool] = []
    waiting = _Pool()
    for x, bad, weight in zip(*columns, strict=True):
        waiting = waiting.with_one(x, bool(bad), weight)
        if min(waiting.frauds, waiting.payments - waiting.frauds) >= both_min:
            pools.append(waiting)
            waiting = _Pool()
            _rise(pools)
    if waiting.payments:
        pools.append(pools.pop().joined(waiting) if pools else waiting)
        _rise(pools)
    return Scale(tuple((pool.middle, log_odds(pool.share)) for pool in pools), most)


@dataclass(frozen=True)
class _Pool:
    payments: float = 0.0
    frauds: float = 0.0
    sum: float = 0.0

    @property
    def middle(self) -> float:
        return self.sum / self.payments

    @property
    def share(self) -> float:
        return (self.frauds + 0.5) / (self.payments + 1)

    def with_one(self, x: float, bad: bool, weight: float) -> "_Pool":
        return _Pool(self.payments + weight, self.frauds + weight * bad, self.sum + weight * x)

    def joined(self, other: "_Pool") -> "_Pool":
        return _Pool(
            self.payments + other.payments, self.frauds + other.frauds, self.sum + other.sum
        )


def _rise(pools: list[_Pool]) -> None:
    """Strictly, in both: a scale that stood still would make one score of two."""
    while len(pools) > 1 and (
        pools[-1].share <= pools[-2].share or pools[-1].middle <= pools[-2].middle
    ):
        last = pools.pop()
        pools.append(pools.pop().joined(last))


def as_points(stored: Sequence[Sequence[float]]) -> tuple[tuple[float, float], ...]:
    """Read back; refuses what does not rise."""
    points = tuple((float(x), float(y)) for x, y in stored)
    rises = all(a[0] < b[0] and a[1] < b[1] for a, b in itertools.pairwise(points))
    if not points or not rises or not all(math.isfinite(x + y) for x, y in points):
        raise ValueError("a scale has points, and rises")
    return points
