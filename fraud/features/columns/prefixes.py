"""What has a prefix: counts, sums and moments are differences between two places of an order."""

from typing import TYPE_CHECKING

import numpy as np

from fraud.features.aggregates import FIRST, SQUARES, Aggregate
from fraud.features.columns.history import Array, Whole, all_known
from fraud.features.columns.stretches import seen

if TYPE_CHECKING:
    from fraud.features.columns import Table


def _prefix(values: Array, rows_max: int) -> Array:
    """Sums up to each place. Differences of sums that left 64 bits are still exact as long as the
    difference itself fits; where it may not, Python's own numbers are summed."""
    if len(values) and int(values.max()) * rows_max >= 1 << 63:
        values = values.astype(object)
    return np.concatenate([np.zeros(1, values.dtype), np.cumsum(values)])


def count(table: "Table", aggregate: Aggregate) -> Whole:
    view, counts = seen(table, aggregate)
    prefix = _prefix(counts, aggregate.entity.rows_max)
    return all_known(prefix[view.high] - prefix[view.since(table, aggregate)])


def total(table: "Table", aggregate: Aggregate) -> Whole:
    view, counts = seen(table, aggregate)
    amounts = table.history.amount_minor[view.rows]
    if aggregate.measure == SQUARES:
        if int(amounts.max(initial=0)) >= 1 << 31:
            amounts = amounts.astype(object)
        amounts = amounts * amounts
    prefix = _prefix(amounts * counts, aggregate.entity.rows_max)
    return all_known(prefix[view.high] - prefix[view.since(table, aggregate)])


def moment(table: "Table", aggregate: Aggregate) -> Whole:
    view, _ = seen(table, aggregate)
    since = view.since(table, aggregate)
    known = since < view.high
    place = since if aggregate.measure == FIRST else view.high - 1
    if not len(view.times):
        return np.zeros(len(known), np.int64), known
    return np.where(known, view.times[np.where(known, place, 0)], 0), known
