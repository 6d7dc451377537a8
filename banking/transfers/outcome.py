"""What a transfer has come to, written down: on its row, in the audit log, and on the live feed."""

from django.utils import timezone as clock

from audit.services import record
from banking.events import announce
from banking.models import Transfer
from fintrust.core.models import User


def settle(
    transfer: Transfer,
    *,
    status: Transfer.Status,
    by: User | None = None,
    reason: str = "",
) -> None:
    transfer.status, transfer.settled_at = status, clock.now()
    transfer.settled_by, transfer.reason = by, reason or transfer.reason


def remember(transfer: Transfer, *, by: User | None, reason: str = "") -> None:
    """The audit record and the live event, in the same transaction as the deed."""
    record(
        f"banking.transfer.{transfer.status}",
        subject=transfer.public_id,
        by=by,
        owner=transfer.decision.customer_id,
        after={
            "kind": transfer.kind,
            "amount": str(transfer.amount),
            "source": transfer.source.public_id,
            "target": transfer.target.public_id,
            "decision": transfer.decision.public_id,
            **({"returns": transfer.returns.public_id} if transfer.returns else {}),
            **_price_of(transfer),
        },
        reason=reason,
    )
    announce(transfer)


def _price_of(transfer: Transfer) -> dict[str, str]:
    price = {"fee": str(transfer.fee)} if transfer.fee_minor else {}
    if transfer.crosses:
        price |= {"arrives": str(transfer.arrives), "rate": f"{transfer.rate}"}
    return price
