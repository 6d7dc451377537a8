"""From history and labels to a model. The same history makes the same bytes. No Django here.

Causal: a payment teaches by its features, which know only what came before it, and by the newest
label that was known when training began.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from fraud.errors import TooFewLabels
from fraud.learning import drift, metrics, voices, weights
from fraud.learning.booster import Booster
from fraud.learning.bundle import Bundle, Voice
from fraud.learning.forest import Forest, Grown, grow
from fraud.learning.inputs import FOREST, INPUTS, Input
from fraud.learning.library import library
from fraud.learning.policy import LEARNING, LearningPolicy
from fraud.learning.scorer import Scorer

SCORE = "score"  # the model's own answer among the features watched for drift
# Everything that is read of a payment.
NAMES = tuple(dict.fromkeys((*(one.name for one in INPUTS), *FOREST, voices.PROFILE, voices.RULES)))
Say = Callable[[str, int], None]  # what is being done, and how much of it in percent


class Table(Protocol):
    """A history's features as columns; see fraud.features.columns."""

    @property
    def at(self) -> Any:
        """When each payment was asked for, in microseconds since 1970."""

    @property
    def outgoing(self) -> Any:
        """Whether it left the customer."""

    @property
    def moved(self) -> Any:
        """Whether the money moved; of what was refused nobody complains."""

    def feature(self, name: str) -> Any:
        """One number a payment; NaN where it is missing."""


@dataclass(frozen=True)
class Labels:
    """What became known about payments, in any order: row of the table, answer, when, and how far
    it is believed, up to 1; what is not believed at all, 0, says nothing."""

    payment: Any
    fraud: Any
    known_at: Any
    weight: Any


@dataclass(frozen=True)
class Window:
    """Payments from `start` up to `end`, with what was known by then. Microseconds since 1970."""

    start: int
    end: int
    known_by: int


@dataclass(frozen=True)
class Lesson:
    """The rows to learn from, oldest first, their answers and how far these are believed."""

    rows: Any
    fraud: Any
    weight: Any

    def part(self, start: int, end: int) -> "Lesson":
        return Lesson(self.rows[start:end], self.fraud[start:end], self.weight[start:end])

    @property
    def believed_frauds(self) -> int:
        """Whole ones, each counted as far as it is believed."""
        return math.floor(round(float(self.weight[self.fraud].sum()), 6))


def lesson(
    table: Table, labels: Labels, window: Window, policy: LearningPolicy = LEARNING
) -> Lesson:
    """Payments of the window whose outcome was known: labelled, or moved so long ago that nobody
    will complain."""
    at = np.asarray(table.at)
    answer, weight = answers(labels, len(at), window.known_by)
    mature = int(policy.mature.total_seconds() * 1_000_000)
    told = (answer >= 0) | (np.asarray(table.moved) & (at <= window.known_by - mature))
    rows = np.flatnonzero(
        told & np.asarray(table.outgoing) & (at >= window.start) & (at < window.end)
    )
    rows = rows[np.argsort(at[rows], kind="stable")][-policy.payments_max :]
    silent = answer[rows] < 0
    return Lesson(rows, answer[rows] == 1, np.where(silent, policy.silence_weight, weight[rows]))


def answers(labels: Labels, payments: int, known_by: int) -> tuple[Any, Any]:
    """1 fraud, 0 genuine, -1 not said: the newest label of each payment that was known by then.
    And how far it is believed: 1 where nothing was said."""
    said = np.asarray(labels.weight) > 0
    known = np.flatnonzero(said & (np.asarray(labels.known_at) < known_by))
    known = known[np.argsort(np.asarray(labels.known_at)[known], kind="stable")]
    paid = np.asarray(labels.payment)[known]
    found, believed = np.full(payments, -1, dtype=np.int8), np.ones(payments)
    found[paid] = np.asarray(labels.fraud, dtype=bool)[known]
    believed[paid] = np.asarray(labels.weight, dtype=float)[known]
    return found, believed


def train(
    table: Table,
    labels: Labels,
    window: Window,
    policy: LearningPolicy = LEARNING,
    say: Say = lambda step, percent: None,
) -> Bundle:
    """Trees on the earlier part; weights and scale on the later part; then trees on all of it."""
    taught = lesson(table, labels, window, policy)
    cut = int(len(taught.rows) * (1 - policy.later_share))
    early, later = taught.part(0, cut), taught.part(cut, len(taught.rows))
    _check_enough(taught, later, policy)
    say("reading features", 10)
    columns = {name: np.asarray(table.feature(name), dtype=float) for name in NAMES}
    say("growing the forest", 25)
    forest = _forest(_taken(columns, _spread(early.rows, policy)), policy)
    say("growing trees on the earlier part", 35)
    first = _with_voices(
        _bare(_trees(columns, early, policy), forest), _taken(columns, later.rows), later, policy
    )
    say("growing trees on all of it", 65)
    whole = replace(first, trees=_trees(columns, taught, policy))
    say("measuring", 90)
    return replace(
        whole,
        reference=_reference(whole, columns, later.rows, policy),
        about=_about(taught, window) | _measured(first, columns, later),
    )


def _check_enough(taught: Lesson, later: Lesson, policy: LearningPolicy) -> None:
    frauds, recent = taught.believed_frauds, later.believed_frauds
    if len(taught.rows) < policy.payments_min or frauds < policy.frauds_min:
        raise TooFewLabels(
            f"There are {len(taught.rows):,} payments with a known outcome, {frauds:,} of them "
            f"fraud; a model wants {policy.payments_min:,} and {policy.frauds_min:,}. "
            "The rules' score stays in force."
        )
    if recent < policy.later_frauds_min:
        raise TooFewLabels(
            f"Only {recent:,} of the newest payments are known frauds; to measure a model it "
            f"takes {policy.later_frauds_min:,}. The rules' score stays in force."
        )


