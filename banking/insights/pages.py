"""Insights: what money did by month and where it went, what comes again, what will come."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from banking.errors import UnknownCurrency
from banking.insights import selectors, sums
from banking.insights.errors import PeriodInvalid
from banking.insights.flows import Flow, next_month
from banking.insights.forms import CategoryForm
from banking.insights.selectors import Group
from banking.insights.services import choose_category
from banking.policy import INSIGHTS
from banking.selectors import BalanceChart, accounts_of, balance_chart, transfer_for
from fintrust.core.money import Money

CATEGORIES_DRAWN = 6  # as many as there are colours that can be told apart
COUNTERPARTIES_SHOWN = 8
RECURRING_SHOWN = 20
RANGES = {30: "30 days", 90: "3 months", 180: "6 months", 365: "1 year"}
POINTS_MAX = 60  # of a line: more cannot be told apart, and its table should be readable


@require_GET
@login_required
def insights(request: HttpRequest) -> HttpResponse:
    today = selectors.today_of(request.user)
    count, flows = selectors.months_back(request.user, selectors.LOOKS_BACK[:-1])
    currencies = selectors.currencies_of(request.user, flows)
    if not flows:
        return render(request, "banking/insights.html", {"currencies": currencies})
    currency = request.GET.get("currency", currencies[0])
    if currency not in currencies:
        raise UnknownCurrency()
    shown = min(INSIGHTS.months_shown, count, _since(flows, currency, today))
    months = sums.months(flows, currency, until=today, count=shown)
    month, before = _chosen(request.GET.get("month"), months)
    context = {
        "currency": currency,
        "currencies": currencies,
        "months": months[::-1],
        "month": month,
        "before": before,
        "notes": _notes(month, before),
        "older": before.first if before else None,
        "newer": next((one.first for one in months if one.first > month.first), None),
        "cut_short": count < INSIGHTS.months_shown,
        "bars": _bars(months, currency),
        **_month(request.user, flows, currency, month.first),
        **_recurring(request.user, currency),
        **_forecast(flows, currency, today),
        **_balance(request, currency),
    }
    return render(request, "banking/insights.html", context)


def _since(flows: Sequence[Flow], currency: str, today: date) -> int:
    """How many months ago something happened first; those before it would be empty bars."""
    first = min((f.day for f in flows if f.amount.currency == currency), default=today)
    return (today.year - first.year) * 12 + today.month - first.month + 1


def _chosen(text: str | None, months: Sequence[sums.Month]) -> tuple[sums.Month, sums.Month | None]:
    """The month to look at, and the one before it. Without a word, the newest that has anything."""
    if text is None:
        place = max((i for i, one in enumerate(months) if one.sum.count), default=len(months) - 1)
    else:
        try:
            first = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007  a month has no zone
            place = [one.first for one in months].index(first)
        except ValueError:
            raise PeriodInvalid("There is no such month here.", field="month") from None
    return months[place], months[place - 1] if place else None


def _notes(month: sums.Month, before: sums.Month | None) -> dict[str, str]:
    """Beside each figure, what it was in the month before."""
    if before is None:
        return {}
    name = f"{before.first:%B}"
    figures = {"income": before.sum.income, "spending": before.sum.spending, "net": before.sum.net}
    return {key: f"{name}: {money.format()}" for key, money in figures.items()}


# --- one month ------------------------------------------------------------------------------


def _month(user: Any, flows: Sequence[Flow], currency: str, first: date) -> dict[str, Any]:
    """Where the money of a month went, beside the month before."""
    by_category = selectors.by_category(selectors.categoriser_of(user))
    this = [flow for flow in flows if flow.month == first]
    last = [flow for flow in flows if flow.month == next_month(first, -1)]
    groups = _spent(selectors.groups_of(this, currency, by_category))
    earlier = {one.key: one.sum for one in selectors.groups_of(last, currency, by_category)}
    people = _spent(selectors.groups_of(this, currency, selectors.by_counterparty))
    return {
        "categories": [
            {"group": group, "more": group.sum.spending - earlier[group.key].spending}
            if group.key in earlier
            else {"group": group, "more": None}
            for group in groups
        ],
        "slices": _slices(groups, currency),
        "slices_title": f"Spent in {first:%B}, {currency}",
        "people": people[:COUNTERPARTIES_SHOWN],
        "people_more": len(people) - COUNTERPARTIES_SHOWN,
    }


def _spent(groups: Sequence[Group]) -> list[Group]:
    spent = [group for group in groups if group.sum.spending.minor > 0]
    return sorted(spent, key=lambda group: -group.sum.spending.minor)


# --- charts ---------------------------------------------------------------------------------


def _chart(currency: str, labels: Sequence[str], **series: Sequence[Money]) -> dict[str, Any]:
    """A chart for the component, and the table that says the same."""
    return {
        "data": {
            "labels": list(labels),
            "series": [
                {"name": name, "values": [float(money.decimal) for money in values]}
                for name, values in series.items()
            ],
            "unit": currency,
        },
        "headings": list(series),
        "rows": [
            [label, *(money.format() for money in values)]
            for label, *values in zip(labels, *series.values(), strict=True)
        ],
    }


def _bars(months: Sequence[sums.Month], currency: str) -> dict[str, Any]:
    labels = [f"{one.first:%b %Y}" + (" so far" if one.partial else "") for one in months]
    chart = _chart(
        currency,
        labels,
        Income=[one.sum.income for one in months],
        Spending=[one.sum.spending for one in months],
        Net=[one.sum.net for one in months],
    )
    chart["data"]["labels"] = [f"{one.first:%b}" for one in months]
    return chart | {"headings": ["Month", *chart["headings"]]}


def _slices(groups: Sequence[Group], currency: str) -> dict[str, Any] | None:
    """The dearest categories and the rest of them. One alone needs no picture."""
    if len(groups) < 2:
        return None
    names = [group.name for group in groups]
    spent = [group.sum.spending for group in groups]
    if len(groups) > CATEGORIES_DRAWN:
        names[CATEGORIES_DRAWN - 1 :] = ["The rest"]
        rest = sum(money.minor for money in spent[CATEGORIES_DRAWN - 1 :])
        spent[CATEGORIES_DRAWN - 1 :] = [Money(rest, currency)]
    chart = _chart(currency, names, Spent=spent)
    return chart | {"headings": ["Category", *chart["headings"]]}


def _balance(request: HttpRequest, currency: str) -> dict[str, Any]:
    """What the accounts of the currency held together, over a range that can be chosen."""
    text = request.GET.get("days", "90")
    if text not in {str(days) for days in RANGES}:
        raise PeriodInvalid("Choose one of the ranges offered.", field="days")
    accounts = list(accounts_of(request.user).filter(currency=currency))
    chart = balance_chart(accounts, int(text))
    return {
        "balance": _line(chart) if chart else None,
        "balance_title": f"Balance over {RANGES[int(text)]}, {currency}",
        "days": int(text),
        "ranges": list(RANGES.items()),
    }


def _line(chart: BalanceChart) -> dict[str, Any]:
    step = -(-len(chart.days) // POINTS_MAX)
    days, balances = chart.days[::-step][::-1], chart.balances[::-step][::-1]
    labels = [f"{day:%-d %b}" for day in days]
    drawn = _chart(chart.currency, labels, Balance=balances)
    return drawn | {"headings": ["Day", *drawn["headings"]]}


# --- what comes -----------------------------------------------------------------------------


def _recurring(user: Any, currency: str) -> dict[str, Any]:
    known = [one for one in selectors.recurring_of(user) if one.usual.currency == currency]
    leaving = [one for one in known if not one.incoming]
    return {
        "leaving": leaving[:RECURRING_SHOWN],
        "leaving_monthly": Money(sum(one.monthly.minor for one in leaving), currency),
        "arriving": [one for one in known if one.incoming][:RECURRING_SHOWN],
    }


def _forecast(flows: Sequence[Flow], currency: str, today: date) -> dict[str, Any]:
    found, months = selectors.forecast_of(flows, currency, today=today)
    more: dict[str, Any] = {
        "coming": next_month(today.replace(day=1)),
        "months_known": months,
        "months_min": INSIGHTS.forecast_months_min,
    }
    if found is None:
        return more
    return more | {
        "forecast": found,
        "expected": Money(found.expected, currency),
        "low": Money(found.low, currency),
        "high": Money(found.high, currency),
        "error": Money(found.error, currency),
        "coverage": round(found.coverage * 100),
        "gain": round(found.gain * 100),
    }


# --- the customer's word --------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@login_required
def category(request: HttpRequest, transfer_id: str) -> HttpResponse:
    """Say what a payment was for; or all from and to the same counterparty."""
    transfer = transfer_for(request.user, transfer_id)
    flow = selectors.flow_of(request.user, transfer)
    if flow is None:
        raise Http404  # money that has not moved, or only between own accounts, was for nothing
    verdict = selectors.categoriser_of(request.user, flow).of(flow)
    form = CategoryForm(
        request.POST or None,
        counterparty=flow.counterparty.name,
        initial={"category": verdict.category, "scope": "all"},
    )
    if form.is_valid():
        choose_category(
            customer=request.user,
            flow=flow,
            category=form.cleaned_data["category"],
            everyone=form.cleaned_data["scope"] == "all",
        )
        messages.success(request, "Your categories are up to date.")
        return redirect("transfer", transfer.public_id)
    context = {"form": form, "flow": flow, "transfer": transfer, "verdict": verdict}
    status = 422 if form.is_bound else 200
    return render(request, "banking/category.html", context, status=status)
