"""How good scores are, as fraud teams measure it. Values and numpy only; ties count fairly.

Payments count as far as their outcome is believed, all fully without `believed`; how many payments
and frauds there were is counted in whole ones.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Figures:
    payments: int
    frauds: int
    auc: float
    average_precision: float
    recall_at_a_thousandth: float  # share of frauds found while 1 of 1,000 genuine is disturbed

    def to_json(self) -> dict[str, float]:
        return asdict(self)


def figures(fraud: Any, scores: Any, believed: Any = None) -> Figures:
    fraud, scores = np.asarray(fraud, dtype=bool), np.asarray(scores, dtype=float)
    return Figures(
        len(fraud),
        int(fraud.sum()),
        auc(fraud, scores, believed),
        average_precision(fraud, scores, believed),
        recall_at(fraud, scores, believed, disturbed=0.001),
    )


def auc(fraud: Any, scores: Any, believed: Any = None) -> float:
    """The chance that a fraud scores above a genuine payment; a tie is half a win."""
    hits, payments = _Ranked.of(fraud, scores).steps(believed)
    genuine = payments - hits
    if not len(hits) or not hits[-1] or not genuine[-1]:
        return 0.5
    return float(np.trapezoid(np.r_[0, hits], np.r_[0, genuine]) / (hits[-1] * genuine[-1]))


def average_precision(fraud: Any, scores: Any, believed: Any = None) -> float:
    """Precision at each recall, averaged; equal scores are one step."""
    return _Ranked.of(fraud, scores).average_precision(believed)


def recall_at(fraud: Any, scores: Any, believed: Any = None, *, disturbed: float) -> float:
    """The share of frauds found by a threshold that disturbs at most this share of the genuine."""
    hits, payments = _Ranked.of(fraud, scores).steps(believed)
    if not len(hits) or not hits[-1]:
        return 0.0
    genuine = payments - hits
    allowed = hits[genuine <= disturbed * genuine[-1]]
    return float(allowed[-1] / hits[-1]) if len(allowed) else 0.0


@dataclass(frozen=True)
class _Ranked:
    """Payments by their scores, highest first; `ends` is where a score has its last payment."""

    order: Any
    fraud: Any
    ends: Any

    @classmethod
    def of(cls, fraud: Any, scores: Any) -> "_Ranked":
        scores = np.asarray(scores, dtype=float)
        order = np.argsort(-scores, kind="stable")
        ends = np.flatnonzero(np.diff(scores[order], append=np.nan) != 0)
        return cls(order, np.asarray(fraud, dtype=bool)[order], ends)

    def steps(self, times: Any = None) -> tuple[Any, Any]:
        """Frauds and payments at or above each score, each payment so many times."""
        counted = (
            np.ones(len(self.order), dtype=int) if times is None else np.asarray(times)[self.order]
        )
        return np.cumsum(counted * self.fraud)[self.ends], np.cumsum(counted)[self.ends]

    def average_precision(self, times: Any = None) -> float:
        hits, payments = self.steps(times)
        if not len(hits) or not hits[-1]:
            return 0.0
        found = np.diff(hits, prepend=0)
        some = np.where(payments > 0, payments, 1)  # none of those with this score may be counted
        return float(np.sum(found * hits / some) / hits[-1])


def card_precision(day: Any, customer: Any, fraud: Any, scores: Any, *, top: int = 100) -> float:
    """Of the customers that a day's highest scores name, the share truly defrauded that day.

    Who was found leaves the later days, as their card would be blocked.
    """
    day, customer, scores = np.asarray(day), np.asarray(customer), np.asarray(scores, dtype=float)
    found: list[Any] = []
    shares = []
    for today in np.unique(day):
        rows = np.flatnonzero((day == today) & ~np.isin(customer, found))
        rows = rows[np.argsort(-scores[rows], kind="stable")]
        people, first = np.unique(customer[rows], return_index=True)
        named = people[np.argsort(first, kind="stable")][:top]
        hit = named[np.isin(named, customer[rows][np.asarray(fraud, dtype=bool)[rows]])]
        found.extend(hit.tolist())
        shares.append(len(hit) / top)
    return float(np.mean(shares)) if shares else 0.0


@dataclass(frozen=True)
class Comparison:
    """A candidate against what is in force, on the same later payments."""

    candidate: float
    champion: float
    low: float  # between these two lies what the candidate truly adds
    high: float

    def to_json(self) -> dict[str, float]:
        return asdict(self)


def compare(
    fraud: Any,
    candidate: Any,
    champion: Any,
    believed: Any = None,
    *,
    resamples: int,
    confidence: float,
    seed: int,
) -> Comparison:
    """Average precision of both, and a paired bootstrap of the difference: drawn are payments, each
    with both of its scores."""
    ours, theirs = _Ranked.of(fraud, candidate), _Ranked.of(fraud, champion)
    drawing = np.random.default_rng(seed)
    count = len(np.asarray(fraud))
    believed = np.ones(count) if believed is None else np.asarray(believed)
    differences = []
    for _ in range(resamples):
        times = believed * np.bincount(drawing.integers(0, count, count), minlength=count)
        differences.append(ours.average_precision(times) - theirs.average_precision(times))
    tail = (1 - confidence) / 2
    low, high = np.quantile(differences, [tail, 1 - tail]).tolist()
    ours_now, theirs_now = ours.average_precision(believed), theirs.average_precision(believed)
    return Comparison(ours_now, theirs_now, low, high)
