"""The door to the ledger: the only Python that moves money.

Every verb is one SQL function, one round trip, inside the caller's transaction, and takes its
locks in id order. What the ledger refuses arrives as an exception of `banking.errors`; what it did
as a frozen value with the balances it left behind. The same id again is answered with what was
stored (`replayed`), or refused when it meant something else.

To move money several times in one transaction, `lock` all its accounts first.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import psycopg
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from banking.errors import (
    BY_SQLSTATE,
    IdempotencyConflict,
    UnknownAccount,
    UnknownCurrency,
)
from banking.models import Account, Entry, Queue
from fintrust.core.errors import Problem
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import Money


@dataclass(frozen=True, slots=True)
class Moved:
    """A movement as it stands in the ledger."""

    replayed: bool
    id: UUID
    journal_id: UUID | None
    source_id: int
    target_id: int
    amount: Money
    source_balance: Money | None  # none, and no place yet: this side queues until it is folded
    target_balance: Money | None
    source_seq: int | None
    target_seq: int | None
    booked_at: datetime
    value_date: date
    kind: str
    narrative: str
    reverses_id: UUID | None
    hold_id: UUID | None


@dataclass(frozen=True, slots=True)
class Held:
    """A hold, and what the account looked like right after this deed."""

    replayed: bool
    id: UUID
    account_id: int
    amount: Money
    expires_at: datetime | None
    placed_at: datetime
    because: str
    balance: Money
    held: Money


@dataclass(frozen=True, slots=True)
class Instruction:
    """One movement of a batch."""

    id: UUID
    source: Account | int
    target: Account | int
    amount: Money
    kind: str = "transfer"
    narrative: str = ""


# --- moving ---------------------------------------------------------------------------------


def move(
    id: UUID,
    source: Account | int,
    target: Account | int,
    amount: Money,
    *,
    kind: str = "transfer",
    narrative: str = "",
    value_date: date | None = None,
    journal: UUID | None = None,
) -> Moved:
    """Move money from one account to another."""
    row = _one(
        """SELECT * FROM ledger_move(%s::uuid, %s::bigint, %s::bigint, %s::bigint, %s::text,
                                  %s::text, %s::text, %s::date, %s::uuid)""",
        id, _id(source), _id(target), _minor(amount), amount.currency,
        kind, narrative, value_date, journal,
    )  # fmt: skip
    return _moved(row)


def check(
    id: UUID,
    source: Account | int,
    target: Account | int,
    amount: Money,
    *,
    kind: str = "transfer",
) -> bool:
    """Lock both accounts and refuse what `move` would refuse. True when the id is booked already.

    What is not refused now cannot be refused before the end of the transaction.
    """
    (booked,) = _one(
        """SELECT ledger_check(%s::uuid, %s::bigint, %s::bigint, %s::bigint, %s::text,
                               %s::text)""",
        id, _id(source), _id(target), _minor(amount), amount.currency, kind,
    )  # fmt: skip
    return bool(booked)


def move_many(
    instructions: Sequence[Instruction],
    *,
    journal: UUID | None = None,
    value_date: date | None = None,
    linked: bool = False,
) -> list[Moved | Problem]:
    """Move many at once: for each instruction what was booked, or the error it would have raised.

    They are booked in the order given. With `linked`, all or none: the first refusal is raised.
    """
    rows = _rows(
        """SELECT code, side, (moved).* FROM ledger_move_many(
               %s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
               %s::text[], %s::date, %s::uuid, %s::boolean)
           ORDER BY item""",
        [i.id for i in instructions],
        [_id(i.source) for i in instructions],
        [_id(i.target) for i in instructions],
        [_minor(i.amount) for i in instructions],
        [i.amount.currency for i in instructions],
        [i.kind for i in instructions],
        [i.narrative for i in instructions],
        value_date, journal, linked,
    )  # fmt: skip
    return [
        _moved(moved) if code in (None, "LG000") else _problem(code, f"side={side}")
        for code, side, *moved in rows
    ]


def reverse(id: UUID, movement: UUID, *, narrative: str = "") -> Moved:
    """Move the money of a movement back, once."""
    return _moved(
        _one("SELECT * FROM ledger_reverse(%s::uuid, %s::uuid, %s::text)", id, movement, narrative)
    )


# --- holding --------------------------------------------------------------------------------


def hold(
    id: UUID,
    account: Account | int,
    amount: Money,
    *,
    expires_at: datetime | None = None,
    because: str = "",
) -> Held:
    """Set money aside: it can no longer be spent, and the balance stays."""
    row = _one(
        """SELECT * FROM ledger_hold(%s::uuid, %s::bigint, %s::bigint, %s::text,
                                  %s::timestamptz, %s::text)""",
        id, _id(account), _minor(amount), amount.currency, expires_at, because,
    )  # fmt: skip
    return _held(row)


def capture(
    hold: UUID,
    id: UUID,
    target: Account | int,
    amount: Money | None = None,
    *,
    kind: str = "capture",
    narrative: str = "",
    value_date: date | None = None,
) -> Moved:
    """Move held money, or a part of it, to an account; the rest is free again."""
    row = _one(
        """SELECT * FROM ledger_capture(%s::uuid, %s::uuid, %s::bigint, %s::bigint, %s::text,
                                     %s::text, %s::text, %s::date)""",
        hold, id, _id(target),
        None if amount is None else _minor(amount),
        None if amount is None else amount.currency,
        kind, narrative, value_date,
    )  # fmt: skip
    return _moved(row)


def release(hold: UUID) -> Held:
    """Give held money back to its account."""
    return _held(_one("SELECT * FROM ledger_release(%s::uuid)", hold))


def expire(hold: UUID, *, now: datetime | None = None) -> Held:
    """Give held money back because its time has run out."""
    return _held(
        _one("SELECT * FROM ledger_expire(%s::uuid, %s::timestamptz)", hold, now or timezone.now())
    )


# --- accounts -------------------------------------------------------------------------------


def open_account(
    *,
    owner: User,
    product: str,
    currency: str,
    name: str = "",
    overdraft: Money | None = None,
) -> Account:
    """A new, empty account for a customer. Without an overdraft it cannot sink below zero."""
    uuid = uuid7()
    _one(
        """SELECT id FROM ledger_open(%s::uuid, %s::uuid, %s::text, %s::text, %s::text,
                                   %s::bigint)""",
        uuid, owner.pk, product, currency, name or Account.Product(product).label,
        0 if overdraft is None else -_minor(overdraft),
    )  # fmt: skip
    return Account.objects.get(uuid=uuid)


def set_status(account: Account | int, status: str) -> Account:
    """Freeze, thaw or close an account. Closing needs a zero balance and no hold, and is final."""
    pk, _ = _one(
        "SELECT id, status FROM ledger_set_status(%s::bigint, %s::text)", _id(account), status
    )
    return Account.objects.get(pk=pk)


def lock(*accounts: Account | int) -> list[Account]:
    """The accounts as they are now, in the order given, unchanged by others until the commit."""
    ids = [_id(account) for account in accounts]
    # Locks in id order: two people paying each other at once must not wait for ever.
    rows = Account.objects.filter(pk__in=ids).order_by("pk")
    # A queue is there so that nobody waits for its account.
    waits = rows.filter(queue__isnull=True).select_for_update(no_key=True, of=("self",))
    found = {account.pk: account for account in waits}
    if len(found) < len(set(ids)):
        found |= {account.pk: account for account in rows.filter(queue__isnull=False)}
    if missing := [id for id in ids if id not in found]:
        raise UnknownAccount(account=missing[0])
    return [found[id] for id in ids]


def internal(code: str, currency: str) -> Account:
    """One of the bank's own accounts: `internal("clearing", "EUR")`."""
    found = Account.objects.filter(
        product=Account.Product.INTERNAL, gl_code=code, currency=currency
    ).first()
    if found is None:
        raise UnknownCurrency(f"The bank has no {code} account in {currency}.")
    return found


