"""What the books say as a whole: trial balance and balance sheet, of any moment in both times."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from banking.errors import UnknownCurrency
from banking.models import Account, Close, Currency, FrozenBalance
from fintrust.core.money import Money

_TOTALS = (Path(__file__).parent.parent / "sql" / "totals.sql").read_text()
_FROZEN = (Path(__file__).parent.parent / "sql" / "totals_frozen.sql").read_text()
PERIODS_MAX = 24  # two years of months on one page
_DEBIT = {Account.Kind.ASSET, Account.Kind.EXPENSE}


@dataclass(frozen=True, slots=True)
class Line:
    """All accounts of one kind together. Assets and expenses are positive when in debit."""

    kind: Account.Kind
    code: str
    name: str
    accounts: int
    amount: Money

    @property
    def signed(self) -> Money:
        """As the ledger counts: what came in minus what went out."""
        return -self.amount if self.kind in _DEBIT else self.amount

    @property
    def debit(self) -> Money:
        return max(-self.signed, Money(0, self.amount.currency))

    @property
    def credit(self) -> Money:
        return max(self.signed, Money(0, self.amount.currency))


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """Every account of a currency, gathered into lines. Debits and credits are equal."""

    currency: str
    lines: tuple[Line, ...]

    @property
    def debits(self) -> Money:
        return _sum(self.currency, (line.debit for line in self.lines))

    @property
    def credits(self) -> Money:
        return _sum(self.currency, (line.credit for line in self.lines))

    def of(self, kind: Account.Kind) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.kind == kind)


@dataclass(frozen=True, slots=True)
class BalanceSheet:
    """What the bank has, and to whom it belongs. What was earned stands with the equity."""

    currency: str
    assets: tuple[Line, ...]
    liabilities: tuple[Line, ...]
    equity: tuple[Line, ...]
    result: Money  # income without expenses

    @property
    def total_assets(self) -> Money:
        return _sum(self.currency, (line.amount for line in self.assets))

    @property
    def total_liabilities(self) -> Money:
        return _sum(self.currency, (line.amount for line in self.liabilities))

    @property
    def total_equity(self) -> Money:
        """Without the result of what was earned and spent."""
        return _sum(self.currency, (line.amount for line in self.equity))

    @property
    def total_claims(self) -> Money:
        """Liabilities, equity and result: equal to the assets."""
        return self.total_liabilities + self.total_equity + self.result

    @property
    def difference(self) -> Money:
        """Nothing, unless the books are damaged."""
        return self.total_assets - self.total_claims


def trial_balance(
    currency: str, *, at: datetime | None = None, on: date | None = None
) -> TrialBalance:
    """As booked by a moment, or at the end of a day by value date, or now."""
    return _gathered(currency, _TOTALS, {"currency": currency, "at": at, "day": on})


def frozen_trial_balance(currency: str, until_day: date) -> TrialBalance:
    """The figures that were kept when the period was closed; nothing where nothing was left."""
    return _gathered(currency, _FROZEN, {"currency": currency, "day": until_day})


def balance_sheet(
    currency: str, *, at: datetime | None = None, on: date | None = None
) -> BalanceSheet:
    return _sheet(trial_balance(currency, at=at, on=on))


def frozen_balance_sheet(currency: str, until_day: date) -> BalanceSheet:
    return _sheet(frozen_trial_balance(currency, until_day))


def _sheet(found: TrialBalance) -> BalanceSheet:
    currency = found.currency
    earned = (*found.of(Account.Kind.INCOME), *found.of(Account.Kind.EXPENSE))
    return BalanceSheet(
        currency,
        found.of(Account.Kind.ASSET),
        found.of(Account.Kind.LIABILITY),
        found.of(Account.Kind.EQUITY),
        _sum(currency, (line.signed for line in earned)),
    )


def periods(currency: str) -> list[Close]:
    """The newest closes of a currency, each with how many balances were kept as `kept`."""
    kept = Subquery(
        FrozenBalance.objects.filter(currency=OuterRef("currency"), until_day=OuterRef("until_day"))
        .order_by()
        .values("until_day")
        .annotate(count=Count("*"))
        .values("count")
    )
    found = Close.objects.filter(currency=currency).annotate(kept=Coalesce(kept, 0))
    return list(found.order_by("-until_day")[:PERIODS_MAX])


def _gathered(currency: str, sql: str, parameters: dict[str, Any]) -> TrialBalance:
    if not Currency.objects.filter(code=currency).exists():
        raise UnknownCurrency()
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        lines = [_line(currency, *row) for row in cursor.fetchall()]
    order = list(Account.Kind)
    lines.sort(key=lambda line: (order.index(line.kind), line.code))
    return TrialBalance(currency, tuple(lines))


def _line(currency: str, kind: str, code: str, name: str | None, count: int, signed: int) -> Line:
    its = Account.Kind(kind)
    amount = Money(int(signed), currency)
    label = name or f"Customers: {Account.Product(code).label}"
    return Line(its, code, label, count, -amount if its in _DEBIT else amount)


def _sum(currency: str, amounts: Iterable[Money]) -> Money:
    return sum(amounts, Money(0, currency))
