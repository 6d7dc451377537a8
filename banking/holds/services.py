"""Setting money aside on one's own account, giving it back, and taking it back when time is up.

A hold placed here is told apart from one that a held transfer waits on by its `Reservation`.
Capturing it is a payment, `capture_hold` of `banking.transfers`, and is judged like one.
"""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone as clock

from audit.services import record
from banking import ledger
from banking.holds.errors import HoldInUse, HoldsExhausted, HoldTimeInvalid
from banking.holds.selectors import shown
from banking.models import Account, HoldEnd, Reservation
from banking.policy import HOLDS, HoldPolicy
from banking.reasons import clean_reason
from banking.selectors import waits_on
from fintrust.core.errors import NotFound
from fintrust.core.idempotency import (
    IdempotencyKeyReused,
    clean_key,
    fingerprint,
    wait_for_twins,
)
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import Money


@transaction.atomic
def place_hold(
    *,
    by: User,
    account: Account,
    amount: Money,
    request_id: str,
    reason: str,
    expires_at: datetime | None = None,
    policy: HoldPolicy = HOLDS,
) -> Reservation:
    """Set money aside: it can no longer be spent, and nothing has moved."""
    if account.owner_id != by.pk:
        raise NotFound()
    reason, now = clean_reason(reason), clock.now()
    asked = fingerprint(
        account=account.pk, amount=str(amount), reason=reason, expires_at=expires_at
    )
    wait_for_twins("hold", by, clean_key(request_id))
    stored = Reservation.objects.filter(requested_by=by, request_id=request_id).first()
    if stored is not None:
        return _again(stored, same=stored.fingerprint == asked)
    until = now + policy.life if expires_at is None else expires_at
    if not now < until <= now + policy.life_max:
        raise HoldTimeInvalid()
    [account] = ledger.lock(account)
    if _open_on(account) >= policy.open_max:
        raise HoldsExhausted()
    held = ledger.hold(uuid7(), account, amount, expires_at=until, because=reason)
    made = Reservation.objects.create(
        hold_id=held.id, requested_by=by, request_id=request_id, fingerprint=asked
    )
    _remember(made, account, "placed", by, after={"amount": str(amount), "reason": reason})
    return shown().get(pk=made.pk)


@transaction.atomic
def release_hold(*, reservation: Reservation, by: User, request_id: str) -> Reservation:
    """Give all of it back, once. The same request again is answered with what it did."""
    if reservation.requested_by_id != by.pk:
        raise NotFound()
    wait_for_twins("hold", by, clean_key(request_id))
    stored = Reservation.objects.filter(requested_by=by, release_id=request_id).first()
    if stored is not None:
        return _again(stored, same=stored.pk == reservation.pk)
    account = reservation.hold.account
    ledger.lock(account)
    if waits_on(reservation.hold):
        raise HoldInUse()
    ledger.release(reservation.pk)
    Reservation.objects.filter(pk=reservation.pk).update(release_id=request_id)
    _remember(reservation, account, "released", by)
    return shown().get(pk=reservation.pk)


def expire_holds(*, now: datetime | None = None, batch_max: int = 500) -> int:
    """Give back what was not captured in time. What a transfer waits on ends with the transfer."""
    now = now or clock.now()
    due = Reservation.objects.filter(hold__end__isnull=True, hold__expires_at__lte=now)
    due = due.exclude(hold__transfer__isnull=False).order_by("hold__expires_at")
    return sum(_expire(pk, now) for pk in due.values_list("pk", flat=True)[:batch_max])


@transaction.atomic
def _expire(pk: UUID, now: datetime) -> bool:
    reservation = Reservation.objects.select_related("hold__account").get(pk=pk)
    [account] = ledger.lock(reservation.hold.account)
    if waits_on(reservation.hold) or HoldEnd.objects.filter(hold=pk).exists():
        return False  # another sweeper, or the customer, was faster
    ledger.expire(pk, now=now)
    _remember(reservation, account, "expired", None)
    return True


def _again(stored: Reservation, *, same: bool) -> Reservation:
    if not same:
        raise IdempotencyKeyReused()
    found = shown().get(pk=stored.pk)
    found.replayed = True
    return found


def _open_on(account: Account) -> int:
    return account.holds.filter(end__isnull=True, reservation__isnull=False).count()


def _remember(
    reservation: Reservation,
    account: Account,
    what: str,
    by: User | None,
    after: dict[str, str] | None = None,
) -> None:
    record(
        f"banking.hold.{what}",
        subject=reservation.public_id,
        by=by,
        owner=account.owner_id,
        after=after,
        data={"account": account.public_id},
    )
