"""Accounts at other banks: naming them, bringing files, looking before adding, looking back."""

import csv
from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from banking.imports import delimited, selectors, services
from banking.imports.delimited import Layout
from banking.imports.forms import AccountForm, ColumnsForm, OutsideAccountForm, UploadForm
from banking.models import Import
from fintrust.core.errors import Problem
from fintrust.core.money import Money

IMPORTS_PAGE, ENTRIES_PAGE = 20, 50
FAULTS_SHOWN = 20
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


# The login is looked at before the body is read: a stranger's file is not received.
@csrf_exempt
@require_http_methods(["GET", "POST"])
@login_required
@csrf_protect
def imports(request: HttpRequest) -> HttpResponse:
    """Bring a file, and see the files brought before."""
    accounts = selectors.outside_accounts_of(request.user)
    form = UploadForm(
        request.POST or None,
        request.FILES or None,
        accounts=accounts,
        initial={"account": request.GET.get("account", "")},
    )
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            item = services.upload_import(
                by=request.user,
                account=form.cleaned_data["account"],
                filename=file.name,
                file=file,
            )
        except Problem as problem:
            form.add_error("file", problem.message)
        else:
            return redirect("import", item.public_id)
    context = {
        "form": form,
        "accounts": list(accounts),
        "page": selectors.imports_page(
            request.user, before=request.GET.get("before"), size=IMPORTS_PAGE
        ),
    }
    return render(request, "banking/imports.html", context, status=_status(form))


@require_GET
@login_required
def one_import(request: HttpRequest, item_id: str) -> HttpResponse:
    """Where an import stands: being read, waiting to be confirmed, being added, done."""
    return _show(request, selectors.import_for(request.user, item_id))


@require_POST
@login_required
def correct(request: HttpRequest, item_id: str) -> HttpResponse:
    """Read the file as its owner says."""
    item = selectors.import_for(request.user, item_id)
    form = _form(item, request.POST)
    if form is None:
        return redirect("import", item_id)
    if not form.is_valid():
        return _show(request, item, form=form, status=422)
    if changes := form.changes():
        try:
            services.correct_import(item=item, by=request.user, changes=changes)
        except Problem as problem:
            form.add_error(None, problem.message)
            return _show(request, item, form=form, status=problem.status)
    return redirect("import", item_id)


@require_POST
@login_required
def confirm(request: HttpRequest, item_id: str) -> HttpResponse:
    """Add what the preview shows."""
    item = selectors.import_for(request.user, item_id)
    text = request.POST.get("revision", "")
    revision = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    try:
        services.confirm_import(item=item, by=request.user, revision=revision)
    except Problem as problem:
        item = selectors.import_for(request.user, item_id)
        return _show(request, item, problem=problem, status=problem.status)
    return redirect("import", item_id)


@require_http_methods(["GET", "POST"])
@login_required
def undo(request: HttpRequest, item_id: str) -> HttpResponse:
    """Cancel an import, or remove it with its lines."""
    item = selectors.import_for(request.user, item_id)
    if request.method == "GET":
        return render(request, "banking/import_undo.html", {"item": item})
    gone = services.undo_import(item=item, by=request.user)
    lines = f" {gone} line{'s' if gone != 1 else ''} went with it." if gone else ""
    messages.success(request, f"{item.filename} is removed.{lines}")
    return redirect("imports")


@require_GET
@login_required
def faults(request: HttpRequest, item_id: str) -> HttpResponse:
    """The lines that could not be read, as a CSV that no spreadsheet takes for formulas."""
    item = selectors.import_for(request.user, item_id)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="import-errors.csv"'
    writer = csv.writer(response)
    writer.writerow(["Line", "Code", "Reason", "Text"])
    for fault in (item.report or {}).get("faults", ()):
        cells = (fault["number"], fault["code"], fault["reason"], fault["excerpt"])
        writer.writerow(harmless(str(cell)) for cell in cells)
    return response


