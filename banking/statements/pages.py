"""Statements on the screen: the list of months, one period with its lines, and the files."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from banking import selectors
from banking.models import Account, Right
from banking.policy import STATEMENTS
from banking.selectors import InvalidCursor
from banking.statements.formats import FORMATS
from banking.statements.forms import PeriodForm, day_in
from banking.statements.http import download
from banking.statements.selectors import bank_today, months_of, statement_of
from banking.statements.statement import Period, Statement
from fintrust.core.errors import NotFound, Problem
from fintrust.core.http import PersonRequest
from fintrust.core.money import Money


@require_GET
@login_required
def statements(request: PersonRequest, account_id: str) -> HttpResponse:
    """Month by month, the newest first, and a form for any other period."""
    found = selectors.account_for(request.user, account_id, Right.VIEW)
    today = bank_today()
    form = PeriodForm.of(Period.month_of(today).up_to(today))
    return _list(request, found, form)


def _list(request: PersonRequest, account: Account, form: PeriodForm) -> HttpResponse:
    last = request.GET.get("last")
    day = day_in(last) if last else None
    if last and day is None:
        raise InvalidCursor(field="last")
    months, older = months_of(account, last=day)
    context = {
        "account": account,
        "months": months,
        "older": older.isoformat() if older else "",
        "form": form,
        "formats": FORMATS.values(),
        "days_max": STATEMENTS.days_max,
    }
    status = 422 if form.is_bound else 200
    return render(request, "banking/statements.html", context, status=status)


@require_GET
@login_required
def statement(request: PersonRequest, account_id: str) -> HttpResponse:
    """One period with its lines; a form that cannot be answered comes back with the reason."""
    found = selectors.account_for(request.user, account_id, Right.VIEW)
    form = PeriodForm(request.GET)
    if form.is_valid():
        try:
            made = statement_of(found, form.cleaned_data["period"])
        except Problem as problem:
            form.refuse(problem)
        else:
            return render(request, "banking/statement.html", _shown(request, found, made))
    return _list(request, found, form)


@require_GET
@login_required
def statement_file(request: PersonRequest, account_id: str, format: str) -> HttpResponseBase:
    """The same as a file."""
    found = selectors.account_for(request.user, account_id, Right.VIEW)
    form = PeriodForm(request.GET)
    if format not in FORMATS:
        raise NotFound()
    if not form.is_valid():
        return _list(request, found, form)
    return download(statement_of(found, form.cleaned_data["period"]), FORMATS[format])


def _shown(request: PersonRequest, account: Account, made: Statement) -> dict[str, Any]:
    """The statement, a part of its lines, and where the parts before and after begin."""
    first, size = _place(request.GET.get("line", "0")), STATEMENTS.page_lines
    first = min(first, made.count)
    lines = made.entries.part(first, size)
    waiting = selectors.held_transfers().filter(source=account) if not made.finished else ()
    return {
        "account": account,
        "statement": made,
        "title": _title(made),
        "lead": f"{made.holder} · {made.number} · {made.period.words}",
        "lines": [_with_money(line, made.currency) for line in lines],
        "before": Money(lines[0].balance_minor - lines[0].amount_minor, made.currency)
        if lines
        else made.opening,
        "first": first + 1,
        "last": first + len(lines),
        "earlier": max(0, first - size) if first else None,
        "later": first + size if first + size < made.count else None,
        "formats": FORMATS.values(),
        "waiting": selectors.as_seen_by(request.user, waiting),
    }


def _title(made: Statement) -> str:
    """A month by its name, also while it lasts."""
    month = Period.month_of(made.period.first)
    if made.period == month:
        return f"{month.first:%B %Y}"
    if not made.finished and made.period == month.up_to(bank_today()):
        return f"{month.first:%B %Y} so far"
    return "Statement"


def _with_money(line: Any, currency: str) -> dict[str, Any]:
    return {
        "is": line,
        "amount": Money(line.amount_minor, currency),
        "balance": Money(line.balance_minor, currency),
    }


def _place(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidCursor(field="line")
    return int(text)
