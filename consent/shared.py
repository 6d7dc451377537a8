"""The clear values behind each scope, read from the bank. They leave only through `masking`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from banking import ledger
from banking.models import Account, Entry, Movement
from banking.selectors import InvalidCursor, name_of
from consent import masking
from consent.models import Consent, Scope
from consent.policy import STANDARD, ConsentPolicy
from fintrust.core.ids import to_public

CURSOR_DIGITS_MAX = 18


@dataclass(frozen=True, slots=True)
class Shared:
    """What one read gives a partner: masked already. A list has rows, and a cursor behind them."""

    document: Mapping[str, Any] | None = None
    rows: Sequence[Mapping[str, Any]] = ()
    next_cursor: str | None = None

    @property
    def count(self) -> int:
        return len(self.rows) if self.document is None else 1


def read(
    consent: Consent,
    scope: str,
    *,
    cursor: str = "",
    limit: int | None = None,
    policy: ConsentPolicy = STANDARD,
) -> Shared:
    """The data of one scope under this consent, masked."""
    if scope == Scope.TRANSACTIONS:
        return _transactions(
            consent, cursor, min(limit or policy.rows_max, policy.rows_max), policy
        )
    values = _balance(consent.account) if scope == Scope.BALANCE else _details(consent)
    return Shared(masking.masked(scope, values))


def _balance(account: Account) -> dict[str, Any]:
    return {
        "account": account.public_id,
        "number": account.number,
        "balance": account.balance,
        "available": account.available,
    }


def _details(consent: Consent) -> dict[str, Any]:
    account, owner = consent.account, consent.customer
    return {
        "account": account.public_id,
        "number": account.number,
        "product": account.product,
        "currency": account.currency,
        "status": account.status,
        "opened": account.opened_at,
        "holder": owner.name,
        "email": owner.email,
        "phone": owner.phone,
        "balance_band": account.balance,
    }


def _transactions(consent: Consent, cursor: str, limit: int, policy: ConsentPolicy) -> Shared:
    """Newest first, back to the start of the window that was agreed to."""
    found = ledger.entries(consent.account).select_related("counter__owner")
    found = found.filter(value_date__gte=(consent.starts_at - policy.history_max).date())
    if cursor:
        found = found.filter(seq__lt=_position(cursor))
    entries = list(found[: limit + 1])
    rows = [masking.masked(Scope.TRANSACTIONS, _transaction(entry)) for entry in entries[:limit]]
    return Shared(None, rows, str(entries[limit - 1].seq) if len(entries) > limit else None)


def _position(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= CURSOR_DIGITS_MAX):
        raise InvalidCursor(field="cursor")
    return int(cursor)


def _transaction(entry: Entry) -> dict[str, Any]:
    other = entry.counter
    return {
        "id": to_public(Movement.prefix, entry.movement_id),
        "day": entry.value_date,
        "kind": entry.kind,
        "amount": entry.amount,
        "counterparty": name_of(other),
        "counterparty_number": other.number if other.owner_id else "",
        "note": entry.narrative,
    }
