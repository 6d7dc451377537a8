"""What customers forbid themselves, as one value. It is stored with each decision it was part of.

No field, no limit. What two sets of limits forbid together is `stricter(one, other)`; a change is
looser in a field when the old limits would still forbid something there. No Django here.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from fraud.limits import places

Amounts = Mapping[str, int]  # minor units by currency; a currency that is not named has no limit
DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A stretch of the day in minutes from midnight, over midnight when it ends before it starts.
    The start belongs to it, the end does not."""

    start: int
    end: int

    def holds(self, minute: int) -> bool:
        if self.start <= self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    @property
    def minutes(self) -> frozenset[int]:
        return frozenset(minute for minute in range(DAY_MINUTES) if self.holds(minute))

    def __str__(self) -> str:
        return f"{clock(self.start)} to {clock(self.end)}"

    def to_json(self) -> dict[str, str]:
        return {"start": clock(self.start), "end": clock(self.end)}

    @classmethod
    def from_json(cls, values: Mapping[str, str]) -> "TimeRange":
        return cls(minute_of(values["start"]), minute_of(values["end"]))


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def minute_of(text: str) -> int:
    """`09:30` in minutes; ValueError for what is no such time."""
    hour, minute = text[:2], text[3:]
    if len(text) != 5 or text[2] != ":" or not (hour + minute).isascii():
        raise ValueError(text)
    if not (hour.isdigit() and minute.isdigit()) or int(hour) > 23 or int(minute) > 59:
        raise ValueError(text)
    return int(hour) * 60 + int(minute)


