"""The dates of a plan, against an oracle that walks day by day, and in a table people can check."""

import calendar
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banking.schedules.dates import Due, Plan, Rhythm, Weekend, dates, moved, next_dates

YEARS = 30


def oracle(plan: Plan, horizon: date) -> list[Due]:
    """Slow and plain: look at every day and ask whether the plan has a date on it."""
    found: list[Due] = []
    day = plan.first
    while day <= horizon and (plan.until is None or day <= plan.until):
        if plan.times is not None and len(found) == plan.times:
            break
        if is_due(plan, day):
            found.append(Due(day, working(day, plan.weekend)))
        day += timedelta(days=1)
    return found


def is_due(plan: Plan, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    on_its_day = day.day == min(plan.first.day, last)
    match plan.rhythm:
        case Rhythm.ONCE:
            return day == plan.first
        case Rhythm.WEEKLY:
            return (day - plan.first).days % (7 * plan.every) == 0
        case Rhythm.MONTHLY:
            return on_its_day
        case Rhythm.MONTH_END:
            return day.day == last
        case Rhythm.QUARTERLY:
            return on_its_day and (day.month - plan.first.month) % 3 == 0
        case Rhythm.YEARLY:
            return on_its_day and day.month == plan.first.month


def working(day: date, rule: Weekend) -> date:
    step = timedelta(days={Weekend.SAME: 0, Weekend.NEXT: 1, Weekend.PREVIOUS: -1}[rule])
    while step and day.strftime("%a") in {"Sat", "Sun"}:
        day += step
    return day


days = st.dates(date(2020, 1, 1), date(2029, 12, 31))
plans = st.builds(
    Plan,
    first=days,
    rhythm=st.sampled_from(Rhythm),
    every=st.integers(1, 6),
    until=st.none() | st.dates(date(2020, 1, 1), date(2060, 1, 1)),
    times=st.none() | st.integers(1, 60),
    weekend=st.sampled_from(Weekend),
)


@given(plans, days | st.none())
def test_the_dates_are_those_that_a_walk_through_the_calendar_finds(plan, after):
    horizon = plan.first + timedelta(days=365 * YEARS)
    expected = [due for due in oracle(plan, horizon) if after is None or due.due_on > after]
    found = []
    for due in dates(plan, after=after):
        if due.due_on > horizon:
            break
        found.append(due)
    assert found == expected


@given(plans)
def test_walking_date_by_date_is_the_plan(plan):
    """The sweeper knows only the last date it made; it never skips one and never repeats one."""
    whole = next_dates(plan, count=40)
    walked: list[Due] = []
    last = None
    while len(walked) < 40 and (step := next_dates(plan, count=1, after=last)):
        walked += step
        last = step[0].due_on
    assert walked == whole
    assert len({due.run_on for due in whole}) == len(whole)
    assert whole == sorted(whole)


@given(st.sampled_from(Rhythm), st.dates())
def test_the_calendar_has_an_end_and_nothing_breaks_there(rhythm, first):
    for due in next_dates(Plan(first, rhythm, weekend=Weekend.NEXT), count=3):
        assert due.due_on >= first or rhythm == Rhythm.MONTH_END


def isos(plan: Plan, count: int) -> list[str]:
    return [due.due_on.isoformat() for due in next_dates(plan, count=count)]


@pytest.mark.parametrize(
    "first, rhythm, expected",
    [
        (
            "2027-01-31",
            Rhythm.MONTHLY,
            ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"],
        ),
        ("2028-01-30", Rhythm.MONTHLY, ["2028-01-30", "2028-02-29", "2028-03-30"]),
        ("2027-01-29", Rhythm.MONTHLY, ["2027-01-29", "2027-02-28", "2027-03-29"]),
        ("2027-02-10", Rhythm.MONTH_END, ["2027-02-28", "2027-03-31", "2027-04-30"]),
        ("2026-11-30", Rhythm.QUARTERLY, ["2026-11-30", "2027-02-28", "2027-05-30"]),
        (
            "2028-02-29",
            Rhythm.YEARLY,
            ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"],
        ),
        ("2026-12-30", Rhythm.WEEKLY, ["2026-12-30", "2027-01-06"]),
        ("2026-12-30", Rhythm.ONCE, ["2026-12-30"]),
    ],
)
def test_short_months_do_not_pull_the_next_ones_along(first, rhythm, expected):
    assert isos(Plan(date.fromisoformat(first), rhythm), len(expected)) == expected


@pytest.mark.parametrize(
    "day, following, previous",
    [
        ("2026-05-01", "2026-05-01", "2026-05-01"),  # a Friday
        ("2026-05-02", "2026-05-04", "2026-05-01"),
        ("2026-05-03", "2026-05-04", "2026-05-01"),
        ("2026-05-04", "2026-05-04", "2026-05-04"),
        ("2026-05-31", "2026-06-01", "2026-05-29"),  # into the next month
    ],
)
def test_a_weekend_moves_to_the_working_day(day, following, previous):
    there = date.fromisoformat(day)
    assert moved(there, Weekend.SAME) == there
    assert moved(there, Weekend.NEXT) == date.fromisoformat(following)
    assert moved(there, Weekend.PREVIOUS) == date.fromisoformat(previous)


@pytest.mark.parametrize("until, count", [("2026-03-30", 2), ("2026-03-31", 3), ("2026-01-30", 0)])
def test_until_is_inclusive(until, count):
    plan = Plan(date(2026, 1, 31), Rhythm.MONTHLY, until=date.fromisoformat(until))
    assert len(next_dates(plan, count=9)) == count


def test_so_many_times_counts_from_the_first():
    plan = Plan(date(2026, 1, 1), Rhythm.WEEKLY, every=2, times=3)
    assert isos(plan, 9) == ["2026-01-01", "2026-01-15", "2026-01-29"]
    assert next_dates(plan, count=9, after=date(2026, 1, 29)) == []
