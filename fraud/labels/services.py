"""The verbs of learning: what turned out to be fraud, what did not, and who says so."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from audit.services import record
from biometrics.proofs import Proof
from fintrust.core.errors import NotFound
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.text import clean_lines
from fraud.errors import (
    AlreadyDecided,
    AlreadyDenied,
    InvalidLabel,
    NoteTooLong,
    NothingAsked,
    NothingMoved,
    NotYourPayment,
    TooLateToDispute,
    WordsMissing,
    WordsTooLong,
)
from fraud.labels import selectors
from fraud.models import Alert, Decision, Dispute, Label, PaymentFact
from fraud.policy import CASES, LABELS, LabelPolicy
from fraud.services import raise_alert

NOTE_MAX = 500


@transaction.atomic
def label(
    decision: Decision,
    *,
    fraud: bool,
    source: str,
    by: User | None = None,
    note: str = "",
    known_at: datetime | None = None,
    weight: float | None = None,
    policy: LabelPolicy = LABELS,
) -> Label:
    """Remember what a payment turned out to be. The newest answer about it counts.

    The same answer again from the same source changes nothing and is answered with what is
    stored. `known_at` is for answers that come from another system; otherwise it is now. `weight`
    is for what a source says with less certainty than it usually does. Nothing is believed about
    what the customer's own limit forbade.
    """
    note = note.strip()
    if len(note) > NOTE_MAX:
        raise NoteTooLong(f"A note has at most {NOTE_MAX} characters.")
    known = _known_at(decision, known_at)
    _wait_for_twins(decision)
    newest = decision.labels.order_by("-known_at", "-id").first()
    if newest is not None and (newest.fraud, newest.source) == (fraud, source):
        return newest
    made = Label.objects.create(
        decision=decision,
        customer_id=decision.customer_id,
        counterparty=_payee(decision),
        paid_at=decision.at,
        fraud=fraud,
        unusual=decision.snapshot_then().unusual(decision.facts_then().amount_minor),
        source=source,
        weight=_weight(decision, source, weight, policy),
        note=note,
        by=by,
        known_at=known,
    )
    _record_label(made)
    return made


def _known_at(decision: Decision, known_at: datetime | None) -> datetime:
    now = timezone.now()
    if known_at is None:
        return max(now, decision.at)
    if known_at.tzinfo is None or not decision.at <= known_at <= now:
        raise InvalidLabel()
    return known_at


def _wait_for_twins(decision: Decision) -> None:
    # A decision's row is final and cannot be locked by who may not change it. Two answers at once
    # follow each other, so that the second sees the first.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('fraud.label ' || %s, 0))",
            [decision.public_id],
        )


def _payee(decision: Decision) -> str:
    """Who was paid; money that arrived says nothing about a payee."""
    facts = decision.facts_then()
    return facts.counterparty if facts.outgoing else ""


def _weight(decision: Decision, source: str, weight: float | None, policy: LabelPolicy) -> float:
    if decision.forbidden:
        # No money moved, and none could: else anybody could mark whomever they name as a thief to
        # all others, by asking for what they forbade themselves.
        return policy.forbidden_weight
    if weight is not None:
        return weight
    return float(getattr(policy, f"{Label.Source(source).value}_weight"))


def _record_label(made: Label) -> None:
    record(
        "fraud.label.added",
        subject=made.decision,
        by=made.by,
        # A customer reads the records they own, and must not learn there what an officer found.
        owner=None if made.source == Label.Source.OFFICER else made.customer_id,
        data={"fraud": made.fraud, "source": made.source, "weight": str(made.weight)},
        reason=made.note,
    )


# --- what the customer says -----------------------------------------------------------------


@transaction.atomic
def answer(*, decision: Decision, by: User, mine: bool, policy: LabelPolicy = LABELS) -> Label:
    """ "Was this you?" Yes only answers a question of the bank; no can always be said.

    Whoever says no asks the bank to look, at once. It is not taken back here: a thief who holds
    the session would.
    """
    _must_be_theirs(decision, by)
    _wait_for_twins(decision)
    if mine:
        return _confirm(decision, by, policy)
    _must_be_in_time(decision, policy)
    if decision.labels.filter(source=Label.Source.OFFICER).exists():
        raise AlreadyDecided()
    made = label(decision, fraud=True, source=Label.Source.CUSTOMER, by=by)
    text = "the customer says: this was not me"
    raise_alert(decision, kind=Alert.Kind.DENIED, severity=Alert.Severity.HIGH, text=text)
    return made


def _confirm(decision: Decision, by: User, policy: LabelPolicy) -> Label:
    if decision.labels.filter(fraud=True).exclude(source=Label.Source.STEP_UP).exists():
        raise AlreadyDenied()
    if not selectors.is_asked(decision, policy):
        raise NothingAsked()
    return label(
        decision,
        fraud=False,
        source=Label.Source.CUSTOMER,
        by=by,
        weight=policy.confirmed_weight,
    )


@transaction.atomic
def dispute(
    *,
    decision: Decision,
    by: User,
    reason: Dispute.Reason,
    text: str,
    policy: LabelPolicy = LABELS,
) -> Dispute:
    """Something is wrong with a payment that moved, in the customer's words. An officer looks.

    Once a payment: what was said first stays, and saying it again changes nothing.
    """
    text = clean_lines(text)
    if len(text) < CASES.text_min:
        raise WordsMissing()
    if len(text) > CASES.text_max:
        raise WordsTooLong(f"At most {CASES.text_max} characters are kept.")
    _must_be_theirs(decision, by)
    _wait_for_twins(decision)
    known = Dispute.objects.filter(decision=decision).first()
    if known is not None:
        return known
    _must_be_in_time(decision, policy)
    if not PaymentFact.objects.filter(decision=decision).exists():
        raise NothingMoved()
    made = Dispute.objects.create(id=uuid7(), decision=decision, reason=reason, text=text)
    record("fraud.dispute.opened", subject=made, by=by, owner=by, data={"reason": reason})
    if reason in _FRAUDS:
        label(
            decision,
            fraud=True,
            source=Label.Source.DISPUTE,
            by=by,
            weight=policy.disputed_weight,
        )
    raise_alert(decision, kind=Alert.Kind.DISPUTED, severity=Alert.Severity.HIGH, text=f"{made}")
    return made


# Somebody else's deed. A wrong amount is the bank's to put right, and no model's to learn.
_FRAUDS = (Dispute.Reason.NOT_MINE, Dispute.Reason.TRICKED)


def _must_be_theirs(decision: Decision, by: User) -> None:
    """Anybody else's decision does not exist."""
    if decision.customer_id != by.pk:
        raise NotFound()
    if not decision.facts_then().outgoing:
        raise NotYourPayment()


