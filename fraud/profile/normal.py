"""What is normal for a customer, from their own payments. Values in, values out: no Django here."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from fraud.features import HOURS, local
from fraud.hits import say
from fraud.limits.places import normalise
from fraud.policy import STANDARD
from fraud.profile.policy import PROFILE, ProfilePolicy

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Where a bar of the amounts ends, in units of about a euro: each about twice the one before.
_STEPS = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_HIGH_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment that moved, as far as a habit can be seen in it."""

    amount_minor: int
    currency: str
    payee: str  # acc_…, or nothing
    at: datetime
    local_hour: int
    place: str = ""


@dataclass(frozen=True, slots=True)
class Amounts:
    """What one pays in one currency. Whole minor units; only mean and deviation are rounded."""

    currency: str
    payments: int
    sum_minor: int
    mean_minor: int
    deviation_minor: int
    median_minor: int
    high_minor: int  # 90 of 100 payments stay at or below
    largest_minor: int
    bars: tuple[tuple[str, int], ...]  # how many payments in each band of amounts


@dataclass(frozen=True, slots=True)
class Familiar:
    """A payee or a place, and how often it came."""

    name: str
    payments: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Profile:
    """A customer's own normal."""

    payments: int
    since: datetime | None  # the first payment that counts
    last_at: datetime | None
    days: float
    per_week: float
    amounts: tuple[Amounts, ...]  # the most used currency first
    hours: tuple[int, ...]
    weekdays: tuple[int, ...]
    payees: tuple[Familiar, ...]
    payees_count: int
    places: tuple[Familiar, ...]

    @property
    def usual_hours(self) -> tuple[int, int] | None:
        """From, up to: the shortest stretch of the day, over midnight too, with most payments."""
        return _stretch(self.hours, PROFILE.usual_share) if self.payments else None

    @property
    def usual_weekdays(self) -> tuple[str, ...]:
        """The fewest days of the week that hold most payments, in the order of the week."""
        order = sorted(range(7), key=lambda day: -self.weekdays[day])
        wanted = PROFILE.usual_share * self.payments
        chosen: list[int] = []
        for day in order:
            if sum(self.weekdays[one] for one in chosen) >= wanted:
                break
            chosen.append(day)
        return tuple(WEEKDAYS[day] for day in sorted(chosen))

    def sentences(self) -> list[str]:
        """The same in words, for whom it is about."""
        return [line for line in _sentences(self) if line]


def profile(
    payments: Iterable[Payment],
    *,
    at: datetime,
    timezone: str,
    policy: ProfilePolicy = PROFILE,
) -> Profile:
    """The normal that these payments make."""
    known = sorted(payments, key=lambda payment: payment.at)
    first, last = (known[0].at, known[-1].at) if known else (None, None)
    days = (at - first).total_seconds() / 86_400 if first else 0.0
    payees = _familiar((p.payee, p.at) for p in known if p.payee)
    hours = Counter(payment.local_hour for payment in known)
    weekdays = Counter(local(payment.at, timezone).weekday() for payment in known)
    return Profile(
        payments=len(known),
        since=first,
        last_at=last,
        days=days,
        per_week=len(known) / max(days / 7, 1.0),
        amounts=_amounts(known),
        hours=tuple(hours[hour] for hour in range(HOURS)),
        weekdays=tuple(weekdays[day] for day in range(7)),
        payees=payees[: policy.payees_shown],
        payees_count=len(payees),
        places=_familiar(_places(known))[: policy.places_shown],
    )


def _places(known: Sequence[Payment]) -> Iterable[tuple[str, datetime]]:
    """Each place by one name, however it was spelled: as it was the last time."""
    names = {normalise(payment.place): payment.place.strip() for payment in known}
    for payment in known:
        if name := normalise(payment.place):
            yield names[name], payment.at


