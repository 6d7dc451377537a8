"""What proposals share: who may, words for it, one at a time, and a decision by somebody else."""

from typing import Any, TypeVar, cast

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.services import record
from fintrust.core.errors import Forbidden, Problem, ReasonNeeded
from fintrust.core.models import User
from fraud.errors import OwnPromotion, PromotionDecided
from fraud.models import Proposed

REASON_MIN, REASON_MAX = 3, 500
Row = TypeVar("Row", bound=Proposed)


def may(by: User, right: str) -> None:
    if not by.has_perm(f"fraud.{right}"):
        raise Forbidden()


def reasoned(text: str) -> str:
    text = text.strip()
    if not REASON_MIN <= len(text) <= REASON_MAX:
        raise ReasonNeeded()
    return text


def wait_in_line() -> None:
    """One change of what is in force at a time: two at once would each retire the same model."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('fraud.models', 0))")


@transaction.atomic
def propose(row: Row, *, instead: Problem, said: dict[str, Any], **about: Any) -> Row:
    """Let it wait for a colleague; `instead` is raised when one `about` the same waits already."""
    waiting = type(row)._default_manager.filter(status=Proposed.Status.OPEN, **about)
    waiting.filter(expires_at__lte=timezone.now()).update(status=Proposed.Status.EXPIRED)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise instead from None
    record(
        f"fraud.{row._meta.model_name}.proposed",
        subject=row,
        by=row.proposed_by,
        reason=row.reason,
        data=said,
    )
    return row


def locked(row: Row, by: User, *, own: bool = False) -> Row:
    """The proposal as it is now, if this person may end it in this way."""
    may(by, "propose_model" if own else "decide_model")
    wait_in_line()
    rows = type(row)._default_manager.select_for_update(of=["self"])
    found = cast(Row, rows.get(pk=row.pk))
    if not found.is_open(timezone.now()):
        raise PromotionDecided()
    if (found.proposed_by_id == by.pk) is not own:
        raise OwnPromotion() if not own else Forbidden()
    return found


@transaction.atomic
def turn_down(row: Row, status: str, *, by: User, reason: str, said: dict[str, Any]) -> Row:
    """Rejected by a colleague, or withdrawn by who proposed it."""
    reason = reasoned(reason)
    row = locked(row, by, own=status == Proposed.Status.WITHDRAWN)
    decide(row, status, by=by, reason=reason, said=said)
    return row


def decide(row: Proposed, status: str, *, by: User, reason: str, said: dict[str, Any]) -> None:
    """Belongs into the transaction that has it `locked`."""
    row.status, row.decided_by, row.decided_at = status, by, timezone.now()
    row.decision_reason = reason.strip()[:REASON_MAX]
    row.save(update_fields=["status", "decided_by", "decided_at", "decision_reason"])
    record(
        f"fraud.{row._meta.model_name}.{status}",
        subject=row,
        by=by,
        reason=row.decision_reason,
        data=said,
    )