def _must_be_in_time(decision: Decision, policy: LabelPolicy) -> None:
    if timezone.now() - decision.at > timedelta(days=policy.dispute_days_max):
        raise TooLateToDispute()


# --- what a confirmation says ---------------------------------------------------------------


def passed_step_up(
    decision: Decision, *, by: User, proof: Proof, policy: LabelPolicy = LABELS
) -> Label | None:
    """Somebody who was asked proved to be who they are."""
    note = f"confirmed by {proof}"
    return _sign(decision, fraud=False, weight=policy.step_up_weight, by=by, note=note)


def failed_step_up(
    decision: Decision, *, proof: Proof, policy: LabelPolicy = LABELS
) -> Label | None:
    """Whoever was asked could not prove it, until no more tries were left."""
    return _sign(decision, fraud=True, weight=policy.failed_weight, note=f"{proof} locked")


def let_expire(decision: Decision, *, policy: LabelPolicy = LABELS) -> Label | None:
    """Nobody confirmed it in time."""
    return _sign(decision, fraud=True, weight=policy.expired_weight, note="not confirmed in time")


@transaction.atomic
def _sign(
    decision: Decision, *, fraud: bool, weight: float, note: str, by: User | None = None
) -> Label | None:
    """A weak sign. What a person said about the payment is never outweighed by one."""
    _wait_for_twins(decision)
    if decision.labels.exclude(source=Label.Source.STEP_UP).exists():
        return None
    return label(
        decision, fraud=fraud, source=Label.Source.STEP_UP, by=by, note=note, weight=weight
    )
