"""What the bank does. Every verb that moves money ends in `_book`, which asks fraud first."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.utils import timezone as clock

import banking.limits.services as limits
import fraud.labels.services as labels
import fraud.services
from audit.services import record
from banking import ledger, selectors
from banking.errors import (
    AccountsExhausted,
    AlreadyReversed,
    CurrencyMismatch,
    DepositTooLarge,
    FundingClosed,
    HoldExpired,
    HoldInUse,
    HoldTooSmall,
    InTheFuture,
    RateMoved,
    ReasonMissing,
    TransferNotHeld,
    UnknownPayee,
)
from banking.events import announce
from banking.fx import quotes, terms
from banking.models import Account, Hold, Right, Transfer
from banking.policy import FEES, FX, STANDARD, FeePolicy, TransferPolicy
from banking.sharing.selectors import hold_right
from biometrics import pins
from biometrics.errors import PinLocked
from fintrust.core import context, prepared
from fintrust.core.errors import NotFound
from fintrust.core.idempotency import IdempotencyKeyReused, clean_key, fingerprint
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import Money
from fintrust.core.rows import insert
from fraud.facts import TRANSFER, Facts
from fraud.models import Decision
from fraud.travel.presence import placed
from fraud.travel.services import confirm_after_commit

REASON_MAX = 500
BY_OWN_LIMIT = "stopped by the owner's own limits"


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
    operated: bool = False  # by somebody with whom the account is shared
    returns: Transfer | None = None  # what this gives back
    target_currency: str = ""  # named by who means money to change its currency
    quote: str = ""  # the price they agreed to; without one, that of the moment
    hold: Hold | None = None  # set aside for this before
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
            **({"hold": self.hold.pk} if self.hold else {}),
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
    """Send money from the customer's own account, or one they may operate, to any customer's.

    To another currency it goes when the customer names that currency, at the rate of the moment,
    or brings a quote; the amount may then be in either currency.
    """
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
    return _carry_out(
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
    target = ledger.internal("clearing", account.currency, beside=account)
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
def _carry_out(order: Order, *, reason: str = "") -> Transfer:
    """Judge and book in one transaction. The same request again answers with what it did then."""
    clean_key(order.request_id)
    if order.operated:
        hold_right(order.by, order.source, Right.OPERATE)
    if stored := _stored(order):
        return stored
    transfer = _asked(order, _terms_of(order))
    order = _lock(order, transfer)
    _check_return(order)
    _check_hold(order)
    _check(order, transfer)
    facts = facts_of(order, transfer)
    transfer.decision = fraud.services.assess(facts)
    transfer.asked_at, transfer.reason = facts.at, reason
    return _book(order, transfer)


def _terms_of(order: Order) -> terms.Terms:
    """What it costs and brings: only what customers send each other has a price."""
    if order.returns is not None:
        return terms.back(order.returns.arrives, order.returns.cost)
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
        returns=order.returns,
        hold=order.hold,
    )


def _legs(transfer: Transfer) -> list[Leg]:
    """All movements of a transfer. Across currencies, two through the bank's own positions."""
    if transfer.returns is not None:
        return _legs_back(transfer, transfer.returns)
    source, target, kind = transfer.source, transfer.target, transfer.kind
    if transfer.crosses:
        bought = ledger.internal("fx-position", source.currency, beside=source)
        sold = ledger.internal("fx-position", target.currency, beside=source)
        legs = [
            Leg(transfer.pk, source, bought, transfer.amount, kind),
            Leg(uuid5(transfer.pk, "arrival"), sold, target, transfer.arrives, kind),
        ]
    else:
        legs = [Leg(transfer.pk, source, target, transfer.amount, kind)]
    if transfer.fee_minor:
        fees = ledger.internal("fees", transfer.currency, beside=source)
        legs.append(Leg(uuid5(transfer.pk, "fee"), source, fees, transfer.fee, "fee"))
    return legs