# --- queues ---------------------------------------------------------------------------------


def set_queued(account: Account | int, queued: bool) -> None:
    """Let movements queue before one of the bank's own accounts, or fold them and stop it."""
    _one("SELECT ledger_set_queued(%s::bigint, %s::boolean)", _id(account), queued)


def fold(account: Account | int) -> int:
    """Give what waits before the account its places and balances; how many that were.

    Nothing when somebody else keeps the account busy: the next fold takes it along.
    """
    try:
        with transaction.atomic():
            (many,) = _one("SELECT ledger_fold(%s::bigint)", _id(account))
    except OperationalError as error:
        if not isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
            raise
        return 0
    return int(many)


def fold_all() -> int:
    """Every queue, each in a transaction of its own."""
    return sum(fold(account) for account in Queue.objects.values_list("account_id", flat=True))


# --- looking --------------------------------------------------------------------------------


def balance(account: Account | int) -> Money:
    """What is on the account now, what waits before it included."""
    row = _rows(
        """SELECT ledger_balance(id), currency FROM banking_account WHERE id = %s::bigint""",
        _id(account),
    )
    if not row:
        raise UnknownAccount()
    return Money(*row[0])


def balance_at(account: Account, at: datetime) -> Money:
    """The balance after the last entry booked at or before this moment."""
    (minor,) = _one("SELECT ledger_balance_at(%s::bigint, %s::timestamptz)", account.pk, at)
    return Money(minor, account.currency)


