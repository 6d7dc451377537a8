"""The door to the ledger: the only Python that moves money.

Every verb is one SQL function, one round trip, inside the caller's transaction, and takes its
locks in id order. What the ledger refuses arrives as an exception of `banking.errors`; what it did
as a frozen value with the balances it left behind. The same id again is answered with what was
stored (`replayed`), or refused when it meant something else.

To move money several times in one transaction, `lock` all its accounts first.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

import psycopg
from django.db import DatabaseError
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from banking.errors import (
    BY_SQLSTATE,
    IdempotencyConflict,
    LedgerBusy,
    NarrativeTooLong,
    UnknownAccount,
    UnknownCurrency,
)
from banking.models import Account, Entry, Movement
from banking.policy import BOOKS, BooksPolicy
from fintrust.core import live, prepared
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
    source_balance: Money
    target_balance: Money
    source_seq: int
    target_seq: int
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
    """One movement of a batch, or one leg of a journal."""

    id: UUID
    source: Account | int
    target: Account | int
    amount: Money
    kind: str = "transfer"
    narrative: str = ""


@dataclass(frozen=True, slots=True)
class Journal:
    """Movements that were booked together, in the order of its legs."""

    replayed: bool
    id: UUID
    legs: tuple[Moved, ...]
    narrative: str
    value_date: date
    booked_at: datetime
    reverses_id: UUID | None


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in the ledger, for those who follow it: the last movement they have seen."""

    tx: int
    id: UUID

    @classmethod
    def parse(cls, text: str) -> Self:
        tx, _, id = text.partition("-")
        if not (tx.isascii() and tx.isdigit() and len(tx) < 19):
            raise live.InvalidCursor()
        try:
            return cls(int(tx), UUID(id))
        except ValueError:
            raise live.InvalidCursor() from None

    def __str__(self) -> str:
        return f"{self.tx}-{self.id}"


START = Cursor(0, UUID(int=0))


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
        *_columns(instructions), value_date, journal, linked,
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


# --- journals -------------------------------------------------------------------------------


def journal(
    id: UUID,
    legs: Sequence[Instruction],
    *,
    narrative: str = "",
    value_date: date | None = None,
    policy: BooksPolicy = BOOKS,
) -> Journal:
    """Book several movements as one: all or none, once, and never one more or less of them.

    A refusal says which `leg` it means, counted from one.
    """
    rows = _rows(
        """SELECT replayed, narrative, value_date, booked_at, reverses, (moved).*
             FROM ledger_journal(
               %s::uuid, %s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[],
               %s::text[], %s::text[], %s::text, %s::date, %s::integer)""",
        id, *_columns(legs), narrative, value_date, policy.journal_legs_max,
    )  # fmt: skip
    return _journal(id, rows)


def reverse_journal(id: UUID, journal: UUID, *, narrative: str = "") -> Journal:
    """Move the money of every leg back, the last one first, once."""
    rows = _rows(
        """SELECT replayed, narrative, value_date, booked_at, reverses, (moved).*
             FROM ledger_reverse_journal(%s::uuid, %s::uuid, %s::text)""",
        id, journal, narrative,
    )  # fmt: skip
    return _journal(id, rows)


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


def set_floor(account: Account | int, overdraft: Money) -> Account:
    """How far below zero the account may sink; never less than what is in use."""
    (pk,) = _one(
        "SELECT id FROM ledger_set_floor(%s::bigint, %s::bigint)", _id(account), -_minor(overdraft)
    )
    return Account.objects.get(pk=pk)


def lock(*accounts: Account | int) -> list[Account]:
    """The accounts as they are now, in the order given, unchanged by others until the commit."""
    ids = [_id(account) for account in accounts]
    # Locks in id order: two people paying each other at once must not wait for ever.
    rows = Account.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    found = {account.pk: account for account in rows}
    if missing := [id for id in ids if id not in found]:
        raise UnknownAccount(account=missing[0])
    return [found[id] for id in ids]


STRIPES = 64
STRIPED = frozenset({"clearing", "fees", "fx-position"})


def internal(code: str, currency: str, *, beside: Account | None = None) -> Account:
    """One of the bank's own accounts: `internal("clearing", "EUR")`.

    The busiest have stripes, so that payments do not wait for one row. Whoever moves money between
    a customer and the bank names the customer's account `beside` it, which always gets the same
    stripe: a request asked twice meets the same two accounts.
    """
    stripe = beside.pk % STRIPES if beside is not None and code in STRIPED else 0
    found = _internal(code, currency).filter(stripe=stripe).first()
    if found is None:
        raise UnknownCurrency(f"The bank has no {code} account in {currency}.")
    return found


def internal_balance(code: str, currency: str) -> Money:
    """What the bank holds under one code, over all of its stripes."""
    total = _internal(code, currency).aggregate(sum=Sum("balance_minor"))["sum"]
    return Money(int(total or 0), currency)


