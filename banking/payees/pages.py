"""The address book: list, add, rename, remove."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from banking.models import Check, Payee
from banking.payees import selectors, services
from banking.payees.forms import PayeeForm, RenameForm
from fintrust.core.errors import Problem, TooMany
from fintrust.core.etags import PreconditionFailed, seen

_FIELDS = {"account", "name", "nickname"}


@require_GET
@login_required
def payees(request: HttpRequest) -> HttpResponse:
    found = list(selectors.payees_of(request.user))
    return render(request, "banking/payees.html", {"payees": found})


@require_http_methods(["GET", "POST"])
@login_required
def add(request: HttpRequest) -> HttpResponse:
    """Add somebody. Unless the name matches, what the check said is shown before it is kept."""
    form = PayeeForm(request.POST or None, initial=request.GET.dict())
    found = None
    if form.is_valid():
        try:
            found = _looked_up(request, form)
            if _settled(found, form):
                payee = _added(request, form)
                messages.success(request, f"{payee.title} is in your address book.")
                return redirect("payees")
        except TooMany:
            raise
        except Problem as problem:
            form.add_error(
                problem.field if problem.field in _FIELDS else "account", problem.message
            )
            found = None
    context = {"form": form, "found": found, "check": found.check if found else None}
    return render(request, "banking/payee_add.html", context, status=422 if form.errors else 200)


def _looked_up(request: HttpRequest, form: PayeeForm) -> services.Found:
    data = form.cleaned_data
    return services.look_up(by=request.user, text=data["account"], name=data["name"])


def _settled(found: services.Found, form: PayeeForm) -> bool:
    """Nothing to show first: it matches, or the customer has seen what the check said."""
    return found.own or found.check == Check.MATCH or form.cleaned_data["seen"] == found.check


def _added(request: HttpRequest, form: PayeeForm) -> Payee:
    data = {name: form.cleaned_data[name] for name in _FIELDS}
    return services.add_payee(by=request.user, **data)


@require_http_methods(["GET", "POST"])
@login_required
def payee(request: HttpRequest, payee_id: str) -> HttpResponse:
    """One of them: details, and another name."""
    found = selectors.payee_for(request.user, payee_id)
    now = {name: getattr(found, name) for name in ("name", "nickname", "version")}
    form = RenameForm(request.POST or None, initial=now)
    if form.is_valid():
        data = dict(form.cleaned_data)
        expected = seen(data.pop("version"))
        try:
            services.change_payee(payee=found, by=request.user, **data, expected=expected)
        except PreconditionFailed:
            form.add_error(None, "This was changed in another window. Here is what it says now.")
            form = _anew(form, now)
        else:
            messages.success(request, "Changed.")
            return redirect("payee", found.public_id)
    context: dict[str, Any] = {"payee": found, "form": form}
    return render(request, "banking/payee.html", context, status=422 if form.errors else 200)


def _anew(form: RenameForm, now: dict[str, Any]) -> RenameForm:
    """The form as the row is now, with the errors of the one that came too late."""
    fresh = RenameForm(now)
    fresh.full_clean()
    for error in form.non_field_errors():
        fresh.add_error(None, error)
    return fresh


@require_http_methods(["GET", "POST"])
@login_required
def remove(request: HttpRequest, payee_id: str) -> HttpResponse:
    found = selectors.payee_for(request.user, payee_id)
    if request.method == "POST":
        services.remove_payee(payee=found, by=request.user)
        messages.success(request, f"{found.title} is no longer in your address book.")
        return redirect("payees")
    return render(request, "banking/payee_remove.html", {"payee": found})
