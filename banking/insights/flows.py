"""What money did, in the one form that everything here is worked out from. Pure.

Anything that can be told as `Flow`s can be summed, searched for rhythms and forecast: the bank's
own entries (`selectors.flows_of`) and the lines of accounts elsewhere alike.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from fintrust.core.money import Money

# What a shop writes when it pays back. An account's own reversals never come as flows at all.
_REFUND = re.compile(r"\b(?:refund|refunded|money back|chargeback)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Counterparty:
    """Who is on the other side. `key` is the same for the same one, and never shown."""

    key: str
    name: str
    category: str = ""  # what it is by nature, when that is known: the bank's own accounts are


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that came (positive) or went (negative), on a day of the customer's calendar."""

    day: date
    amount: Money
    counterparty: Counterparty
    text: str
    account: str  # public id
    reference: str = ""  # the public id of what it was, for a customer's choice about this one

    @property
    def month(self) -> date:
        return self.day.replace(day=1)

    @property
    def incoming(self) -> bool:
        return self.amount.minor > 0


def next_month(month: date, by: int = 1) -> date:
    """The first of the month so many months on, or back."""
    count = month.year * 12 + month.month - 1 + by
    return date(count // 12, count % 12 + 1, 1)


def refunds_in(flows: Iterable[Flow]) -> frozenset[Flow]:
    """Money that came back from somebody who was paid, and says so: less spent, not earned."""
    flows = list(flows)
    paid = {flow.counterparty.key for flow in flows if not flow.incoming}
    return frozenset(
        flow
        for flow in flows
        if flow.incoming and flow.counterparty.key in paid and _REFUND.search(flow.text)
    )
