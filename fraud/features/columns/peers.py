"""What others pay, for those who have paid too little to be compared with themselves."""

from bisect import bisect_left, insort
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from fraud.features.aggregates import (
    COUNT,
    DISTINCT,
    PEERS,
    PEERS_ASKED_BELOW,
    QUANTILE,
    Aggregate,
    Entity,
)
from fraud.features.columns.history import Array, Whole
from fraud.features.columns.sliding import forward, place_of, take

if TYPE_CHECKING:
    from fraud.features.columns import Table


def counted(table: "Table") -> dict[str, Whole]:
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
    for payment, first, high in forward(view, view.low):
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
            take(self.customers, customer)
        self.left, self.right = low, high

    def tell(self, aggregate: Aggregate) -> int:
        if aggregate.measure == COUNT:
            return len(self.amounts)
        if aggregate.measure == DISTINCT:
            return len(self.customers)
        return self.amounts[place_of(aggregate, len(self.amounts))]


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
    place = place_of(aggregate, len(amounts))
    return int(np.partition(amounts, place)[place])
