"""What one score costs, in microseconds: `python -m benchmarks.model`.

A model of the usual size is trained on made-up payments; the figures are the median of many single
calls in one process, features given, nothing read and nothing stored.
"""

import statistics
import time
from collections.abc import Callable, Mapping

import numpy as np

from fraud.learning import bundle, training, voices
from fraud.learning.bundle import Voice
from fraud.learning.scorer import Scorer
from fraud.learning.training import Labels, Window

PAYMENTS, CALLS = 50_000, 3_000


class MadeUp:
    """Payments whose fraud hangs on a few features."""

    def __init__(self) -> None:
        dice = np.random.default_rng(1)
        self.at = np.arange(PAYMENTS)
        self.outgoing = self.moved = np.ones(PAYMENTS, bool)
        self._columns = {name: dice.gamma(2, 1, PAYMENTS) for name in training.NAMES}
        odds = self._columns["deviations"] + self._columns["payee_last5_share"] - 8
        self.fraud = dice.random(PAYMENTS) < 1 / (1 + np.exp(-odds))

    def feature(self, name: str) -> np.ndarray:
        return self._columns[name]

    def one(self, row: int) -> Mapping[str, float]:
        return {name: float(column[row]) for name, column in self._columns.items()}


def main() -> None:
    payments = MadeUp()
    labels = Labels(payments.at, payments.fraud, payments.at, np.ones(PAYMENTS))
    made = training.train(payments, labels, Window(0, PAYMENTS, PAYMENTS))
    content = made.to_bytes()
    made = bundle.read(content, bundle.digest(content))
    # All voices speak, as in the dearest of models.
    for name in voices.NAMES:
        made.voices.setdefault(name, Voice(0.1, 0.0))  # type: ignore[attr-defined]
    scorer = Scorer(made)
    rows = [payments.one(row) for row in range(CALLS)]
    trees = [scorer.row(row) for row in rows]
    _say("model_bytes", len(content))
    _measure("model_call_us", scorer.trees.margin, trees)
    _measure("score_us", scorer.probability, rows)
    _measure("score_with_contributions_us", scorer.score, rows)


def _measure(name: str, deed: Callable[..., object], given: list) -> None:
    taken = []
    for one in given:
        started = time.perf_counter()
        deed(one)
        taken.append((time.perf_counter() - started) * 1e6)
    cuts = statistics.quantiles(taken, n=100)
    _say(f"{name}_p99", cuts[98])
    _say(name, statistics.median(taken))


def _say(name: str, value: float) -> None:
    print(f"{name} {value:.1f}", flush=True)


if __name__ == "__main__":
    main()