def entries(account: Account | int) -> QuerySet[Entry]:
    """What the account felt, newest first."""
    return Entry.objects.filter(account_id=_id(account)).order_by("-seq")


# --- under the door -------------------------------------------------------------------------

_BIGINT_MAX = 2**63 - 1


def _id(account: Account | int) -> int:
    return account if isinstance(account, int) else account.pk


def _minor(amount: Money) -> int:
    """What does not fit a bigint is refused by the ledger like any amount that is too large."""
    return max(-_BIGINT_MAX, min(amount.minor, _BIGINT_MAX))


def _one(sql: str, *parameters: Any) -> Sequence[Any]:
    (row,) = _rows(sql, *parameters)  # every function here returns one row or raises
    return row


def _rows(sql: str, *parameters: Any) -> Sequence[Sequence[Any]]:
    """Run a statement on Django's own connection, in whatever transaction it is in.

    Prepared once for each connection and answered in binary: Django's cursors do neither, and a
    movement would take twice as long.
    """
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with _refusals(), connection.wrap_database_errors, psycopg.Cursor(connection.connection) as c:
        return c.execute(sql, parameters, prepare=True, binary=True).fetchall()


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        cause = error.__cause__
        if not isinstance(cause, psycopg.Error):
            raise
        if (cause.sqlstate or "") in BY_SQLSTATE:
            raise _problem(cause.sqlstate, cause.diag.message_detail) from error
        if cause.diag.constraint_name in _IDS:
            # A twin with the same id, but of other accounts, was faster.
            raise IdempotencyConflict() from error
        raise


_IDS = {"banking_movement_pkey", "banking_hold_pkey"}


def _problem(code: str | None, detail: str | None) -> Problem:
    """The exception of a refusal; what the ledger said with it becomes its extra members."""
    pairs = (pair.partition("=") for pair in (detail or "").split())
    return BY_SQLSTATE[code or ""](**{name: value for name, _, value in pairs if value})


def _moved(row: Sequence[Any]) -> Moved:
    (
        replayed, id, journal, source, target, amount, currency,
        source_balance, target_balance, source_seq, target_seq,
        booked_at, value_date, kind, narrative, reverses, hold,
    ) = row  # fmt: skip
    return Moved(
        replayed, id, journal, source, target, Money(amount, currency),
        None if source_balance is None else Money(source_balance, currency),
        None if target_balance is None else Money(target_balance, currency),
        None if source_balance is None else source_seq,
        None if target_balance is None else target_seq,
        booked_at, value_date, kind, narrative, reverses, hold,
    )  # fmt: skip


def _held(row: Sequence[Any]) -> Held:
    (
        replayed, id, account, amount, currency, expires_at, placed_at, because, balance, held,
    ) = row  # fmt: skip
    return Held(
        replayed, id, account, Money(amount, currency), expires_at, placed_at, because,
        Money(balance, currency), Money(held, currency),
    )  # fmt: skip
