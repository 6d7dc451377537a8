"""The verbs of judging: assess, judge, observe, acknowledge."""

from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction
from django.utils import timezone

import fraud.limits.services as limits
from audit.models import Record
from audit.services import draft, record, record_all
from fintrust.core import live
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.rows import copy_in, insert
from fraud import features, selectors
from fraud.cases import intake
from fraud.errors import AlertAlreadyAcknowledged, ForbiddenByOwnLimit, NoteTooLong
from fraud.facts import Facts
from fraud.features import Snapshot
from fraud.limits.selectors import standing_for
from fraud.lists.matched import BLOCK, TRUST
from fraud.models import Alert, Decision, PaymentFact
from fraud.monitoring.stopwatch import measured
from fraud.rulebook.hits import remember as remember_hits
from fraud.rulebook.selectors import for_staff
from fraud.travel import services as travel
from fraud.verdict import BLOCKED, CRITICAL, FLAGGED, VERIFIED, Ruleset, Verdict, decide

NOTE_MAX = 500

# --- judging --------------------------------------------------------------------------------


def judge(facts: Facts, *, ruleset: Ruleset | None = None) -> Verdict:
    """What the verdict would be. Nothing is written: a preview, a what-if."""
    return _judged(facts, ruleset)[1]


def _judged(
    facts: Facts, ruleset: Ruleset | None, *, in_line: bool = False
) -> tuple[Snapshot, Verdict]:
    """In line when it is about to move. Who limits what moves in a day has payments from different
    accounts wait for each other, so that two at once cannot both take what is left."""
    snapshot, officers = selectors.known_for(facts)
    if in_line and facts.outgoing and snapshot.own.counts:
        limits.wait_in_line(facts.customer_id)
        snapshot = replace(snapshot, standing=standing_for(facts, snapshot.own))
    ruleset = ruleset or selectors.ruleset_in_force(officers)
    return snapshot, decide(facts, snapshot, ruleset, selectors.models_of(ruleset))


@measured
@transaction.atomic(savepoint=False)
def assess(facts: Facts, *, ruleset: Ruleset | None = None) -> Decision:
    """Judge a movement before it is booked, and remember it with all that it was made from.

    Belongs into the transaction of the money: decision, alert, records and event stay or go with
    it. Ask for it after taking the locks, so that what it reads is what will be moved. Without a
    ruleset the one in force decides.
    """
    snapshot, verdict = _judged(facts, ruleset, in_line=True)
    decision = Decision.made(facts, snapshot, verdict)
    keep(decision)
    _learn_place(facts, snapshot, verdict.verdict)
    return decision


@transaction.atomic(savepoint=False)
def recheck(decision: Decision, *, ruleset: Ruleset | None = None) -> Decision | None:
    """Money that waited is about to move: the customer's own limits and the bank's lists of this
    moment hold for it too, whoever sends it on. Answers with the decision that forbids it, if one
    does.

    Belongs into the transaction that would move it, after its locks. What the rules found was
    answered by who confirmed or released it, and is not asked again.
    """
    facts = replace(decision.facts_then(), at=timezone.now())
    snapshot, verdict = _judged(facts, ruleset, in_line=True)
    if not verdict.forbidden and not (snapshot.listed and snapshot.listed.effect == BLOCK):
        return None
    forbidding = Decision.made(facts, snapshot, verdict)
    keep(forbidding)
    return forbidding


def decide_all(payments: Sequence[Facts]) -> list[Decision]:
    """Decisions about payments that do not touch each other, under what is in force. Nothing is
    written."""
    made = []
    for facts, (snapshot, officers) in zip(
        payments, selectors.known_for_all(payments), strict=True
    ):
        ruleset = selectors.ruleset_in_force(officers)
        verdict = decide(facts, snapshot, ruleset, selectors.models_of(ruleset))
        made.append(Decision.made(facts, snapshot, verdict))
    return made


def keep(decision: Decision) -> None:
    """Remember a decision; also one whose first writing was undone together with its movement."""
    insert(decision, _record_of(decision))
    _remember_rest(decision)


def keep_all(decisions: Sequence[Decision]) -> None:
    """Remember many decisions, each table at once."""
    copy_in(decisions)
    record_all([_record_of(decision) for decision in decisions])
    for decision in decisions:
        _remember_rest(decision)
        _learn_place(decision.facts_then(), decision.snapshot_then(), decision.verdict)


def _learn_place(facts: Facts, snapshot: Snapshot, verdict: str) -> None:
    # What only a list lets pass shows nothing of where its customer is.
    trusted = verdict == VERIFIED and (snapshot.listed is None or snapshot.listed.effect != TRUST)
    refused = verdict == BLOCKED
    travel.learn_after_commit(facts, snapshot, trusted=trusted, refused=refused)


def _remember_rest(decision: Decision) -> None:
    """What few decisions have: hits of officers' rules, and an alert."""
    remember_hits(decision, live=decision.matched, shadow=decision.matched_in_shadow)
    if decision.verdict != VERIFIED:
        _alert_about(decision)


