"""What is unlike everything else, found without labels: an isolation forest as LightGBM text.

scikit-learn grows the trees; their leaves become path lengths, so the same C library that scores
the boosted trees scores these, a thousand times faster and equal to sixteen digits.
"""

import array
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fraud.learning.booster import Booster, as_number


@dataclass(frozen=True)
class Grown:
    """A forest as it is stored."""

    features: tuple[str, ...]
    fill: tuple[float, ...]  # for what is missing: the middle of what was seen
    divisor: float
    text: str

    def to_json(self) -> dict[str, Any]:
        return {
            "features": list(self.features),
            "fill": list(self.fill),
            "divisor": self.divisor,
            "trees": self.text,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Grown":
        return cls(
            tuple(map(str, stored["features"])),
            tuple(map(float, stored["fill"])),
            float(stored["divisor"]),
            str(stored["trees"]),
        )


class Forest:
    """Scores rows by a grown forest."""

    def __init__(self, grown: Grown) -> None:
        self.grown = grown
        self._trees = Booster(grown.text, len(grown.features))

    def rarity(self, values: Mapping[str, object]) -> float:
        """The binary logarithm of scikit-learn's score: 0 is as rare as can be, -0.5 ordinary."""
        return -self._trees.margin(self.row(values)) / self.grown.divisor

    def score(self, values: Mapping[str, object]) -> float:
        """0 to 1; about 0.5 is ordinary, more is rarer."""
        return float(2.0 ** self.rarity(values))

    def row(self, values: Mapping[str, object]) -> Sequence[float]:
        """In single precision, as scikit-learn compares."""
        numbers = (tame(as_number(values.get(name))) for name in self.grown.features)
        pairs = zip(numbers, self.grown.fill, strict=True)
        return array.array("f", [fill if math.isnan(x) else x for x, fill in pairs])

    def rarities(self, columns: Mapping[str, Any]) -> Any:
        """Of many rows at once."""
        rows = filled(tamed(columns, self.grown.features), self.grown.fill)
        return -self._trees.margins(rows.astype(np.float64)) / self.grown.divisor


def tame(value: float) -> float:
    """Heavy tails pulled in by a fourth root.

    As good as a logarithm, and unlike that the same bits in `math` and numpy: roots round exactly.
    """
    return value if math.isnan(value) else math.sqrt(math.sqrt(max(value, 0.0)))


def tamed(columns: Mapping[str, Any], features: Sequence[str]) -> Any:
    rows = np.column_stack([np.asarray(columns[name], dtype=np.float64) for name in features])
    return np.sqrt(np.sqrt(np.maximum(rows, 0.0)))  # NaN stays NaN


def filled(rows: Any, fill: Sequence[float]) -> Any:
    return np.where(np.isnan(rows), np.asarray(fill), rows).astype(np.float32)


def grow(
    columns: Mapping[str, Any], features: Sequence[str], *, trees: int, payments: int, seed: int
) -> Grown:
    """The forest of these rows. The same rows make the same text."""
    # Imported here: it is large, and the web processes never need it.
    from sklearn.ensemble import IsolationForest

    rows = tamed(columns, features)
    seen = [column[~np.isnan(column)] for column in rows.T]
    fill = tuple(float(np.float32(np.median(column))) if len(column) else 0.0 for column in seen)
    forest = IsolationForest(
        n_estimators=trees, max_samples=min(payments, len(rows)), random_state=seed
    ).fit(filled(rows, fill))
    return Grown(tuple(features), fill, divisor(forest), text(forest, len(features)))


def divisor(forest: Any) -> float:
    """What all path lengths together are when nothing is unusual."""
    return len(forest.estimators_) * usual_path(forest.max_samples_)


def usual_path(payments: int) -> float:
    """The mean length of an unsuccessful search in a binary tree of so many."""
    if payments <= 1:
        return 0.0
    if payments == 2:
        return 1.0
    return 2.0 * (math.log(payments - 1.0) + np.euler_gamma) - 2.0 * (payments - 1.0) / payments


def text(forest: Any, width: int) -> str:
    """Its trees in LightGBM's text."""
    trees = [_tree(place, one.tree_) for place, one in enumerate(forest.estimators_)]
    names = " ".join(f"f{place}" for place in range(width))
    head = {
        "version": "v4",
        "num_class": 1,
        "num_tree_per_iteration": 1,
        "label_index": 0,
        "max_feature_idx": width - 1,
        "objective": "regression",
        "feature_names": names,
        "feature_infos": " ".join(["none"] * width),
        "tree_sizes": _words(len(tree) for tree in trees),
    }
    return f"tree\n{_lines(head)}\n\n" + "".join(trees) + "end of trees\n"


def _tree(place: int, tree: Any) -> str:
    leaf = tree.children_left < 0
    inner, leaves = np.flatnonzero(~leaf), np.flatnonzero(leaf)
    number = np.empty(len(leaf), dtype=int)
    number[inner], number[leaves] = np.arange(len(inner)), ~np.arange(len(leaves))
    depth = np.zeros(len(leaf))
    for node in inner:  # parents come before their children
        depth[tree.children_left[node]] = depth[tree.children_right[node]] = depth[node] + 1
    length = depth + [usual_path(count) for count in tree.n_node_samples.tolist()]
    rows = {
        "num_leaves": len(leaves),
        "num_cat": 0,
        "split_feature": _words(tree.feature[inner].tolist()),
        "split_gain": _words([1] * len(inner)),
        "threshold": _words(tree.threshold[inner].tolist()),
        "decision_type": _words([0] * len(inner)),
        "left_child": _words(number[tree.children_left[inner]].tolist()),
        "right_child": _words(number[tree.children_right[inner]].tolist()),
        "leaf_value": _words(length[leaves].tolist()),
        "leaf_weight": _words([1] * len(leaves)),
        "leaf_count": _words(tree.n_node_samples[leaves].tolist()),
        "internal_value": _words(length[inner].tolist()),
        "internal_weight": _words([1] * len(inner)),
        "internal_count": _words(tree.n_node_samples[inner].tolist()),
        "is_linear": 0,
        "shrinkage": 1,
    }
    if not len(inner):  # everything was the same: one leaf, and nothing to ask
        rows = {name: rows[name] for name in ("num_leaves", "num_cat", "leaf_value", "shrinkage")}
    return f"Tree={place}\n{_lines(rows)}\n\n\n"


def _lines(values: Mapping[str, Any]) -> str:
    return "\n".join(f"{name}={value}" for name, value in values.items())


def _words(values: Any) -> str:
    """Numbers by their repr, which reads back to the same bits."""
    return " ".join(map(repr, values))
