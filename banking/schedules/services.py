"""Plans of payments, and the hand that carries them out: each date once, whoever sweeps.

A date becomes a row, unique by schedule and date, in the transaction that moves its money through
`send_transfer`, under the schedule's lock. So two sweepers share the work, a sweeper that dies
leaves nothing half done, and a second run finds nothing to do. Fraud judges it like any payment.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone as clock

from audit.services import record
from banking.errors import AccountClosed, InsufficientFunds, SameAccount
from banking.models import Account, Occurrence, Schedule, Transfer
from banking.payees.errors import UnknownPayee
from banking.policy import SCHEDULES, SchedulePolicy
from banking.schedules.calendars import at, today_of
from banking.schedules.dates import Plan, next_dates
from banking.schedules.errors import (
    NotTheNextDate,
    ScheduleEnded,
    ScheduleInPast,
    SchedulesExhausted,
    ScheduleTooFar,
    ScheduleWithoutDates,
)
from banking.transfers.services import send_transfer
from fintrust.core import live
from fintrust.core.errors import NotFound, Problem
from fintrust.core.etags import Expected, expect
from fintrust.core.idempotency import IdempotencyKeyReused, clean_key, fingerprint
from fintrust.core.models import User
from fintrust.core.money import CurrencyMismatch, Money

log = structlog.get_logger(__name__)

# What the database lets the application change.
_MAY_CHANGE = (
    "amount_minor", "note", "rhythm", "every", "first_on", "until", "times", "weekend", "status",
    "next_on", "next_run_on", "version", "ended_at", "ended_because",
)  # fmt: skip
_MAY_COME = ("status", "tries", "next_try_at", "transfer", "reason", "settled_at")

PAUSED, MISSED, ASKED, CANCELLED, INACTIVE = (
    "paused", "missed", "asked", "cancelled", "customer-inactive",
)  # fmt: skip


# --- making plans ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wish:
    """What a customer wants to be paid, and when."""

    source: Account
    target: Account
    name: str
    amount: Money
    plan: Plan
    note: str = ""

    @property
    def fingerprint(self) -> str:
        return fingerprint(
            source=self.source.pk,
            target=self.target.pk,
            amount=str(self.amount),
            note=self.note,
            plan=str(self.plan),
        )


def check_wish(wish: Wish, *, by: User, policy: SchedulePolicy = SCHEDULES) -> None:
    """Refuse what could never be carried out. Funds are looked at on the day."""
    if wish.source.owner_id != by.pk:
        raise NotFound()
    if wish.target.owner_id is None:
        raise UnknownPayee()
    if wish.source.pk == wish.target.pk:
        raise SameAccount()
    if not wish.source.currency == wish.target.currency == wish.amount.currency:
        raise CurrencyMismatch()
    if Account.Status.CLOSED in {wish.source.status, wish.target.status}:
        raise AccountClosed()
    _check_plan(wish.plan, today_of(by, clock.now()), policy)


def _check_plan(plan: Plan, today: date, policy: SchedulePolicy) -> None:
    if plan.first < today:
        raise ScheduleInPast()
    _check_end(plan, today, policy)


def _check_end(plan: Plan, today: date, policy: SchedulePolicy) -> None:
    if plan.first > today + timedelta(days=policy.first_days_max):
        raise ScheduleTooFar()
    if plan.until and plan.until > today + timedelta(days=policy.until_days_max):
        raise ScheduleTooFar(field="until")
    if not next_dates(plan, count=1):
        raise ScheduleWithoutDates()


@transaction.atomic
def create_schedule(
    *, by: User, wish: Wish, request_id: str, policy: SchedulePolicy = SCHEDULES
) -> Schedule:
    """Remember what is to be paid. The same request again answers with what it made then."""
    clean_key(request_id)
    # One lock for each customer: the limit holds for two tabs, and twins wait for each other.
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    if stored := Schedule.objects.filter(owner=by, request_id=request_id).first():
        if stored.fingerprint != wish.fingerprint:
            raise IdempotencyKeyReused()
        stored.replayed = True
        return stored
    check_wish(wish, by=by, policy=policy)
    alive = Schedule.objects.filter(owner=by).exclude(status=Schedule.Status.ENDED)
    if alive.count() >= policy.schedules_max:
        raise SchedulesExhausted()
    schedule = Schedule(
        owner=by,
        source=wish.source,
        target=wish.target,
        name=wish.name,
        amount_minor=wish.amount.minor,
        currency=wish.amount.currency,
        note=wish.note,
        request_id=request_id,
        fingerprint=wish.fingerprint,
    )
    _follow(schedule, wish.plan, after=None)
    schedule.save(force_insert=True)
    record("banking.schedule.created", subject=schedule, by=by, owner=by, after=_values(schedule))
    return schedule


def change_schedule(
    *,
    schedule: Schedule,
    by: User,
    expected: Expected = None,
    amount: Money | None = None,
    note: str | None = None,
    plan: Plan | None = None,
    policy: SchedulePolicy = SCHEDULES,
) -> Schedule:
    """From the next date on. Whom it pays, and from where, is another schedule."""
    with _changing(schedule, by, expected) as found:
        if amount is not None:
            if amount.currency != found.currency:
                raise CurrencyMismatch()
            found.amount_minor = amount.minor
        if note is not None:
            found.note = note
        if plan is not None and plan != found.plan:
            _replan(found, plan, by, policy)
    return found


def _replan(schedule: Schedule, plan: Plan, by: User, policy: SchedulePolicy) -> None:
    """Another rhythm starts anew from its first date; the same one goes on where it was."""
    last = schedule.occurrences.order_by("-due_on").values_list("due_on", flat=True).first()
    old, today = schedule.plan, today_of(by, clock.now())
    same = (plan.first, plan.rhythm, plan.every) == (old.first, old.rhythm, old.every)
    if not same and (plan.first < today or (last and plan.first <= last)):
        raise ScheduleInPast()
    _check_end(plan, today, policy)
    _follow(schedule, plan, after=last if same else None)


def pause_schedule(*, schedule: Schedule, by: User) -> Schedule:
    """Nothing leaves until it is resumed; the dates meanwhile are passed over."""
    with _changing(schedule, by) as found:
        found.status = Schedule.Status.PAUSED
        _drop_waiting(found, PAUSED)
    return found


def resume_schedule(*, schedule: Schedule, by: User) -> Schedule:
    """Go on with the next date that is still to come."""
    now = clock.now()
    with _changing(schedule, by) as found:
        while found.status == Schedule.Status.PAUSED and _is_due(found, now):
            _settle(_next_occurrence(found), Occurrence.Status.SKIPPED, reason=PAUSED)
        found.status = Schedule.Status.ACTIVE
    return found


def skip_next(*, schedule: Schedule, by: User, due_on: date) -> Schedule:
    """Leave out the next date, and only that one: skipping the same date twice is once."""
    with _changing(schedule, by) as found:
        skipped = found.occurrences.filter(due_on=due_on, status=Occurrence.Status.SKIPPED)
        if not skipped.exists():
            if due_on != found.next_on:
                raise NotTheNextDate(next_on=str(found.next_on) if found.next_on else None)
            _settle(_next_occurrence(found), Occurrence.Status.SKIPPED, reason=ASKED)
    return found


def cancel_schedule(*, schedule: Schedule, by: User) -> Schedule:
    """Nothing more is paid. What was paid stays in the history. No PIN: this only keeps money."""
    with _changing(schedule, by) as found:
        _drop_waiting(found, CANCELLED)
        _end(found, Schedule.Ended.CANCELLED)
    return found


def _drop_waiting(schedule: Schedule, reason: str) -> None:
    for occurrence in schedule.occurrences.filter(status=Occurrence.Status.WAITING):
        occurrence.schedule = schedule
        _settle(occurrence, Occurrence.Status.SKIPPED, reason=reason)


@contextmanager
def _changing(schedule: Schedule, by: User, expected: Expected = None) -> Iterator[Schedule]:
    """Lock a schedule that is alive, look again, let the block change it, and remember that."""
    with transaction.atomic():
        found = _lock(Schedule.objects.filter(pk=schedule.pk, owner=by))
        if found is None:
            raise NotFound()
        expect(found.version, expected)
        if found.status == Schedule.Status.ENDED:
            raise ScheduleEnded()
        before = _values(found)
        yield found
        _end_when_done(found)
        after = _values(found)
        if after == before:
            return
        found.version += 1
        found.save(update_fields=_MAY_CHANGE)
        record(
            "banking.schedule.changed",
            subject=found,
            by=by,
            owner=by,
            before=before,
            after=after,
        )


# --- carrying them out ----------------------------------------------------------------------


def run_due(
    *, now: datetime | None = None, batch_max: int = 500, policy: SchedulePolicy = SCHEDULES
) -> int:
    """Carry out what is due, each date in a transaction of its own. Two sweepers share the work.

    One schedule that cannot be swept must not keep the others waiting; it is told at the end.
    """
    now = now or clock.now()
    done, broken = 0, []
    for pk in _due(now, policy):
        try:
            while done < batch_max and _run_next(pk, now, policy):
                done += 1
        except Exception as error:
            log.exception("schedule_broken", schedule=str(pk))
            broken.append(error)
    if broken:
        raise ExceptionGroup("schedules that could not be swept", broken)
    return done


def _due(now: datetime, policy: SchedulePolicy) -> list[UUID]:
    """The schedules with work. The database knows dates, not the hour on everybody's clock."""
    waiting = Occurrence.objects.filter(status=Occurrence.Status.WAITING, next_try_at__lte=now)
    again = waiting.order_by("next_try_at").values_list("schedule_id", flat=True)
    latest = (now + timedelta(hours=14)).date()  # nobody's day begins earlier than there
    coming = (
        Schedule.objects.filter(next_run_on__lte=latest)
        .select_related("owner")
        .order_by("next_run_on", "pk")
    )
    due = [schedule.pk for schedule in coming.iterator() if _is_due(schedule, now, policy)]
    return list(dict.fromkeys([*again, *due]))


