"""Giving back what one was sent: a question, and the answer."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from banking import selectors
from banking.returns import services
from fintrust.core.errors import NotFound, Problem
from fintrust.core.ids import uuid7


@require_http_methods(["GET", "POST"])
@login_required
def give_back(request: HttpRequest, transfer_id: str) -> HttpResponse:
    found = selectors.transfer_for(request.user, transfer_id)
    if not services.may_return(found, request.user):
        raise NotFound()
    context = {
        "transfer": found,
        "payer": selectors.name_of(found.source),
        "left": found.target.available - found.amount,
        "request_id": request.POST.get("request_id") or str(uuid7()),
    }
    if request.method == "GET":
        return render(request, "banking/return.html", context)
    try:
        back = services.return_transfer(
            transfer=found, by=request.user, request_id=context["request_id"]
        )
    except Problem as problem:
        context["problem"] = problem
        return render(request, "banking/return.html", context, status=problem.status)
    return redirect("transfer", back.public_id)
