"""What officers do about a case. Each deed locks the case, looks again, and leaves a line in its
history, a record, and news for the feed.

Records about cases name no owner: a customer reads what is recorded about them, and must not learn
there what the bank suspects (a dispute of their own is told to them on its page).
"""

import hashlib
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

import fraud.services
from audit.services import record
from fintrust.core import live
from fintrust.core.errors import Forbidden
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.text import clean_lines
from fraud.cases import evidence, intake, selectors
from fraud.errors import (
    CaseAboutYou,
    CaseAlreadyEscalated,
    CaseClosed,
    CaseEscalated,
    CaseFull,
    CaseInReview,
    CaseMoved,
    CaseNotClosed,
    CaseNotInReview,
    CaseNotYours,
    CaseTaken,
    ColleagueCannot,
    CustomerHasOpenCase,
    OwnEscalation,
    OwnFinding,
    WordsMissing,
    WordsTooLong,
)
from fraud.labels.services import label
from fraud.models import Case, CaseEntry, Decision, EvidenceFile, Label
from fraud.policy import CASES, CasePolicy, cents

Kind, Status, Outcome = CaseEntry.Kind, Case.Status, Case.Outcome


# --- who works on it ------------------------------------------------------------------------


@transaction.atomic
def take_case(*, case: Case, by: User) -> Case:
    """Somebody begins to work on it. Of two at once, one does and the other is told."""
    case = _lock_for_work(case, by)
    if case.assigned_to_id == by.pk:
        return case
    if case.assigned_to_id is not None:
        raise CaseTaken()
    _must_reach(case, by)
    return _assign(case, to=by, by=by, kind=Kind.TAKEN)


@transaction.atomic
def hand_over(*, case: Case, by: User, to: User, text: str = "") -> Case:
    """Give it to a colleague who may work on it."""
    text = _words(text, optional=True)
    case = _lock_for_work(case, by)
    _must_hold(case, by)
    if not (to.is_active and to.has_perm("fraud.work_case")) or to.pk == case.customer_id:
        raise ColleagueCannot()
    if case.escalated_at and not _may_lead(case, to):
        raise ColleagueCannot(
            "The case was escalated: only a senior officer who did not do so may go on with it."
        )
    return _assign(case, to=to, by=by, kind=Kind.HANDED, text=text)


@transaction.atomic
def release_case(*, case: Case, by: User, text: str = "") -> Case:
    """Put it back where everybody sees it."""
    text = _words(text, optional=True)
    case = _lock_for_work(case, by)
    _must_hold(case, by)
    return _assign(case, to=None, by=by, kind=Kind.RELEASED, text=text)


@transaction.atomic
def escalate_case(*, case: Case, by: User, text: str) -> Case:
    """Hand it upwards. From now on only a senior officer works on it, and never who handed it."""
    text = _words(text)
    case = _lock_for_work(case, by)
    _must_hold(case, by)
    if case.status == Status.REVIEW:
        raise CaseInReview()
    if case.escalated_at:
        raise CaseAlreadyEscalated()
    case.escalated_by, case.escalated_at = by, timezone.now()
    case.save(update_fields=["escalated_by", "escalated_at"])
    return _assign(case, to=None, by=by, kind=Kind.ESCALATED, text=text)


def _assign(case: Case, *, to: User | None, by: User, kind: CaseEntry.Kind, text: str = "") -> Case:
    case.assigned_to, case.assigned_at = to, timezone.now() if to else None
    case.save(update_fields=["assigned_to", "assigned_at"])
    _write(case, kind, by=by, to=to, text=text, data={"to": to.public_id if to else None})
    _publish(case, f"case.{kind}", by=by, officer=to.get_full_name() if to else "")
    return case


# --- what is known of it --------------------------------------------------------------------


@transaction.atomic
def add_note(*, case: Case, by: User, text: str, policy: CasePolicy = CASES) -> CaseEntry:
    """Write something down. Support may, too; on a closed case as well."""
    text = _words(text)
    if not (by.has_perm("fraud.note_case") or by.has_perm("fraud.work_case")):
        raise Forbidden()
    case = _lock(case, by)
    _must_have_room(case, policy)
    return _write(case, Kind.NOTE, by=by, text=text)


