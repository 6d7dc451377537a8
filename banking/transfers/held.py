"""The end of a transfer that waits: its money goes on its way, or stays where it is. Once."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

import banking.limits.services as limits
import fraud.labels.services as labels
import fraud.services
from banking import ledger
from banking.fx import quotes
from banking.fx.errors import RateMoved
from banking.models import Transfer
from banking.policy import FX
from banking.transfers import booking
from banking.transfers.errors import TransferNotHeld
from banking.transfers.outcome import remember, settle
from fintrust.core.models import User

BY_OWN_LIMIT = "stopped by the owner's own limits"
BY_BANK = "stopped by the bank"


@transaction.atomic
def release(transfer: Transfer, *, by: User, reason: str) -> Transfer:
    """Send the money on its way, unless the owner's own limits or the bank's lists forbid it by
    now."""
    transfer = _lock_held(transfer)
    ledger.lock(*booking.stops_of(transfer))
    # Limits and lists of now: no PIN and no officer sends on what they forbid.
    if forbidden := fraud.services.recheck(transfer.decision):
        transfer.decision = forbidden
        ledger.release(booking.hold_of(transfer))
        why = BY_OWN_LIMIT if forbidden.forbidden else BY_BANK
        return _end(transfer, status=Transfer.Status.REFUSED, by=by, reason=why)
    _price_anew(transfer)
    transfer.movement_id = booking.from_hold(transfer)
    return _end(transfer, status=Transfer.Status.POSTED, by=by, reason=reason)


def _price_anew(transfer: Transfer) -> None:
    """Held money goes at the rate of the moment it goes. At the rate of then, whoever lets it wait
    could choose the better of two; and much less than was agreed to must not arrive unasked."""
    if not transfer.crosses or transfer.returns is not None:
        return
    agreed = transfer.arrives.minor
    now = quotes.price(transfer.source, transfer.target, transfer.amount)
    if now.arrives.minor < agreed * (1 - FX.slip_max):
        raise RateMoved()
    transfer.target_minor, transfer.rate = now.arrives.minor, now.rate


@transaction.atomic
def free(transfer: Transfer, *, status: Transfer.Status, by: User | None, reason: str) -> Transfer:
    """Leave the money where it is."""
    transfer = _lock_held(transfer)
    ledger.release(booking.hold_of(transfer))
    return _end(transfer, status=status, by=by, reason=reason)


@transaction.atomic
def expire(pk: UUID, now: datetime) -> bool:
    """Leave the money where it is, as its time is over; False when somebody was quicker."""
    held = Transfer.objects.filter(pk=pk, status=Transfer.Status.HELD)
    transfer = held.select_for_update(skip_locked=True, of=("self",), no_key=True).first()
    if transfer is None:
        return False
    ledger.expire(booking.hold_of(transfer), now=now)
    reviewed = transfer.decision.review
    _end(
        transfer,
        status=Transfer.Status.EXPIRED,
        by=None,
        reason="not decided in time" if reviewed else "not confirmed in time",
    )
    if not reviewed:  # that the bank let it run out says nothing about the customer
        labels.let_expire(transfer.decision)
    return True


def _lock_held(transfer: Transfer) -> Transfer:
    """Look again under the lock: of two tabs, two officers, or both, one settles it."""
    locked = (
        Transfer.objects.select_for_update(of=("self",), no_key=True)
        .select_related("source", "target", "decision", "requested_by", "returns", "hold")
        .get(pk=transfer.pk)
    )
    if not locked.is_held:
        raise TransferNotHeld(transfer_status=locked.status)
    return locked


def _end(transfer: Transfer, *, status: Transfer.Status, by: User | None, reason: str) -> Transfer:
    settle(transfer, status=status, by=by, reason=reason)
    changed = ["status", "movement", "settled_at", "settled_by", "reason", "decision"]
    transfer.save(update_fields=changed + (["target_minor", "rate"] if transfer.crosses else []))
    if status == Transfer.Status.POSTED:
        fraud.services.observe(transfer.decision)
    elif transfer.spends:
        limits.give_back(transfer)
    remember(transfer, by=by, reason=reason)
    return transfer
