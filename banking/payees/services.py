"""The address book, and the careful answer to "whose account is this?"."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from audit.services import record
from banking import selectors
from banking.models import Account, Check, NameCheck, Payee
from banking.payees.errors import (
    PayeeExists,
    PayeeIsYou,
    PayeesExhausted,
    TooManyLooks,
    UnknownPayee,
)
from banking.payees.names import NAME_MAX, compare
from banking.payees.selectors import saved
from banking.policy import PAYEES, PayeePolicy
from fintrust.core.errors import NotFound
from fintrust.core.etags import Expected, expect
from fintrust.core.models import User


@dataclass(frozen=True, slots=True)
class Found:
    """An account somebody wants to pay, and how much of its name they may read."""

    account: Account
    shown: str  # the name as this customer may read it
    check: Check | None = None  # None when no name was given
    paid: bool = False  # their money has reached it before
    own: bool = False


# --- looking behind a number ----------------------------------------------------------------


def look_up(*, by: User, text: str, name: str = "") -> Found:
    """The account behind a number or id, checked against the name it is believed to have.

    Numbers follow one another, so whoever could look up any of them could read out the bank. Each
    look behind a stranger's number is a row, is counted, and commits before it is answered. What
    one knows costs nothing: own accounts, whoever was paid, the address book, the same look again.
    """
    if _is_id(text):
        return check_name(by=by, account=selectors.payee_account(text), name=name)
    try:
        account = selectors.payee_account(text)
    except UnknownPayee:
        _look(by, None, _clean(name))
        raise
    return _known(by, account, _clean(name)) or _asked(by, account, _clean(name))


def check_name(*, by: User, account: Account, name: str) -> Found:
    """The same for an account that was found before, or named by its id: nobody guesses those,
    so only a name is a question that counts."""
    name = _clean(name)
    if known := _known(by, account, name):
        return known
    return _asked(by, account, name) if name else _told(account, "", Check.CANNOT)


def find(*, by: User, text: str) -> Account:
    """For those who ask for no name: an id costs nothing, a number is looked up."""
    return selectors.payee_account(text) if _is_id(text) else look_up(by=by, text=text).account


def _is_id(text: str) -> bool:
    return text.strip().startswith(f"{Account.prefix}_")


def _clean(name: str) -> str:
    return " ".join(name.split())[:NAME_MAX]


def _asked(by: User, account: Account, name: str) -> Found:
    return _told(account, name, _look(by, account, name))


def _known(by: User, account: Account, name: str) -> Found | None:
    if account.owner_id == by.pk:
        return Found(account, account.name, own=True)
    if selectors.has_paid(by, account):
        real = selectors.name_of(account)
        return Found(account, real, Check(compare(name, real)) if name else None, paid=True)
    payee = saved(by, account)
    if payee and name in {"", payee.name}:
        return _told(account, payee.name, Check(payee.check_result))
    return None


def _told(account: Account, name: str, check: Check) -> Found:
    """A match and a slip are told the name; a wrong guess keeps what it brought."""
    real = selectors.name_of(account)
    if not name:
        return Found(account, selectors.masked_name(real))
    told = check in {Check.MATCH, Check.CLOSE}
    return Found(account, real if told else name, check)


@transaction.atomic
def _look(by: User, account: Account | None, name: str, policy: PayeePolicy = PAYEES) -> Check:
    """Count, compare, remember. One lock for each customer, so that ten looks at once are ten."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"look:{by.pk}"])
    now = timezone.now()
    longest = max(window for _, window in policy.looks)
    lately = NameCheck.objects.filter(customer=by, at__gt=now - longest)
    before = lately.filter(account=account, name=name).first() if account else None
    if before is not None:
        return Check(before.result)
    times = list(lately.order_by("-at").values_list("at", flat=True)[: _most(policy)])
    if wait := max(_waits(times, now, policy), default=0):
        raise TooManyLooks(wait=wait)
    real = selectors.name_of(account) if account else ""
    result = Check(compare(name, real))
    NameCheck.objects.create(customer=by, account=account, name=name, result=result, at=now)
    return result


