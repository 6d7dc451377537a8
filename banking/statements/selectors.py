"""Where statements come from. Their lines are read in pieces, so a million take no more memory
than a thousand; what is booked meanwhile has a higher number and is not among them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Q, Sum
from django.utils import timezone

from banking import ledger
from banking.models import Account, Entry, Hold
from banking.policy import STATEMENTS, StatementPolicy
from banking.selectors import name_seen_from
from banking.statements.errors import BeforeOpening, MomentInFuture
from banking.statements.statement import ONE_DAY, Line, Period, Statement
from fintrust.core.money import Money

LINES_AT_ONCE = 1_000
BANK = "FinTrust"


def _sql(name: str) -> str:
    return (Path(__file__).parent.parent / "sql" / name).read_text()


_SEQ_BEFORE = _sql("seq_before.sql")
_TOTALS = _sql("statement_totals.sql")
_LINES = _sql("statement_lines.sql")
_MONTHS = _sql("statement_months.sql")


def bank_today() -> date:
    """Today in the bank's books."""
    return timezone.now().astimezone(UTC).date()


def statement_of(
    account: Account,
    period: Period,
    *,
    policy: StatementPolicy = STATEMENTS,
) -> Statement:
    """The statement of any account, a customer's or the bank's own. Who may see it is asked before.

    BeforeOpening when the account was opened after the period.
    """
    if period.ends_at <= account.opened_at:
        raise BeforeOpening(field="to", opened_at=account.opened_at.isoformat())
    finished = timezone.now() >= period.ends_at + policy.finished_after
    after, upto = _seq_before(account, period.starts_at), _seq_before(account, period.ends_at)
    count_in, count_out, total_in, total_out, largest, last_at = _row(
        _TOTALS, account=account.pk, after=after, upto=upto
    )
    opening, closing = _balance_after(account, after), _balance_after(account, upto)
    sums = (opening.minor, closing.minor, int(total_in), int(total_out))
    return Statement(
        account=account.public_id,
        number=account.number,
        name=account.name,
        product=account.product,
        holder=account.owner.name if account.owner else BANK,
        currency=account.currency,
        period=period,
        moment=period.ends_at if finished else last_at or period.starts_at,
        finished=finished,
        opening=opening,
        closing=closing,
        incoming=Money(int(total_in), account.currency),
        outgoing=Money(int(total_out), account.currency),
        incoming_count=count_in,
        outgoing_count=count_out,
        largest_minor=max(largest, *map(abs, sums)),
        entries=Lines(account, after, upto),
    )


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines `(after, upto]` of an account, read again whenever somebody asks for them."""

    account: Account
    after: int
    upto: int

    def __iter__(self) -> Iterator[Line]:
        # Numbers have no gaps, so each piece is an exact range of the index.
        for start in range(self.after, self.upto, LINES_AT_ONCE):
            yield from _piece(self.account, start, min(start + LINES_AT_ONCE, self.upto))

    def part(self, first: int, size: int) -> list[Line]:
        """Some of them, from the line at this place on, counted from 0."""
        start = min(self.after + first, self.upto)
        return list(_piece(self.account, start, min(start + size, self.upto)))


def _piece(account: Account, after: int, upto: int) -> Iterator[Line]:
    rows = _rows(_LINES, account=account.pk, after=after, upto=upto)
    counters = Account.objects.select_related("owner").in_bulk({row[-1] for row in rows})
    for seq, id, booked_at, value_date, amount, balance, kind, narrative, reverses, other in rows:
        name = name_seen_from(account, counters[other])
        yield Line(seq, id, booked_at, value_date, amount, balance, kind, name, narrative, reverses)


def _seq_before(account: Account, at: datetime) -> int:
    (seq,) = _row(_SEQ_BEFORE, account=account.pk, at=at)
    return int(seq)


def _balance_after(account: Account, seq: int) -> Money:
    found = Entry.objects.filter(account_id=account.pk, seq=seq).values_list("balance_minor")
    return Money(found.get()[0] if seq else 0, account.currency)


# --- months ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Month:
    """One row of the list of statements."""

    period: Period
    opening: Money
    incoming: Money
    outgoing: Money
    closing: Money
    count: int
    finished: bool


def months_of(
    account: Account, *, last: date | None = None, policy: StatementPolicy = STATEMENTS
) -> tuple[list[Month], date | None]:
    """Months of the account, the newest first, and the last day of those that are older still.

    `last` is a day of the newest month; today if it is left out. No month is before the opening.
    """
    today, opened_on = bank_today(), account.opened_at.astimezone(UTC).date()
    day = min(max(last or today, opened_on), today)
    periods: list[Period] = []
    while day >= opened_on.replace(day=1) and len(periods) < policy.months_shown:
        periods.append(Period.month_of(day).up_to(today))
        day = day.replace(day=1) - ONE_DAY
    older = day if day >= opened_on.replace(day=1) else None
    return _months(account, periods, policy)[::-1], older


def _months(account: Account, periods: Sequence[Period], policy: StatementPolicy) -> list[Month]:
    """The same periods, oldest first, each beginning with what the one before ended with."""
    after = _seq_before(account, periods[-1].starts_at)
    upto = _seq_before(account, periods[0].ends_at)
    rows = _rows(_MONTHS, account=account.pk, after=after, upto=upto)
    felt = {first: (count, int(came), int(went)) for first, count, came, went in rows}
    balance, now = _balance_after(account, after), timezone.now()
    months = []
    for period in reversed(periods):
        count, came, went = felt.get(period.first, (0, 0, 0))
        incoming, outgoing = Money(came, account.currency), Money(went, account.currency)
        closing = balance + incoming - outgoing
        ends_at = Period.month_of(period.first).ends_at
        finished = now >= ends_at + policy.finished_after
        months.append(Month(period, balance, incoming, outgoing, closing, count, finished))
        balance = closing
    return months


# --- what was on it at a moment -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BalanceThen:
    """An account's money as it stood at a moment."""

    account: Account
    at: datetime
    balance: Money
    held: Money

    @property
    def available(self) -> Money:
        return (
            self.balance - self.held - Money(self.account.floor_minor or 0, self.balance.currency)
        )


def balance_then(account: Account, at: datetime | None = None) -> BalanceThen:
    """What was on the account, what was held and what could be spent at a moment, or now."""
    now = timezone.now()
    if at is None:
        return BalanceThen(account, now, account.balance, account.held)
    if at > now:
        raise MomentInFuture()
    if at < account.opened_at:
        raise BeforeOpening(field="at", opened_at=account.opened_at.isoformat())
    return BalanceThen(account, at, ledger.balance_at(account, at), _held_at(account, at))


def _held_at(account: Account, at: datetime) -> Money:
    open_then = Q(end__isnull=True) | Q(end__at__gt=at)
    holds = Hold.objects.filter(open_then, account=account, placed_at__lte=at)
    return Money(int(holds.aggregate(held=Sum("amount_minor"))["held"] or 0), account.currency)


# --- under all of them ----------------------------------------------------------------------


def _row(sql: str, **parameters: Any) -> tuple[Any, ...]:
    (row,) = _rows(sql, **parameters)
    return row


def _rows(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
