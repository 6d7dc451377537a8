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
class BooksPolicy:
    journal_legs_max: int = 1_000  # as many as one transaction should lock accounts for
    follow_max: int = 1_000  # movements a worker is given at once
    full_check_every: timedelta = timedelta(hours=24)
    # between full checks only what is new is read, so a falsified past stands for a day at most


BOOKS = BooksPolicy()


@dataclass(frozen=True)
class SharingPolicy:
    invitation_life: timedelta = timedelta(days=14)  # a holiday, and then some
    people_max: int = 10  # of one account: a family; a club needs an account of its own
    invitations_a_day_max: int = 20  # by one customer: nobody's mail is flooded in our name
    share_max: timedelta = timedelta(days=5 * 366)  # an end date further away is a typing mistake


@dataclass(frozen=True)
class CarePolicy:
    overdraft_major_max: int = 10_000  # of whole units: more is a loan, and needs a contract


SHARING = SharingPolicy()
CARE = CarePolicy()
