"""Keeping an account below what it may send, inside the transaction that sends.

The caller holds the account's lock, so two tabs, two programs, or a transfer and a standing order
look one after the other and cannot both take what is left.
"""

from datetime import UTC, date

from django.db import connection, transaction

from audit.services import record
from banking import ledger
from banking.errors import InternalAccount
from banking.limits.errors import AccountLimitReached, InvalidAccountLimit
from banking.limits.selectors import Allowance, allowance
from banking.models import Account, AccountLimit, Transfer
from banking.reasons import clean_reason
from fintrust.core.errors import Forbidden
from fintrust.core.models import User
from fintrust.core.money import MINOR_MAX, Money

COUNT_MAX = 1_000_000


def check(account: Account, amount: Money) -> None:
    """Refuse what would take the account beyond a limit, and say what is left and until when."""
    found = allowance(account)
    if found.count_left < 1:
        raise _reached(found, "today", f"{found.count_limit} payments a day are the most.")
    for window in (found.day, found.month):
        if amount.minor > window.left.minor:
            left = f"{window.left.format()} can still be sent from this account {window.name}."
            raise _reached(found, window.name, left)


def _reached(found: Allowance, name: str, message: str) -> AccountLimitReached:
    window = found.month if name == found.month.name else found.day
    return AccountLimitReached(
        message,
        window="month" if window is found.month else "day",
        left=str(window.left).split()[0],
        payments_left=found.count_left,
        resets_at=window.resets_at.isoformat(),
    )


def count(transfer: Transfer) -> None:
    """Remember what was sent or set aside."""
    _execute(
        """INSERT INTO banking_outgoing AS sent (minor, account_id, day, count)
           VALUES (%s, %s, %s, 1)
           ON CONFLICT (account_id, day) DO UPDATE
           SET count = sent.count + 1, minor = sent.minor + EXCLUDED.minor""",
        transfer,
    )


def give_back(transfer: Transfer) -> None:
    """What was set aside and never sent does not count, on the day it was asked for."""
    _execute(
        """UPDATE banking_outgoing SET count = count - 1, minor = minor - %s
            WHERE account_id = %s AND day = %s""",
        transfer,
    )


def _execute(statement: str, transfer: Transfer) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, (transfer.amount_minor, transfer.source_id, _day(transfer)))


def _day(transfer: Transfer) -> date:
    return transfer.asked_at.astimezone(UTC).date()


@transaction.atomic
def set_account_limit(
    *,
    account: Account,
    by: User,
    reason: str,
    day_minor: int | None = None,
    month_minor: int | None = None,
    day_count: int | None = None,
) -> AccountLimit:
    """Staff allow one account more or less than its product; None is the product's own limit."""
    if not by.has_perm("banking.add_accountlimit"):
        raise Forbidden()
    if account.owner_id is None:
        raise InternalAccount()
    reason = clean_reason(reason)
    new = {"day_minor": day_minor, "month_minor": month_minor, "day_count": day_count}
    bounds = {"day_minor": MINOR_MAX, "month_minor": MINOR_MAX, "day_count": COUNT_MAX}
    for name, value in new.items():
        if value is not None and not 0 <= value <= bounds[name]:
            raise InvalidAccountLimit(field=name)
    (account,) = ledger.lock(account)  # a transfer under way is judged by the old limit, whole
    old = account.limits.order_by("-id").first()
    made = AccountLimit.objects.create(account=account, set_by=by, reason=reason, **new)
    record(
        "banking.account.limited",
        subject=account.public_id,
        by=by,
        owner=account.owner,
        before={name: getattr(old, name) for name in new} if old else {},
        after=new,
        reason=reason,
    )
    return made
