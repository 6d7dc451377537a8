"""Is this still the population that was learned from? The population stability index, by numpy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Usual:
    """Where values used to fall: edges between the bins, and each bin's share; last the missing."""

    edges: tuple[float, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Reference:
    """The usual of every feature and of the score, from the payments learned from."""

    usual: Mapping[str, Usual]

    def shifts(self, columns: Mapping[str, Any]) -> dict[str, float]:
        """The index of each: 0 is the same, from 0.2 on it is another population."""
        return {
            name: shift(usual, columns[name])
            for name, usual in self.usual.items()
            if name in columns
        }

    def to_json(self) -> dict[str, Any]:
        return {name: [list(one.edges), list(one.shares)] for name, one in self.usual.items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Reference":
        return cls(
            {
                str(name): Usual(tuple(map(float, edges)), tuple(map(float, shares)))
                for name, (edges, shares) in stored.items()
            }
        )


def reference(columns: Mapping[str, Any], *, bins: int) -> Reference:
    return Reference({name: usual(values, bins=bins) for name, values in columns.items()})


def usual(values: Any, *, bins: int) -> Usual:
    """Bins of as equal shares as the values allow; a value that fills several has its own."""
    values = np.asarray(values, dtype=float)
    seen = np.sort(values[~np.isnan(values)])
    if not len(seen):
        return Usual((), tuple(_shares(seen, values).tolist()))
    cuts, times = np.unique(
        np.quantile(seen, np.linspace(0, 1, bins + 1)[1:-1], method="higher"), return_counts=True
    )
    # Beside a value that fills several bins, such as a flag that is rarely up, the rest begins.
    beyond = np.searchsorted(seen, cuts[times > 1], side="right")
    edges = np.unique(np.r_[cuts, seen[beyond[beyond < len(seen)]]])
    return Usual(tuple(edges.tolist()), tuple(_shares(edges, values).tolist()))


def shift(usual: Usual, values: Any) -> float:
    """The sum of `(now - then) * log(now / then)` over the bins."""
    then = np.asarray(usual.shares)
    now = _shares(np.asarray(usual.edges), np.asarray(values, dtype=float))
    return float(np.sum((now - then) * np.log(now / then)))


def _shares(edges: Any, values: Any) -> Any:
    """Half a payment more in each bin, so that an empty one is rare instead of impossible."""
    missing = np.isnan(values)
    places = np.where(missing, len(edges) + 1, np.searchsorted(edges, values, side="right"))
    counts = np.bincount(places, minlength=len(edges) + 2) + 0.5
    return counts / counts.sum()