def _is_due(schedule: Schedule, now: datetime, policy: SchedulePolicy = SCHEDULES) -> bool:
    run_on = schedule.next_run_on
    return run_on is not None and is_due(run_on, schedule.owner, now, policy)


def is_due(
    run_on: date, user: User, now: datetime | None = None, policy: SchedulePolicy = SCHEDULES
) -> bool:
    """Whether the first hour of that day has struck on the customer's clock."""
    return at(user, run_on, policy.hours[0]) <= (now or clock.now())


@transaction.atomic
def _run_next(pk: UUID, now: datetime, policy: SchedulePolicy) -> bool:
    """One date of one schedule. False when there is none left, or somebody else is at it."""
    schedule = _lock(Schedule.objects.filter(pk=pk), skip_locked=True)
    if schedule is None:
        return False
    occurrence = schedule.occurrences.filter(
        status=Occurrence.Status.WAITING, next_try_at__lte=now
    ).first()
    if occurrence is None:
        if not _is_due(schedule, now, policy):
            return False
        occurrence = _next_occurrence(schedule)
    occurrence.schedule = schedule
    _carry_out(occurrence, now, policy)
    _end_when_done(schedule)
    schedule.save(update_fields=_MAY_CHANGE)
    return True


def _carry_out(occurrence: Occurrence, now: datetime, policy: SchedulePolicy) -> None:
    schedule = occurrence.schedule
    late = today_of(schedule.owner, now) - occurrence.run_on
    if schedule.status == Schedule.Status.PAUSED:
        _settle(occurrence, Occurrence.Status.SKIPPED, reason=PAUSED)
    elif late.days > policy.late_days_max:
        _settle(occurrence, Occurrence.Status.SKIPPED, reason=MISSED)
    elif not schedule.owner.is_active:
        _settle(occurrence, Occurrence.Status.FAILED, reason=INACTIVE)
    else:
        _pay(occurrence, now, policy)


