"""What the console's pages share that ask an officer before something is done."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from unfold.widgets import INPUT_CLASSES, UnfoldAdminTextareaWidget

from banking.models import Account
from banking.reasons import REASON_MAX, REASON_MIN
from fintrust.core.admin_base import ReadOnlyAdmin
from fintrust.core.errors import Problem

Facts = Sequence[tuple[str, Any]]


def link(row: Any, text: str) -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return format_html(
        '<a class="console-link" href="{}">{}</a>', reverse(name, args=[row.pk]), text
    )


def account_link(account: Account) -> str:
    """An account in a list: whose it is and its number, or which of the bank's own."""
    return link(account, account.number if account.owner_id else account.name)


class DayInput(forms.DateInput):
    """A browser's own calendar, which takes only this form of a date."""

    def __init__(self) -> None:
        attrs = {"type": "date", "class": " ".join(INPUT_CLASSES)}
        super().__init__(format="%Y-%m-%d", attrs=attrs)


class MomentInput(forms.DateTimeInput):
    """A day and a time on the officer's own clock."""

    def __init__(self) -> None:
        attrs = {"type": "datetime-local", "class": " ".join(INPUT_CLASSES)}
        super().__init__(format="%Y-%m-%dT%H:%M", attrs=attrs)


class ReasonForm(forms.Form):
    """Why an officer decides as they do; the service and the audit log keep it."""

    def __init__(self, *args: Any, about: Account | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.about = about

    reason = forms.CharField(
        min_length=REASON_MIN,
        max_length=REASON_MAX,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="The customer does not see it. It stays in the audit log with your name.",
    )


def carried_out(form: forms.Form, deed: Callable[..., Any], **more: Any) -> Any:
    """What the deed gave back; None when the form says why it could not be done."""
    try:
        return deed(**form.cleaned_data, **more)
    except Problem as problem:
        refuse(form, problem)
        return None


def refuse(form: forms.Form, problem: Problem) -> None:
    """Say it beside the field, if the form has that field."""
    form.add_error(problem.field if problem.field in form.fields else None, problem.message)


def ask(
    page: ReadOnlyAdmin,
    request: HttpRequest,
    row: Any,
    verb: str,
    form: forms.Form,
    facts: Facts = (),
    *,
    calm: bool = False,
    template: str = "admin/banking/deed.html",
    **more: Any,
) -> HttpResponse:
    """The page that asks an officer for what a deed needs; `row` is None for a list's deed."""
    name = f"admin:{page.opts.app_label}_{page.opts.model_name}"
    back = reverse(f"{name}_change", args=[row.pk]) if row else reverse(f"{name}_changelist")
    context = {
        **page.admin_site.each_context(request),
        "title": f"{verb}?" if row else verb,
        "opts": page.opts,
        "original": row,
        "form": form,
        "facts": facts,
        "verb": verb,
        "calm": calm,
        "back": back,
        **more,
    }
    return render(request, template, context)
