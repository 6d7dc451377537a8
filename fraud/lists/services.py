"""The verbs of the bank's lists. What makes the bank stricter one officer does, at once; what
makes it milder takes two.

Whoever changes them waits for one lock, looks again, and leaves a record.
"""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from audit.services import record
from fintrust.core.models import User
from fraud.errors import AlreadyListed, ListEntryInvalid, ListEntryNotReady, OwnListEntry
from fraud.learning.proposals import may, reasoned
from fraud.lists import selectors
from fraud.lists.matched import CUSTOMER, TRUST
from fraud.lists.policy import LISTS, ListsPolicy
from fraud.lists.selectors import IN_FORCE, LIFTING, WAITING
from fraud.lists.values import canonical
from fraud.models import ListEntry, ListStep

WRITE, DECIDE = "write_listentry", "decide_listentry"
Step = ListStep.Step


@transaction.atomic
def write_entry(
    *,
    kind: str,
    value: str,
    effect: str,
    reason: str,
    by: User,
    until: datetime | None = None,
    policy: ListsPolicy = LISTS,
) -> ListEntry:
    """List something. What is refused or held is so from now on; trust waits for a colleague."""
    may(by, WRITE)
    if kind not in ListEntry.Kind or effect not in ListEntry.Effect:
        raise ListEntryInvalid()
    value, reason = canonical(kind, value), reason.strip()
    if not policy.reason_min <= len(reason) <= policy.reason_max:
        raise ListEntryInvalid(
            f"Say why in {policy.reason_min} to {policy.reason_max} characters.", field="reason"
        )
    _check_end(effect, until, policy)
    _wait_in_line()
    same = selectors.entries().filter(key=f"{kind}:{value}", effect=effect)
    if any(selectors.state_of(entry) in (WAITING, IN_FORCE, LIFTING) for entry in same):
        raise AlreadyListed()
    entry = ListEntry(kind=kind, value=value, effect=effect, reason=reason, by=by, until=until)
    entry.save(force_insert=True)
    record(
        "fraud.listentry.written",
        subject=entry,
        by=by,
        reason=reason,
        data={
            "kind": kind,
            "effect": effect,
            "until": None if until is None else until.isoformat(),
        },
    )
    return entry


def _check_end(effect: str, until: datetime | None, policy: ListsPolicy) -> None:
    now = timezone.now()
    if until is not None and until <= now:
        raise ListEntryInvalid("It ends later than now.", field="until")
    if effect == TRUST and (until is None or until > now + policy.trust_max):
        raise ListEntryInvalid(
            f"Trust ends, after {policy.trust_max.days} days at the latest.", field="until"
        )


# --- trust --------------------------------------------------------------------------------------


@transaction.atomic
def approve(*, entry: ListEntry, by: User, reason: str = "") -> ListEntry:
    """Agree to trust it: from now on, until it ends."""
    found = _locked(entry, by, DECIDE, WAITING)
    _second(found, found.by, by)
    return _step(found, Step.APPROVED, by, reason, asked_by=found.by)


@transaction.atomic
def reject(*, entry: ListEntry, by: User, reason: str) -> ListEntry:
    reason = reasoned(reason)
    found = _locked(entry, by, DECIDE, WAITING)
    return _step(found, Step.REJECTED, by, reason, asked_by=found.by)


@transaction.atomic
def withdraw(*, entry: ListEntry, by: User, reason: str) -> ListEntry:
    """Who wrote it changes their mind."""
    reason = reasoned(reason)
    found = _locked(entry, by, WRITE, WAITING)
    if found.by != by:
        raise OwnListEntry("Only who wrote it withdraws it.")
    return _step(found, Step.WITHDRAWN, by, reason, asked_by=by)


@transaction.atomic
def end_trust(*, entry: ListEntry, by: User, reason: str) -> ListEntry:
    """At once, by one person: a mistake must not wait for a colleague to wake up."""
    reason = reasoned(reason)
    found = _locked(entry, by, WRITE, IN_FORCE)
    if found.effect != TRUST:
        raise ListEntryNotReady()
    return _step(found, Step.ENDED, by, reason, asked_by=by)


# --- lifting what is refused or held ------------------------------------------------------------


@transaction.atomic
def ask_to_lift(*, entry: ListEntry, by: User, reason: str) -> ListEntry:
    """It stays in force until a colleague agrees."""
    reason = reasoned(reason)
    found = _locked(entry, by, WRITE, IN_FORCE)
    if found.effect == TRUST:
        raise ListEntryNotReady()
    return _step(found, Step.ASKED, by, reason, asked_by=by)


@transaction.atomic
def agree_to_lift(*, entry: ListEntry, by: User, reason: str = "") -> ListEntry:
    found = _locked(entry, by, DECIDE, LIFTING)
    asked_by = User.objects.get(pk=found.last_by)
    _second(found, asked_by, by)
    return _step(found, Step.LIFTED, by, reason, asked_by=asked_by)


@transaction.atomic
def keep(*, entry: ListEntry, by: User, reason: str) -> ListEntry:
    """Do not lift it. Also for who had asked, and thinks better of it."""
    reason = reasoned(reason)
    found = _locked(entry, by, WRITE, LIFTING)
    return _step(found, Step.KEPT, by, reason, asked_by=User.objects.get(pk=found.last_by))


# --- what they share ----------------------------------------------------------------------------


def _wait_in_line() -> None:
    """One change at a time: two at once would each list the same, or lift what was kept."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('fraud.lists', 0))")


def _locked(entry: ListEntry, by: User, right: str, state: str) -> Any:
    may(by, right)
    _wait_in_line()
    found = selectors.entries().get(pk=entry.pk)
    if selectors.state_of(found) != state:
        raise ListEntryNotReady()
    return found


def _second(entry: ListEntry, asked_by: User, by: User) -> None:
    about_them = entry.kind == CUSTOMER and entry.value == str(by.pk)
    if asked_by == by or about_them:
        raise OwnListEntry()


def _step(entry: ListEntry, step: str, by: User, reason: str, *, asked_by: User) -> ListEntry:
    reason = reason.strip()[: LISTS.reason_max]
    ListStep.objects.create(entry=entry, step=step, by=by, asked_by=asked_by, reason=reason)
    record(
        f"fraud.listentry.{step}",
        subject=entry,
        by=by,
        reason=reason,
        data={"kind": entry.kind, "effect": entry.effect},
    )
    return entry
