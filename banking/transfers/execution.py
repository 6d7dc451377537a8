"""Carrying out an order: looked at, judged, and booked, held or refused, in one transaction."""

from collections.abc import Callable
from dataclasses import replace

from django.db import transaction
from django.utils import timezone as clock

import banking.limits.services as limits
import fraud.services
from banking import ledger, selectors
from banking.errors import AlreadyReversed
from banking.holds.errors import HoldInUse
from banking.models import Right, Transfer
from banking.policy import STANDARD, TransferPolicy
from banking.sharing.selectors import hold_right
from banking.transfers import booking
from banking.transfers.orders import Order, asked, facts_of, terms_of
from banking.transfers.outcome import remember, settle
from fintrust.core.idempotency import IdempotencyKeyReused, clean_key, wait_for_twins
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.rows import insert
from fraud.effect import HELD, PASSED, REFUSED
from fraud.travel.presence import placed


@transaction.atomic
def carry_out(order: Order, *, reason: str = "") -> Transfer:
    """Judge and book in one transaction. The same request again answers with what it did then."""
    clean_key(order.request_id)
    if order.operated:
        hold_right(order.by, order.source, Right.OPERATE)
    if stored := _stored(order):
        return stored
    transfer = asked(order, terms_of(order))
    order = _lock(order, transfer)
    _check_return(order)
    _check_hold(order)
    _check(order, transfer)
    facts = placed(facts_of(order, transfer))
    transfer.decision = fraud.services.assess(facts)
    transfer.asked_at, transfer.reason = facts.at, reason
    return _book(order, transfer)


def _stored(order: Order) -> Transfer | None:
    """The transfer this request made before. Twins wait here for each other."""
    wait_for_twins("transfer", order.by, order.request_id)
    asked_before = Transfer.objects.filter(requested_by=order.by, request_id=order.request_id)
    if not asked_before.exists():
        return None
    stored = asked_before.select_related("source", "target", "decision").get()
    if stored.fingerprint != order.fingerprint:
        raise IdempotencyKeyReused()
    stored.replayed = True
    return stored


def _lock(order: Order, transfer: Transfer) -> Order:
    """Lock every account that the money passes, once and in id order."""
    stops = booking.stops_of(transfer)
    source, target, *_ = ledger.lock(order.source, order.target, *stops)
    return replace(order, source=source, target=target)


def _check_return(order: Order) -> None:
    """With both accounts locked: what moves or waits to go back already does not go back again."""
    if (
        order.returns is not None
        and order.returns.returned_by.filter(
            status__in=[Transfer.Status.POSTED, Transfer.Status.HELD]
        ).exists()
    ):
        raise AlreadyReversed()


def _check_hold(order: Order) -> None:
    """With the account locked: a hold that a transfer waits on is that transfer's."""
    if order.hold is not None and selectors.waits_on(order.hold):
        raise HoldInUse()


def _check(order: Order, transfer: Transfer) -> None:
    """Refuse what ledger and limits would refuse, before fraud looks: what never could happen must
    not leave a decision behind."""
    booking.check(transfer)
    if transfer.spends:
        limits.check(order.source, transfer.amount)


def _book(order: Order, transfer: Transfer) -> Transfer:
    """Post, hold or refuse, as the decision says, and remember it."""
    by_effect: dict[str, Callable[[Transfer], None]] = {
        PASSED: _post,
        HELD: _hold,
        REFUSED: _refuse,
    }
    by_effect[transfer.decision.effect](transfer)
    insert(transfer)
    if transfer.spends and transfer.status != Transfer.Status.REFUSED:
        limits.count(transfer)
    remember(transfer, by=order.by, reason=transfer.reason)
    return transfer


def _post(transfer: Transfer) -> None:
    book = booking.move if transfer.hold is None else booking.from_hold
    transfer.movement_id = book(transfer)
    settle(transfer, status=Transfer.Status.POSTED)
    fraud.services.observe(transfer.decision)


def _hold(transfer: Transfer, policy: TransferPolicy = STANDARD) -> None:
    if transfer.hold_id is None:
        hold = ledger.hold(
            uuid7(),
            transfer.source,
            transfer.cost,
            expires_at=clock.now() + policy.hold_max,
            because=transfer.public_id,
        )
        transfer.hold_id = hold.id
    transfer.status = Transfer.Status.HELD


def _refuse(transfer: Transfer) -> None:
    transfer.hold = None  # what was set aside for it stays so, for another try
    settle(transfer, status=Transfer.Status.REFUSED)


def keep_refused(transfer: Transfer, *, by: User, reason: str) -> None:
    """Keep what was judged and then undone as refused: who tries what fraud lets through must not
    leave less behind in a batch than one by one."""
    fraud.services.keep(transfer.decision)
    transfer.hold = None
    settle(transfer, status=Transfer.Status.REFUSED, reason=reason)
    insert(transfer)
    remember(transfer, by=by, reason=reason)
