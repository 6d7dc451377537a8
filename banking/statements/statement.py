"""A statement of account, as a value: what every format is written from.

It speaks in booked time, in days of the bank (UTC), so that both sides of a movement find it on the
same day and a customer who moves house does not change what last month was. The value date of a
line says from when the money counted. Pure: no clock, no database.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol
from uuid import UUID

from banking.models import Movement
from banking.policy import STATEMENTS, StatementPolicy
from banking.statements.errors import PeriodInFuture, PeriodReversed, PeriodTooLong
from fintrust.core.ids import to_public
from fintrust.core.money import Money, exponent

ONE_DAY = timedelta(days=1)


class StatementBroken(Exception):
    """The lines do not lead from the opening to the closing balance: the books are damaged."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both included."""

    first: date
    last: date

    @classmethod
    def asked(
        cls, first: date, last: date, *, today: date, policy: StatementPolicy = STATEMENTS
    ) -> "Period":
        """What somebody asked for, if a statement can be made of it."""
        if first > last:
            raise PeriodReversed()
        if last > today:
            raise PeriodInFuture(today=today.isoformat())
        if (last - first).days >= policy.days_max:
            raise PeriodTooLong(days_max=policy.days_max)
        return cls(first, last)

    @classmethod
    def month_of(cls, day: date) -> "Period":
        """The calendar month this day is in."""
        first = day.replace(day=1)
        return cls(first, (first + 31 * ONE_DAY).replace(day=1) - ONE_DAY)

    @property
    def starts_at(self) -> datetime:
        return midnight(self.first)

    @property
    def ends_at(self) -> datetime:
        """The first moment that is no longer in it."""
        return midnight(self.last + ONE_DAY)

    @property
    def words(self) -> str:
        """For people: `1 – 31 Jul 2026`, `30 Jun 2026 – 1 Jul 2026`, or the one day it is."""
        first, last = self.first, self.last
        if first == last:
            return day_words(last)
        in_one_month = first.replace(day=1) == last.replace(day=1)
        return f"{first.day if in_one_month else day_words(first)} – {day_words(last)}"

    def up_to(self, day: date) -> "Period":
        return Period(self.first, min(self.last, day))


@lru_cache(maxsize=400)  # the days of a year, on ten thousand lines
def day_words(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """What the account felt of one movement, and the balance it left."""

    seq: int
    movement: UUID
    booked_at: datetime
    value_date: date
    amount_minor: int  # negative when money left
    balance_minor: int
    kind: str
    counterparty: str
    narrative: str
    reverses: UUID | None

    @property
    def booked_on(self) -> date:
        return self.booked_at.astimezone(UTC).date()

    @property
    def reference(self) -> str:
        return to_public(Movement.prefix, self.movement)

    @property
    def reversed_reference(self) -> str:
        return to_public(Movement.prefix, self.reverses) if self.reverses else ""


class Entries(Protocol):
    """Lines that can be read from the start, again and again, or from somewhere in the middle."""

    def __iter__(self) -> Iterator[Line]: ...

    def part(self, first: int, size: int) -> Sequence[Line]: ...


@dataclass(frozen=True, slots=True)
class Statement:
    """Of one account over one period: opening + in - out = closing, or it cannot be made."""

    account: str  # public id
    number: str
    name: str
    product: str
    holder: str
    currency: str
    period: Period
    moment: datetime  # what it knows: the end of its period, or its last line while that lasts
    finished: bool
    opening: Money
    closing: Money
    incoming: Money
    outgoing: Money
    incoming_count: int
    outgoing_count: int
    largest_minor: int  # of all amounts and balances, so that a format knows if it has room
    entries: Entries

    def __post_init__(self) -> None:
        if self.opening + self.incoming - self.outgoing != self.closing:
            raise StatementBroken(f"{self.id}: the totals do not lead to the closing balance")

    @property
    def id(self) -> str:
        """Its name, the same whenever it is made: account number and period, 35 characters."""
        first, last = self.period.first, self.period.last
        return f"{self.account_digits}-{first:%Y%m%d}-{last:%Y%m%d}"

    @property
    def account_digits(self) -> str:
        """The account number as programs write it."""
        return self.number.replace(" ", "")

    @property
    def moment_day(self) -> date:
        """The day its closing balance is of."""
        return self.period.last if self.finished else self.moment.astimezone(UTC).date()

    @property
    def count(self) -> int:
        return self.incoming_count + self.outgoing_count

    @property
    def decimals(self) -> int:
        return exponent(self.currency)

    def lines(self) -> Iterator[Line]:
        """The lines in the order they were booked, each proven to follow from the one before.

        They may be a million, so they pass by and are not kept.
        """
        balance, seen = self.opening.minor, 0
        for line in self.entries:
            balance, seen = balance + line.amount_minor, seen + 1
            if balance != line.balance_minor:
                raise StatementBroken(f"{self.id}: line {line.seq} does not follow")
            yield line
        if (balance, seen) != (self.closing.minor, self.count):
            raise StatementBroken(f"{self.id}: the lines do not lead to the closing balance")