def harmless(cell: str) -> str:
    """A cell that a spreadsheet shows instead of carrying it out."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


_HEADLINES: dict[str, str] = {
    Import.Status.CHECKING: "One moment",
    Import.Status.READY: "Is this right?",
    Import.Status.ADDING: "One moment",
    Import.Status.DONE: "Done",
    Import.Status.FAILED: "This did not work",
}


def _show(
    request: HttpRequest,
    item: Import,
    *,
    form: Any = None,
    problem: Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "item": item,
        "report": item.report,
        "form": form or _form(item),
        "problem": problem,
        "headline": _HEADLINES[item.status],
        "sums": _sums(item),
        "sample": _sample(item),
        "first": _day(item, "first"),
        "last": _day(item, "last"),
        "faults": (item.report or {}).get("faults", ())[:FAULTS_SHOWN],
        "unclear": _unclear(item),
        "percent": _percent(item),
    }
    part = request.htmx and item.is_due
    template = "banking/import.html#progress" if part else "banking/import.html"
    response = render(request, template, context, status=status)
    if request.htmx and not item.is_due:
        response.headers["HX-Refresh"] = "true"  # another state is another page
    return response


def _form(item: Import, data: Any = None) -> ColumnsForm | AccountForm | None:
    """What can be corrected, while something can."""
    if item.status not in {Import.Status.READY, Import.Status.FAILED} or item.added:
        return None
    if item.format == Import.Format.CSV:
        return ColumnsForm(data, item=item) if "roles" in item.layout else None
    several = len((item.report or {}).get("accounts", ())) > 1 or item.layout.get("account")
    return AccountForm(data, item=item) if several else None


def _unclear(item: Import) -> list[str]:
    if item.format != Import.Format.CSV or "header" not in item.layout:
        return []
    return delimited.problems_of(Layout.of(item.layout))


def _sums(item: Import) -> dict[str, Money]:
    """What the figures show; what went out without its sign, the words say that it went."""
    report, currency = item.report or {}, item.account.currency
    return {
        name: Money(abs(report[f"{name}_minor"]), currency)
        for name in ("in", "out", "balance_gap")
        if f"{name}_minor" in report
    }


def _sample(item: Import) -> list[dict[str, Any]]:
    lines = (item.report or {}).get("sample", ())
    return [{**line, "day": date.fromisoformat(line["booked"])} for line in lines]


def _day(item: Import, name: str) -> date | None:
    text = (item.report or {}).get(name)
    return date.fromisoformat(text) if text else None


def _percent(item: Import) -> int:
    """How far the lines are; of a file that is read for the first time nobody knows its length."""
    total = (item.report or {}).get("lines", 0)
    return min(100, item.position * 100 // total) if total else 0


# --- the accounts ---------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@login_required
def open_account(request: HttpRequest) -> HttpResponse:
    form = OutsideAccountForm(request.POST or None)
    if form.is_valid():
        data = form.cleaned_data
        try:
            account = services.open_outside_account(
                owner=request.user,
                name=data["name"],
                bank=data["bank"],
                currency=data["currency"].code,
                opening=data["opening"],
            )
        except Problem as problem:
            form.add_error(problem.field if problem.field in form.fields else None, problem.message)
        else:
            return redirect(f"{reverse('imports')}?account={account.public_id}")
    return render(request, "banking/outside_open.html", {"form": form}, status=_status(form))


@require_GET
@login_required
def account(request: HttpRequest, account_id: str) -> HttpResponse:
    """What files say about one account at another bank, newest booking first."""
    found = selectors.outside_account_for(request.user, account_id)
    text = request.GET.get("text", "").strip()[:60]
    page = selectors.outside_entries_page(
        found, before=request.GET.get("before"), size=ENTRIES_PAGE, text=text
    )
    context = {"account": found, "page": page, "text": text}
    template = "banking/outside.html#entries" if request.htmx else "banking/outside.html"
    return render(request, template, context)


@require_http_methods(["GET", "POST"])
@login_required
def delete_account(request: HttpRequest, account_id: str) -> HttpResponse:
    found = selectors.outside_account_for(request.user, account_id)
    if request.method == "GET":
        return render(request, "banking/outside_delete.html", {"account": found})
    services.delete_outside_account(account=found, by=request.user)
    messages.success(request, f"{found.name} at {found.bank} and its lines are deleted.")
    return redirect("imports")


def _status(form: Any) -> int:
    return 422 if form.is_bound else 200
