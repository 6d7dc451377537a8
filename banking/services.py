"""What the bank does. Every verb that moves money ends in `_book`, which asks fraud first."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from uuid import UUID, uuid5

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone as clock

import banking.limits.services as limits
import fraud.services
from audit.services import record
from banking import ledger, selectors
from banking.errors import (
    AccountsExhausted,
    AlreadyReversed,
    CurrencyMismatch,
    DepositTooLarge,
    FundingClosed,
    InTheFuture,
    RateMoved,
    ReasonMissing,
    TransferNotHeld,
    TransferNotPosted,
    UnknownPayee,
)
from banking.events import announce
from banking.fx import quotes, terms
from banking.models import Account, Transfer
from banking.policy import FEES, FX, STANDARD, FeePolicy, TransferPolicy
from biometrics import pins
from fintrust.core import context
from fintrust.core.errors import NotFound
from fintrust.core.idempotency import IdempotencyKeyReused, clean_key, fingerprint
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import Money
from fraud.facts import Facts
from fraud.models import Decision

REASON_MAX = 500


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asked for, before anybody has judged it."""

    kind: Transfer.Kind
    by: User
    source: Account
    target: Account
    amount: Money
    request_id: str
    note: str
    channel: str
    happened_at: datetime | None = None  # only for what happened before it was recorded
    target_currency: str = ""  # named by who means money to change its currency
    quote: str = ""  # the price they agreed to; without one, that of the moment
    fees: FeePolicy = FEES

    @property
    def fingerprint(self) -> str:
        """Not the quote: who asks again because an answer got lost may hold a newer one."""
        crossing = self.source.currency != self.target.currency
        return fingerprint(
            kind=self.kind,
            source=self.source.pk,
            target=self.target.pk,
            amount=str(self.amount),
            note=self.note,
            **({"into": self.target.currency} if crossing else {}),
        )


@dataclass(frozen=True, slots=True)
class Leg:
    """One movement of a transfer. The first carries the transfer's own id and heads its journal."""

    id: UUID
    source: Account
    target: Account
    amount: Money
    kind: str


# --- accounts -------------------------------------------------------------------------------


@transaction.atomic
def open_account(
    *,
    owner: User,
    product: str,
    currency: str,
    name: str = "",
    policy: TransferPolicy = STANDARD,
) -> Account:
    """A new, empty account. One lock per customer, so that the limit holds for two tabs too."""
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    if owner.accounts.exclude(status=Account.Status.CLOSED).count() >= policy.accounts_max:
        raise AccountsExhausted()
    account = ledger.open_account(owner=owner, product=product, currency=currency, name=name)
    record(
        "banking.account.opened",
        subject=account.public_id,
        by=owner,
        owner=owner,
        after={"product": product, "currency": currency, "name": account.name},
    )
    return account


