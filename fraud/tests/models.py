"""Models and officers' rules for tests: a logistic one over named features, and a plain condition.

They are complete ones of their kind, small enough to be worked out by hand.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Logistic:
    """A linear model; its contributions are exact by construction."""

    base: float
    weights: Mapping[str, float]

    def score(self, values: Mapping[str, Any]) -> "LogisticScore":
        told = {name: weight * float(values[name] or 0) for name, weight in self.weights.items()}
        odds = self.base + math.fsum(told.values())
        return LogisticScore(1 / (1 + math.exp(-odds)), self.base, told)

    def probability(self, values: Mapping[str, Any]) -> float:
        return self.score(values).score


@dataclass(frozen=True)
class LogisticScore:
    score: float
    base: float
    contributions: Mapping[str, float]


@dataclass(frozen=True)
class Condition:
    """An officers' rule."""

    id: str
    action: str
    matches: Callable[[Mapping[str, Any]], bool] = field(default=lambda values: True)
    version: int = 1

    def sentence(self, values: Mapping[str, Any]) -> str:
        return f"rule {self.id}"