def _most(policy: PayeePolicy) -> int:
    return max(count for count, _ in policy.looks)


def _waits(times: list[datetime], now: datetime, policy: PayeePolicy) -> Iterator[int]:
    """For each budget that is used up, the seconds until its oldest look is forgotten."""
    for count, window in policy.looks:
        if len(times) >= count and times[count - 1] > now - window:
            yield math.ceil((times[count - 1] + window - now).total_seconds())


# --- the address book -----------------------------------------------------------------------


def add_payee(
    *,
    by: User,
    account: str,
    name: str,
    nickname: str = "",
    policy: PayeePolicy = PAYEES,
) -> Payee:
    """Remember somebody under the name they are believed to have; the check stays beside it."""
    name, nickname = " ".join(name.split()), " ".join(nickname.split())
    found = look_up(by=by, text=account, name=name)
    if found.own:
        raise PayeeIsYou()
    return _add(by, found, name, nickname, policy)


@transaction.atomic
def _add(by: User, found: Found, name: str, nickname: str, policy: PayeePolicy) -> Payee:
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # the limit holds for two tabs too
    if there := saved(by, found.account):
        raise PayeeExists(payee=there.public_id)
    if Payee.objects.filter(customer=by).count() >= policy.payees_max:
        raise PayeesExhausted()
    payee = Payee.objects.create(
        customer=by,
        account=found.account,
        name=name,
        nickname=nickname,
        check_result=found.check or Check.CANNOT,
        checked_at=timezone.now(),
    )
    record("banking.payee.added", subject=payee, by=by, owner=by, after=_values(payee))
    return payee


def change_payee(
    *,
    payee: Payee,
    by: User,
    name: str | None = None,
    nickname: str | None = None,
    expected: Expected = None,
) -> Payee:
    """Another name for the same account. A name that differs is checked, and counted, again."""
    name = payee.name if name is None else " ".join(name.split())
    nickname = payee.nickname if nickname is None else " ".join(nickname.split())
    expect(payee.version, expected)
    check = payee.check_result
    if name != payee.name:
        check = check_name(by=by, account=payee.account, name=name).check or Check.CANNOT
    return _change(payee, by, {"name": name, "nickname": nickname, "check_result": check}, expected)


@transaction.atomic
def _change(payee: Payee, by: User, new: dict[str, str], expected: Expected) -> Payee:
    payee = _lock(payee, by, expected)
    before = _values(payee)
    if all(getattr(payee, field) == value for field, value in new.items()):
        return payee
    if new["name"] != payee.name:
        payee.checked_at = timezone.now()
    for field, value in new.items():
        setattr(payee, field, value)
    payee.version += 1
    payee.save(update_fields=[*new, "checked_at", "version"])
    record(
        "banking.payee.changed", subject=payee, by=by, owner=by, before=before, after=_values(payee)
    )
    return payee


@transaction.atomic
def remove_payee(*, payee: Payee, by: User, expected: Expected = None) -> None:
    """Forget the line. What was paid stays: transfers and schedules name the account itself."""
    payee = _lock(payee, by, expected)
    record("banking.payee.removed", subject=payee, by=by, owner=by, before=_values(payee))
    payee.delete()


def _lock(payee: Payee, by: User, expected: Expected) -> Payee:
    """Look again under the lock: of two tabs, one is first."""
    found = (
        Payee.objects.select_for_update(of=("self",), no_key=True)
        .select_related("account__owner")
        .filter(pk=payee.pk, customer=by)
        .first()
    )
    if found is None:
        raise NotFound()
    expect(found.version, expected)
    return found


def _values(payee: Payee) -> dict[str, str]:
    return {
        "account": payee.account.public_id,
        "name": payee.name,
        "nickname": payee.nickname,
        "check": payee.check_result,
    }