def _taken(columns: dict[str, Any], rows: Any) -> dict[str, Any]:
    return {name: column[rows] for name, column in columns.items()}


def _spread(rows: Any, policy: LearningPolicy) -> Any:
    """At most so many, evenly over time."""
    if len(rows) <= policy.forest_sample_max:
        return rows
    return rows[np.linspace(0, len(rows) - 1, policy.forest_sample_max).astype(int)]


def _forest(columns: dict[str, Any], policy: LearningPolicy) -> Grown:
    return grow(
        columns,
        FOREST,
        trees=policy.forest_trees,
        payments=policy.forest_payments,
        seed=policy.seed,
    )


def _trees(columns: dict[str, Any], taught: Lesson, policy: LearningPolicy) -> str:
    """LightGBM's text of boosted trees, less what does not score.

    What is half believed teaches half as much, here and to the weights and the scale: 0.8 means
    that four in five were fraud, each outcome counted as far as it is believed.
    """
    # The C library first, so that LightGBM finds its OpenMP; and the package here, where it is
    # needed, because it brings pandas along.
    library()
    import lightgbm

    rows = np.column_stack([columns[one.name][taught.rows] for one in INPUTS])
    data = lightgbm.Dataset(rows, taught.fraud.astype(np.float64), weight=taught.weight)
    grown = lightgbm.train(_settings(INPUTS, policy), data, num_boost_round=policy.rounds)
    text: str = grown.model_to_string()
    return text.partition("end of trees")[0] + "end of trees\n"


def _settings(inputs: Sequence[Input], policy: LearningPolicy) -> dict[str, Any]:
    return {
        "objective": "binary",
        "num_leaves": policy.leaves,
        "max_depth": policy.depth,
        "learning_rate": policy.rate,
        "min_data_in_leaf": policy.leaf_payments_min,
        "max_bin": policy.steps_max,
        "feature_fraction": policy.features_share,
        "bagging_fraction": policy.payments_share,
        "bagging_freq": 1,
        "lambda_l2": policy.ridge,
        "monotone_constraints": [int(one.rises) for one in inputs],
        "seed": policy.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": policy.threads,
        "verbosity": -1,
    }


def _bare(trees: str, forest: Grown) -> Bundle:
    """Trees alone, before anything is weighed."""
    return Bundle(
        features=tuple(one.name for one in INPUTS),
        trees=trees,
        trees_weight=1.0,
        intercept=0.0,
        forest=forest,
        voices={},
        scale=weights.Scale(((0.0, 0.0),), LEARNING.odds_max),
        reference=drift.Reference({}),
        about={},
    )


def _with_voices(
    bare: Bundle, columns: dict[str, Any], later: Lesson, policy: LearningPolicy
) -> Bundle:
    """Weights of all voices and the scale of their sum, from payments the trees have not seen."""
    trees = Booster(bare.trees, len(bare.features))
    margins = trees.margins(np.column_stack([columns[name] for name in bare.features]))
    forest = Forest(bare.forest)
    spoken = {name: voices.of_many(name, columns, forest) for name in voices.NAMES}
    usual = {name: _middle(said) for name, said in spoken.items()}
    heard = [
        np.where(np.isnan(said), usual[name], said) - usual[name] for name, said in spoken.items()
    ]
    intercept, found = weights.logistic(
        np.column_stack([margins, *heard]), later.fraud, later.weight, ridge=policy.weight_ridge
    )
    first, *others = found.tolist()
    odds = intercept + np.column_stack([margins, *heard]) @ found
    return replace(
        bare,
        intercept=intercept,
        trees_weight=first,
        voices={
            name: Voice(weight, usual[name])
            for name, weight in zip(spoken, others, strict=True)
            if weight  # who says nothing need not be asked
        },
        scale=weights.isotonic(
            odds,
            later.fraud,
            later.weight,
            both_min=policy.step_frauds_min,
            most=policy.odds_max,
        ),
    )


def _middle(said: Any) -> float:
    known = said[~np.isnan(said)]
    return float(np.mean(known)) if len(known) else 0.0


def _reference(
    bundle: Bundle, columns: dict[str, Any], rows: Any, policy: LearningPolicy
) -> drift.Reference:
    rows = rows[-policy.reference_payments_max :]
    taken = _taken(columns, rows)
    watched = {name: taken[name] for name in bundle.features}
    return drift.reference(watched | {SCORE: Scorer(bundle).scores(taken)}, bins=policy.bins)


def _about(taught: Lesson, window: Window) -> dict[str, Any]:
    return {
        "window": [window.start, window.end],
        "known_by": window.known_by,
        "payments": len(taught.rows),
        "frauds": int(taught.fraud.sum()),
    }


def _measured(bundle: Bundle, columns: dict[str, Any], later: Lesson) -> dict[str, Any]:
    """The trees of the earlier part on the later one, which only set weights and scale; and the
    rules on the same payments."""
    taken = _taken(columns, later.rows)
    rules = np.nan_to_num(taken[voices.RULES])
    return {
        "later": metrics.figures(later.fraud, Scorer(bundle).scores(taken), later.weight).to_json(),
        "rules": metrics.figures(later.fraud, rules, later.weight).to_json(),
    }