def _pay(occurrence: Occurrence, now: datetime, policy: SchedulePolicy) -> None:
    schedule = occurrence.schedule
    occurrence.tries += 1
    try:
        with transaction.atomic():  # what could not happen leaves nothing but its reason
            transfer = send_transfer(
                by=schedule.owner,
                source=schedule.source,
                target=schedule.target,
                amount=schedule.amount,
                request_id=occurrence.request_id,
                note=schedule.note,
                channel=Transfer.Channel.SCHEDULE,
            )
    except InsufficientFunds as problem:
        again = _next_try(schedule.owner, now, policy)
        if again is None:
            _settle(occurrence, Occurrence.Status.FAILED, reason=problem.code)
        else:
            _wait(occurrence, again, reason=problem.code)
    except Problem as problem:
        _settle(occurrence, Occurrence.Status.FAILED, reason=problem.code)
        if isinstance(problem, AccountClosed):  # it will never open again
            _end(schedule, Schedule.Ended.CLOSED)
    else:
        _settle(occurrence, Occurrence.Status.DONE, transfer=transfer)


def _next_try(user: User, now: datetime, policy: SchedulePolicy) -> datetime | None:
    """The next hour of this day at which wages may have arrived."""
    hours = (at(user, today_of(user, now), hour) for hour in policy.hours)
    return next((moment for moment in hours if moment > now), None)


