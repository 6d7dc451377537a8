"""Which rows a payment sees: a stretch of its entity's rows, found by bisection."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from fraud.features.aggregates import Aggregate, Entity, Is, Same, micros
from fraud.features.columns.history import NOBODY, Array, Whole

if TYPE_CHECKING:
    from fraud.features.columns import Table


@dataclass
class View:
    """The rows of an entity, sorted by key and time, and which stretch of them a payment sees."""

    rows: Array  # of the history, or of the labels
    times: Array
    first: Array  # where the rows of the payment's key begin
    low: Array  # the stretch: from here
    high: Array  # up to here
    ordered: Array  # the payments that see anything, so that their stretches only move forward
    span: int | None  # microseconds that the stretch is never longer than
    learned: Array | None = None  # where the rows that are learned from begin, once asked for
    slid: dict[str, Whole] = field(default_factory=dict)

    def since(self, table: "Table", aggregate: Aggregate) -> Array:
        """Where what the aggregate counts begins."""
        window = self._window(table, aggregate)
        return np.maximum(window, self._learned(table)) if aggregate.habit else window

    def _learned(self, table: "Table") -> Array:
        if self.learned is None:
            since = table.history.learned_since()
            self.learned = first_reaching(self.times, self.low, self.high, since)
        return self.learned

    def _window(self, table: "Table", aggregate: Aggregate) -> Array:
        if aggregate.window is None or micros(aggregate.window) == self.span:
            return self.low
        start = table.history.at - micros(aggregate.window)
        return np.minimum(
            first_reaching(self.times, self.low, self.high, start, after=True), self.high
        )


def first_reaching(
    values: Array, low: Array, high: Array, target: Array, *, after: bool = False
) -> Array:
    """For each target the first place in its stretch whose value reaches it (or passes it), by
    bisecting all stretches together."""
    low, high = low.copy(), high.copy()
    while True:
        open_ = np.flatnonzero(low < high)
        if not len(open_):
            return low
        middle = (low[open_] + high[open_]) >> 1
        found = values[middle]
        right = found <= target[open_] if after else found < target[open_]
        low[open_[right]] = middle[right] + 1
        high[open_[~right]] = middle[~right]


def _codes(*pairs: tuple[Array, Array]) -> tuple[Array, Array]:
    """One number for each combination of keys, on the side of the rows and of the payments; -1
    where a part of it is not given. Each pair is (column of the rows, fact of the payments)."""
    (first, asked), *others = pairs
    ours, theirs = first.astype(np.int64), asked.astype(np.int64)
    missing_ours, missing_theirs = ours < 0, theirs < 0
    for column, fact in others:
        both, more = np.concatenate([ours, theirs]), np.concatenate([column, fact])
        different = int(more.max(initial=0)) + 1
        if int(both.max(initial=0)) * different >= 1 << 62:
            _, both = np.unique(both, return_inverse=True)
        both = both * different + more.astype(np.int64)
        ours, theirs = both[: len(ours)], both[len(ours) :]
        missing_ours, missing_theirs = missing_ours | (column < 0), missing_theirs | (fact < 0)
    return np.where(missing_ours, NOBODY, ours), np.where(missing_theirs, NOBODY, theirs)


def _sorted(keys: Array, rows: Array, asked: Array) -> tuple[Array, Array, Array]:
    """Rows by key, in their own order within it; and for each payment where its key's rows are."""
    by_key = np.argsort(keys, kind="stable")
    keys = keys[by_key]
    first, end = (np.searchsorted(keys, asked, side) for side in ("left", "right"))
    return rows[by_key], first, np.where(asked < 0, first, end)


def of_payments(table: "Table", entity: Entity) -> View:
    history = table.history
    counts = table.moved & history.outgoing if entity.outgoing else table.moved
    columns = [(table.column(column), table.column(fact)) for column, fact in entity.key]
    keys, asked = _codes(*columns)
    rows = np.flatnonzero(counts & (keys >= 0))
    return _bounded(table, entity, *_sorted(keys[rows], rows, asked), history.at)


def of_labels(table: "Table", entity: Entity) -> View:
    """Rows are labels here. Money that arrived says nothing about a payee."""
    history, labels = table.history, table.history.labels
    ((column, fact),) = entity.key
    paid = table.column(column)
    if column == "counterparty":
        paid = np.where(history.outgoing, paid, NOBODY)
    keys = paid[labels.payment].astype(np.int64)
    rows = np.flatnonzero(keys >= 0)
    asked = table.column(fact).astype(np.int64)
    return _bounded(table, entity, *_sorted(keys[rows], rows, asked), labels.known_at)


def _bounded(
    table: "Table", entity: Entity, rows: Array, first: Array, end: Array, times: Array
) -> View:
    at, times = table.history.at, times[rows]
    high = first_reaching(times, first, end, at)
    low = np.maximum(first, high - entity.rows_max)
    if entity.span is not None:
        low = np.minimum(
            first_reaching(times, low, high, at - micros(entity.span), after=True), high
        )
    span = None if entity.span is None else micros(entity.span)
    return View(rows, times, first, low, high, _forward(first, low, high), span)


def narrowed(table: "Table", outer: View, same: tuple[Same, ...]) -> View:
    """Only the rows that equal the payment's facts. Which rows the entity has at most is settled
    before: its bound counts all of them."""
    places = np.arange(len(outer.rows))
    starts = np.unique(outer.first[outer.high > outer.first])
    group = np.searchsorted(starts, places, side="right")
    asked_group = np.searchsorted(starts, outer.first, side="right")
    asked_group = np.where(outer.high > outer.first, asked_group, NOBODY)
    columns = [(table.column(one.column)[outer.rows], table.column(one.fact)) for one in same]
    keys, asked = _codes((group, asked_group), *columns)
    kept = np.flatnonzero(keys >= 0)
    inner, first, end = _sorted(keys[kept], kept, asked)
    low, high = (first_reaching(inner, first, end, bound) for bound in (outer.low, outer.high))
    rows = outer.rows[inner]
    ordered = _forward(first, low, high)
    return View(rows, outer.times[inner], first, low, high, ordered, outer.span)


def _forward(first: Array, low: Array, high: Array) -> Array:
    """Payments in an order in which their stretches only move forward: by key, then by time."""
    seeing = np.flatnonzero(low < high)
    ordered: Array = seeing[np.argsort(first[seeing], kind="stable")]
    return ordered


def seen(table: "Table", aggregate: Aggregate) -> tuple[View, Array]:
    """The rows of an aggregate, narrowed by what equals the payment's facts; and those of them
    that count, as 0 and 1."""
    same = tuple(one for one in aggregate.where if isinstance(one, Same))
    view = table.view(aggregate.entity, same)
    counts = np.ones(len(view.rows), np.int64)
    for condition in aggregate.where:
        if isinstance(condition, Is):
            counts *= table.column(condition.column)[view.rows] == condition.value
    return view, counts
