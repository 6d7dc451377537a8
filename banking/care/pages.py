"""One account's settings: its name, its freeze, who shares it, and the way to close it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from banking import selectors
from banking.care import selectors as care
from banking.care import services
from banking.models import Account, StatusChange
from banking.pages.forms import AccountChoice, PinForm
from banking.sharing.selectors import invitations_of, people_of
from biometrics.pins import has_pin
from fintrust.core.errors import Problem
from fintrust.core.ids import uuid7
from fintrust.core.money import Money


class NameForm(forms.Form):
    name = forms.CharField(
        max_length=services.NAME_MAX, help_text="You see it, and people you share the account with."
    )


class CloseForm(PinForm):
    """Where the rest goes, and the PIN. The request id makes a double click one closing."""

    request_id = forms.CharField(widget=forms.HiddenInput, max_length=100)
    seen = forms.IntegerField(widget=forms.HiddenInput)
    move_to = AccountChoice(label="Move the rest to")
    field_order = ("move_to", "pin")

    def __init__(self, *args: Any, account: Account, **options: Any) -> None:
        super().__init__(*args, **options)
        if not account.balance_minor:
            del self.fields["move_to"]
            return
        others = selectors.accounts_of(account.owner).exclude(pk=account.pk)
        self.fields["move_to"].queryset = others.filter(
            currency=account.currency, status=Account.Status.ACTIVE
        )


@require_http_methods(["GET", "POST"])
@login_required
def settings(request: HttpRequest, account_id: str) -> HttpResponse:
    """Everything the owner may do about an account. Posting renames it."""
    found = selectors.account_for(request.user, account_id)
    form = NameForm(request.POST or None, initial={"name": found.name})
    if form.is_valid():
        try:
            services.rename_account(account=found, by=request.user, name=form.cleaned_data["name"])
        except Problem as problem:
            form.add_error("name", problem.message)
        else:
            messages.success(request, "The account has its new name.")
            return redirect("account-settings", found.public_id)
    return _settings(request, found, form=form, status=422 if form.is_bound else 200)


def _settings(
    request: HttpRequest, account: Account, *, status: int = 200, **more: Any
) -> HttpResponse:
    sides = care.frozen_by(account)
    context = {
        "account": account,
        "form": NameForm(initial={"name": account.name}),
        "pin_form": PinForm(),
        "has_pin": has_pin(request.user),
        "by_owner": StatusChange.Side.OWNER in sides,
        "by_bank": StatusChange.Side.BANK in sides,
        "changes": care.changes_of(account),
        "people": people_of(account).count(),
        "invited": invitations_of(account).count(),
        **more,
    }
    return render(request, "banking/account_settings.html", context, status=status)


@require_POST
@login_required
def freeze(request: HttpRequest, account_id: str) -> HttpResponse:
    found = selectors.account_for(request.user, account_id)
    services.freeze_account(account=found, by=request.user)
    messages.success(request, f"{found.name} is frozen. Nothing moves on it.")
    return redirect("account-settings", found.public_id)


@require_POST
@login_required
def thaw(request: HttpRequest, account_id: str) -> HttpResponse:
    found = selectors.account_for(request.user, account_id)
    form = PinForm(request.POST)
    if form.is_valid():
        try:
            thawed = services.thaw_account(
                account=found, by=request.user, pin=form.cleaned_data["pin"]
            )
        except Problem as problem:
            form.add_error("pin" if problem.field == "pin" else None, problem.message)
        else:
            messages.success(request, _thawed(thawed))
            return redirect("account-settings", found.public_id)
    return _settings(request, found, pin_form=form, status=422)


def _thawed(account: Account) -> str:
    if account.status == Account.Status.FROZEN:
        return "You have lifted your freeze. The bank's own stays."
    return f"{account.name} is open again."


@require_http_methods(["GET", "POST"])
@login_required
def close(request: HttpRequest, account_id: str) -> HttpResponse:
    """What closing will do, and then closing."""
    found = selectors.account_for(request.user, account_id)
    start = {"request_id": str(uuid7()), "seen": found.balance_minor}
    form = CloseForm(request.POST or None, account=found, initial=start)
    if form.is_valid() and (answer := _close(request, found, form)):
        return answer
    choices = form.fields["move_to"].queryset if "move_to" in form.fields else None
    context = {
        "account": found,
        "form": form,
        "obstacles": _obstacles(found),
        "nowhere": choices is not None and not choices.exists(),
        "has_pin": has_pin(request.user),
    }
    return render(
        request, "banking/close_account.html", context, status=422 if form.is_bound else 200
    )


def _close(request: HttpRequest, account: Account, form: CloseForm) -> HttpResponse | None:
    data = form.cleaned_data
    try:
        closed, rest = services.close_account(
            account=account,
            by=request.user,
            pin=data["pin"],
            request_id=data["request_id"],
            move_to=data.get("move_to"),
            expected=Money(data["seen"], account.currency),
        )
    except Problem as problem:
        form.add_error(problem.field if problem.field in form.fields else None, problem.message)
        return None
    if closed.status == Account.Status.CLOSED:
        messages.success(request, f"{closed.name} is closed. Its history stays.")
        return redirect("accounts")
    messages.warning(request, "The rest could not be moved, so the account stays open.")
    return redirect("transfer", rest.public_id)


def _obstacles(account: Account) -> list[str]:
    if account.status == Account.Status.CLOSED:
        return ["It is closed already."]
    if account.status == Account.Status.FROZEN:
        return ["It is frozen. Thaw it first.", *care.obstacles_to_closing(account)]
    return care.obstacles_to_closing(account)
