"""A price the customer may hold us to for a minute: a signed text, and nothing is stored.

It names who asked, both accounts and the whole price, so it is good for that transfer only. Two
transfers may use one within its minute: the bank offers the same price to both.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.core import signing
from django.utils import timezone

from banking.fx import selectors
from banking.fx.errors import QuoteExpired, QuoteMismatch
from banking.fx.terms import Terms, across, customer_rate, plain
from banking.models import Account
from banking.policy import FEES, FX, FeePolicy, FxPolicy
from fintrust.core.models import User
from fintrust.core.money import CurrencyMismatch, Money

TOKEN_MAX = 600
_SALT = "banking.quote"


@dataclass(frozen=True, slots=True)
class Quote:
    terms: Terms
    expires_at: datetime
    token: str

    @property
    def is_alive(self) -> bool:
        return timezone.now() < self.expires_at


@dataclass(frozen=True, slots=True)
class Offer:
    """What a program is told of a transfer that it may make."""

    amount: Money
    fee: Money
    total: Money
    arrives: Money
    rate: str | None
    quote: str | None
    expires_at: datetime | None


def offer(user: User, source: Account, target: Account, asked: Money) -> Offer:
    """The price of a transfer; across currencies with a quote for it."""
    if source.currency == target.currency:
        if asked.currency != source.currency:
            raise CurrencyMismatch(f"The amount is in {source.currency}.")
        quote, terms = None, plain(asked)
    else:
        quote = make(user, source, target, asked)
        terms = quote.terms
    return Offer(
        terms.amount,
        terms.fee,
        terms.total,
        terms.arrives,
        terms.rate_text,
        quote.token if quote else None,
        quote.expires_at if quote else None,
    )


def price(
    source: Account,
    target: Account,
    asked: Money,
    *,
    policy: FxPolicy = FX,
    fees: FeePolicy = FEES,
) -> Terms:
    """What it costs and brings at this moment."""
    middle = selectors.middle_rate(source.currency, target.currency, policy=policy)
    rate = customer_rate(middle, policy=policy)
    return across(asked, source.currency, target.currency, rate, fees=fees)


def make(
    user: User, source: Account, target: Account, asked: Money, policy: FxPolicy = FX
) -> Quote:
    """A price for this customer's transfer, good for a minute."""
    terms = price(source, target, asked, policy=policy)
    expires_at = (timezone.now() + policy.quote_max).replace(microsecond=0)
    content = [
        *_what(user, source, target, asked),
        terms.amount.minor,
        terms.fee.minor,
        terms.arrives.minor,
        str(terms.rate),
        int(expires_at.timestamp()),
    ]
    token = signing.dumps(content, salt=_SALT, compress=True)
    return Quote(terms, expires_at, token)


def read(token: str, user: User, source: Account, target: Account, asked: Money) -> Quote:
    """The quote behind a token, however old; QuoteMismatch when it is for anything else."""
    try:
        *what, minor, fee, arrives, rate, expires = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        raise QuoteMismatch() from None
    if what != _what(user, source, target, asked):
        raise QuoteMismatch()
    terms = Terms(
        Money(minor, source.currency),
        Money(fee, source.currency),
        Money(arrives, target.currency),
        Decimal(rate),
    )
    return Quote(terms, datetime.fromtimestamp(expires, UTC), token)


def agreed(token: str, user: User, source: Account, target: Account, asked: Money) -> Terms:
    """What the customer agreed to, as long as it stands."""
    quote = read(token, user, source, target, asked)
    if not quote.is_alive:
        raise QuoteExpired()
    return quote.terms


def _what(user: User, source: Account, target: Account, asked: Money) -> list[str]:
    return [str(user.pk), source.public_id, target.public_id, str(asked)]
