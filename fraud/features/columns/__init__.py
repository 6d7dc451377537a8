"""The same aggregates and features for a whole history at once, as numpy columns. No Django here.

A history is sorted by time. For each entity its rows are sorted by key and time once; then the
rows that a payment sees are a stretch of that order, found by bisection, and counts and sums are
differences of exact prefix sums. What has no prefix (quantiles, different values, labels that
supersede each other) slides along the stretches. Nothing is read from behind a payment.
"""

import math
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from fintrust.core.money import exponent
from fraud.features.aggregates import (
    AGGREGATES,
    COUNT,
    DISTINCT,
    FIRST,
    HOURS,
    LARGEST,
    LAST,
    NEWEST,
    PEERS,
    PEERS_ASKED_BELOW,
    QUANTILE,
    SINCE_FRAUD,
    SQUARES,
    SUM,
    UNUSUAL_HALVES,
    UNUSUAL_PAYMENTS_MIN,
    WEEKDAYS,
    Aggregate,
    Entity,
    Is,
    Same,
    micros,
)
from fraud.features.catalogue import FEATURES
from fraud.policy import STANDARD

Array = np.ndarray[Any, np.dtype[Any]]
Whole = tuple[Array, Array]  # the numbers, and where they are known

NOBODY = -1  # the code of a fact that was not given; it equals nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What became known, in the order in which it did."""

    payment: Array  # the row of the history
    fraud: Array
    known_at: Array  # microseconds

    @classmethod
    def none(cls) -> "Labels":
        return cls(
            payment=np.zeros(0, np.int64),
            fraud=np.zeros(0, bool),
            known_at=np.zeros(0, np.int64),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Payments as they were asked for, sorted by `at` and then by their decisions.

    Names are whole numbers of the caller's choice, -1 for none; accounts and counterparties are
    numbered together. `moved` says which of them really moved: the others are asked about, and
    count nowhere.
    """

    at: Array  # microseconds since 1970
    customer: Array
    account: Array
    counterparty: Array
    amount_minor: Array
    currency: Array  # places in `currencies`
    currencies: tuple[str, ...]
    local_hour: Array
    local_weekday: Array  # 0 is Monday; -1 unknown
    outgoing: Array
    device: Array
    moved: Array | None = None
    to_self: Array | None = None
    balance_minor: Array | None = None  # -1 unknown
    labels: Labels = field(default_factory=Labels.none)
    given: Mapping[str, Array] = field(default_factory=dict)  # what is no whole number, by name

    def __post_init__(self) -> None:
        if np.any(self.at[1:] < self.at[:-1]):
            raise ValueError("a history is sorted by time")
        if np.any(self.labels.known_at[1:] < self.labels.known_at[:-1]):
            raise ValueError("labels are sorted by when they became known")

    def __len__(self) -> int:
        return len(self.at)


def table(history: History, aggregates: Mapping[str, Aggregate] = AGGREGATES) -> "Table":
    """Columns over this history, worked out when they are asked for."""
    return Table(history, aggregates)


class Table:
    """A column for each aggregate and feature, one row for each payment."""

    def __init__(self, history: History, aggregates: Mapping[str, Aggregate]) -> None:
        self.history = history
        self.aggregates = aggregates
        self._views: dict[tuple[Entity, tuple[Same, ...]], _View] = {}

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
        return _FACTS[name](self)

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
        return _or(self.history.to_self, np.zeros(len(self), bool))

    @cached_property
    def moved(self) -> Array:
        return _or(self.history.moved, np.ones(len(self), bool))

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

    def view(self, entity: Entity, same: tuple[Same, ...] = ()) -> "_View":
        key = (entity, same)
        if key not in self._views:
            if same:
                self._views[key] = _narrowed(self, self.view(entity), same)
            else:
                stream = _labels if entity.table == "labels" else _payments
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
        if view.slid is None:
            mine = [one for one in self.aggregates.values() if one.entity == entity]
            view.slid = _slide_labels(self, view, mine)
        return view.slid

    @cached_property
    def _peers(self) -> dict[str, Whole]:
        return _peers(self)


def _or(column: Array | None, default: Array) -> Array:
    return default if column is None else column


# --- stretches of rows ----------------------------------------------------------------------------


@dataclass
class _View:
    """The rows of an entity, sorted by key and time, and which stretch of them a payment sees."""

    rows: Array  # of the history, or of the labels
    times: Array
    first: Array  # where the rows of the payment's key begin
    low: Array  # the stretch: from here
    high: Array  # up to here
    ordered: Array  # the payments that see anything, so that their stretches only move forward
    span: int | None  # microseconds that the stretch is never longer than
    outer: "_View | None" = None  # what this is narrowed from
    places: Array | None = None  # where its rows are in there
    slid: dict[str, Whole] | None = None

    def since(self, table: Table, aggregate: Aggregate) -> Array:
        """Where the aggregate's window begins."""
        if aggregate.window is None or micros(aggregate.window) == self.span:
            return self.low
        start = table.history.at - micros(aggregate.window)
        return np.minimum(_first(self.times, self.low, self.high, start, after=True), self.high)


def _first(values: Array, low: Array, high: Array, target: Array, *, after: bool = False) -> Array:
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


def _payments(table: Table, entity: Entity) -> _View:
    history = table.history
    counts = table.moved & history.outgoing if entity.outgoing else table.moved
    columns = [(table.column(column), table.column(fact)) for column, fact in entity.key]
    keys, asked = _codes(*columns)
    rows = np.flatnonzero(counts & (keys >= 0))
    return _bounded(table, entity, *_sorted(keys[rows], rows, asked), history.at)


def _labels(table: Table, entity: Entity) -> _View:
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
    table: Table, entity: Entity, rows: Array, first: Array, end: Array, times: Array
) -> _View:
    at, times = table.history.at, times[rows]
    high = _first(times, first, end, at)
    low = np.maximum(first, high - entity.rows_max)
    if entity.span is not None:
        low = np.minimum(_first(times, low, high, at - micros(entity.span), after=True), high)
    span = None if entity.span is None else micros(entity.span)
    return _View(rows, times, first, low, high, _forward(first, low, high), span)


