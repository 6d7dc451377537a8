"""The numbers around the customer's own limits, each with its reason. No Django here."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class LimitsPolicy:
    # A day: long enough that the customer sees the change before a thief can use it, short enough
    # to wait for when one means it.
    loosening_wait: timedelta = timedelta(hours=24)
    # Changes that may wait at once. Each of them holds beside the newest, in every verdict.
    waiting_max: int = 5
    # Bounds of what one customer writes: it is stored with each of their decisions.
    places_max: int = 30
    place_chars_max: int = 60
    payees_max: int = 100
    currencies_max: int = 30
    daily_payments_max: int = 1000  # more in a day is no longer a person
    new_payee_hours_max: int = 30 * 24  # after a month nobody is new
    # What moved today was asked for this long ago at most: bounds the read of a day. Money waits
    # three days for its PIN.
    asked_before_max: timedelta = timedelta(days=7)
    tried_payments_max: int = 50  # of the last, on which new limits are tried


LIMITS = LimitsPolicy()
