"""What customers may ask about their outside accounts and files. All starts from what is theirs."""

import re
from datetime import date

from django.db.models import Q, QuerySet

from banking.models import Import, OutsideAccount, OutsideEntry
from banking.selectors import InvalidCursor, Page
from fintrust.core.errors import NotFound
from fintrust.core.ids import from_public
from fintrust.core.models import User

_CURSOR = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9]{1,18})", re.ASCII)


def outside_accounts_of(user: User) -> QuerySet[OutsideAccount]:
    return OutsideAccount.objects.filter(owner=user).order_by("id")


def outside_account_for(user: User, public_id: str) -> OutsideAccount:
    """One of the customer's outside accounts; somebody else's does not exist."""
    uuid = from_public(OutsideAccount.prefix, public_id)
    account = outside_accounts_of(user).filter(pk=uuid).first()
    if account is None:
        raise NotFound()
    return account


def imports_of(user: User) -> QuerySet[Import]:
    """Newest first, without what is only shown of one."""
    return (
        Import.objects.filter(account__owner=user)
        .select_related("account")
        .defer("report", "layout")
        .order_by("-id")
    )


def import_for(user: User, public_id: str) -> Import:
    """One of the customer's imports; somebody else's does not exist."""
    uuid = from_public(Import.prefix, public_id)
    found = Import.objects.filter(account__owner=user, pk=uuid).select_related("account").first()
    if found is None:
        raise NotFound()
    return found


def imports_page(user: User, *, before: str | None, size: int) -> Page:
    found = imports_of(user)
    if before:
        try:
            found = found.filter(pk__lt=from_public(Import.prefix, before))
        except NotFound:
            raise InvalidCursor() from None
    rows = list(found[: size + 1])
    return Page(rows[:size], rows[size - 1].public_id if len(rows) > size else "")


def outside_entries(account: OutsideAccount, *, text: str = "") -> QuerySet[OutsideEntry]:
    """An outside account's lines, newest booking first."""
    found = OutsideEntry.objects.filter(account=account).order_by("-booked", "-number")
    if text:
        found = found.filter(
            Q(counterparty__icontains=text) | Q(text__icontains=text) | Q(reference=text)
        )
    return found


def outside_entries_page(
    account: OutsideAccount, *, before: str | None, size: int, text: str = ""
) -> Page:
    found = outside_entries(account, text=text)
    if before:
        day, number = _place(before)
        # The first condition bounds the index; the second is exact.
        found = found.filter(booked__lte=day).filter(Q(booked__lt=day) | Q(number__lt=number))
    rows = list(found[: size + 1])
    last = rows[size - 1] if len(rows) > size else None
    return Page(rows[:size], f"{last.booked.isoformat()}.{last.number}" if last else "")


def _place(cursor: str) -> tuple[date, int]:
    match = _CURSOR.fullmatch(cursor)
    try:
        if match:
            return date.fromisoformat(match[1]), int(match[2])
    except ValueError:
        pass
    raise InvalidCursor()
