"""Payments unlike all others, found without labels. Values and numpy only: no Django here.

The features come from what was stored with each decision, so they hold nothing that was not
known then, and need no read of their own. The forest is the one of `learning.forest`.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fraud.facts import Facts
from fraud.features import Snapshot, catalogue
from fraud.features.forms import Value
from fraud.learning.forest import Forest, Grown, grow
from fraud.policy import AFTERWARDS, AfterwardsPolicy

Known = tuple[Facts, Snapshot]
Values = Mapping[str, Value]

VERSIONS = "forest-"  # how the versions of all forests begin, and those of no other model

# What the forest reads, by its name in the catalogue, and how it is called in a reason.
READ = {
    "amount_scaled": "the amount",
    "amount_vs_mean": "the amount against the customer's own average",
    "amount_vs_largest": "the amount against the customer's own largest",
    "hour_share": "the hour of the day",
    "pair_count": "how often this payee was paid before",
    "own_count_24h": "how many payments there were in a day",
    "own_count_10m": "how many payments there were in minutes",
    "hours_since_last": "the time since the payment before",
}


def values(known: Known) -> Values:
    """What the forest reads of one payment."""
    row = catalogue.row(*known)
    return {name: catalogue.FEATURES[name].form.one(row) for name in READ}


@dataclass(frozen=True)
class Model:
    """A grown forest, the score from which a payment is extreme, and what is usual."""

    version: str
    forest: Forest
    extreme_from: float
    middle: Any
    spread: Any

    def scores(self, payments: Sequence[Values]) -> list[float]:
        """0 to 1 for each payment; about 0.5 is ordinary, more is rarer."""
        return _scores(self.forest, payments)

    def reason(self, payment: Values) -> str:
        """What is most unusual about it, in words."""
        distances = np.abs(np.asarray(self.forest.row(payment)) - self.middle) / self.spread
        first, second = np.argsort(-distances, kind="stable")[:2]
        called = list(READ.values())
        return (
            "unlike nearly all recent payments, most of all by "
            f"{called[first]} and {called[second]}"
        )


def fit(payments: Sequence[Values], policy: AfterwardsPolicy = AFTERWARDS) -> Model:
    """The forest of these payments. The same payments give the same model and the same version."""
    grown = grow(
        _columns(payments),
        tuple(READ),
        trees=policy.trees,
        payments=policy.tree_payments,
        seed=policy.seed,
    )
    forest = Forest(grown)
    rows = [forest.row(one) for one in payments]
    quarter, middle, three_quarters = np.quantile(rows, [0.25, 0.5, 0.75], axis=0)
    usual = _scores(forest, payments)
    return Model(
        version=_version(grown, policy),
        forest=forest,
        extreme_from=max(float(np.quantile(usual, 1 - policy.tail_share)), policy.score_min),
        middle=middle,
        spread=np.maximum(three_quarters - quarter, 0.1),  # a feature that never varies still may
    )


def _scores(forest: Forest, payments: Sequence[Values]) -> list[float]:
    return [float(score) for score in np.exp2(forest.rarities(_columns(payments)))]


def _columns(payments: Sequence[Values]) -> dict[str, Any]:
    """An array for each feature; nothing becomes NaN."""
    return {name: np.array([one[name] for one in payments], dtype=float) for name in READ}


def _version(grown: Grown, policy: AfterwardsPolicy) -> str:
    digest = hashlib.sha256(json.dumps(grown.to_json(), sort_keys=True).encode())
    digest.update(f"{policy.tail_share} {policy.score_min}".encode())
    return f"{VERSIONS}{digest.hexdigest()[:16]}"
