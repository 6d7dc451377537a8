"""What somebody asked for, what it costs, and what fraud needs to know of it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone as clock

from banking.fx import quotes, terms
from banking.models import Account, Hold, Transfer
from banking.policy import FEES, FeePolicy
from fintrust.core import context
from fintrust.core.idempotency import fingerprint
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import CurrencyMismatch, Money
from fraud.facts import TRANSFER, Facts


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


def terms_of(order: Order) -> terms.Terms:
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


def asked(order: Order, price: terms.Terms) -> Transfer:
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


def facts_of(order: Order, transfer: Transfer) -> Facts:
    """What fraud needs to know of an order, and nothing else; to be `placed` before it is judged.

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
    return Facts(
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


def facts_if(order: Order) -> Facts:
    """The same of an order that is only thought of."""
    return facts_of(order, asked(order, terms.plain(order.amount)))
