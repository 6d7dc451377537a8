"""Payments that come again: in which rhythm, how much, when next, and whether they grew. Pure."""

import re
from bisect import bisect_right
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from statistics import median, median_low

from banking.insights.flows import Counterparty, Flow, next_month
from banking.policy import INSIGHTS, InsightsPolicy
from fintrust.core.money import Money

Series = tuple[str, str, bool, str]


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A step from one payment to the next: so many days or months, give or take `slack` days."""

    label: str
    days: int = 0
    months: int = 0
    slack: int = 0
    times_min: int = 3  # fewer are a coincidence

    @property
    def length(self) -> float:
        return self.days or self.months * 30.44

    def fits(self, gap: int) -> bool:
        return abs(gap - self.length) <= self.slack

    def after(self, last: date, usual_day: int, steps: int = 1) -> date:
        """The date after `last`; in months the usual day, or the last one of a short month."""
        if self.days:
            return last + timedelta(days=self.days * steps)
        # A payment that came a little early or late still belongs to the nearest usual day.
        nearest = min(
            (_on(next_month(last, by), usual_day) for by in (-1, 0, 1)),
            key=lambda day: abs((day - last).days),
        )
        return _on(next_month(nearest, self.months * steps), usual_day)


RHYTHMS = (
    Rhythm("Every week", days=7, slack=1, times_min=4),
    Rhythm("Every two weeks", days=14, slack=2, times_min=4),
    Rhythm("Every month", months=1, slack=5),
    Rhythm("Every quarter", months=3, slack=8),
    Rhythm("Every year", months=12, slack=12),
)
TIMES_MIN = min(rhythm.times_min for rhythm in RHYTHMS)


@dataclass(frozen=True, slots=True)
class Rise:
    """From when on it costs more, and what it cost before."""

    before: Money
    since: date


@dataclass(frozen=True, slots=True)
class Recurring:
    """One payment that comes again. Amounts are positive, whichever way the money goes."""

    counterparty: Counterparty
    text: str
    rhythm: Rhythm
    usual: Money
    steady: bool  # the same amount each time, so that `usual` is the next one
    incoming: bool
    last: Flow
    next: date
    times: int
    rise: Rise | None
    usual_day: int

    def dates(self, until: date) -> Iterator[date]:
        """When it is expected, from the next time up to and including `until`."""
        day, steps = self.next, 1
        while day <= until:
            yield day
            day, steps = self.rhythm.after(self.next, self.usual_day, steps), steps + 1

    @property
    def series(self) -> Series:
        return series_of(self.last)

    @property
    def monthly(self) -> Money:
        """What it comes to in a month, so that a yearly and a weekly one can be compared."""
        return Money(round(self.usual.minor * 30.44 / self.rhythm.length), self.usual.currency)


def series_of(flow: Flow) -> Series:
    """What a flow is one of: the same counterparty, direction, currency and words."""
    words = _without_dates(flow.text)
    return flow.counterparty.key, flow.amount.currency, flow.incoming, words


class Book:
    """Flows put in order once, so that what was known can be asked of many days."""

    def __init__(self, flows: Iterable[Flow]) -> None:
        groups: dict[Series, list[Flow]] = defaultdict(list)
        for flow in flows:
            groups[series_of(flow)].append(flow)
        self.groups = {
            series: sorted(group, key=_day)
            for series, group in groups.items()
            if len(group) >= TIMES_MIN
        }

    def known(self, today: date, policy: InsightsPolicy = INSIGHTS) -> list[Recurring]:
        """What came again up to this day and had not stopped, dearest by the month first."""
        found = [
            one
            for group in self.groups.values()
            for one in _in_group(group[: bisect_right(group, today, key=_day)], today, policy)
        ]
        return sorted(found, key=lambda one: (-one.monthly.minor, one.counterparty.key, one.text))


def find(flows: Iterable[Flow], *, today: date) -> list[Recurring]:
    """Everything that comes again and has not stopped."""
    return Book(flows).known(today)


def _day(flow: Flow) -> date:
    return flow.day


def _in_group(group: list[Flow], today: date, policy: InsightsPolicy) -> Iterator[Recurring]:
    """The group as one payment; or else each of its amounts, for two plans of one company."""
    group = group[-policy.recurring_group_max :]
    if len(group) < TIMES_MIN:
        return
    if whole := _as_one(group, today, policy):
        yield whole
        return
    by_amount: dict[int, list[Flow]] = defaultdict(list)
    for flow in group:
        by_amount[flow.amount.minor].append(flow)
    for same in by_amount.values():
        if TIMES_MIN <= len(same) < len(group) and (one := _as_one(same, today, policy)):
            yield one


def _as_one(flows: Sequence[Flow], today: date, policy: InsightsPolicy) -> Recurring | None:
    recent = flows[-policy.recurring_times_max :]
    rhythm = _rhythm_of([flow.day for flow in recent])
    amounts = [abs(flow.amount.minor) for flow in recent]
    if rhythm is None or not _alike(amounts, policy):
        return None
    last = recent[-1]
    usual_day = _usual_day([flow.day for flow in recent])
    due = rhythm.after(last.day, usual_day)
    if today > due + timedelta(days=max(rhythm.slack, policy.recurring_late_days)):
        return None  # it has stopped
    currency = last.amount.currency
    steady = len(set(amounts[-2:])) == 1 or _rise(recent) is not None
    usual = amounts[-1] if steady else round(median(amounts[-6:]))
    return Recurring(
        counterparty=last.counterparty,
        text=last.text,
        rhythm=rhythm,
        usual=Money(usual, currency),
        steady=steady,
        incoming=last.incoming,
        last=last,
        next=due,
        times=len(flows),
        rise=_rise(recent),
        usual_day=usual_day,
    )


def _rhythm_of(days: Sequence[date]) -> Rhythm | None:
    """The rhythm all gaps fit, but for one in five: somebody was ill, a bank holiday moved it."""
    gaps = [(after - before).days for before, after in pairwise(days)]
    for rhythm in RHYTHMS:
        if len(days) >= rhythm.times_min:
            strays = sum(not rhythm.fits(gap) for gap in gaps)
            if strays * 5 <= len(gaps) and rhythm.fits(round(median(gaps))):
                return rhythm
    return None


def _alike(amounts: Sequence[int], policy: InsightsPolicy) -> bool:
    """Whether they are about as large as each other: a bill varies, shopping is anything."""
    middle = median(amounts)
    return median(abs(amount - middle) for amount in amounts) <= policy.recurring_spread * middle


def _rise(flows: Sequence[Flow]) -> Rise | None:
    """A price that stood still, went up once, and has stood there since."""
    amounts = [abs(flow.amount.minor) for flow in flows]
    if flows[0].incoming:
        return None
    new = next((i for i in range(len(amounts) - 1, 0, -1) if amounts[i] != amounts[i - 1]), 0)
    if new < 2 or amounts[new - 1] != amounts[new - 2] or amounts[new] < amounts[new - 1]:
        return None
    return Rise(Money(amounts[new - 1], flows[0].amount.currency), flows[new].day)


def _usual_day(days: Sequence[date]) -> int:
    """The day of the month. The last day of a short month stands for a longer one's."""
    whole = [day.day for day in days if day.day < monthrange(day.year, day.month)[1]]
    if len(whole) * 2 < len(days):
        return max(day.day for day in days)
    return median_low(day.day for day in days)


def _on(month: date, day: int) -> date:
    return month.replace(day=min(day, monthrange(month.year, month.month)[1]))


_MONTHS = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sep(?:t|tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_DATED = re.compile(rf"\b(?:{_MONTHS})\b|[^\w]|\d+|_", re.IGNORECASE)


@lru_cache(maxsize=5000)
def _without_dates(text: str) -> str:
    """ "Rent May" and "Rent June 2026" are one payment; "Invoice 17" and "Invoice 18", too."""
    return " ".join(_DATED.sub(" ", text.casefold()).split())
