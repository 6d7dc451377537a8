"""What labels say at a moment, each superseding those before it about the same payment."""

from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from fraud.features.aggregates import (
    COUNT,
    FIRST,
    LAST,
    NEWEST,
    SERIES,
    SINCE_FRAUD,
    Aggregate,
)
from fraud.features.columns.history import Array, Whole, all_known
from fraud.features.columns.sliding import forward
from fraud.features.columns.stretches import View

if TYPE_CHECKING:
    from fraud.features.columns import Table


@dataclass
class _ClearedUp:
    """The labels that count at a moment: of each payment the newest known one.

    Places are in the order in which they became known, payments in the order in which they were
    made; all lists are sorted.
    """

    later: list[int]  # for each payment the first one that was made at a later moment
    unusual: list[bool]  # of each payment
    by_payment: dict[int, int] = field(default_factory=dict)
    places: list[int] = field(default_factory=list)
    payments: list[int] = field(default_factory=list)
    fraud_places: list[int] = field(default_factory=list)
    fraud_payments: list[int] = field(default_factory=list)
    good_payments: list[int] = field(default_factory=list)

    def add(self, place: int, payment: int, fraud: bool, was_fraud: bool) -> None:
        before = self.by_payment.get(payment)
        if before is not None:
            self._drop(before, payment, was_fraud)
        self.by_payment[payment] = place
        self.places.append(place)
        insort(self.payments, payment)
        if fraud:
            self.fraud_places.append(place)
        insort(self.fraud_payments if fraud else self.good_payments, payment)

    def leave(self, place: int, payment: int, fraud: bool) -> None:
        """It is too old, or there are too many newer ones; unless it was superseded before."""
        if self.by_payment.get(payment) == place:
            self._drop(place, payment, fraud)

    def _drop(self, place: int, payment: int, fraud: bool) -> None:
        del self.by_payment[payment]
        del self.places[bisect_left(self.places, place)]
        del self.payments[bisect_left(self.payments, payment)]
        if fraud:
            del self.fraud_places[bisect_left(self.fraud_places, place)]
        alike = self.fraud_payments if fraud else self.good_payments
        del alike[bisect_left(alike, payment)]

    def known_since(self, place: int, *, fraud: bool) -> int:
        places = self.fraud_places if fraud else self.places
        return len(places) - bisect_left(places, place)

    def newest(self, n: int, *, fraud: bool) -> int:
        if not fraud:
            return min(n, len(self.payments))
        if not self.fraud_payments:
            return 0
        oldest = self.payments[max(len(self.payments) - n, 0)]
        return len(self.fraud_payments) - bisect_left(self.fraud_payments, oldest)

    def since_fraud(self) -> int:
        """-1 when there was none."""
        if not self.fraud_payments:
            return -1
        later = self.later[self.fraud_payments[-1]]
        return len(self.payments) - bisect_left(self.payments, later)

    def series(self) -> int:
        """-1 when there is none."""
        since = self.later[self.good_payments[-1]] if self.good_payments else 0
        frauds = islice(self.fraud_payments, bisect_left(self.fraud_payments, since), None)
        return next((payment for payment in frauds if not self.unusual[payment]), -1)


def slide(table: "Table", view: View, aggregates: list[Aggregate]) -> dict[str, Whole]:
    labels, at = table.history.labels, table.history.at
    payments, frauds = (column[view.rows].tolist() for column in (labels.payment, labels.fraud))
    later = np.searchsorted(at, at, side="right").tolist()
    unusual = table.unusual.tolist()
    starts = [view.since(table, one)[view.ordered].tolist() for one in aggregates]
    readers = [_reader(one) for one in aggregates]
    found = [np.full(len(table), -1, np.int64) for _ in aggregates]
    state = _ClearedUp(later, unusual)
    left = right = 0
    for n, (payment, low, high) in enumerate(forward(view, view.low)):
        if low >= right:
            state = _ClearedUp(later, unusual)
            left = right = low
        for place in range(right, high):
            paid = payments[place]
            before = state.by_payment.get(paid)
            state.add(place, paid, frauds[place], before is not None and frauds[before])
        for place in range(left, low):
            state.leave(place, payments[place], frauds[place])
        left, right = low, high
        for column, read, start in zip(found, readers, starts, strict=True):
            column[payment] = read(state, start[n])
    return {
        one.name: _told(table, one, column) for one, column in zip(aggregates, found, strict=True)
    }


def _reader(aggregate: Aggregate) -> Callable[[_ClearedUp, int], int]:
    fraud = bool(aggregate.where)
    if aggregate.measure == COUNT:
        return lambda state, start: state.known_since(start, fraud=fraud)
    if aggregate.measure == NEWEST:
        return lambda state, start: state.newest(aggregate.newest, fraud=fraud)
    if aggregate.measure == SINCE_FRAUD:
        return lambda state, start: state.since_fraud()
    if aggregate.measure == SERIES:
        return lambda state, start: state.series()
    end = 0 if aggregate.measure == FIRST else -1
    return lambda state, start: state.fraud_payments[end] if state.fraud_payments else -1


def _told(table: "Table", aggregate: Aggregate, column: Array) -> Whole:
    """Counts are known also where nothing was; moments and what follows a fraud are not."""
    if aggregate.measure in {COUNT, NEWEST}:
        return all_known(np.maximum(column, 0))
    known = column >= 0
    if aggregate.measure in {FIRST, LAST, SERIES}:
        return np.where(known, table.history.at[np.maximum(column, 0)], 0), known
    return np.maximum(column, 0), known
