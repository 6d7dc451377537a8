"""A small bank's history to learn from: columns with a known truth behind them."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from fraud.learning import training, voices
from fraud.learning.bundle import Bundle
from fraud.learning.inputs import FOREST, INPUTS
from fraud.learning.policy import LEARNING
from fraud.learning.training import Labels, Window

DAY = 86_400_000_000
START = 1_750_000_000_000_000
DAYS = 40
QUICK = replace(
    LEARNING, rounds=40, forest_trees=20, payments_min=1_000, leaf_payments_min=20, rate=0.1
)


@dataclass
class History:
    """What training and watching want of a table."""

    columns: dict[str, Any]
    at: Any
    fraud: Any

    @property
    def outgoing(self) -> Any:
        return np.ones(len(self.at), dtype=bool)

    def feature(self, name: str) -> Any:
        return self.columns[name]

    def one(self, row: int) -> dict[str, object]:
        """As one payment's features come: None where a column has NaN."""
        numbers = {name: float(column[row]) for name, column in self.columns.items()}
        return {name: None if np.isnan(value) else value for name, value in numbers.items()}


def history(
    payments: int = 6_000, *, seed: int = 7, days: int = DAYS, start: int = START
) -> History:
    """Large against one's own, or to a payee with known frauds: then often fraud, never surely."""
    dice = np.random.default_rng(seed)
    names = dict.fromkeys((*(one.name for one in INPUTS), *FOREST, voices.PROFILE, voices.RULES))
    columns: dict[str, Any] = {name: dice.gamma(2.0, 1.0, payments) for name in names}
    columns["payee_last5_share"] = dice.choice(
        [0.0, np.nan, 0.2, 1.0], payments, p=[0.7, 0.15, 0.1, 0.05]
    )
    columns["deviations"] = dice.normal(0, 1.5, payments)
    columns["rules_score"] = np.where(columns["deviations"] > 3, 0.35, 0.0)
    odds = (
        -4.0
        + 1.2 * np.maximum(columns["deviations"], 0)
        + 4.0 * np.nan_to_num(columns["payee_last5_share"])
    )
    at = start + np.sort(dice.integers(0, days * DAY, payments))
    return History(columns, at, dice.random(payments) < 1 / (1 + np.exp(-odds)))


def labels(known: History, *, days: float = 1.0) -> Labels:
    """Everything becomes known so many days later."""
    return Labels(np.arange(len(known.at)), known.fraud, known.at + int(days * DAY))


def window(*, days: int = DAYS) -> Window:
    return Window(START, START + days * DAY, START + (days + 1) * DAY)


@lru_cache
def model(seed: int = 7) -> Bundle:
    taught = history(seed=seed)
    return training.train(taught, labels(taught), window(), QUICK)
