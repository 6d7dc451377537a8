"""The same aggregates and features for a whole history at once, as numpy columns. No Django here.

A history is sorted by time. For each entity its rows are sorted by key and time once; then the
rows that a payment sees are a stretch of that order, found by bisection (`stretches`), and counts
and sums are differences of exact prefix sums (`prefixes`). What has no prefix slides along the
stretches (`sliding`, `peers`, `labels`). Nothing is read from behind a payment.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np

from fraud.features.aggregates import (
    AGGREGATES,
    COUNT,
    DISTINCT,
    FIRST,
    LARGEST,
    LAST,
    PEERS,
    QUANTILE,
    SQUARES,
    SUM,
    UNUSUAL_HALVES,
    UNUSUAL_PAYMENTS_MIN,
    Aggregate,
    Entity,
    Same,
)
from fraud.features.catalogue import FEATURES
from fraud.features.columns import labels, peers, prefixes, sliding, stretches
from fraud.features.columns.facts import FACTS
from fraud.features.columns.history import (
    ALWAYS,
    NEVER,
    NOBODY,
    Array,
    Choices,
    History,
    Labels,
    Whole,
    or_else,
)
from fraud.features.columns.stretches import View

__all__ = ["ALWAYS", "NEVER", "NOBODY", "Choices", "History", "Labels", "Table", "table"]


def table(history: History, aggregates: Mapping[str, Aggregate] = AGGREGATES) -> "Table":
    """Columns over this history, worked out when they are asked for."""
    return Table(history, aggregates)


class Table:
    """A column for each aggregate and feature, one row for each payment."""

    def __init__(self, history: History, aggregates: Mapping[str, Aggregate]) -> None:
        self.history = history
        self.aggregates = aggregates
        self._views: dict[tuple[Entity, tuple[Same, ...]], View] = {}

    def __len__(self) -> int:
        return len(self.history)

    def feature(self, name: str) -> Array:
        """A float for each payment; NaN where it is unknown."""
        return FEATURES[name].form.many(self)

    def features(self, names: Sequence[str]) -> Array:
        """Several side by side: what models are trained on."""
        side_by_side = np.empty((len(self), len(names)))
        for place, name in enumerate(names):
            side_by_side[:, place] = self.feature(name)
        return side_by_side

    # --- what the forms ask -------------------------------------------------------------------

    def whole(self, name: str) -> Whole:
        if name in self.aggregates:
            return self._aggregate(self.aggregates[name])
        return FACTS[name](self)

    def given(self, name: str) -> Array:
        if name in self.history.given:
            return self.history.given[name].astype(np.float64)
        if name == "to_self":
            return self.to_self.astype(np.float64)
        if not FEATURES[name].numeric:
            raise ValueError(f"{name} is text and has no column")
        return np.full(len(self), np.nan)

    # --- the history's own columns -------------------------------------------------------------

    @cached_property
    def to_self(self) -> Array:
        return or_else(self.history.to_self, np.zeros(len(self), bool))

    @cached_property
    def moved(self) -> Array:
        return or_else(self.history.moved, np.ones(len(self), bool))

    @cached_property
    def unusual(self) -> Array:
        """As `aggregates.unusual` says of one."""
        (payments, _), (high, known) = self.whole("own_same_count"), self.whole("own_high")
        above = 2 * self.history.amount_minor >= UNUSUAL_HALVES * high
        unusual: Array = known & (payments >= UNUSUAL_PAYMENTS_MIN) & above
        return unusual

    def column(self, name: str) -> Array:
        history = self.history
        if name == "credited":
            return np.where(history.outgoing, history.counterparty, history.account)
        if name == "debited":
            return np.where(history.outgoing, history.account, history.counterparty)
        if name == "unusual":
            return self.unusual
        found: Array = getattr(history, name)
        return found

    # --- aggregates ----------------------------------------------------------------------------

    def view(self, entity: Entity, same: tuple[Same, ...] = ()) -> View:
        key = (entity, same)
        if key not in self._views:
            if same:
                self._views[key] = stretches.narrowed(self, self.view(entity), same)
            else:
                stream = stretches.of_labels if entity.table == "labels" else stretches.of_payments
                self._views[key] = stream(self, entity)
        return self._views[key]

    def _aggregate(self, aggregate: Aggregate) -> Whole:
        if aggregate.entity.table == "labels":
            return self._cleared_up(aggregate.entity)[aggregate.name]
        if aggregate.entity.name == PEERS.name:
            return self._peers[aggregate.name]
        return _MEASURES[aggregate.measure](self, aggregate)

    def _cleared_up(self, entity: Entity) -> dict[str, Whole]:
        view = self.view(entity)
        if not view.slid:
            mine = [one for one in self.aggregates.values() if one.entity == entity]
            view.slid = labels.slide(self, view, mine)
        return view.slid

    @cached_property
    def _peers(self) -> dict[str, Whole]:
        return peers.counted(self)


_MEASURES: dict[str, Callable[[Table, Aggregate], Whole]] = {
    COUNT: prefixes.count,
    SUM: prefixes.total,
    SQUARES: prefixes.total,
    FIRST: prefixes.moment,
    LAST: prefixes.moment,
    DISTINCT: sliding.distinct,
    QUANTILE: sliding.ranked,
    LARGEST: sliding.ranked,
}