def _narrowed(table: Table, outer: _View, same: tuple[Same, ...]) -> _View:
    """Only the rows that equal the payment's facts. Which rows the entity has at most is settled
    before: its bound counts all of them."""
    places = np.arange(len(outer.rows))
    group = np.zeros(len(outer.rows), np.int64)
    starts = np.unique(outer.first[outer.high > outer.first])
    group = np.searchsorted(starts, places, side="right")
    asked_group = np.searchsorted(starts, outer.first, side="right")
    asked_group = np.where(outer.high > outer.first, asked_group, NOBODY)
    columns = [(table.column(one.column)[outer.rows], table.column(one.fact)) for one in same]
    keys, asked = _codes((group, asked_group), *columns)
    kept = np.flatnonzero(keys >= 0)
    inner, first, end = _sorted(keys[kept], kept, asked)
    low, high = (_first(inner, first, end, bound) for bound in (outer.low, outer.high))
    rows = outer.rows[inner]
    ordered = _forward(first, low, high)
    return _View(rows, outer.times[inner], first, low, high, ordered, outer.span, outer, inner)


def _forward(first: Array, low: Array, high: Array) -> Array:
    """Payments in an order in which their stretches only move forward: by key, then by time."""
    seeing = np.flatnonzero(low < high)
    ordered: Array = seeing[np.argsort(first[seeing], kind="stable")]
    return ordered


# --- what has a prefix ----------------------------------------------------------------------------


def _seen(table: Table, aggregate: Aggregate) -> tuple[_View, Array]:
    """The rows of an aggregate, narrowed by what equals the payment's facts; and those of them
    that count, as 0 and 1."""
    same = tuple(one for one in aggregate.where if isinstance(one, Same))
    view = table.view(aggregate.entity, same)
    counts = np.ones(len(view.rows), np.int64)
    for condition in aggregate.where:
        if isinstance(condition, Is):
            counts *= table.column(condition.column)[view.rows] == condition.value
    return view, counts


def _prefix(values: Array, rows_max: int) -> Array:
    """Sums up to each place. Differences of sums that left 64 bits are still exact as long as the
    difference itself fits; where it may not, Python's own numbers are summed."""
    if len(values) and int(values.max()) * rows_max >= 1 << 63:
        values = values.astype(object)
    return np.concatenate([np.zeros(1, values.dtype), np.cumsum(values)])


