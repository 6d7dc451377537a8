"""When a scheduled payment is due. Pure: days in, days out; no clock and no time zone.

A plan is a list of dates that never drifts: the third payment of a plan that began on 31 January is
on 31 March, whatever February did to the second. A date is where the plan puts it (`due_on`, its
identity); the day the money moves (`run_on`) may be the next or previous working day. Weekends
only: bank holidays differ by country and are decided late, and money here moves every day.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import count as numbers
from itertools import islice

EVERY_MAX = 52


class Rhythm(StrEnum):
    ONCE = "once"
    WEEKLY = "weekly"  # every `every` weeks, on the weekday of the first date
    MONTHLY = "monthly"  # on the first date's day; where a month is shorter, on its last day
    MONTH_END = "month_end"  # on the last day of every month
    QUARTERLY = "quarterly"
    YEARLY = "yearly"  # 29 February is the 28th in other years


class Weekend(StrEnum):
    SAME = "same"  # money here moves on Sundays too
    NEXT = "next"
    PREVIOUS = "previous"


_MONTHS = {Rhythm.MONTHLY: 1, Rhythm.MONTH_END: 1, Rhythm.QUARTERLY: 3, Rhythm.YEARLY: 12}


@dataclass(frozen=True, slots=True)
class Plan:
    """From when, how often, until when. `until` is a date of the plan, before any weekend rule."""

    first: date
    rhythm: Rhythm
    every: int = 1
    until: date | None = None
    times: int | None = None
    weekend: Weekend = Weekend.SAME


@dataclass(frozen=True, slots=True, order=True)
class Due:
    due_on: date
    run_on: date


def next_dates(plan: Plan, *, count: int, after: date | None = None) -> list[Due]:
    """The next dates of the plan behind `after`; from its first one when nothing was yet."""
    return list(islice(dates(plan, after=after), count))


def dates(plan: Plan, *, after: date | None = None) -> Iterator[Due]:
    """The same without an end, unless the plan has one. A date decades ahead costs no more."""
    for number in numbers(_number_behind(plan, after)):
        if plan.times is not None and number >= plan.times:
            return
        if plan.rhythm == Rhythm.ONCE and number:
            return
        due_on = _date(plan, number)
        if due_on is None or (plan.until is not None and due_on > plan.until):
            return
        yield Due(due_on, moved(due_on, plan.weekend))


def moved(day: date, rule: Weekend) -> date:
    """The day money moves for a date on a weekend."""
    beyond = day.weekday() - 4  # Saturday 1, Sunday 2
    if rule == Weekend.SAME or beyond <= 0:
        return day
    if rule == Weekend.PREVIOUS and day.toordinal() > beyond:
        return day - timedelta(days=beyond)
    return day + timedelta(days=3 - beyond)


def _number_behind(plan: Plan, after: date | None) -> int:
    """The number of the first date of the plan that is later than `after`."""
    if after is None or after < plan.first:
        return 0
    if plan.rhythm == Rhythm.ONCE:
        return 1
    if plan.rhythm == Rhythm.WEEKLY:
        return (after - plan.first).days // (7 * plan.every) + 1
    near = max(0, (_month(after) - _month(plan.first)) // _MONTHS[plan.rhythm])
    found = _date(plan, near)
    return near + 1 if found is not None and found <= after else near


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _date(plan: Plan, number: int) -> date | None:
    """The date with this number; None behind the end of the calendar."""
    if plan.rhythm == Rhythm.ONCE:
        return plan.first
    if plan.rhythm == Rhythm.WEEKLY:
        ordinal = plan.first.toordinal() + 7 * plan.every * number
        return date.fromordinal(ordinal) if ordinal <= _LAST.toordinal() else None
    year, month = divmod(_month(plan.first) + _MONTHS[plan.rhythm] * number, 12)
    if year > _LAST.year:
        return None
    last = calendar.monthrange(year, month + 1)[1]
    day = last if plan.rhythm == Rhythm.MONTH_END else min(plan.first.day, last)
    return date(year, month + 1, day)


_LAST = date(9999, 12, 1)  # so that a weekend rule stays within the calendar too
