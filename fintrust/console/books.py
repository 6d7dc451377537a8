"""The bank's books as a whole: trial balance and balance sheet, then and now, as page and file."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from audit import services as audit
from banking.books.selectors import (
    BalanceSheet,
    Line,
    TrialBalance,
    balance_sheet,
    frozen_balance_sheet,
    frozen_trial_balance,
    periods,
    trial_balance,
)
from banking.deeds import DayInput, MomentInput
from banking.models import Close
from banking.proposals.forms import CurrencyField
from banking.proposals.selectors import open_closings
from banking.statements.as_csv import BYTE_ORDER_MARK, text_cell
from banking.statements.text import plain
from fintrust.core.money import exponent

RIGHT = "banking.view_close"
COLUMNS = ("currency", "as_of", "class", "code", "name", "accounts", "debit", "credit")


class BooksForm(forms.Form):
    """Which currency, and as of when; at most one of the three times."""

    currency = CurrencyField()
    at = forms.DateTimeField(label="As booked by", required=False, widget=MomentInput)
    on = forms.DateField(label="Or at the end of, by value date", required=False, widget=DayInput)
    closed = forms.DateField(required=False, widget=forms.HiddenInput)

    def clean_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["at"]
        if at is not None and at > timezone.now():
            raise forms.ValidationError("This moment has not come yet.")
        return at

    def clean_on(self) -> date | None:
        on: date | None = self.cleaned_data["on"]
        if on is not None and on > datetime.now(UTC).date():
            raise forms.ValidationError("This day has not come yet.")
        return on

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        known = Close.objects.filter(currency=data.get("currency"), until_day=data.get("closed"))
        if data.get("closed") and not known.exists():
            raise forms.ValidationError("No period was closed on that day.")
        if sum(data.get(name) is not None for name in ("at", "on", "closed")) > 1:
            raise forms.ValidationError("Choose a moment or a day, not both.")
        return data


@dataclass(frozen=True, slots=True)
class Books:
    """One currency's books as of one time, and that time in words."""

    trial: TrialBalance
    sheet: BalanceSheet
    as_of: str
    words: str


def _books(asked: dict[str, Any]) -> Books:
    currency, at, on, closed = (asked.get(name) for name in ("currency", "at", "on", "closed"))
    assert currency is not None  # the form's default
    if closed:
        words = f"as kept when {closed:%-d %b %Y} was closed"
        sheet = frozen_balance_sheet(currency, closed)
        return Books(frozen_trial_balance(currency, closed), sheet, f"closed {closed}", words)
    if at:
        words = f"as booked by {timezone.localtime(at):%-d %b %Y, %H:%M}"
    elif on:
        words = f"at the end of {on:%-d %b %Y}, by value date"
    else:
        # One moment for both, so that they speak of the same books while money moves.
        at, words = timezone.now(), "now"
    as_of = on.isoformat() if on else at.astimezone(UTC).isoformat(timespec="seconds")
    return Books(
        trial_balance(currency, at=at, on=on), balance_sheet(currency, at=at, on=on), as_of, words
    )


def _asked(request: HttpRequest) -> BooksForm:
    """The form with what was asked for; without a question, the euro's books now."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    return BooksForm({"currency": "EUR", **request.GET.dict()})


@require_GET
def books(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    form = _asked(request)
    if not form.is_valid():
        return render(request, "admin/books.html", {**context, "form": form}, status=422)
    found, currency = _books(form.cleaned_data), form.cleaned_data["currency"]
    more = {
        "form": form,
        "books": found,
        "chart": json.dumps(_chart(found.sheet)),
        "classes": _classes(found.sheet),
        "periods": periods(currency),
        "waiting": open_closings().filter(currency=currency).first(),
        "query": request.GET.urlencode(),
        "may_propose": request.user.has_perm("banking.propose_closing"),
    }
    return render(request, "admin/books.html", {**context, **more})


def _classes(sheet: BalanceSheet) -> list[tuple[str, Any]]:
    return [
        ("Assets", sheet.total_assets),
        ("Liabilities", sheet.total_liabilities),
        ("Equity", sheet.total_equity),
        ("Result", sheet.result),
    ]


def _chart(sheet: BalanceSheet) -> dict[str, Any]:
    classes = _classes(sheet)
    bars = {
        "label": sheet.currency,
        "data": [float(amount.decimal) for _, amount in classes],  # only to be drawn
        "backgroundColor": "var(--console-primary)",
        "maxBarThickness": 36,
        "borderRadius": 4,
    }
    return {"labels": [name for name, _ in classes], "datasets": [bars]}


@require_GET
def books_file(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The trial balance as CSV. Who took it home stays in the log."""
    form = _asked(request)
    if not form.is_valid():
        return render(request, "admin/books.html", {**context, "form": form}, status=422)
    found = _books(form.cleaned_data)
    currency = found.trial.currency
    audit.record(
        "banking.books.downloaded",
        subject=f"banking.books {currency}",
        purpose="console",
        data={"as_of": found.as_of},
    )
    answer = HttpResponse(_csv(found), content_type="text/csv; charset=utf-8")
    day = found.as_of.replace("closed ", "closed-")[:17].rstrip("T").replace(":", "")
    answer["Content-Disposition"] = f'attachment; filename="books-{currency}-{day}.csv"'
    return answer


def _csv(found: Books) -> str:
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    rows.writerows(_rows(found))
    return BYTE_ORDER_MARK + file.getvalue()


def _rows(found: Books) -> Iterable[tuple[Any, ...]]:
    trial = found.trial
    for line in trial.lines:
        yield (trial.currency, found.as_of, line.kind.value, *_cells(line))
    yield (
        trial.currency, found.as_of, "total", "", "", "", _plain(trial.debits),
        _plain(trial.credits),
    )  # fmt: skip


def _cells(line: Line) -> tuple[Any, ...]:
    names = text_cell(line.code), text_cell(line.name)
    return (*names, line.accounts, _plain(line.debit), _plain(line.credit))


def _plain(amount: Any) -> str:
    return plain(amount.minor, exponent(amount.currency))