def _count(table: Table, aggregate: Aggregate) -> Whole:
    view, counts = _seen(table, aggregate)
    prefix = _prefix(counts, aggregate.entity.rows_max)
    return _all_known(prefix[view.high] - prefix[view.since(table, aggregate)])


def _sum(table: Table, aggregate: Aggregate) -> Whole:
    view, counts = _seen(table, aggregate)
    amounts = table.history.amount_minor[view.rows]
    if aggregate.measure == SQUARES:
        if int(amounts.max(initial=0)) >= 1 << 31:
            amounts = amounts.astype(object)
        amounts = amounts * amounts
    prefix = _prefix(amounts * counts, aggregate.entity.rows_max)
    return _all_known(prefix[view.high] - prefix[view.since(table, aggregate)])


def _all_known(values: Array) -> Whole:
    return values, np.ones(len(values), bool)


def _moment(table: Table, aggregate: Aggregate) -> Whole:
    view, _ = _seen(table, aggregate)
    since = view.since(table, aggregate)
    known = since < view.high
    place = since if aggregate.measure == FIRST else view.high - 1
    if not len(view.times):
        return np.zeros(len(known), np.int64), known
    return np.where(known, view.times[np.where(known, place, 0)], 0), known


# --- what slides ----------------------------------------------------------------------------------


def _stretches(view: _View, low: Array) -> Iterator[tuple[int, int, int]]:
    """(payment, from, up to), moving forward only."""
    ordered = view.ordered
    return zip(ordered.tolist(), low[ordered].tolist(), view.high[ordered].tolist(), strict=True)


def _distinct(table: Table, aggregate: Aggregate) -> Whole:
    view, counts = _seen(table, aggregate)
    values = table.column(aggregate.column)[view.rows].tolist()
    counted = counts.tolist()
    found = np.zeros(len(table), np.int64)
    inside: dict[int, int] = {}
    left = right = 0
    for payment, low, high in _stretches(view, view.since(table, aggregate)):
        if low >= right:
            inside.clear()
            left = right = low
        for place in range(right, high):
            if counted[place]:
                inside[values[place]] = inside.get(values[place], 0) + 1
        for place in range(left, low):
            if counted[place]:
                _take(inside, values[place])
        left, right = low, high
        found[payment] = len(inside)
    return _all_known(found)


def _ranked(table: Table, aggregate: Aggregate) -> Whole:
    """Quantiles and the largest; all of the same rows in one slide."""
    view, _ = _seen(table, aggregate)
    if view.slid is None:
        alike = [
            one
            for one in table.aggregates.values()
            if one.measure in {QUANTILE, LARGEST}
            and (one.entity, one.where) == (aggregate.entity, aggregate.where)
        ]
        view.slid = _slide_amounts(table, view, alike)
    return view.slid[aggregate.name]


def _slide_amounts(table: Table, view: _View, aggregates: list[Aggregate]) -> dict[str, Whole]:
    amounts = table.history.amount_minor[view.rows].tolist()
    found = [np.zeros(len(table), np.int64) for _ in aggregates]
    places = [[_place(one, n) for n in range(one.entity.rows_max + 1)] for one in aggregates]
    inside: list[int] = []
    left = right = 0
    for payment, low, high in _stretches(view, view.low):
        if low >= right:
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
    known = view.low < view.high
    return {one.name: (column, known) for one, column in zip(aggregates, found, strict=True)}


def _place(aggregate: Aggregate, n: int) -> int:
    """Where among n sorted amounts the quantile stands, as PostgreSQL's percentile_disc rounds it;
    the last is the largest."""
    return n - 1 if aggregate.measure == LARGEST else math.ceil(aggregate.share * n) - 1


_MEASURES: dict[str, Callable[[Table, Aggregate], Whole]] = {
    COUNT: _count,
    SUM: _sum,
    SQUARES: _sum,
    FIRST: _moment,
    LAST: _moment,
    DISTINCT: _distinct,
    QUANTILE: _ranked,
    LARGEST: _ranked,
}


# --- others ---------------------------------------------------------------------------------------


