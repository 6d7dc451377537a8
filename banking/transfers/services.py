"""Asking for money to move, and what becomes of it when it has to wait."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.utils import timezone as clock

import fraud.labels.services as labels
from banking import ledger
from banking.models import Account, Hold, Right, Transfer
from banking.payees.errors import UnknownPayee
from banking.policy import FEES, STANDARD, FeePolicy, TransferPolicy
from banking.reasons import clean_reason
from banking.sharing.selectors import hold_right
from banking.transfers.errors import DepositTooLarge, FundingClosed, InTheFuture, UnderReview
from banking.transfers.execution import carry_out
from banking.transfers.held import expire, free, release
from banking.transfers.orders import Order
from biometrics import codes, passkeys, pins
from biometrics.proofs import Proof
from fintrust.core.errors import Locked, NotFound
from fintrust.core.models import User
from fintrust.core.money import Money
from fraud.travel.services import confirm_after_commit

# --- asking for money to move ---------------------------------------------------------------


def send_transfer(
    *,
    by: User,
    source: Account,
    target: Account,
    amount: Money,
    request_id: str,
    note: str = "",
    channel: str = Transfer.Channel.WEB,
    target_currency: str = "",
    quote: str = "",
    fees: FeePolicy = FEES,
) -> Transfer:
    """Send money from the customer's own account, or one they may operate, to any customer's.

    To another currency it goes when the customer names that currency, at the rate of the moment,
    or brings a quote; the amount may then be in either currency.
    """
    if target.owner_id is None:
        raise UnknownPayee()
    return carry_out(
        Order(
            Transfer.Kind.TRANSFER,
            by,
            source,
            target,
            amount,
            request_id,
            note,
            channel,
            operated=source.owner_id != by.pk,
            target_currency=target_currency,
            quote=quote,
            fees=fees,
        )
    )


def capture_hold(
    *,
    by: User,
    hold: Hold,
    target: Account,
    amount: Money,
    request_id: str,
    note: str = "",
    channel: str = Transfer.Channel.API,
) -> Transfer:
    """Send what the customer had set aside, or a part of it; the rest is free again.

    Judged like any payment. Held, it waits on this hold; refused, the hold stays as it is.
    """
    if target.owner_id is None:
        raise UnknownPayee()
    if hold.account.owner_id != by.pk:
        raise NotFound()
    return carry_out(
        Order(
            Transfer.Kind.TRANSFER,
            by,
            hold.account,
            target,
            amount,
            request_id,
            note,
            channel,
            hold=hold,
        )
    )


def deposit(
    *,
    by: User,
    account: Account,
    amount: Money,
    request_id: str,
    channel: str = Transfer.Channel.WEB,
    policy: TransferPolicy = STANDARD,
) -> Transfer:
    """Demo funding: money from the clearing account. Closed unless settings.DEMO_FUNDING."""
    if not settings.DEMO_FUNDING:
        raise FundingClosed()
    if account.owner_id != by.pk:
        raise NotFound()
    if amount.decimal > policy.deposit_major_max:
        raise DepositTooLarge()
    source = ledger.internal("clearing", account.currency, beside=account)
    return carry_out(
        Order(Transfer.Kind.DEPOSIT, by, source, account, amount, request_id, "", channel)
    )


def withdraw(
    *,
    by: User,
    account: Account,
    amount: Money,
    request_id: str,
    channel: str = Transfer.Channel.WEB,
) -> Transfer:
    """Money leaves the bank through the clearing account."""
    if account.owner_id != by.pk:
        raise NotFound()
    target = ledger.internal("clearing", account.currency, beside=account)
    return carry_out(
        Order(
            Transfer.Kind.WITHDRAWAL,
            by,
            account,
            target,
            amount,
            request_id,
            "",
            channel,
        )
    )


def record_past(
    *,
    kind: Transfer.Kind,
    by: User,
    source: Account,
    target: Account,
    amount: Money,
    request_id: str,
    happened_at: datetime,
    note: str = "",
) -> Transfer:
    """Take over a movement from an earlier system: judged as of then, booked now, valued then."""
    if happened_at > clock.now():
        raise InTheFuture()
    channel = Transfer.Channel.IMPORT
    return carry_out(
        Order(kind, by, source, target, amount, request_id, note, channel, happened_at)
    )


# --- what becomes of held money -------------------------------------------------------------


def confirm_transfer(*, transfer: Transfer, by: User, pin: str) -> Transfer:
    """Who asked, or the owner of the money, proves to be who they are; it goes on its way."""
    return _confirm(transfer, by, Proof.PIN, lambda: pins.verify_pin(user=by, pin=pin))


def confirm_by_code(*, transfer: Transfer, by: User, code: str) -> Transfer:
    """The same by what their authenticator app shows. A code is used up by being right, whatever
    then becomes of the transfer."""
    return _confirm(transfer, by, Proof.CODE, lambda: codes.verify_code(user=by, code=code))


def confirm_by_passkey(
    *, transfer: Transfer, by: User, session: SessionBase, answer: Mapping[str, Any]
) -> Transfer:
    """The same by a passkey that signed the challenge this session was given for this transfer."""

    def check() -> None:
        passkeys.verify_passkey(user=by, session=session, about=transfer.public_id, answer=answer)

    return _confirm(transfer, by, Proof.PASSKEY, check)


def _confirm(transfer: Transfer, by: User, proof: Proof, check: Callable[[], None]) -> Transfer:
    with transaction.atomic():
        _must_have_a_say(transfer, by)
        _customer_may_send(transfer)
    try:
        check()  # counts failures in a transaction of its own
    except Locked:
        labels.failed_step_up(transfer.decision, proof=proof)
        raise
    return _confirm_proven(transfer, by, proof)


def confirm_after_pin(*, transfer: Transfer, by: User) -> Transfer:
    """The same for somebody whose PIN was checked just now, for what this is a part of."""
    return _confirm_proven(transfer, by, Proof.PIN)


@transaction.atomic
def _confirm_proven(transfer: Transfer, by: User, proof: Proof) -> Transfer:
    _must_have_a_say(transfer, by)  # it may have ended while the proof was checked
    _customer_may_send(transfer)
    if transfer.requested_by_id == by.pk:  # another's proof says nothing about where they are
        confirm_after_commit(transfer.decision.facts_then())
    confirmed = release(transfer, by=by, reason=f"confirmed by {proof}")
    labels.passed_step_up(confirmed.decision, by=by, proof=proof)
    return confirmed


def _must_have_a_say(transfer: Transfer, by: User) -> None:
    """The owner of the account always has; who asked, while they may still operate it."""
    if transfer.source.owner_id == by.pk:
        return
    if transfer.requested_by_id != by.pk:
        raise NotFound()
    hold_right(by, transfer.source, Right.OPERATE)


def _customer_may_send(transfer: Transfer) -> None:
    if transfer.is_held and transfer.decision.review:
        raise UnderReview()


def release_transfer(*, transfer: Transfer, by: User, reason: str) -> Transfer:
    """An officer lets held money go on its way."""
    return release(transfer, by=by, reason=clean_reason(reason))


@transaction.atomic
def cancel_transfer(*, transfer: Transfer, by: User) -> Transfer:
    """Who asked, or the owner of the money, changes their mind; it stays where it is."""
    _must_have_a_say(transfer, by)
    return free(transfer, status=Transfer.Status.CANCELLED, by=by, reason="")


def cancel_because(*, transfer: Transfer, by: User | None, reason: str) -> Transfer:
    """Held money stays where it is, since what it was asked on has ended."""
    return free(transfer, status=Transfer.Status.CANCELLED, by=by, reason=reason)


def refuse_transfer(*, transfer: Transfer, by: User, reason: str) -> Transfer:
    """An officer says no; the money stays with the customer."""
    return free(transfer, status=Transfer.Status.REFUSED, by=by, reason=clean_reason(reason))


def expire_transfers(*, now: datetime | None = None, batch_max: int = 500) -> int:
    """Give back what nobody confirmed in time. Sweeps due rows; two sweepers share the work."""
    now = now or clock.now()
    due = Transfer.objects.filter(status=Transfer.Status.HELD, hold__expires_at__lte=now)
    expired = 0
    for pk in due.values_list("pk", flat=True)[:batch_max]:
        expired += expire(pk, now)
    return expired
