"""Whether the books still say what their movements say: the last checks, and one on demand."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from banking import checks
from banking.models import CheckRequest, LedgerCheck
from fintrust.core.errors import Problem

SHOWN = 12

# What a finding's code means to somebody who did not write the ledger.
MEANINGS = {
    "balance": "A balance is not what its entries add up to",
    "sequence": "Entries are counted wrongly",
    "gap": "An entry is missing",
    "running-balance": "The balance beside an entry does not follow from the one before",
    "currency": "An entry is in another currency than its account",
    "unknown-account": "There are entries of an account that does not exist",
    "same-account": "Money moves from an account to itself",
    "capture": "A hold and the movement that took it do not agree",
    "value-date": "The list of entries valued on another day is wrong",
    "held": "What is held is not what the open holds add up to",
    "floor": "An account is lower than it may be",
    "closed": "A closed account is not empty",
    "sum": "All balances of a currency do not add up to zero",
    "reversal": "A reversal does not undo its movement",
    "journal": "The movements of a journal are not those it was made of",
    "period": "A closed period was written into",
    "frozen": "The figures kept for a closed period are not what the movements say",
    "proof": "The books do not add up",
}


@require_http_methods(["GET", "POST"])
def integrity(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    if not request.user.has_perm("banking.view_ledgercheck"):
        raise PermissionDenied
    if request.method == "POST":
        return _ask(request)
    newest = LedgerCheck.objects.order_by("-id")
    more = {
        "whole": newest.filter(full=True).first(),
        "short": newest.filter(full=False).first(),
        "last": newest.first(),
        "findings": _findings(newest.first()),
        "checks": newest[:SHOWN],
        "waiting": CheckRequest.objects.filter(answer=None).select_related("asked_by").first(),
        "may_ask": request.user.has_perm("banking.add_checkrequest"),
    }
    return render(request, "admin/integrity.html", {**context, **more})


def _ask(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("banking.add_checkrequest"):
        raise PermissionDenied
    try:
        checks.ask_check(by=request.user)
    except Problem as problem:  # a colleague was quicker, and the answer is for both
        messages.warning(request, problem.message)
    else:
        messages.success(request, "All books are read again. Look here in a moment.")
    return redirect("admin:integrity")


def _findings(check: LedgerCheck | None) -> list[dict[str, str]]:
    found = check.findings if check else []
    return [{**one, "meaning": MEANINGS.get(one["code"], one["code"])} for one in found]