def _familiar(seen: Iterable[tuple[str, datetime]]) -> tuple[Familiar, ...]:
    """Most often first; `seen` is in order of time."""
    moments: dict[str, list[datetime]] = defaultdict(list)
    for name, at in seen:
        moments[name].append(at)
    found = (Familiar(name, len(times), times[-1]) for name, times in moments.items())
    return tuple(sorted(found, key=lambda one: (-one.payments, one.name)))


def _amounts(known: Sequence[Payment]) -> tuple[Amounts, ...]:
    by_currency: dict[str, list[int]] = defaultdict(list)
    for payment in known:
        by_currency[payment.currency].append(payment.amount_minor)
    found = (_of_one(currency, sorted(minors)) for currency, minors in by_currency.items())
    return tuple(sorted(found, key=lambda one: (-one.payments, one.currency)))


def _of_one(currency: str, minors: Sequence[int]) -> Amounts:
    n, total = len(minors), sum(minors)
    squares = sum(minor * minor for minor in minors)
    variance = (n * squares - total**2) / (n * (n - 1)) if n > 1 else 0.0
    return Amounts(
        currency=currency,
        payments=n,
        sum_minor=total,
        mean_minor=round(total / n),
        deviation_minor=round(math.sqrt(variance)),
        median_minor=minors[_rank(n, 0.5)],
        high_minor=minors[_rank(n, _HIGH_SHARE)],
        largest_minor=minors[-1],
        bars=_bars(currency, minors),
    )


def _rank(n: int, share: float) -> int:
    """Which of n sorted values a share of them does not exceed: PostgreSQL's percentile_disc."""
    return max(math.ceil(share * n) - 1, 0)


def _bars(currency: str, minors: Sequence[int]) -> tuple[tuple[str, int], ...]:
    """From the band of the smallest payment to that of the largest; empty ones between stay."""
    edges = [STANDARD.minor(step, currency) for step in _STEPS]
    names = [f"up to {_round(edge, currency)}" for edge in edges]
    names.append(f"over {_round(edges[-1], currency)}")
    places = [next((i for i, edge in enumerate(edges) if m <= edge), len(edges)) for m in minors]
    counted = Counter(places)
    return tuple((names[i], counted[i]) for i in range(places[0], places[-1] + 1))


def _round(minor: int, currency: str) -> str:
    """A round amount needs no decimals."""
    return say(minor, currency).replace(".00", "", 1)


def _stretch(hours: Sequence[int], share: float) -> tuple[int, int]:
    total = sum(hours)
    for length in range(1, HOURS + 1):
        sums = [sum(hours[(start + i) % HOURS] for i in range(length)) for start in range(HOURS)]
        best = max(range(HOURS), key=lambda start: sums[start])
        if sums[best] >= share * total:
            return best, (best + length) % HOURS
    raise AssertionError("a whole day holds every payment")


def _sentences(normal: Profile) -> Iterable[str]:
    if not normal.payments:
        return
    weekly = f"{normal.per_week:.0f}" if normal.per_week >= 1 else "less than one"
    once = "payment" if weekly == "1" else "payments"
    yield f"You make about {weekly} {once} a week."
    for one in normal.amounts[:3]:
        usual, high, largest = (
            say(minor, one.currency)
            for minor in (one.median_minor, one.high_minor, one.largest_minor)
        )
        yield (
            f"Half of your payments in {one.currency} are at most {usual}, nine in ten at most "
            f"{high}; the largest was {largest}."
        )
    hours = normal.usual_hours
    if hours:
        start, end = hours
        span = "at any hour" if start == end else f"between {start:02}:00 and {end:02}:00"
        yield f"Most of them are made {span} on your clock, {_days(normal.usual_weekdays)}."
    people = normal.payees_count
    if people:
        yield f"You have paid {people} {'account' if people == 1 else 'different accounts'}."


def _days(names: Sequence[str]) -> str:
    if len(names) == 7:
        return "on all days of the week"
    *most, last = names
    return "on " + (", ".join(f"{name}s" for name in most) + " and " if most else "") + f"{last}s"