def _legs_back(transfer: Transfer, original: Transfer) -> list[Leg]:
    """The movements of another transfer the other way, beginning with what had arrived."""
    moved = selectors.movements_of(original)
    moved.sort(key=lambda movement: movement.target_id != original.target_id)
    return [
        Leg(
            transfer.pk if number == 0 else uuid5(transfer.pk, str(movement.pk)),
            movement.target,
            movement.source,
            movement.amount,
            transfer.kind,
        )
        for number, movement in enumerate(moved)
    ]


def _lock(order: Order, transfer: Transfer) -> Order:
    """Lock every account that the money passes, once and in id order."""
    source, target, *_ = ledger.lock(order.source, order.target, *_stops(_legs(transfer)))
    return replace(order, source=source, target=target)


def _stops(legs: list[Leg]) -> list[Account]:
    return [account for leg in legs for account in (leg.source, leg.target)]


def _check(order: Order, transfer: Transfer) -> None:
    """Refuse what the ledger would refuse, before fraud looks: what never could happen must not
    leave a decision behind."""
    if transfer.hold is not None:
        _try_capture(transfer)
    else:
        _check_legs(transfer)
    if transfer.spends:
        limits.check(order.source, transfer.amount)


def _check_legs(transfer: Transfer) -> None:
    first, *rest = _legs(transfer)
    ledger.check(first.id, first.source, first.target, transfer.cost, kind=first.kind)
    for leg in rest:
        if leg.source.pk != first.source.pk:  # its own part of the total is asked for already
            ledger.check(leg.id, leg.source, leg.target, leg.amount, kind=leg.kind)


def _try_capture(transfer: Transfer) -> None:
    """What is held cannot be spent twice, so the ledger is asked by doing it, and undoing it."""
    with transaction.atomic():
        _from_hold(transfer)
        transaction.set_rollback(True)


