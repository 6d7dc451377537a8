"""Whether some groups of accounts are stopped more than others. Values only: no Django here.

The bank stores nothing about a person's origin, sex, faith or health, and so cannot count by it.
What it can count by is here; a group that is far from all others is a question, not an answer.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from fraud.effect import HELD, PASSED, REFUSED
from fraud.features import local

Z = 1.959964  # 95 of 100 intervals hold the true rate
ENOUGH = 100  # payments in a group before anybody should be worried by its rate
FAR_TIMES = 1.5  # a rate this many times that of all others is worth a look
_AGES = ((30, "first 30 days"), (90, "31 to 90 days"), (365, "91 days to a year"))


@dataclass(frozen=True, slots=True)
class Judged:
    """One payment that was judged, and what it can be grouped by."""

    effect: str
    forbidden: bool
    product: str
    currency: str
    channel: str
    joined: date
    timezone: str
    at: datetime  # when it was asked for


@dataclass(frozen=True, slots=True)
class Grouping:
    """One way to divide payments. All of them are here; to add one, add a line."""

    name: str
    title: str
    of: Callable[[Judged], str]


def _age(one: Judged) -> str:
    days = (one.at.date() - one.joined).days
    return next((words for most, words in _AGES if days <= most), "over a year")


def _hours(one: Judged) -> str:
    start = local(one.at, one.timezone).hour // 3 * 3
    return f"{start:02}:00 to {start + 3:02}:00"


GROUPINGS = (
    Grouping("product", "Kind of account", lambda one: one.product),
    Grouping("channel", "How it came", lambda one: one.channel),
    Grouping("currency", "Currency", lambda one: one.currency),
    Grouping("age", "How long a customer", _age),
    Grouping("zone", "Where the customer's clock is", lambda one: one.timezone),
    Grouping("hour", "Hour on the customer's clock", _hours),
)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many, and where the true rate lies."""

    count: int
    of: int

    @property
    def share(self) -> float | None:
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.count, self.of)


@dataclass(frozen=True, slots=True)
class Group:
    """What became of the payments of one group."""

    grouping: str
    name: str
    payments: int
    held: Rate
    refused: Rate
    stopped: Rate
    others: Rate  # stopped, of everybody who is not in this group

    @property
    def can_be_judged(self) -> bool:
        """Whether there are enough payments on both sides to say anything of its rate."""
        return min(self.stopped.of, self.others.of) >= ENOUGH

    @property
    def is_far(self) -> bool:
        """Stopped far more often than all others, where that can be judged."""
        if not self.can_be_judged or not self.stopped.count:
            return False
        apart = self.stopped.interval[0] > self.others.interval[1]
        # Multiplied out, so that exactly so many times is so many times.
        times = FAR_TIMES * self.others.count * self.stopped.of
        return apart and self.stopped.count * self.others.of >= times


def groups(judged: Iterable[Judged]) -> list[Group]:
    """Every group of every grouping, in its order. A refusal by the customer's own limits is their
    will, not the bank's, and is left out."""
    counted = [one for one in judged if not one.forbidden]
    stopped = sum(one.effect != PASSED for one in counted)
    found = []
    for grouping in GROUPINGS:
        members: dict[str, list[Judged]] = defaultdict(list)
        for one in counted:
            members[grouping.of(one)].append(one)
        found += [
            _group(grouping, name, members[name], stopped, len(counted)) for name in sorted(members)
        ]
    return found


def _group(
    grouping: Grouping, name: str, members: list[Judged], stopped: int, everybody: int
) -> Group:
    held = sum(one.effect == HELD for one in members)
    refused = sum(one.effect == REFUSED for one in members)
    n = len(members)
    return Group(
        grouping=grouping.name,
        name=name,
        payments=n,
        held=Rate(held, n),
        refused=Rate(refused, n),
        stopped=Rate(held + refused, n),
        others=Rate(stopped - held - refused, everybody - n),
    )


def wilson(count: int, of: int, z: float = Z) -> tuple[float, float]:
    """Wilson's score interval: honest for few payments and for rates near zero."""
    if not of:
        return 0.0, 1.0
    p, squared = count / of, z * z
    middle = (p + squared / (2 * of)) / (1 + squared / of)
    half = z * math.sqrt(p * (1 - p) / of + squared / (4 * of * of)) / (1 + squared / of)
    return max(0.0, middle - half), min(1.0, middle + half)