@transaction.atomic
def change_profile(*, user: User, name: str, phone: str, timezone: str) -> User:
    """What customers may change about themselves; the old values stay in the audit record."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    new = {"name": " ".join(name.split()), "phone": phone, "timezone": timezone}
    old = {field: getattr(user, field) for field in new}
    if new == old:
        return user
    for field, value in new.items():
        setattr(user, field, value)
    user.save(update_fields=list(new))
    record(
        "core.user.changed",
        subject=user.public_id,
        by=user,
        owner=user,
        before=old,
        after=new,
    )
    return user


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
    """Send money from the customer's own account to any customer's account.

    To another currency it goes when the customer names that currency, at the rate of the moment,
    or brings a quote; the amount may then be in either currency.
    """
    if source.owner_id != by.pk:
        raise NotFound()
    if target.owner_id is None:
        raise UnknownPayee()
    return _carry_out(
        Order(
            Transfer.Kind.TRANSFER,
            by,
            source,
            target,
            amount,
            request_id,
            note,
            channel,
            target_currency=target_currency,
            quote=quote,
            fees=fees,
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
    source = ledger.internal("clearing", account.currency)
    return _carry_out(
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
    target = ledger.internal("clearing", account.currency)
    return _carry_out(
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
    return _carry_out(
        Order(kind, by, source, target, amount, request_id, note, channel, happened_at)
    )


@transaction.atomic
def _carry_out(order: Order) -> Transfer:
    """Judge and book in one transaction. The same request again answers with what it did then."""
    clean_key(order.request_id)
    if stored := _stored(order):
        return stored
    transfer = _asked(order, _terms_of(order))
    order = _lock(order, transfer)
    _check(order, transfer)
    facts = facts_of(order, transfer)
    transfer.decision = fraud.services.assess(facts)
    transfer.asked_at = facts.at
    return _book(order, transfer)


def _terms_of(order: Order) -> terms.Terms:
    """What it costs and brings: only what customers send each other has a price."""
    if order.kind != Transfer.Kind.TRANSFER or order.happened_at is not None:
        return terms.free(order.amount)
    here, there = order.source.currency, order.target.currency
    if order.target_currency not in ("", there):
        raise CurrencyMismatch(f"That account is in {there}.", field="target_currency")
    if order.quote:
        return quotes.agreed(order.quote, order.by, order.source, order.target, order.amount)
    if here != there and order.target_currency:
        return quotes.price(order.source, order.target, order.amount, fees=order.fees)
    return terms.plain(
        order.amount, policy=order.fees
    )  # should it cross after all, the ledger refuses it


def _asked(order: Order, price: terms.Terms) -> Transfer:
    """The transfer as it was asked for, before anybody has judged it."""
    return Transfer(
        id=uuid7(),
        kind=order.kind,
        channel=order.channel,
        source=order.source,
        target=order.target,
        amount_minor=price.amount.minor,
        currency=price.amount.currency,
        fee_minor=price.fee.minor,
        target_minor=price.arrives.minor if price.crosses else None,
        target_currency=price.arrives.currency if price.crosses else None,
        rate=price.rate,
        note=order.note,
        fingerprint=order.fingerprint,
        requested_by=order.by,
        request_id=order.request_id,
    )


def _legs(transfer: Transfer) -> list[Leg]:
    """All movements of a transfer. Across currencies, two through the bank's own positions."""
    source, target, kind = transfer.source, transfer.target, transfer.kind
    if transfer.crosses:
        bought = ledger.internal("fx-position", source.currency)
        sold = ledger.internal("fx-position", target.currency)
        legs = [
            Leg(transfer.pk, source, bought, transfer.amount, kind),
            Leg(uuid5(transfer.pk, "arrival"), sold, target, transfer.arrives, kind),
        ]
    else:
        legs = [Leg(transfer.pk, source, target, transfer.amount, kind)]
    if transfer.fee_minor:
        fees = ledger.internal("fees", transfer.currency)
        legs.append(Leg(uuid5(transfer.pk, "fee"), source, fees, transfer.fee, "fee"))
    return legs


def _lock(order: Order, transfer: Transfer) -> Order:
    """Lock every account that the money passes, once and in id order."""
    source, target, *_ = ledger.lock(order.source, order.target, *_stops(_legs(transfer)))
    return replace(order, source=source, target=target)


def _stops(legs: list[Leg]) -> list[Account]:
    return [account for leg in legs for account in (leg.source, leg.target)]


def _check(order: Order, transfer: Transfer) -> None:
    """Refuse what the ledger would refuse, before fraud looks: what never could happen must not
    leave a decision behind."""
    first, *rest = _legs(transfer)
    ledger.check(first.id, first.source, first.target, transfer.cost, kind=first.kind)
    for leg in rest:
        if leg.source.pk != first.source.pk:  # its own part of the total is asked for already
            ledger.check(leg.id, leg.source, leg.target, leg.amount, kind=leg.kind)
    if transfer.spends:
        limits.check(order.source, transfer.amount)


