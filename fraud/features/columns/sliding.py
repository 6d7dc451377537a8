"""What has no prefix slides along the stretches: different values, quantiles, the largest."""

import math
from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from fraud.features.aggregates import LARGEST, QUANTILE, Aggregate
from fraud.features.columns.history import Array, Whole, all_known
from fraud.features.columns.stretches import View, seen

if TYPE_CHECKING:
    from fraud.features.columns import Table


def forward(view: View, low: Array) -> Iterator[tuple[int, int, int]]:
    """(payment, from, up to) where there is anything. They move forward, and back only where a
    customer has chosen to have more learned again."""
    seeing = view.ordered[low[view.ordered] < view.high[view.ordered]]
    return zip(seeing.tolist(), low[seeing].tolist(), view.high[seeing].tolist(), strict=True)


def distinct(table: "Table", aggregate: Aggregate) -> Whole:
    view, counts = seen(table, aggregate)
    values = table.column(aggregate.column)[view.rows].tolist()
    counted = counts.tolist()
    found = np.zeros(len(table), np.int64)
    inside: dict[int, int] = {}
    left = right = 0
    for payment, low, high in forward(view, view.since(table, aggregate)):
        if low >= right or low < left:
            inside.clear()
            left = right = low
        for place in range(right, high):
            if counted[place]:
                inside[values[place]] = inside.get(values[place], 0) + 1
        for place in range(left, low):
            if counted[place]:
                take(inside, values[place])
        left, right = low, high
        found[payment] = len(inside)
    return all_known(found)


def ranked(table: "Table", aggregate: Aggregate) -> Whole:
    """Quantiles and the largest; all of the same rows in one slide."""
    view, _ = seen(table, aggregate)
    if aggregate.name not in view.slid:
        alike = [
            one
            for one in table.aggregates.values()
            if one.measure in {QUANTILE, LARGEST} and _rows(one) == _rows(aggregate)
        ]
        view.slid |= _slide_amounts(table, view, alike)
    return view.slid[aggregate.name]


def _rows(aggregate: Aggregate) -> tuple[object, ...]:
    return aggregate.entity, aggregate.where, aggregate.window, aggregate.habit


def _slide_amounts(table: "Table", view: View, aggregates: list[Aggregate]) -> dict[str, Whole]:
    amounts = table.history.amount_minor[view.rows].tolist()
    found = [np.zeros(len(table), np.int64) for _ in aggregates]
    places = [[place_of(one, n) for n in range(one.entity.rows_max + 1)] for one in aggregates]
    since = view.since(table, aggregates[0])
    inside: list[int] = []
    left = right = 0
    for payment, low, high in forward(view, since):
        if low >= right or low < left:
            inside = sorted(amounts[low:high])
        else:
            for amount in amounts[right:high]:
                insort(inside, amount)
            for amount in amounts[left:low]:
                del inside[bisect_left(inside, amount)]
        left, right = low, high
        n = high - low
        for column, place in zip(found, places, strict=True):
            column[payment] = inside[place[n]]
    known = since < view.high
    return {one.name: (column, known) for one, column in zip(aggregates, found, strict=True)}


def place_of(aggregate: Aggregate, n: int) -> int:
    """Where among n sorted amounts the quantile stands, as PostgreSQL's percentile_disc rounds it;
    the last is the largest."""
    return n - 1 if aggregate.measure == LARGEST else math.ceil(aggregate.share * n) - 1


def take(counts: dict[int, int], value: int) -> None:
    if counts[value] == 1:
        del counts[value]
    else:
        counts[value] -= 1
