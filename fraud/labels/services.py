"""The verb of learning: what turned out to be fraud, and what did not."""

from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from audit.services import record
from fintrust.core.models import User
from fraud.errors import InvalidLabel, NoteTooLong
from fraud.models import Decision, Label
from fraud.policy import LABELS, LabelPolicy

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
    policy: LabelPolicy = LABELS,
) -> Label:
    """Remember what a payment turned out to be. The newest answer about it counts.

    The same answer again from the same source changes nothing and is answered with what is
    stored. `known_at` is for answers that come from another system; otherwise it is now.
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
        source=source,
        weight=_weight(source, policy),
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


def _weight(source: str, policy: LabelPolicy) -> float:
    return float(getattr(policy, f"{Label.Source(source).value}_weight"))


def _record_label(made: Label) -> None:
    record(
        "fraud.label.added",
        subject=made.decision,
        by=made.by,
        owner=made.customer_id,
        data={"fraud": made.fraud, "source": made.source, "weight": str(made.weight)},
        reason=made.note,
    )
