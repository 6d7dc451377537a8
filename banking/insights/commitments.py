"""What is already as good as spent, and so what is left to spend. Pure.

A commitment is money that will leave on a day: a payment that comes again and was found in the
past, or one that was asked for in advance.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from banking.insights.flows import next_month
from banking.insights.recurring import Recurring
from fintrust.core.money import Money


@dataclass(frozen=True, slots=True)
class Commitment:
    """So much, to somebody, on a day."""

    day: date
    amount: Money  # positive
    name: str
    because: str
    counterparty: str = ""  # its key, so that one payment is not counted twice

    @property
    def leaving(self) -> Money:
        return -self.amount


def commitments(
    recurring: Iterable[Recurring],
    *,
    today: date,
    until: date,
    scheduled: Iterable[Commitment] = (),
) -> list[Commitment]:
    """Everything known to leave from today until that day, in order.

    What was asked for in advance is certain. What was only found in the past is left out when
    something is scheduled for the same counterparty: it is the same payment.
    """
    certain = [one for one in scheduled if one.day <= until]
    known = {one.counterparty for one in certain} - {""}
    expected = (
        one
        for each in recurring
        if not each.incoming and each.counterparty.key not in known
        for one in _of(each, today, until)
    )
    return sorted([*certain, *expected], key=lambda one: (one.day, one.name))


def _of(recurring: Recurring, today: date, until: date) -> Iterable[Commitment]:
    """A payment that is late is expected today."""
    rhythm = recurring.rhythm.label.lower()
    because = f"{rhythm}, the same each time" if recurring.steady else f"{rhythm}, about so much"
    for day in recurring.dates(until):
        yield Commitment(
            max(day, today),
            recurring.usual,
            recurring.counterparty.name,
            because,
            recurring.counterparty.key,
        )


@dataclass(frozen=True, slots=True)
class LeftToSpend:
    """The sum, and its lines: what there is, without what will leave before money comes again."""

    available: Money
    lines: tuple[Commitment, ...]
    until: date  # the last day that counts
    income: Recurring | None  # what comes the day after; without it, it is the end of the month

    @property
    def committed(self) -> Money:
        minor = sum(line.amount.minor for line in self.lines)
        return Money(minor, self.available.currency)

    @property
    def left(self) -> Money:
        return self.available - self.committed


def left_to_spend(
    available: Money,
    recurring: Iterable[Recurring],
    *,
    today: date,
    scheduled: Iterable[Commitment] = (),
) -> LeftToSpend:
    """What can be spent of `available` until the next income, in its currency."""
    same = [one for one in recurring if one.usual.currency == available.currency]
    income = _next_income(same, today)
    until = income.next - timedelta(days=1) if income else _end_of_month(today)
    own = (one for one in scheduled if one.amount.currency == available.currency)
    lines = commitments(same, today=today, until=until, scheduled=own)
    return LeftToSpend(available, tuple(lines), until, income)


def _next_income(recurring: Iterable[Recurring], today: date) -> Recurring | None:
    """The largest income that comes again within a month or so: pocket money does not end one."""
    income = [
        one for one in recurring if one.incoming and one.next > today and one.rhythm.length < 32
    ]
    return max(income, key=lambda one: one.monthly.minor, default=None)


def _end_of_month(today: date) -> date:
    return next_month(today.replace(day=1)) - timedelta(days=1)
