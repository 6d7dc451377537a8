"""What the reading rooms of this app share."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from banking.deeds import ask, carried_out
from banking.models import Account
from banking.numbers import AccountNumberInvalid, account_id_of
from fintrust.core.admin_base import ReadOnlyAdmin
from fintrust.core.errors import NotFound
from fintrust.core.ids import from_public


def accounts_named(text: str) -> list[int]:
    """The account whose number or public id this is."""
    try:
        return [account_id_of(text)]
    except AccountNumberInvalid:
        uuid = id_in(Account.prefix, text)
        return list(Account.objects.filter(uuid=uuid).values_list("pk", flat=True)) if uuid else []


def id_in(prefix: str, text: str) -> Any:
    try:
        return from_public(prefix, text)
    except NotFound:
        return None


def set_anew(
    page: ReadOnlyAdmin,
    request: HttpRequest,
    verb: str,
    form: forms.Form,
    service: Callable[..., Any],
) -> HttpResponse:
    """Ask for what the bank offers from now on, then let the service set it."""
    if form.is_valid() and (made := carried_out(form, service, by=request.user)):
        messages.success(request, f"Set: {made}")
        return redirect(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
    return ask(page, request, None, verb, form, calm=True)