def _internal(code: str, currency: str) -> QuerySet[Account]:
    return Account.objects.filter(product=Account.Product.INTERNAL, gl_code=code, currency=currency)


# --- looking --------------------------------------------------------------------------------


def balance_at(account: Account, at: datetime) -> Money:
    """The balance after the last entry booked at or before this moment."""
    (minor,) = _one("SELECT ledger_balance_at(%s::bigint, %s::timestamptz)", account.pk, at)
    return Money(minor, account.currency)


def balance_on(account: Account, day: date) -> Money:
    """The balance at the end of this day, by value date: with what was booked for it since."""
    (minor,) = _one("SELECT ledger_balance_on(%s::bigint, %s::date)", account.pk, day)
    return Money(minor, account.currency)


def entries(account: Account | int) -> QuerySet[Entry]:
    """What the account felt, newest first."""
    return Entry.objects.filter(account_id=_id(account)).order_by("-seq")


# --- following ------------------------------------------------------------------------------


def follow(
    after: Cursor = START, limit: int = BOOKS.follow_max, *, policy: BooksPolicy = BOOKS
) -> tuple[list[Movement], Cursor]:
    """The next movements, each exactly once, and the cursor that continues behind them.

    In the order of their transactions (and of their ids within one), and only as far as every
    transaction has ended: so what commits late comes late, and is never passed over. It costs the
    ledger no second row. The order within an account is `seq`.
    """
    found = Movement.objects.filter(tx__lt=live.HORIZON, tx__gte=after.tx)
    found = found.filter(Q(tx__gt=after.tx) | Q(id__gt=after.id)).order_by("tx", "id")
    movements = list(found[: max(0, min(limit, policy.follow_max))])
    return movements, Cursor(movements[-1].tx, movements[-1].id) if movements else after


# --- closing --------------------------------------------------------------------------------


def close_period(currency: str, until_day: date) -> bool:
    """Close every day up to this one: from now on nothing can be valued there. True when it is new.

    Waits for whoever is writing movements and lets nobody else begin, so commit at once.
    `freeze_period` then takes the figures.
    """
    (new,) = _one("SELECT ledger_close(%s::text, %s::date)", currency, until_day)
    return bool(new)


def freeze_period(currency: str, until_day: date) -> int | None:
    """Write down every balance at the end of a closed day: how many; None when it was done."""
    (count,) = _one("SELECT ledger_freeze(%s::text, %s::date)", currency, until_day)
    return None if count is None else int(count)


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
    with _refusals():
        return prepared.ask(sql, parameters)


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
        if cause.diag.constraint_name == "ledger_text_check":
            raise NarrativeTooLong() from error
        if isinstance(cause, psycopg.errors.LockNotAvailable):
            raise LedgerBusy() from error
        raise


_IDS = {"banking_movement_pkey", "banking_hold_pkey", "banking_journal_pkey"}


def _problem(code: str | None, detail: str | None) -> Problem:
    """The exception of a refusal; what the ledger said with it becomes its extra members."""
    pairs = (pair.partition("=") for pair in (detail or "").split())
    return BY_SQLSTATE[code or ""](**{name: value for name, _, value in pairs if value})


def _columns(instructions: Sequence[Instruction]) -> list[list[Any]]:
    """Instructions as the arrays that the ledger's batches take."""
    return [
        [i.id for i in instructions],
        [_id(i.source) for i in instructions],
        [_id(i.target) for i in instructions],
        [_minor(i.amount) for i in instructions],
        [i.amount.currency for i in instructions],
        [i.kind for i in instructions],
        [i.narrative for i in instructions],
    ]


def _journal(id: UUID, rows: Sequence[Sequence[Any]]) -> Journal:
    replayed, narrative, value_date, booked_at, reverses = rows[0][:5]
    legs = tuple(replace(_moved(row[5:]), replayed=replayed) for row in rows)
    return Journal(replayed, id, legs, narrative, value_date, booked_at, reverses)


def _moved(row: Sequence[Any]) -> Moved:
    (
        replayed, id, journal, source, target, amount, currency,
        source_balance, target_balance, source_seq, target_seq,
        booked_at, value_date, kind, narrative, reverses, hold,
    ) = row  # fmt: skip
    return Moved(
        replayed, id, journal, source, target, Money(amount, currency),
        Money(source_balance, currency), Money(target_balance, currency),
        source_seq, target_seq, booked_at, value_date, kind, narrative, reverses, hold,
    )  # fmt: skip


def _held(row: Sequence[Any]) -> Held:
    (
        replayed, id, account, amount, currency, expires_at, placed_at, because, balance, held,
    ) = row  # fmt: skip
    return Held(
        replayed, id, account, Money(amount, currency), expires_at, placed_at, because,
        Money(balance, currency), Money(held, currency),
    )  # fmt: skip