def _peers(table: Table) -> dict[str, Whole]:
    """Of others' newest payments, for those who have too few of their own; none for the rest."""
    mine = [one for one in table.aggregates.values() if one.entity.name == PEERS.name]
    (entity,) = {one.entity for one in mine}
    own, _ = table.whole("own_same_count")
    view = table.view(_unbounded(entity))
    customers, amounts = (table.column(name)[view.rows] for name in ("customer", "amount_minor"))
    own_customer, paying = table.history.customer.tolist(), customers.tolist()
    found = {one.name: np.zeros(len(table), np.int64) for one in mine}
    known = np.zeros(len(table), bool)
    crowd = _Crowd(paying, amounts.tolist())
    for payment, first, high in _stretches(view, view.low):
        if own[payment] >= PEERS_ASKED_BELOW:
            continue
        low = max(first, high - entity.rows_max)
        crowd.move(low, high)
        places = None
        if own_customer[payment] in crowd.customers:
            places = _of_others(customers, own_customer[payment], first, high, entity.rows_max)
        known[payment] = places is None or len(places) > 0
        for one in mine:
            found[one.name][payment] = (
                crowd.tell(one)
                if places is None
                else _of_peers(one, customers[places], amounts[places])
            )
    return {
        one.name: (found[one.name], known if one.measure == QUANTILE else np.ones_like(known))
        for one in mine
    }


@dataclass
class _Crowd:
    """The newest payments of everybody, in a stretch that moves forward."""

    paying: list[int]
    paid: list[int]
    customers: dict[int, int] = field(default_factory=dict)
    amounts: list[int] = field(default_factory=list)
    left: int = 0
    right: int = 0

    def move(self, low: int, high: int) -> None:
        if low >= self.right:
            self.customers, self.amounts = {}, sorted(self.paid[low:high])
            self.left = self.right = low
        else:
            for amount in self.paid[self.right : high]:
                insort(self.amounts, amount)
            for amount in self.paid[self.left : low]:
                del self.amounts[bisect_left(self.amounts, amount)]
        for customer in self.paying[self.right : high]:
            self.customers[customer] = self.customers.get(customer, 0) + 1
        for customer in self.paying[self.left : low]:
            _take(self.customers, customer)
        self.left, self.right = low, high

    def tell(self, aggregate: Aggregate) -> int:
        if aggregate.measure == COUNT:
            return len(self.amounts)
        if aggregate.measure == DISTINCT:
            return len(self.customers)
        return self.amounts[_place(aggregate, len(self.amounts))]


def _take(counts: dict[int, int], value: int) -> None:
    if counts[value] == 1:
        del counts[value]
    else:
        counts[value] -= 1


def _unbounded(entity: Entity) -> Entity:
    """Which rows are others' is known only for each payment."""
    return replace(entity, rows_max=1 << 40)


def _of_others(customers: Array, own: int, first: int, high: int, rows_max: int) -> Array:
    """The newest rows that are not the customer's own."""
    reach = rows_max
    while True:
        low = max(first, high - reach)
        others: Array = low + np.flatnonzero(customers[low:high] != own)
        if len(others) >= rows_max or low == first:
            return others[-rows_max:]
        reach *= 2


def _of_peers(aggregate: Aggregate, customers: Array, amounts: Array) -> int:
    if aggregate.measure == COUNT:
        return len(amounts)
    if aggregate.measure == DISTINCT:
        return len(np.unique(customers))
    if not len(amounts):
        return 0
    place = _place(aggregate, len(amounts))
    return int(np.partition(amounts, place)[place])


# --- labels ---------------------------------------------------------------------------------------


@dataclass
class _ClearedUp:
    """The labels that count at a moment: of each payment the newest known one.

    Places are in the order in which they became known, payments in the order in which they were
    made; all lists are sorted.
    """

    later: list[int]  # for each payment the first one that was made at a later moment
    by_payment: dict[int, int] = field(default_factory=dict)
    places: list[int] = field(default_factory=list)
    payments: list[int] = field(default_factory=list)
    fraud_places: list[int] = field(default_factory=list)
    fraud_payments: list[int] = field(default_factory=list)

    def add(self, place: int, payment: int, fraud: bool, was_fraud: bool) -> None:
        before = self.by_payment.get(payment)
        if before is not None:
            self._drop(before, payment, was_fraud)
        self.by_payment[payment] = place
        self.places.append(place)
        insort(self.payments, payment)
        if fraud:
            self.fraud_places.append(place)
            insort(self.fraud_payments, payment)

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
            del self.fraud_payments[bisect_left(self.fraud_payments, payment)]

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