def _record_of(decision: Decision) -> Record:
    return draft(
        "fraud.decision.made",
        subject=decision,
        owner=decision.customer_id,
        data={
            "subject": decision.subject,
            "verdict": decision.verdict,
            "score": str(decision.score),  # text: a leaf of the log has one spelling of a number
            "reasons": [reason["code"] for reason in decision.reasons],
            "ruleset": decision.ruleset,
            **({"officers": decision.officers} if decision.officers else {}),
            **({"model": decision.champion} if decision.champion else {}),
            **({"degraded": decision.degraded} if decision.degraded else {}),
        },
    )


def observe(decision: Decision) -> PaymentFact:
    """The money really moved: from now on it belongs to the customer's normal.

    Belongs into the transaction that moves it. What the customer's own limit forbids can never be
    learned from, and so can never move: this refuses, and the caller's movement with it.
    """
    fact = learned(decision)
    insert(fact)
    return fact


def observe_all(decisions: Sequence[Decision]) -> None:
    """The money of all of these really moved."""
    copy_in([learned(decision) for decision in decisions])


def learned(decision: Decision) -> PaymentFact:
    """What there is to learn from a decision, not written yet."""
    if decision.forbidden:
        raise ForbiddenByOwnLimit()
    facts, snapshot = decision.facts_then(), decision.snapshot_then()
    clock = features.local(facts.at, facts.timezone)
    return PaymentFact(
        decision=decision,
        subject=facts.subject,
        kind=facts.kind,
        customer_id=facts.customer_id,
        account=facts.account,
        counterparty=facts.counterparty,
        outgoing=facts.outgoing,
        amount_minor=facts.amount_minor,
        currency=facts.currency,
        local_hour=clock.hour,
        local_weekday=clock.weekday(),
        device=facts.device or "",
        unusual=snapshot.unusual(facts.amount_minor),
        at=facts.at,
    )


# --- alerts ---------------------------------------------------------------------------------


@transaction.atomic(savepoint=False)
def raise_alert(decision: Decision, *, kind: str, severity: str, text: str) -> Alert | None:
    """Ask a person to look, once for each kind of reason; None when they were asked before."""
    alert = Alert(id=uuid7(), decision=decision, kind=kind, severity=severity, text=text[:500])
    Alert.objects.bulk_create([alert], ignore_conflicts=True)
    if not Alert.objects.filter(pk=alert.pk).exists():
        return None
    record(
        "fraud.alert.raised",
        subject=alert,
        owner=decision.customer_id,
        data={"decision": decision.public_id, "kind": kind, "severity": severity},
    )
    live.publish(
        [live.SUPPORT], "alert.raised", subject=alert.public_id, data=_told(alert, decision)
    )
    intake.join(alert, decision)
    return alert


def _alert_about(decision: Decision) -> None:
    kind = Alert.Kind.LIMIT if decision.forbidden else Alert.Kind.PAYMENT
    text = "; ".join([*(for_staff(reason) for reason in decision.reasons), *_listed(decision)])
    raise_alert(decision, kind=kind, severity=_severity(decision), text=text)


def _listed(decision: Decision) -> list[str]:
    """What the customer is not told: which entries of the bank's lists it is about."""
    found = decision.snapshot.get("listed") or {"entries": ()}
    return [f"{one['kind']} on the list ({one['id']})" for one in found["entries"]]


def _severity(decision: Decision) -> str:
    """By the score: a customer stopped by their own limit is no emergency."""
    if decision.risk_level == CRITICAL:
        return Alert.Severity.HIGH
    if decision.forbidden:
        return Alert.Severity.LOW
    return Alert.Severity.HIGH if decision.verdict == BLOCKED else Alert.Severity.MEDIUM


def _told(alert: Alert, decision: Decision) -> dict[str, object]:
    """What the feed shows of an alert: the case, not the person."""
    facts = decision.facts_then()
    return {
        "alert": alert.kind,
        "severity": alert.severity,
        "text": alert.text,
        "kind": facts.kind,
        "transfer": decision.subject,
        "decision": decision.public_id,
        "amount_minor": facts.amount_minor,
        "currency": facts.currency,
        # What a model noticed afterwards is a flag of its own: the decision was VERIFIED.
        "verdict": FLAGGED if decision.verdict == VERIFIED else decision.verdict,
        "review": decision.review,
        "score": decision.score,
        "channel": facts.channel,
        "reasons": decision.reasons or [{"code": alert.kind, "text": alert.text}],
    }


@transaction.atomic
def acknowledge_alert(*, alert: Alert, by: User, note: str = "") -> Alert:
    """Somebody has looked at it, and says what they saw."""
    note = note.strip()
    if len(note) > NOTE_MAX:
        raise NoteTooLong(f"A note has at most {NOTE_MAX} characters.")
    alert = Alert.objects.select_for_update().get(pk=alert.pk)
    if alert.status != Alert.Status.OPEN:
        raise AlertAlreadyAcknowledged()
    alert.status, alert.note = Alert.Status.ACKNOWLEDGED, note
    alert.acknowledged_by, alert.acknowledged_at = by, timezone.now()
    alert.save(update_fields=["status", "note", "acknowledged_by", "acknowledged_at"])
    record(
        "fraud.alert.acknowledged",
        subject=alert,
        by=by,
        owner=alert.decision.customer_id,
        reason=note,
    )
    live.publish(
        [live.SUPPORT],
        "alert.acknowledged",
        subject=alert.public_id,
        data={"by": by.get_full_name(), "note": note, "decision": alert.decision.public_id},
    )
    return alert
