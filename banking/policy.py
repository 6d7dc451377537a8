"""The bank's own business numbers, each with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal


@dataclass(frozen=True)
class TransferPolicy:
    hold_max: timedelta = timedelta(hours=72)
    # what is held on Friday evening must still be there on Monday
    deposit_major_max: int = 25_000  # of whole units: a demo top-up, not a lottery win
    accounts_max: int = 20  # for one customer: more is a mistake or a mule


STANDARD = TransferPolicy()


@dataclass(frozen=True)
class FxPolicy:
    """How currencies are exchanged."""

    pivot: str = "EUR"  # a pair without a rate of its own goes through here
    spread: Decimal = Decimal("0.0020")  # what the middle rate may move while a quote stands
    quote_max: timedelta = timedelta(seconds=60)
    # long enough to read a preview and decide; short enough that waiting for luck is worth
    # less than the spread
    rate_age_max: timedelta = timedelta(days=4)  # Friday's rates carry over an Easter weekend
    demo_rate_age_max: timedelta = timedelta(days=366)  # nobody sets rates in a demo
    slip_max: Decimal = Decimal("0.01")
    # held money goes at the rate of the moment it goes, but never for a hundredth less than agreed


@dataclass(frozen=True)
class FeePolicy:
    """What the bank takes for its work. A fee comes on top of what is sent."""

    transfer_major: Decimal = Decimal(0)  # within a currency a transfer costs the bank nothing
    fx_share: Decimal = Decimal("0.0030")  # said apart, so that nobody has to find it in the rate
    account_month_major: Mapping[str, Decimal] = field(default_factory=dict)  # by product


FX = FxPolicy()
FEES = FeePolicy()


@dataclass(frozen=True)
class LimitPolicy:
    """What one account may send, in units of roughly what a euro buys; staff may set others."""

    day_major: int = 100_000
    month_major: int = 500_000  # five such days: who needs more is known to the bank
    day_count: int = 10_000  # more is a program gone wrong


LIMITS: Mapping[str, LimitPolicy] = {
    "checking": LimitPolicy(),
    "savings": LimitPolicy(),
    "wallet": LimitPolicy(day_major=5_000, month_major=20_000),  # pocket money, and a lost phone
}


@dataclass(frozen=True)
class InterestPolicy:
    """How interest is counted and paid."""

    transaction_max: timedelta = timedelta(days=1)  # none that books money lasts longer
    batch_accounts_max: int = 1_000  # paid in one transaction: a blink for whoever waits
    tiers_max: int = 10
    past_max: timedelta = timedelta(days=11 * 366)  # of books taken over; each month is a sweep


INTEREST = InterestPolicy()