def _stored(order: Order) -> Transfer | None:
    """The transfer this request made before. Twins wait here for each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"transfer:{order.by.pk}:{order.request_id}"],
        )
    stored = (
        Transfer.objects.select_related("source", "target", "decision")
        .filter(requested_by=order.by, request_id=order.request_id)
        .first()
    )
    if stored is None:
        return None
    if stored.fingerprint != order.fingerprint:
        raise IdempotencyKeyReused()
    stored.replayed = True
    return stored


def facts_of(order: Order, transfer: Transfer) -> Facts:
    """What fraud needs to know of an order, and nothing else."""
    outgoing = order.kind != Transfer.Kind.DEPOSIT
    own, other = (order.source, order.target) if outgoing else (order.target, order.source)
    asked = context.current()
    return Facts(
        kind=order.kind,
        subject=transfer.public_id,
        customer_id=order.by.pk,
        account=own.public_id,
        counterparty=other.public_id if other.owner_id else "",
        amount_minor=transfer.amount_minor,
        currency=transfer.currency,
        at=order.happened_at or clock.now(),
        timezone=order.by.timezone,
        channel=order.channel,
        balance_minor=own.balance_minor,
        to_self=own.owner_id == other.owner_id,
        session_hash=asked.session_hash,
        ip=asked.ip,
        outgoing=outgoing,
    )


def _book(order: Order, transfer: Transfer) -> Transfer:
    """Post, hold or refuse, as the decision says, and remember it."""
    by_verdict: dict[str, Callable[[Transfer], None]] = {
        Decision.Verdict.VERIFIED: _post,
        Decision.Verdict.FLAGGED: _hold,
        Decision.Verdict.BLOCKED: partial(_settle, status=Transfer.Status.REFUSED),
    }
    by_verdict[transfer.decision.verdict](transfer)
    transfer.save(force_insert=True)
    if transfer.spends and transfer.status != Transfer.Status.REFUSED:
        limits.count(transfer)
    _remember(transfer, by=order.by)
    return transfer


def _post(transfer: Transfer) -> None:
    first, *rest = _legs(transfer)
    movement = ledger.move(
        first.id,
        first.source,
        first.target,
        first.amount,
        kind=first.kind,
        narrative=transfer.note,
        value_date=_value_date(transfer),
        journal=transfer.pk if rest else None,
    )
    _move_on(transfer, rest)
    transfer.movement_id = movement.id
    _settle(transfer, status=Transfer.Status.POSTED)
    fraud.services.observe(transfer.decision)


def _move_on(transfer: Transfer, legs: list[Leg]) -> None:
    """The rest of a transfer, in the journal of its first leg."""
    for leg in legs:
        ledger.move(
            leg.id,
            leg.source,
            leg.target,
            leg.amount,
            kind=leg.kind,
            narrative=transfer.note,
            value_date=_value_date(transfer),
            journal=transfer.pk,
        )


def _value_date(transfer: Transfer) -> date | None:
    """The day it counts from: the day it is booked, but for what happened long ago."""
    past = transfer.channel == Transfer.Channel.IMPORT
    return transfer.asked_at.date() if past else None


def _hold(transfer: Transfer, policy: TransferPolicy = STANDARD) -> None:
    hold = ledger.hold(
        uuid7(),
        transfer.source,
        transfer.cost,
        expires_at=clock.now() + policy.hold_max,
        because=transfer.public_id,
    )
    transfer.hold_id = hold.id
    transfer.status = Transfer.Status.HELD


def _settle(
    transfer: Transfer,
    *,
    status: Transfer.Status,
    by: User | None = None,
    reason: str = "",
) -> None:
    transfer.status, transfer.settled_at = status, clock.now()
    transfer.settled_by, transfer.reason = by, reason


def _remember(transfer: Transfer, *, by: User | None, reason: str = "") -> None:
    """The audit record and the live event, in the same transaction as the deed."""
    record(
        f"banking.transfer.{transfer.status}",
        subject=transfer.public_id,
        by=by,
        owner=transfer.requested_by,
        after={
            "kind": transfer.kind,
            "amount": str(transfer.amount),
            "source": transfer.source.public_id,
            "target": transfer.target.public_id,
            "decision": transfer.decision.public_id,
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


# --- what becomes of held money -------------------------------------------------------------


def confirm_transfer(*, transfer: Transfer, by: User, pin: str) -> Transfer:
    """The customer proves to be who they are; their held money goes on its way."""
    if transfer.requested_by_id != by.pk:
        raise NotFound()
    pins.verify_pin(user=by, pin=pin)  # counts failures in a transaction of its own
    return _release(transfer, by=by, reason="confirmed by PIN")


def release_transfer(*, transfer: Transfer, by: User, reason: str) -> Transfer:
    """An officer lets held money go on its way."""
    return _release(transfer, by=by, reason=_reason(reason))


@transaction.atomic
def _release(transfer: Transfer, *, by: User, reason: str) -> Transfer:
    transfer = _lock_held(transfer)
    _price_anew(transfer)
    first, *rest = legs = _legs(transfer)
    ledger.lock(*_stops(legs))
    movement = ledger.capture(
        _hold_of(transfer),
        first.id,
        first.target,
        first.amount,
        kind=first.kind,
        narrative=transfer.note,
        value_date=_value_date(transfer),
    )
    _move_on(transfer, rest)
    transfer.movement_id = movement.id
    return _end(transfer, status=Transfer.Status.POSTED, by=by, reason=reason)


def _price_anew(transfer: Transfer) -> None:
    """Held money goes at the rate of the moment it goes. At the rate of then, whoever lets it wait
    could choose the better of two; and much less than was agreed to must not arrive unasked."""
    if not transfer.crosses:
        return
    agreed = transfer.arrives.minor
    now = quotes.price(transfer.source, transfer.target, transfer.amount)
    if now.arrives.minor < agreed * (1 - FX.slip_max):
        raise RateMoved()
    transfer.target_minor, transfer.rate = now.arrives.minor, now.rate


def cancel_transfer(*, transfer: Transfer, by: User) -> Transfer:
    """The customer changes their mind; the money stays theirs."""
    if transfer.requested_by_id != by.pk:
        raise NotFound()
    return _return(transfer, status=Transfer.Status.CANCELLED, by=by, reason="")


def refuse_transfer(*, transfer: Transfer, by: User, reason: str) -> Transfer:
    """An officer says no; the money stays with the customer."""
    return _return(transfer, status=Transfer.Status.REFUSED, by=by, reason=_reason(reason))


@transaction.atomic
def _return(transfer: Transfer, *, status: Transfer.Status, by: User, reason: str) -> Transfer:
    transfer = _lock_held(transfer)
    ledger.release(_hold_of(transfer))
    return _end(transfer, status=status, by=by, reason=reason)


def expire_transfers(*, now: datetime | None = None, batch_max: int = 500) -> int:
    """Give back what nobody confirmed in time. Sweeps due rows; two sweepers share the work."""
    now = now or clock.now()
    due = Transfer.objects.filter(status=Transfer.Status.HELD, hold__expires_at__lte=now)
    expired = 0
    for pk in due.values_list("pk", flat=True)[:batch_max]:
        expired += _expire(pk, now)
    return expired


@transaction.atomic
def _expire(pk: UUID, now: datetime) -> bool:
    held = Transfer.objects.filter(pk=pk, status=Transfer.Status.HELD)
    transfer = held.select_for_update(skip_locked=True, of=("self",), no_key=True).first()
    if transfer is None:
        return False
    ledger.expire(_hold_of(transfer), now=now)
    _end(
        transfer,
        status=Transfer.Status.EXPIRED,
        by=None,
        reason="not confirmed in time",
    )
    return True


def _hold_of(transfer: Transfer) -> UUID:
    assert transfer.hold_id is not None  # a constraint of the table: what waits has a hold
    return transfer.hold_id


def _lock_held(transfer: Transfer) -> Transfer:
    """Look again under the lock: of two tabs, two officers, or both, one settles it."""
    locked = (
        Transfer.objects.select_for_update(of=("self",), no_key=True)
        .select_related("source", "target", "decision", "requested_by")
        .get(pk=transfer.pk)
    )
    if not locked.is_held:
        raise TransferNotHeld(transfer_status=locked.status)
    return locked


def _end(transfer: Transfer, *, status: Transfer.Status, by: User | None, reason: str) -> Transfer:
    _settle(transfer, status=status, by=by, reason=reason)
    changed = ["status", "movement", "settled_at", "settled_by", "reason"]
    transfer.save(update_fields=changed + (["target_minor", "rate"] if transfer.crosses else []))
    if status == Transfer.Status.POSTED:
        fraud.services.observe(transfer.decision)
    elif transfer.spends:
        limits.give_back(transfer)
    _remember(transfer, by=by, reason=reason)
    return transfer


@transaction.atomic
def reverse_transfer(*, transfer: Transfer, by: User, reason: str) -> Transfer:
    """An officer gives back all that a transfer moved, in both currencies and the fee, once."""
    reason = _reason(reason)
    transfer = (
        Transfer.objects.select_for_update(of=("self",), no_key=True)
        .select_related("source", "target", "decision", "requested_by")
        .get(pk=transfer.pk)
    )
    if transfer.status != Transfer.Status.POSTED:
        raise TransferNotPosted(transfer_status=transfer.status)
    legs = selectors.movements_of(transfer)
    ledger.lock(*(side for leg in legs for side in (leg.source_id, leg.target_id)))
    undone = [ledger.reverse(uuid5(leg.pk, "reversal"), leg.pk) for leg in legs]
    if any(leg.replayed for leg in undone):
        raise AlreadyReversed()
    record(
        "banking.transfer.reversed",
        subject=transfer.public_id,
        by=by,
        owner=transfer.requested_by,
        after={"movements": [str(leg.id) for leg in undone]},
        reason=reason,
    )
    return transfer


def _reason(text: str) -> str:
    """An officer's reason: something must be there, and not a novel."""
    text = " ".join(text.split())
    if not 3 <= len(text) <= REASON_MAX:
        raise ReasonMissing()
    return text
