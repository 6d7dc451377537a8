"""What is planned: whose, when next, and whether the money will be there."""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile

from django.db.models import QuerySet
from django.utils import timezone

from banking import selectors
from banking.models import Account, Occurrence, Schedule
from banking.payees.selectors import saved
from banking.payees.services import Found
from banking.policy import SCHEDULES
from banking.schedules.calendars import today_of
from banking.schedules.dates import Due, dates, next_dates
from banking.selectors import InvalidCursor, Page
from fintrust.core.errors import NotFound
from fintrust.core.ids import from_public
from fintrust.core.models import User
from fintrust.core.money import Money

HISTORY_PAGE = 25
FAILED_DAYS, FAILED_MAX = 14, 5  # what the list says first; the rest is with each schedule
LIST_MAX = 200  # alive ones are fewer; of those that ended, the last


def schedules_of(user: User) -> QuerySet[Schedule]:
    """The customer's schedules: what comes next first, then what ended last."""
    return (
        Schedule.objects.filter(owner=user)
        .select_related("owner", "source", "target")
        .order_by("next_run_on", "-ended_at", "-id")
    )


def schedule_for(user: User, public_id: str) -> Schedule:
    """One of the customer's schedules; somebody else's does not exist."""
    found = schedules_of(user).filter(pk=from_public(Schedule.prefix, public_id)).first()
    if found is None:
        raise NotFound()
    return found


def occurrences_page(schedule: Schedule, *, before: str | None, size: int) -> Page:
    """What came of a schedule's dates, newest first. The cursor is a date of the plan."""
    found = schedule.occurrences.select_related("transfer").order_by("-due_on")
    if before:
        try:
            found = found.filter(due_on__lt=date.fromisoformat(before))
        except ValueError:
            raise InvalidCursor() from None
    rows = list(found[: size + 1])
    return Page(rows[:size], rows[size - 1].due_on.isoformat() if len(rows) > size else "")


def called(user: User, found: Found) -> str:
    """What the customer's own pages call who is paid."""
    payee = saved(user, found.account)
    return payee.title if payee else found.shown


def coming_dates(schedule: Schedule, count: int) -> list[Due]:
    """The next dates that have not come to anything yet."""
    if schedule.next_on is None:
        return []
    return next_dates(schedule.plan, count=count, after=schedule.next_on - timedelta(days=1))


def lately_failed(user: User) -> list[Occurrence]:
    """The dates that came to nothing within the last weeks, newest first."""
    since = timezone.now() - timedelta(days=FAILED_DAYS)
    failed = Occurrence.objects.filter(
        schedule__owner=user, status=Occurrence.Status.FAILED, settled_at__gte=since
    )
    return list(failed.select_related("schedule").order_by("-settled_at")[:FAILED_MAX])


@dataclass(frozen=True, slots=True)
class Upcoming:
    """Money that will leave an account, if nothing is changed before."""

    when: date
    amount: Money
    account: Account
    name: str
    schedule: Schedule


def upcoming(user: User, until: date) -> list[Upcoming]:
    """What leaves the customer's accounts up to and on this day, in the order it will.

    What is due, or tried again, counts for today.
    """
    alive = list(schedules_of(user).filter(status=Schedule.Status.ACTIVE))
    today = today_of(user, timezone.now())
    found = [
        _coming(schedule, max(run_on, today))
        for schedule in alive
        for run_on in _run_dates(schedule, today, until)
    ]
    found += [_coming(schedule, today) for schedule in _tried_again(alive) if today <= until]
    return sorted(found, key=lambda one: (one.when, one.schedule.pk))


def _coming(schedule: Schedule, when: date) -> Upcoming:
    return Upcoming(when, schedule.amount, schedule.source, schedule.name, schedule)


def _run_dates(schedule: Schedule, today: date, until: date) -> list[date]:
    """The days money leaves; what is too old to be paid late will not."""
    if schedule.next_on is None:
        return []
    oldest = today - timedelta(days=SCHEDULES.late_days_max)
    behind = schedule.next_on - timedelta(days=1)
    coming = (due.run_on for due in dates(schedule.plan, after=behind))
    return [day for day in takewhile(lambda day: day <= until, coming) if day >= oldest]


def _tried_again(schedules: Iterable[Schedule]) -> list[Schedule]:
    by_id = {schedule.pk: schedule for schedule in schedules}
    waiting = Occurrence.objects.filter(schedule__in=by_id, status=Occurrence.Status.WAITING)
    return [by_id[pk] for pk in waiting.values_list("schedule_id", flat=True)]


def end_of_month(user: User) -> date:
    today = today_of(user, timezone.now())
    return today.replace(day=calendar.monthrange(today.year, today.month)[1])


def leaving(coming: Iterable[Upcoming]) -> list[Money]:
    """What leaves the customer altogether, one sum for each currency; own accounts do not count."""
    sums: dict[str, int] = {}
    for one in coming:
        if one.schedule.target.owner_id != one.schedule.owner_id:
            sums[one.amount.currency] = sums.get(one.amount.currency, 0) + one.amount.minor
    return [Money(minor, currency) for currency, minor in sums.items()]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """The first planned payment of an account that will not be covered, as things stand."""

    coming: Upcoming
    missing: Money


def shortfalls(user: User, coming: Iterable[Upcoming]) -> list[Shortfall]:
    """Pay them in order from what is available now, own accounts feeding each other."""
    left = {account.pk: account.available for account in selectors.accounts_of(user)}
    found: dict[int, Shortfall] = {}
    for one in coming:
        source, target = one.schedule.source_id, one.schedule.target_id
        after = left[source] - one.amount
        if after.minor < 0:
            found.setdefault(source, Shortfall(one, -after))
            continue  # it will fail, and the money stays for the next one
        left[source] = after
        if target in left:
            left[target] += one.amount
    return list(found.values())
