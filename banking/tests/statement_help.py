"""Accounts with a past that statements can be made of."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import time_machine
from django.utils import timezone

from banking import ledger
from banking.models import Account
from banking.statements.selectors import statement_of
from banking.statements.statement import Period, Statement, midnight
from fintrust.core.ids import uuid7
from fintrust.core.money import Money

Sql = Callable[..., list[tuple[Any, ...]]]

#: Counterparties and notes that have broken somebody's file before.
NASTY = (
    ("Zoë Müller-Łukasiewicz", "Miete für März – danke!"),
    ("=HYPERLINK(\"http://evil.example\";\"click\")", "=HYPERLINK(\"http://evil.example\",\"x\")"),
    ("+44 20 7946 0000", "rent;=cmd|' /C calc'!A0"),
    ("O'Brien & Sons <Ltd>", 'He said "hi", then: ]]> & left'),
    ("Иван Петров", "\tTab\r\nand new line\x07 bell\x1b[31m"),
    ("日本 👩‍👩‍👧 shop", "🎁" * 10),
    ("-", ":86:not a field\n-\n:62F:C260101EUR0,00"),
    ("Right\u202eTfel", "x" * 140),
    ("Ångström", "word " * 28),
)  # fmt: skip


def whole_day(statement_day: date) -> Period:
    return Period(statement_day, statement_day)


def feed(account: Account, minor: int, *, narrative: str = "", kind: str = "transfer") -> Any:
    """Money into the account, or out of it, against the bank's clearing account."""
    clearing = ledger.internal("clearing", account.currency)
    source, target = (clearing, account) if minor > 0 else (account, clearing)
    amount = Money(abs(minor), account.currency)
    return ledger.move(uuid7(), source, target, amount, narrative=narrative, kind=kind)


def months_later(days: int = 60) -> Any:
    """Time passes for the bank; what is booked stays where it is."""
    return time_machine.travel(timezone.now() + timedelta(days=days), tick=False)


def now_of(account: Account) -> Statement:
    """The statement of the month that everything in a test is booked in."""
    account.refresh_from_db()
    last = ledger.entries(account).first()
    day = last.booked_at.date() if last else account.opened_at.date()
    first = account.opened_at.date().replace(day=1)
    return statement_of(account, Period(first, day))


def book_at(owner_sql: Sql, account: Account, minor: int, at: datetime) -> None:
    """An entry booked at a past moment, which only the owner of the tables could write down."""
    clearing = ledger.internal("clearing", account.currency)
    account.refresh_from_db()
    sides = [(clearing, -minor), (account, minor)]
    for one, change in sides:
        owner_sql(
            "UPDATE banking_account SET balance = balance + %s, seq = seq + 1 WHERE id = %s",
            change,
            one.pk,
        )
        one.refresh_from_db()
    (source, _), (target, _) = sides if minor > 0 else sides[::-1]
    owner_sql(
        "INSERT INTO banking_movement (id, debit_id, credit_id, amount, debit_balance,"
        " credit_balance, debit_seq, credit_seq, booked_at, value_date, currency, kind, narrative)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'transfer', '')",
        uuid7(), source.pk, target.pk, abs(minor), source.balance_minor, target.balance_minor,
        source.seq, target.seq, at, at.date(), account.currency,
    )  # fmt: skip


def opened_on(owner_sql: Sql, account: Account, day: date) -> None:
    owner_sql("UPDATE banking_account SET opened_at = %s WHERE id = %s", midnight(day), account.pk)
    account.refresh_from_db()