def _next_occurrence(schedule: Schedule) -> Occurrence:
    """The row of the next date; the plan moves on behind it."""
    assert schedule.next_on is not None and schedule.next_run_on is not None
    occurrence = Occurrence(schedule=schedule, due_on=schedule.next_on, run_on=schedule.next_run_on)
    _follow(schedule, schedule.plan, after=schedule.next_on)
    return occurrence


def _wait(occurrence: Occurrence, again: datetime, *, reason: str) -> None:
    occurrence.status, occurrence.next_try_at = Occurrence.Status.WAITING, again
    occurrence.reason = reason
    _keep(occurrence)


def _settle(
    occurrence: Occurrence,
    status: Occurrence.Status,
    *,
    reason: str = "",
    transfer: Transfer | None = None,
) -> None:
    occurrence.status, occurrence.reason, occurrence.transfer = status, reason, transfer
    occurrence.next_try_at, occurrence.settled_at = None, clock.now()
    _keep(occurrence)


def _keep(occurrence: Occurrence) -> None:
    if occurrence._state.adding:
        occurrence.save(force_insert=True)
    else:
        occurrence.save(update_fields=_MAY_COME)
    _tell(occurrence)


def _tell(occurrence: Occurrence) -> None:
    """The audit record, and the customer's live event, of what came of a date."""
    schedule = occurrence.schedule
    what = {
        "due_on": occurrence.due_on.isoformat(),
        "reason": occurrence.reason,
        "transfer": occurrence.transfer.public_id if occurrence.transfer else "",
    }
    record(
        f"banking.schedule.{occurrence.status}",
        subject=schedule,
        owner=schedule.owner,
        after=what | {"amount": str(schedule.amount), "tries": occurrence.tries},
    )
    live.publish(
        [f"user:{schedule.owner_id}"],
        f"schedule.{occurrence.status}",
        subject=schedule.public_id,
        data=what
        | {
            "name": schedule.name,
            "amount_minor": schedule.amount_minor,
            "currency": schedule.currency,
        },
    )


# --- under the door -------------------------------------------------------------------------


def _lock(found: QuerySet[Schedule], *, skip_locked: bool = False) -> Schedule | None:
    """Customers who change a schedule and sweepers who carry it out wait for each other here."""
    locked = found.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)
    return locked.select_related("owner", "source", "target").first()


def _follow(schedule: Schedule, plan: Plan, *, after: date | None) -> None:
    """Take over the plan, and where it stands behind a date."""
    schedule.first_on, schedule.rhythm, schedule.every = plan.first, plan.rhythm, plan.every
    schedule.until, schedule.times, schedule.weekend = plan.until, plan.times, plan.weekend
    following = next_dates(plan, count=1, after=after)
    schedule.next_on = following[0].due_on if following else None
    schedule.next_run_on = following[0].run_on if following else None


def _end_when_done(schedule: Schedule) -> None:
    """After the last date came to something; one that is tried again today is not the end."""
    if schedule.next_on is not None or schedule.status == Schedule.Status.ENDED:
        return
    if not schedule.occurrences.filter(status=Occurrence.Status.WAITING).exists():
        _end(schedule, Schedule.Ended.DONE)


def _end(schedule: Schedule, because: Schedule.Ended) -> None:
    schedule.status, schedule.ended_because = Schedule.Status.ENDED, because
    schedule.ended_at, schedule.next_on, schedule.next_run_on = clock.now(), None, None


def _values(schedule: Schedule) -> dict[str, str | int | None]:
    return {
        "source": schedule.source.public_id,
        "target": schedule.target.public_id,
        "amount": str(schedule.amount),
        "note": schedule.note,
        "rhythm": schedule.rhythm,
        "every": schedule.every,
        "first_on": schedule.first_on.isoformat(),
        "until": schedule.until.isoformat() if schedule.until else None,
        "times": schedule.times,
        "weekend": schedule.weekend,
        "status": schedule.status,
        "next_on": schedule.next_on.isoformat() if schedule.next_on else None,
    }