def _slide_labels(table: Table, view: _View, aggregates: list[Aggregate]) -> dict[str, Whole]:
    labels, at = table.history.labels, table.history.at
    payments, frauds = (column[view.rows].tolist() for column in (labels.payment, labels.fraud))
    later = np.searchsorted(at, at, side="right").tolist()
    starts = [view.since(table, one)[view.ordered].tolist() for one in aggregates]
    readers = [_reader(one) for one in aggregates]
    found = [np.full(len(table), -1, np.int64) for _ in aggregates]
    state = _ClearedUp(later)
    left = right = 0
    for n, (payment, low, high) in enumerate(_stretches(view, view.low)):
        if low >= right:
            state = _ClearedUp(later)
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
    end = 0 if aggregate.measure == FIRST else -1
    return lambda state, start: state.fraud_payments[end] if state.fraud_payments else -1


def _told(table: Table, aggregate: Aggregate, column: Array) -> Whole:
    """Counts are known also where nothing was; moments and what follows a fraud are not."""
    if aggregate.measure in {COUNT, NEWEST}:
        return _all_known(np.maximum(column, 0))
    known = column >= 0
    if aggregate.measure in {FIRST, LAST}:
        return np.where(known, table.history.at[np.maximum(column, 0)], 0), known
    return np.maximum(column, 0), known


# --- facts ----------------------------------------------------------------------------------------


def _by_currency(of: Callable[[str], int]) -> Callable[[Table], Whole]:
    def column(table: Table) -> Whole:
        history = table.history
        numbers = np.array([of(code) for code in history.currencies], np.int64)
        return _all_known(numbers[history.currency])

    return column


def _plain(name: str) -> Callable[[Table], Whole]:
    return lambda table: _all_known(getattr(table.history, name))


def _or_unknown(name: str) -> Callable[[Table], Whole]:
    def column(table: Table) -> Whole:
        values = _or(getattr(table.history, name), np.full(len(table), -1, np.int64))
        return values, values >= 0

    return column


def _to_somebody(table: Table) -> Whole:
    return _all_known(((table.history.counterparty >= 0) & ~table.to_self).astype(np.int64))


def _with_device(table: Table) -> Whole:
    return _all_known((table.history.device >= 0).astype(np.int64))


def _near_hour(table: Table) -> Whole:
    """Own payments in the payment's own hour and its neighbours."""
    hour = table.history.local_hour
    near = np.zeros(len(table), np.int64)
    for at in range(HOURS):
        beside = np.flatnonzero(np.abs((hour - at + HOURS // 2) % HOURS - HOURS // 2) <= 1)
        near[beside] += table.whole(f"own_hour_{at}")[0][beside]
    return _all_known(near)


def _this_weekday(table: Table) -> Whole:
    weekday = table.history.local_weekday
    alike = np.zeros(len(table), np.int64)
    for day in range(WEEKDAYS):
        on = np.flatnonzero(weekday == day)
        alike[on] = table.whole(f"own_weekday_{day}")[0][on]
    return alike, weekday >= 0


def _account_out(table: Table) -> Whole:
    spent, known = table.whole("account_sum_24h")
    return spent + table.history.amount_minor, known


_FACTS: dict[str, Callable[[Table], Whole]] = {
    "amount_minor": _plain("amount_minor"),
    "scale": _by_currency(lambda code: 10 ** exponent(code)),
    "units": _by_currency(lambda code: STANDARD.minor(1, code)),
    "balance_minor": _or_unknown("balance_minor"),
    "at": _plain("at"),
    "local_hour": _plain("local_hour"),
    "local_weekday": _or_unknown("local_weekday"),
    "to_somebody": _to_somebody,
    "with_device": _with_device,
    "own_near_hour": _near_hour,
    "own_this_weekday": _this_weekday,
    "account_out_24h": _account_out,
}