@dataclass(frozen=True, slots=True)
class NewPayee:
    """For so many hours after their first payment, a payee gets no more than this altogether."""

    hours: int
    amount: Amounts

    def to_json(self) -> dict[str, Any]:
        return {"hours": self.hours, "amount": dict(self.amount)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "NewPayee":
        return cls(values["hours"], dict(values["amount"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPolicies:
    """A customer's own hard limits. A tuple is what is allowed: None is everything, () nothing."""

    max_transaction_amount: Amounts = field(default_factory=dict)
    daily_total: Amounts = field(default_factory=dict)
    daily_payments: int | None = None
    allowed_locations: tuple[str, ...] | None = None
    block_unknown_locations: bool = False
    allowed_time_range: TimeRange | None = None
    allowed_currencies: tuple[str, ...] | None = None
    only_allowed_payees: bool = False
    allowed_payees: tuple[str, ...] = ()  # acc_…; one's own accounts always are
    new_payee: NewPayee | None = None
    block_withdrawals: bool = False
    # The clock that days and times are read on. Written down, because whoever could move it by
    # changing the profile would choose the day and the hour.
    timezone: str = "UTC"

    @property
    def uses_clock(self) -> bool:
        return bool(self.allowed_time_range or self.counts_day)

    @property
    def counts_day(self) -> bool:
        return bool(self.daily_total) or self.daily_payments is not None

    @property
    def counts(self) -> bool:
        """Whether what moved before decides too."""
        return self.counts_day or self.new_payee is not None

    def to_json(self) -> dict[str, Any]:
        """Only what is limited, so that who limits nothing stores nothing."""
        return {
            name: _plain(getattr(self, name))
            for name in NAMES
            if getattr(self, name) != getattr(NOTHING, name)
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "CustomerPolicies":
        known = {name: _READ.get(name, _same)(values[name]) for name in NAMES if name in values}
        return cls(**known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the customer stands against those of their limits that count."""

    minute: int = 0  # of the day, on the clock of the limits
    spent_minor: int = 0  # what left today in the payment's currency, to others
    payments: int = 0  # how many payments those were, in any currency
    payee_first_at: datetime | None = None  # the first payment that reached this payee
    payee_minor: int = 0  # what they got since they may have been new, in this currency

    @property
    def clock(self) -> str:
        return clock(self.minute)

    def to_json(self) -> dict[str, Any]:
        """Only what counts, so that who limits nothing stores nothing."""
        first = self.payee_first_at
        values = {name: getattr(self, name) for name in ("minute", "spent_minor", "payments")}
        values |= {"payee_minor": self.payee_minor}
        values |= {"payee_first_at": first and first.astimezone(UTC).isoformat()}
        return {name: value for name, value in values.items() if value}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Standing":
        first = values.get("payee_first_at")
        return cls(**{**values, "payee_first_at": first and datetime.fromisoformat(first)})

    def payee_is_new(self, at: datetime, hours: int) -> bool:
        first = self.payee_first_at
        return first is None or at < first + timedelta(hours=hours)


NAMES = tuple(one.name for one in fields(CustomerPolicies))
NOTHING, UNCOUNTED = CustomerPolicies(), Standing()


def _plain(value: Any) -> Any:
    if isinstance(value, TimeRange | NewPayee):
        return value.to_json()
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _same(value: Any) -> Any:
    return value


_READ: dict[str, Callable[[Any], Any]] = {
    "max_transaction_amount": dict,
    "daily_total": dict,
    "allowed_locations": lambda value: None if value is None else tuple(value),
    "allowed_time_range": lambda value: value and TimeRange.from_json(value),
    "allowed_currencies": lambda value: None if value is None else tuple(value),
    "allowed_payees": tuple,
    "new_payee": lambda value: value and NewPayee.from_json(value),
}


# --- stricter and looser --------------------------------------------------------------------


def stricter(old: CustomerPolicies, new: CustomerPolicies) -> CustomerPolicies:
    """What both allow, field by field: exactly `new` where it allows nothing that `old` forbids."""
    together = {name: merge(getattr(old, name), getattr(new, name)) for name, merge in _MERGE}
    return CustomerPolicies(
        **together,
        allowed_payees=_payees(old, new),
        timezone=old.timezone if old.uses_clock else new.timezone,
    )


def looser_in(old: CustomerPolicies, new: CustomerPolicies) -> tuple[str, ...]:
    """The fields in which the new limits allow what the old ones forbid."""
    together = stricter(old, new)
    changed = [name for name in NAMES if getattr(together, name) != getattr(new, name)]
    # Where no limit reads the clock any more, it does not matter whose it is.
    return tuple(name for name in changed if name != "timezone" or new.uses_clock)


def _least(old: Amounts, new: Amounts) -> dict[str, int]:
    both = {**old, **new}
    return {name: min(old.get(name, minor), minor) for name, minor in both.items()}


def _fewest(old: int | None, new: int | None) -> int | None:
    return min((count for count in (old, new) if count is not None), default=None)


def _either(old: bool, new: bool) -> bool:
    return old or new


def _common(old: tuple[str, ...] | None, new: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if old is None or new is None:
        return old if new is None else new
    return tuple(name for name in new if name in old)


def _common_places(
    old: tuple[str, ...] | None, new: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    """Places of one that the other covers: of Portugal and Lisbon, Lisbon."""
    if old is None or new is None:
        return old if new is None else new
    common = tuple(place for place in new if places.covers(old, place))
    return common + tuple(
        place for place in old if places.covers(new, place) and not places.covers(common, place)
    )


def _common_time(old: TimeRange | None, new: TimeRange | None) -> TimeRange | None:
    """The longest stretch within both. Two nights that overlap at both ends have a second one:
    that it is left out is stricter than need be, for as long as the change waits."""
    if old is None or new is None:
        return new or old
    common = old.minutes & new.minutes
    if common == new.minutes:
        return new
    starts = [minute for minute in sorted(common) if (minute - 1) % DAY_MINUTES not in common]
    lengths = {start: _length(common, start) for start in starts}
    longest = max(starts, key=lengths.__getitem__, default=new.start)
    return TimeRange(longest, (longest + lengths.get(longest, 0)) % DAY_MINUTES)


def _length(minutes: Collection[int], start: int) -> int:
    after = (start + step for step in range(DAY_MINUTES))
    return next(step for step, minute in enumerate(after) if minute % DAY_MINUTES not in minutes)


def _slower(old: NewPayee | None, new: NewPayee | None) -> NewPayee | None:
    """The longer time and the lesser amount, also of two that cannot be said in one."""
    if old is None or new is None:
        return new or old
    return NewPayee(max(old.hours, new.hours), _least(old.amount, new.amount))


def _payees(old: CustomerPolicies, new: CustomerPolicies) -> tuple[str, ...]:
    """A list counts only where it is switched on."""
    if not old.only_allowed_payees:
        return new.allowed_payees
    if not new.only_allowed_payees:
        return old.allowed_payees
    return _common(old.allowed_payees, new.allowed_payees) or ()


_MERGE: tuple[tuple[str, Any], ...] = (
    ("max_transaction_amount", _least),
    ("daily_total", _least),
    ("daily_payments", _fewest),
    ("allowed_locations", _common_places),
    ("block_unknown_locations", _either),
    ("allowed_time_range", _common_time),
    ("allowed_currencies", _common),
    ("only_allowed_payees", _either),
    ("new_payee", _slower),
    ("block_withdrawals", _either),
)