def wait_for_twins(kind: str, by: User, request_id: str) -> None:
    """Requests of this name wait here for each other, until the commit of the first."""
    twins = f"{kind}:{by.pk}:{request_id}"
    prepared.ask("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [twins], binary=False)


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


def facts_of(order: Order, transfer: Transfer) -> Facts:
    """What fraud needs to know of an order, and nothing else.

    The customer is whose account it is, so that their limits and their normal count when somebody
    else operates it; the session is that of who asks. What an officer gives back arrives, and is
    no choice of the customer's.
    """
    arrives = order.kind == Transfer.Kind.DEPOSIT or order.channel == Transfer.Channel.CONSOLE
    outgoing = not arrives
    own, other = (order.source, order.target) if outgoing else (order.target, order.source)
    if own.owner_id is None:  # an officer takes back what the bank itself had paid in
        own, other = other, own
    owner = own.owner if own.owner_id not in {None, order.by.pk} else None
    customer = owner or order.by
    asked = context.current()
    facts = Facts(
        kind=TRANSFER if order.kind == Transfer.Kind.REVERSAL else order.kind,
        subject=transfer.public_id,
        customer_id=customer.pk,
        asker_id=None if customer.pk == order.by.pk else order.by.pk,
        account=own.public_id,
        counterparty=other.public_id if other.owner_id else "",
        amount_minor=transfer.amount_minor,
        currency=transfer.currency,
        target_currency=transfer.target_currency or "",
        at=order.happened_at or clock.now(),
        timezone=customer.timezone,
        channel=order.channel,
        balance_minor=own.balance_minor,
        to_self=own.owner_id == other.owner_id,
        session_hash=asked.session_hash,
        ip=asked.ip,
        outgoing=outgoing,
        device=asked.device,
        place=asked.place,
        latitude=asked.latitude,
        longitude=asked.longitude,
        accuracy_km=asked.accuracy_km,
    )
    return placed(facts)


def facts_if(order: Order) -> Facts:
    """The facts of an order that is only thought of."""
    return facts_of(order, _asked(order, terms.plain(order.amount)))


def _book(order: Order, transfer: Transfer) -> Transfer:
    """Post, hold or refuse, as the decision says, and remember it."""
    by_verdict: dict[str, Callable[[Transfer], None]] = {
        Decision.Verdict.VERIFIED: _post,
        Decision.Verdict.FLAGGED: _hold,
        Decision.Verdict.BLOCKED: _refuse,
    }
    by_verdict[transfer.decision.verdict](transfer)
    insert(transfer)
    if transfer.spends and transfer.status != Transfer.Status.REFUSED:
        limits.count(transfer)
    _remember(transfer, by=order.by, reason=transfer.reason)
    return transfer


def keep_refused(transfer: Transfer, *, by: User, reason: str) -> None:
    """Keep what was judged and then undone as refused: who tries what fraud lets through must not
    leave less behind in a batch than one by one."""
    fraud.services.keep(transfer.decision)
    transfer.hold = None
    _settle(transfer, status=Transfer.Status.REFUSED, reason=reason)
    insert(transfer)
    _remember(transfer, by=by, reason=reason)


def _post(transfer: Transfer) -> None:
    transfer.movement_id = _move(transfer) if transfer.hold is None else _from_hold(transfer)
    _settle(transfer, status=Transfer.Status.POSTED)
    fraud.services.observe(transfer.decision)


def _move(transfer: Transfer) -> UUID:
    """Book all of it, in a journal when it is more than one movement; the id of the first."""
    if transfer.returns is not None:
        return _give_back(transfer, transfer.returns)
    legs = _legs(transfer)
    day = _value_date(transfer)
    if len(legs) > 1:
        booked = ledger.journal(
            transfer.pk,
            [
                ledger.Instruction(
                    leg.id, leg.source, leg.target, leg.amount, leg.kind, transfer.note
                )
                for leg in legs
            ],
            narrative=transfer.note,
            value_date=day,
        )
        return booked.legs[0].id
    (leg,) = legs
    moved = ledger.move(
        leg.id,
        leg.source,
        leg.target,
        leg.amount,
        kind=leg.kind,
        narrative=transfer.note,
        value_date=day,
    )
    return moved.id


def _give_back(transfer: Transfer, original: Transfer) -> UUID:
    """The ledger's own way back: it knows the original, and does it once."""
    movement = original.movement
    assert movement is not None  # `_check_return` looked
    if movement.journal_id is None:
        return ledger.reverse(transfer.pk, movement.pk, narrative=transfer.note).id
    journal = ledger.reverse_journal(transfer.pk, movement.journal_id, narrative=transfer.note)
    return next(leg.id for leg in journal.legs if leg.reverses_id == movement.pk)


def _value_date(transfer: Transfer) -> date | None:
    """The day it counts from: the day it is booked, but for what happened long ago."""
    past = transfer.channel == Transfer.Channel.IMPORT
    return transfer.asked_at.date() if past else None


def _refuse(transfer: Transfer) -> None:
    transfer.hold = None  # what was set aside for it stays so, for another try
    _settle(transfer, status=Transfer.Status.REFUSED)


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


def _settle(
    transfer: Transfer,
    *,
    status: Transfer.Status,
    by: User | None = None,
    reason: str = "",
) -> None:
    transfer.status, transfer.settled_at = status, clock.now()
    transfer.settled_by, transfer.reason = by, reason or transfer.reason


def _remember(transfer: Transfer, *, by: User | None, reason: str = "") -> None:
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


# --- what becomes of held money -------------------------------------------------------------


def confirm_transfer(*, transfer: Transfer, by: User, pin: str) -> Transfer:
    """Who asked, or the owner of the money, proves to be who they are; it goes on its way."""
    with transaction.atomic():
        _must_have_a_say(transfer, by)
    try:
        pins.verify_pin(user=by, pin=pin)  # counts failures in a transaction of its own
    except PinLocked:
        labels.failed_step_up(transfer.decision)
        raise
    return confirm_after_pin(transfer=transfer, by=by)


@transaction.atomic
def confirm_after_pin(*, transfer: Transfer, by: User) -> Transfer:
    """The same for somebody whose PIN was checked just now, for this or what this is a part of."""
    _must_have_a_say(transfer, by)  # it may have ended while the PIN was checked
    if transfer.requested_by_id == by.pk:  # another's PIN says nothing about where they are
        confirm_after_commit(transfer.decision.facts_then())
    confirmed = _release(transfer, by=by, reason="confirmed by PIN")
    labels.passed_step_up(confirmed.decision, by=by)
    return confirmed


def _must_have_a_say(transfer: Transfer, by: User) -> None:
    """The owner of the account always has; who asked, while they may still operate it."""
    if transfer.source.owner_id == by.pk:
        return
    if transfer.requested_by_id != by.pk:
        raise NotFound()
    hold_right(by, transfer.source, Right.OPERATE)


def release_transfer(*, transfer: Transfer, by: User, reason: str) -> Transfer:
    """An officer lets held money go on its way."""
    return _release(transfer, by=by, reason=clean_reason(reason))


@transaction.atomic
def _release(transfer: Transfer, *, by: User, reason: str) -> Transfer:
    transfer = _lock_held(transfer)
    ledger.lock(*_stops(_legs(transfer)))
    # The owner's own limits of now: no PIN and no officer sends on what they forbid.
    if forbidden := fraud.services.recheck(transfer.decision):
        transfer.decision = forbidden
        ledger.release(_hold_of(transfer))
        return _end(transfer, status=Transfer.Status.REFUSED, by=by, reason=BY_OWN_LIMIT)
    _price_anew(transfer)
    transfer.movement_id = _from_hold(transfer)
    return _end(transfer, status=Transfer.Status.POSTED, by=by, reason=reason)


def _from_hold(transfer: Transfer) -> UUID:
    """Move what was set aside; the id of the first movement."""
    if transfer.returns is None and len(_legs(transfer)) == 1:
        return _capture(transfer)
    _unhold(transfer)  # one movement captures a hold; what takes several frees it and books them
    return _move(transfer)


def _unhold(transfer: Transfer) -> None:
    """Free the money for its way, unless its time has run out."""
    hold = transfer.hold
    if hold is not None and hold.expires_at is not None and hold.expires_at <= clock.now():
        raise HoldExpired()
    if hold is not None and hold.amount_minor < transfer.amount_minor:
        raise HoldTooSmall()
    ledger.release(_hold_of(transfer))


def _capture(transfer: Transfer) -> UUID:
    moved = ledger.capture(
        _hold_of(transfer),
        transfer.pk,
        transfer.target,
        transfer.amount,
        kind=transfer.kind,
        narrative=transfer.note,
        value_date=_value_date(transfer),
    )
    return moved.id


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
def cancel_transfer(*, transfer: Transfer, by: User) -> Transfer:
    """Who asked, or the owner of the money, changes their mind; it stays where it is."""
    _must_have_a_say(transfer, by)
    return _return(transfer, status=Transfer.Status.CANCELLED, by=by, reason="")


def cancel_because(*, transfer: Transfer, by: User | None, reason: str) -> Transfer:
    """Held money stays where it is, since what it was asked on has ended."""
    return _return(transfer, status=Transfer.Status.CANCELLED, by=by, reason=reason)


def refuse_transfer(*, transfer: Transfer, by: User, reason: str) -> Transfer:
    """An officer says no; the money stays with the customer."""
    return _return(transfer, status=Transfer.Status.REFUSED, by=by, reason=clean_reason(reason))


@transaction.atomic
def _return(
    transfer: Transfer, *, status: Transfer.Status, by: User | None, reason: str
) -> Transfer:
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
    labels.let_expire(transfer.decision)
    return True


def _hold_of(transfer: Transfer) -> UUID:
    assert transfer.hold_id is not None  # a constraint of the table: what waits has a hold
    return transfer.hold_id


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
    _settle(transfer, status=status, by=by, reason=reason)
    changed = ["status", "movement", "settled_at", "settled_by", "reason", "decision"]
    transfer.save(update_fields=changed + (["target_minor", "rate"] if transfer.crosses else []))
    if status == Transfer.Status.POSTED:
        fraud.services.observe(transfer.decision)
    elif transfer.spends:
        limits.give_back(transfer)
    _remember(transfer, by=by, reason=reason)
    return transfer


def clean_reason(text: str) -> str:
    """An officer's reason: something must be there, and not a novel."""
    text = " ".join(text.split())
    if not 3 <= len(text) <= REASON_MAX:
        raise ReasonMissing()
    return text
