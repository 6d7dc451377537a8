"""Payments unlike all others, found without labels. Values and numpy only: no Django here.

The features come from what was stored with each decision, so they hold nothing that was not
known then, and need no read of their own.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fraud.facts import Facts
from fraud.features import HOURS, Snapshot
from fraud.features.moments import micros_of
from fraud.policy import AFTERWARDS, STANDARD, AfterwardsPolicy

if TYPE_CHECKING:
    from sklearn.ensemble import IsolationForest

Known = tuple[Facts, Snapshot]


@dataclass(frozen=True)
class Feature:
    """One number about a payment, and how it is called in a reason."""

    name: str
    of: Callable[[Facts, Snapshot], float]


def _amount(facts: Facts, snapshot: Snapshot) -> float:
    return math.log10(facts.amount_minor / STANDARD.minor(1, facts.currency) + 0.01)


def _against_own(facts: Facts, snapshot: Snapshot) -> float:
    return math.log10(facts.amount_minor / snapshot.mean_minor) if snapshot.mean_minor else 0.0


def _against_largest(facts: Facts, snapshot: Snapshot) -> float:
    largest = snapshot.get("own_largest")
    return math.log10(facts.amount_minor / largest) if largest else 0.0


def _hour_habit(facts: Facts, snapshot: Snapshot) -> float:
    """The share of own payments in this hour or beside it, a little drawn towards any hour."""
    near = snapshot.hours_between(snapshot.local_hour - 1, snapshot.local_hour + 2)
    return (near + 1) / (snapshot.count("own_count_180d") + HOURS / 3)


def _payee(facts: Facts, snapshot: Snapshot) -> float:
    return math.log1p(snapshot.count("pair_count"))


def _pace(facts: Facts, snapshot: Snapshot) -> float:
    return math.log1p(snapshot.count("own_count_24h"))


def _burst(facts: Facts, snapshot: Snapshot) -> float:
    return math.log1p(snapshot.count("own_count_10m"))


def _pause(facts: Facts, snapshot: Snapshot) -> float:
    last = snapshot.get("own_last_at")
    if last is None:
        return 0.0
    return math.log1p(max(micros_of(facts.at) - last, 0) / 3_600_000_000)


FEATURES = (
    Feature("the amount", _amount),
    Feature("the amount against the customer's own average", _against_own),
    Feature("the amount against the customer's own largest", _against_largest),
    Feature("the hour of the day", _hour_habit),
    Feature("how often this payee was paid before", _payee),
    Feature("how many payments there were in a day", _pace),
    Feature("how many payments there were in minutes", _burst),
    Feature("the time since the payment before", _pause),
)


def table(known: Sequence[Known]) -> Any:
    """One row of features for each payment."""
    rows = [[feature.of(facts, snapshot) for feature in FEATURES] for facts, snapshot in known]
    return np.array(rows, dtype=float).reshape(len(rows), len(FEATURES))


@dataclass(frozen=True)
class Model:
    """A fitted forest, the score from which a payment is extreme, and what is usual."""

    version: str
    forest: "IsolationForest"
    extreme_from: float
    middle: Any
    spread: Any

    def scores(self, rows: Any) -> list[float]:
        """0 to 1 for each row; about 0.5 is ordinary, more is rarer."""
        return [float(score) for score in -self.forest.score_samples(rows)]

    def reason(self, row: Any) -> str:
        """What is most unusual about it, in words."""
        distances = np.abs(row - self.middle) / self.spread
        first, second = np.argsort(-distances, kind="stable")[:2]
        return (
            "unlike nearly all recent payments, most of all by "
            f"{FEATURES[first].name} and {FEATURES[second].name}"
        )


def fit(known: Sequence[Known], policy: AfterwardsPolicy = AFTERWARDS) -> Model:
    """The forest of these payments. The same payments give the same model and the same version."""
    # Imported here: it is large, and the web processes never need it.
    from sklearn.ensemble import IsolationForest

    rows = table(known)
    forest = IsolationForest(n_estimators=policy.trees, random_state=policy.seed).fit(rows)
    usual = -forest.score_samples(rows)
    quarter, middle, three_quarters = np.quantile(rows, [0.25, 0.5, 0.75], axis=0)
    return Model(
        version=_version(rows, policy),
        forest=forest,
        extreme_from=max(float(np.quantile(usual, 1 - policy.tail_share)), policy.score_min),
        middle=middle,
        spread=np.maximum(three_quarters - quarter, 0.1),  # a feature that never varies still may
    )


def _version(rows: Any, policy: AfterwardsPolicy) -> str:
    digest = hashlib.sha256(np.ascontiguousarray(rows).tobytes())
    digest.update(f"{policy.trees} {policy.seed} {policy.tail_share} {policy.score_min}".encode())
    return f"forest-{digest.hexdigest()[:16]}"
