"""Closing the books. A closed day takes nothing more, and its figures are kept."""

import hashlib
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from audit.services import record
from banking import ledger
from banking.models import Close, FrozenBalance
from fintrust.core.models import User

_FREEZE_LATE = timedelta(days=1)


def close_period(*, currency: str, until_day: date, by: User | None = None) -> Close:
    """Close a currency's books up to a day that is over, and freeze its trial balance.

    In two steps, unless the caller's transaction makes them one: the first stops the bank for a
    moment and commits at once; from then on the figures can no longer change, so taking them may
    last. The same day again finishes what was begun, or changes nothing.
    """
    fence(currency=currency, until_day=until_day, by=by)
    freeze(currency, until_day)
    return Close.objects.get(currency=currency, until_day=until_day)


@transaction.atomic
def fence(*, currency: str, until_day: date, by: User | None = None) -> None:
    """The first step alone: nothing can be valued up to this day any more. Commit at once."""
    if ledger.close_period(currency, until_day):
        record("banking.period.closed", subject=_subject(currency, until_day), by=by)


def freeze_due() -> int:
    """Take the figures of closes whose process stopped in between."""
    frozen = FrozenBalance.objects.filter(
        currency=OuterRef("currency"), until_day=OuterRef("until_day")
    )
    due = Close.objects.filter(~Exists(frozen), closed_at__gt=timezone.now() - _FREEZE_LATE)
    return sum(freeze(close.currency_id, close.until_day) for close in due)


@transaction.atomic
def freeze(currency: str, until_day: date) -> bool:
    """The second step alone: keep the figures, once. False when that was done."""
    count = ledger.freeze_period(currency, until_day)
    if not count:
        return False
    record(
        "banking.period.frozen",
        subject=_subject(currency, until_day),
        data={"accounts": count, "sha256": _digest(currency, until_day)},
    )
    return True


def _digest(currency: str, until_day: date) -> str:
    """Of the lines `account,balance` in the order of accounts: in the audit log it is sealed."""
    digest = hashlib.sha256()
    rows = FrozenBalance.objects.filter(currency=currency, until_day=until_day)
    for account, minor in rows.order_by("account_id").values_list("account_id", "balance_minor"):
        digest.update(f"{account},{minor}\n".encode())
    return digest.hexdigest()


def _subject(currency: str, until_day: date) -> str:
    return f"banking.period {currency} {until_day}"
