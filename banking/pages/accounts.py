"""Home, the customer's accounts, and what happened on them."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from banking import selectors
from banking.answers.selectors import asked_about
from banking.care import services as care
from banking.imports.selectors import outside_accounts_of
from banking.insights import selectors as insights
from banking.interest.selectors import earning
from banking.limits.selectors import allowance
from banking.models import Account, Right
from banking.pages.forms import FundForm, OpenAccountForm
from banking.sharing.selectors import invitations_for, shared_with
from banking.transfers.services import deposit
from fintrust.core.errors import Problem
from fintrust.core.ids import uuid7

ENTRIES_PAGE = 50
HOME_MOVEMENTS = 6


def home(request: HttpRequest) -> HttpResponse:
    """The landing page for strangers, the dashboard for customers."""
    if not request.user.is_authenticated:
        return render(request, "landing.html")
    if request.user.is_staff:
        return redirect("admin:index" if request.user.has_perm("fraud.view_decision") else "live")
    return render(request, "banking/home.html", _dashboard(request.user))


def _dashboard(user: Any) -> dict[str, Any]:
    accounts = list(selectors.accounts_of(user).exclude(status=Account.Status.CLOSED))
    transfers = selectors.transfers_of(user).newest(HOME_MOVEMENTS + 1)
    chart = selectors.balance_chart(accounts)
    left = insights.left_to_spend(user, accounts)
    tomorrow = insights.today_of(user) + timedelta(days=1)
    return {
        "greeting": f"Hello, {user.get_short_name()}",
        "accounts": accounts,
        "totals": selectors.totals(accounts),
        "left": left,
        "tomorrow": [line for one in left for line in one.lines if line.day == tomorrow],
        "waiting": list(selectors.waiting_for(user)),
        # What is held asks by itself, above.
        "asked": any(not seen.transfer.is_held for seen in asked_about(user)),
        "transfers": selectors.as_seen_by(user, transfers[:HOME_MOVEMENTS]),
        "more": len(transfers) > HOME_MOVEMENTS,
        "chart": _drawn(chart) if chart else None,
        "shares": list(shared_with(user)),
        "invitations": list(invitations_for(user)),
    }


def _drawn(chart: selectors.BalanceChart) -> dict[str, Any]:
    """The chart for the component, and the table that says the same."""
    labels = [f"{day:%-d %b}" for day in chart.days]
    values = [float(balance.decimal) for balance in chart.balances]
    return {
        "title": f"Last {len(labels)} days, {chart.currency}",
        "data": {
            "labels": labels,
            "series": [{"name": "Balance", "values": values}],
            "unit": chart.currency,
        },
        "headings": ["Day", "Balance"],
        "rows": list(zip(labels, (money.format() for money in chart.balances), strict=True)),
    }


@require_GET
@login_required
def accounts(request: HttpRequest) -> HttpResponse:
    found = list(selectors.accounts_of(request.user))
    context = {
        "accounts": found,
        "totals": selectors.totals(found),
        "shares": list(shared_with(request.user)),
        "invitations": list(invitations_for(request.user)),
        "outside": outside_accounts_of(request.user),
    }
    return render(request, "banking/accounts.html", context)


@require_GET
@login_required
def account(request: HttpRequest, account_id: str) -> HttpResponse:
    """One account: its balance, and its entries with the balance after each."""
    found = selectors.account_for(request.user, account_id, Right.VIEW)
    page = selectors.entries_page(found, before=request.GET.get("before"), size=ENTRIES_PAGE)
    template = "banking/account.html#entries" if request.htmx else "banking/account.html"
    active = found.status == Account.Status.ACTIVE
    context = {
        "account": found,
        "page": page,
        "share": shared_with(request.user).filter(account=found).first(),
        "allowance": allowance(found) if active else None,
        "earning": earning(found) if found.status != Account.Status.CLOSED else None,
    }
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
@login_required
def open_account(request: HttpRequest) -> HttpResponse:
    form = OpenAccountForm(request.POST or None)
    if form.is_valid():
        try:
            opened = care.open_account(
                owner=request.user,
                product=form.cleaned_data["product"],
                currency=form.cleaned_data["currency"].code,
                name=form.cleaned_data["name"],
            )
        except Problem as problem:
            form.add_error(None, problem.message)
        else:
            messages.success(request, f"{opened.name} is open.")
            return redirect("account", opened.public_id)
    return render(request, "banking/open_account.html", {"form": form}, status=_status(form))


@require_http_methods(["GET", "POST"])
@login_required
def fund(request: HttpRequest, account_id: str) -> HttpResponse:
    """Put demo money on an account."""
    found = selectors.account_for(request.user, account_id)
    form = FundForm(request.POST or None, initial={"request_id": str(uuid7())})
    if form.is_valid() and (amount := form.money(found.currency)):
        try:
            transfer = deposit(
                by=request.user,
                account=found,
                amount=amount,
                request_id=form.cleaned_data["request_id"],
            )
        except Problem as problem:
            form.add_error("amount" if problem.field == "amount" else None, problem.message)
        else:
            return redirect("transfer", transfer.public_id)
    context = {"form": form, "account": found}
    return render(request, "banking/fund.html", context, status=_status(form))


def _status(form: Any) -> int:
    return 422 if form.is_bound else 200
