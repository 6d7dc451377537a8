"""From a payment's features to a chance of fraud and what it is made of. Values only."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fraud.learning import voices
from fraud.learning.booster import Booster, as_number
from fraud.learning.bundle import Bundle
from fraud.learning.forest import Forest
from fraud.learning.weights import chance


@dataclass(frozen=True, slots=True)
class Scored:
    """A chance, 0 to 1. `base` and all contributions together are its log-odds.

    The base is that of an ordinary payment on the calibrated scale at this height.
    """

    score: float
    base: float
    contributions: Mapping[str, float]


class Scorer:
    """A model ready to be asked. Safe for threads."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._trees = Booster(bundle.trees, len(bundle.features))
        self._forest = Forest(bundle.forest)

    def probability(self, values: Mapping[str, object]) -> float:
        """The chance alone, for a search among many values."""
        odds = self._odds(self._trees.margin(self._row(values)), self._additions(values))
        return chance(self.bundle.scale.of(odds))

    def score(self, values: Mapping[str, object]) -> Scored:
        """The chance and its reasons."""
        row, added, weight = self._row(values), self._additions(values), self.bundle.trees_weight
        odds = self._odds(self._trees.margin(row), added)
        *reasons, common = self._trees.contributions(row)
        shown = dict.fromkeys((*self.bundle.features, *added), 0.0)
        for name, reason in zip(self.bundle.features, reasons, strict=True):
            shown[name] += weight * reason
        for name, addition in added.items():
            shown[name] += addition
        calibrated = self.bundle.scale.of(odds)
        base = self.bundle.intercept + weight * common + (calibrated - odds)
        return Scored(chance(calibrated), base, shown)

    def scores(self, columns: Mapping[str, Any]) -> Any:
        """Of many rows at once, each as it would be alone."""
        names = self.bundle.features
        rows = np.column_stack([np.asarray(columns[name], dtype=float) for name in names])
        odds = self.bundle.intercept + self.bundle.trees_weight * self._trees.margins(rows)
        for name, voice in self.bundle.voices.items():
            said = voice.weight * (voices.of_many(name, columns, self._forest) - voice.usual)
            odds = odds + np.where(np.isnan(said), 0.0, said)
        return np.array([chance(self.bundle.scale.of(one)) for one in odds.tolist()])

    def _row(self, values: Mapping[str, object]) -> list[float]:
        return [as_number(values.get(name)) for name in self.bundle.features]

    def _additions(self, values: Mapping[str, object]) -> dict[str, float]:
        """What each voice adds. All count from their usual word, so silence adds nothing."""
        added = {}
        for name, voice in self.bundle.voices.items():
            said = voice.weight * (voices.of_one(name, values, self._forest) - voice.usual)
            added[name] = 0.0 if math.isnan(said) else said
        return added

    def _odds(self, margin: float, added: Mapping[str, float]) -> float:
        odds = self.bundle.intercept + self.bundle.trees_weight * margin
        for addition in added.values():
            odds += addition
        return odds
