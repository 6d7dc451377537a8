"""What a transfer takes from one side and brings to the other. Pure and exact: no float, no Django.

An amount is converted as a fraction and rounded once. What arrives is rounded down and what must be
paid for a wanted sum is rounded up, so no conversion, forth, back or in pieces, ever makes a minor
unit; the part below one stays in the bank's position. A fee is rounded up, so that a payment cut
into small pieces is never cheaper.
"""

from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from math import ceil, floor

from banking.policy import FEES, FX, FeePolicy, FxPolicy
from fintrust.core.money import MINOR_MAX, AmountTooLarge, CurrencyMismatch, InvalidAmount, Money
from fintrust.core.money import exponent as decimals_of

RATE_DECIMALS = 12  # of the table's numeric; a rate is cut there, in the bank's favour
_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Terms:
    """`amount` is sent and `fee` comes on top; `arrives` at the other side."""

    amount: Money
    fee: Money
    arrives: Money
    rate: Decimal | None = None  # of whole units: how many of the target's for one of the source's

    @property
    def total(self) -> Money:
        return self.amount + self.fee

    @property
    def crosses(self) -> bool:
        return self.rate is not None

    @property
    def rate_text(self) -> str | None:
        return None if self.rate is None else spelled(self.rate)


def spelled(rate: Decimal) -> str:
    """Without needless zeros, and never as 1.5E+2."""
    return f"{rate.normalize():f}"


def plain(amount: Money, *, policy: FeePolicy = FEES) -> Terms:
    """Within one currency: what is sent arrives."""
    fixed = Fraction(policy.transfer_major) * 10 ** decimals_of(amount.currency)
    return Terms(amount, Money(ceil(fixed), amount.currency), amount)


def free(amount: Money) -> Terms:
    """Nothing is taken: a deposit, a withdrawal, the past."""
    return Terms(amount, Money(0, amount.currency), amount)


def back(arrived: Money, cost: Money) -> Terms:
    """Giving back: what arrived goes, and all that had been paid for it comes, the fee too."""
    if arrived.currency == cost.currency:
        return free(arrived)
    exponents = decimals_of(arrived.currency) - decimals_of(cost.currency)
    rate = Fraction(cost.minor, arrived.minor) * Fraction(10) ** exponents
    kept = max(floor(rate * 10**RATE_DECIMALS), 1)
    return Terms(
        arrived, Money(0, arrived.currency), cost, Decimal(kept).scaleb(-RATE_DECIMALS, _EXACT)
    )


def customer_rate(middle: Fraction, *, policy: FxPolicy = FX) -> Decimal:
    """The rate a customer gets: the middle one less the spread, cut to what the table keeps."""
    units = floor(middle * (1 - Fraction(policy.spread)) * 10**RATE_DECIMALS)
    return Decimal(units).scaleb(-RATE_DECIMALS, _EXACT)


def across(
    asked: Money, source: str, target: str, rate: Decimal, *, fees: FeePolicy = FEES
) -> Terms:
    """From one currency to another, when either what is sent or what is to arrive was named."""
    minor_rate = Fraction(rate) * Fraction(10) ** (decimals_of(target) - decimals_of(source))
    if asked.currency == source:
        sent, arrives = asked.minor, floor(asked.minor * minor_rate)
    elif asked.currency == target:
        sent, arrives = (ceil(asked.minor / minor_rate) if minor_rate else 0), asked.minor
    else:
        raise CurrencyMismatch(f"The amount is in {source} or in {target}.")
    if sent < 1 or arrives < 1:
        raise InvalidAmount(f"This is less than the smallest amount of {target}.")
    if max(sent, arrives) > MINOR_MAX:
        raise AmountTooLarge()
    fee = ceil(sent * Fraction(fees.fx_share))
    return Terms(Money(sent, source), Money(fee, source), Money(arrives, target), rate)
