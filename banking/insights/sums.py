"""Income, spending and what is left of it, by month or by anything else. Pure.

Every flow counts once, in one currency, so that over any period `net` is exactly what the
accounts gained or lost, apart from what only moved between them.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from banking.insights.flows import Flow, next_month, refunds_in
from fintrust.core.money import Money

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Sum:
    """What came in and what was spent, both as positive amounts. A refund is less spent."""

    income: Money
    spending: Money
    count: int

    @classmethod
    def nothing(cls, currency: str) -> "Sum":
        return cls(Money(0, currency), Money(0, currency), 0)

    @property
    def net(self) -> Money:
        return self.income - self.spending


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month of the customer; `partial` while it still runs."""

    first: date
    sum: Sum
    partial: bool


def by(flows: Iterable[Flow], currency: str, key: Callable[[Flow], Key]) -> Mapping[Key, Sum]:
    """The flows of one currency, summed for each key."""
    chosen = [flow for flow in flows if flow.amount.currency == currency]
    refunds = refunds_in(chosen)
    income: dict[Key, int] = defaultdict(int)
    spending: dict[Key, int] = defaultdict(int)
    count: dict[Key, int] = defaultdict(int)
    for flow in chosen:
        where = key(flow)
        count[where] += 1
        if flow.incoming and flow not in refunds:
            income[where] += flow.amount.minor
        else:
            spending[where] -= flow.amount.minor
    return {
        where: Sum(Money(income[where], currency), Money(spending[where], currency), count[where])
        for where in count
    }


def total(flows: Iterable[Flow], currency: str) -> Sum:
    return by(flows, currency, lambda _: None).get(None, Sum.nothing(currency))


def months(flows: Iterable[Flow], currency: str, *, until: date, count: int) -> list[Month]:
    """The last `count` months, the one of `until` included, whether anything happened or not."""
    found = by(flows, currency, lambda flow: flow.month)
    last = until.replace(day=1)
    return [
        Month(first, found.get(first, Sum.nothing(currency)), partial=first == last)
        for first in (next_month(last, -back) for back in range(count - 1, -1, -1))
    ]