@transaction.atomic
def link_decision(
    *,
    case: Case,
    by: User,
    decision: Decision,
    suspected: bool = False,
    text: str = "",
    policy: CasePolicy = CASES,
) -> CaseEntry:
    """Put another payment beside it, as evidence; as `suspected` the outcome is about it, too."""
    text = _words(text, optional=True)
    case = _lock_for_work(case, by)
    _must_hold(case, by)
    linked = case.entries.filter(kind=Kind.LINKED, decision=decision).first()
    if linked is not None:
        return linked
    _must_have_room(case, policy)
    if suspected and decision.customer_id != case.customer_id:
        # Theirs is another customer's case to be; here it can only be looked at.
        suspected = False
    if suspected and selectors.suspected(case).count() >= policy.decisions_max:
        raise CaseFull()
    entry = _write(
        case,
        Kind.LINKED,
        by=by,
        text=text,
        decision=decision,
        suspected=suspected,
        data={"decision": decision.public_id, "suspected": suspected},
    )
    if suspected and case.status == Status.REVIEW:
        _back_to_work(case)
    return entry


@transaction.atomic
def add_file(
    *, case: Case, by: User, name: str, content: bytes, text: str = "", policy: CasePolicy = CASES
) -> CaseEntry:
    """Keep a small file with the case. The same file again is the one that is there."""
    text = _words(text, optional=True)
    kind = evidence.kind_of(content, policy)
    case = _lock_for_work(case, by)
    _must_hold(case, by)
    digest = hashlib.sha256(content).hexdigest()
    known = case.entries.filter(file__sha256=digest).first()
    if known is not None:
        return known
    _must_have_room(case, policy)
    if case.files.count() >= policy.files_max:
        raise CaseFull()
    file = EvidenceFile.objects.create(
        id=uuid7(),
        case=case,
        name=evidence.clean_name(name),
        kind=kind,
        size=len(content),
        sha256=digest,
        content=content,
    )
    return _write(
        case,
        Kind.FILE,
        by=by,
        text=text,
        file=file,
        data={"file": file.public_id, "sha256": digest, "size": len(content)},
    )


# --- how it ends ----------------------------------------------------------------------------


@transaction.atomic
def close_case(
    *,
    case: Case,
    by: User,
    outcome: Case.Outcome,
    text: str,
    seen: int | None = None,
    policy: CasePolicy = CASES,
) -> Case:
    """Say what it was. That is what the bank learns of each payment in it, at the same moment.

    `seen` is the newest line of its history that the officer has read (`selectors.newest_entry`).
    Fraud for much money is only proposed here; `approve_case` is a colleague's word.
    """
    text = _words(text)
    case = _lock_for_work(case, by)
    _must_be_assigned(case, by)
    if case.status == Status.REVIEW:
        raise CaseInReview()
    _must_have_seen(case, seen)
    if case.escalated_at:
        _must_reach(case, by)
    case.outcome, case.reason = outcome, text
    if outcome == Outcome.FRAUD and at_stake(case) > policy.four_eyes_cents:
        case.status, case.proposed_by = Status.REVIEW, by
        case.save(update_fields=["status", "outcome", "reason", "proposed_by"])
        _write(case, Kind.PROPOSED, by=by, text=text, data={"outcome": outcome})
        _publish(case, "case.proposed", by=by, text=text)
        return case
    return _close(case, by, text)


@transaction.atomic
def approve_case(*, case: Case, by: User, text: str = "", seen: int | None = None) -> Case:
    """A colleague agrees with what was proposed."""
    text = _words(text, optional=True)
    case = _lock_for_review(case, by)
    _must_have_seen(case, seen)
    if case.proposed_by_id == by.pk:
        raise OwnFinding()
    if case.escalated_at:
        _must_reach(case, by)
    return _close(case, by, text)


@transaction.atomic
def return_case(*, case: Case, by: User, text: str) -> Case:
    """The proposal does not stand, or its author takes it back; the work goes on."""
    text = _words(text)
    case = _lock_for_review(case, by)
    _back_to_work(case)
    _write(case, Kind.RETURNED, by=by, text=text)
    _publish(case, "case.returned", by=by, text=text)
    return case


@transaction.atomic
def reopen_case(*, case: Case, by: User, text: str, policy: CasePolicy = CASES) -> Case:
    """Something new is known. What was learned stands until it is closed again."""
    text = _words(text)
    _may(by, "work_case")
    case = _lock(case, by)
    if case.is_open:
        raise CaseNotClosed()
    intake.back_to_work(case)
    case.closed_by, case.closed_at = None, None
    case.assigned_to, case.assigned_at = None, None
    case.due_at = timezone.now() + policy.sla[case.severity]
    try:
        with transaction.atomic():
            case.save(update_fields=_REOPENED)
    except IntegrityError:  # the database lets a customer have one
        raise CustomerHasOpenCase() from None
    _write(case, Kind.REOPENED, by=by, text=text)
    _publish(case, "case.reopened", by=by, text=text)
    return case


_REOPENED = (
    "status", "outcome", "reason", "proposed_by", "closed_by", "closed_at", "assigned_to",
    "assigned_at", "due_at",
)  # fmt: skip


