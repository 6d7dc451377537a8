"""The bank's own business numbers, each with its reason."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class TransferPolicy:
    hold_max: timedelta = timedelta(hours=72)
    # what is held on Friday evening must still be there on Monday
    deposit_major_max: int = 25_000  # of whole units: a demo top-up, not a lottery win
    accounts_max: int = 20  # for one customer: more is a mistake or a mule


STANDARD = TransferPolicy()


@dataclass(frozen=True)
class PayeePolicy:
    payees_max: int = 200  # in one address book: more is a list of targets, not of friends
    looks: tuple[tuple[int, timedelta], ...] = (
        (20, timedelta(hours=1)),  # typing mistakes of an evening of bills
        (60, timedelta(days=1)),  # a small business pays so many new people; a harvester, more
    )
    warn_major: int = 250  # a first payment from which on we ask who told you to make it
    warn_share: float = 0.5  # of what is on the account


PAYEES = PayeePolicy()


@dataclass(frozen=True)
class SchedulePolicy:
    schedules_max: int = 50  # alive at once, for one customer
    hours: tuple[int, ...] = (6, 10, 14, 18)
    # on the customer's clock: after the night, so that wages of the day may arrive before the last
    late_days_max: int = 3  # after a long weekend without us, money still goes; later it surprises
    first_days_max: int = 5 * 366  # nobody plans a single payment further ahead
    until_days_max: int = 50 * 366
    times_max: int = 999
    shown: int = 3  # next dates on every page and in every answer


SCHEDULES = SchedulePolicy()