def _close(case: Case, by: User, text: str) -> Case:
    case.status, case.closed_by, case.closed_at = Status.CLOSED, by, timezone.now()
    case.save(
        update_fields=["status", "outcome", "reason", "closed_by", "closed_at", "proposed_by"]
    )
    _write(
        case,
        Kind.CLOSED,
        by=by,
        text=text,
        data={"outcome": case.outcome},
    )
    _teach(case, by)
    for alert in selectors.open_alerts_of(case):
        fraud.services.acknowledge_alert(alert=alert, by=by, note=f"Closed with {case.public_id}")
    _publish(case, "case.closed", by=by, outcome=case.get_outcome_display())
    return case


def _teach(case: Case, by: User) -> None:
    """The outcome is a label of each suspected payment; of what stays open nothing is learned."""
    if case.outcome == Outcome.INCONCLUSIVE:
        return
    for decision in selectors.suspected(case):
        label(
            decision,
            fraud=case.outcome == Outcome.FRAUD,
            source=Label.Source.OFFICER,
            by=by,
            note=case.public_id,
        )


def at_stake(case: Case) -> int:
    """What all payments of the case come to, in cents of about a euro."""
    facts = [decision.facts_then() for decision in selectors.suspected(case)]
    return sum(cents(one.amount_minor, one.currency) for one in facts)


# --- locks and looks ------------------------------------------------------------------------


def _may(by: User, right: str) -> None:
    if not by.has_perm(f"fraud.{right}"):
        raise Forbidden()


def _lock(case: Case, by: User) -> Case:
    """The case as it is now, until the commit. Nobody has a hand in a case about themselves."""
    locked: Case = Case.objects.select_for_update(no_key=True).get(pk=case.pk)
    if locked.customer_id == by.pk:
        raise CaseAboutYou()
    return locked


def _lock_for_work(case: Case, by: User) -> Case:
    _may(by, "work_case")
    locked = _lock(case, by)
    if not locked.is_open:
        raise CaseClosed()
    return locked


def _lock_for_review(case: Case, by: User) -> Case:
    locked = _lock_for_work(case, by)
    if locked.status != Status.REVIEW:
        raise CaseNotInReview()
    return locked


def _may_lead(case: Case, who: User) -> bool:
    return who.has_perm("fraud.lead_case") and case.escalated_by_id != who.pk


def _must_reach(case: Case, by: User) -> None:
    """What was escalated is for seniors, and never for who escalated it."""
    if case.escalated_at and case.escalated_by_id == by.pk:
        raise OwnEscalation()
    if case.escalated_at and not by.has_perm("fraud.lead_case"):
        raise CaseEscalated()


def _must_be_assigned(case: Case, by: User) -> None:
    if case.assigned_to_id != by.pk:
        raise CaseNotYours()


def _must_hold(case: Case, by: User) -> None:
    """Whose it is, or a senior, who may put in order what others have left lying."""
    if case.assigned_to_id != by.pk and not _may_lead(case, by):
        raise CaseNotYours()


def _must_have_seen(case: Case, seen: int | None) -> None:
    """An outcome is about what was read: news that came in between are read first."""
    if seen is not None and selectors.newest_suspicion(case) > seen:
        raise CaseMoved()


def _must_have_room(case: Case, policy: CasePolicy) -> None:
    if case.entries.exclude(kind=Kind.ALERT).count() >= policy.entries_max:
        raise CaseFull()


def _back_to_work(case: Case) -> None:
    intake.back_to_work(case)
    case.save(update_fields=["status", "outcome", "reason", "proposed_by"])


def _words(text: str, *, optional: bool = False, policy: CasePolicy = CASES) -> str:
    text = clean_lines(text)
    if len(text) > policy.text_max:
        raise WordsTooLong(f"At most {policy.text_max} characters are kept.")
    if len(text) < policy.text_min and not (optional and not text):
        raise WordsMissing()
    return text


# --- what it leaves behind ------------------------------------------------------------------


def _write(
    case: Case,
    kind: CaseEntry.Kind,
    *,
    by: User,
    data: dict[str, Any] | None = None,
    **columns: Any,
) -> CaseEntry:
    """A line of the history, and the record of it. What people wrote stays in the history: the log
    is for ever, and words about a customer need not be."""
    entry = CaseEntry.objects.create(case=case, kind=kind, by=by, **columns)
    record(f"fraud.case.{kind}", subject=case, by=by, data={"entry": entry.pk, **(data or {})})
    return entry


def _publish(case: Case, kind: str, *, by: User, **more: Any) -> None:
    live.publish(
        [live.SUPPORT],
        kind,
        subject=case.public_id,
        data={"severity": case.severity, "by": by.get_full_name(), **more},
    )
