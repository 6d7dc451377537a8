"""What would be decided about a payment of any customer's, and if other things were known."""

from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods
from unfold.widgets import INPUT_CLASSES, UnfoldAdminTextareaWidget

from banking.deeds import MomentInput
from banking.models import Account, Transfer
from banking.selectors import payee_account
from banking.whatif.forms import QuestionForm
from banking.whatif.pages import answer_to, shown
from banking.whatif.services import ANY_CUSTOMER
from fintrust.core.budgets import spend
from fintrust.core.errors import Problem
from fintrust.core.models import User
from fraud.features import AGGREGATES

KNOWN_LENGTH_MAX = 1_000
_INPUT = " ".join(INPUT_CLASSES)


class AnyQuestionForm(QuestionForm):
    """An officer about any customer's account."""

    source = forms.CharField(
        label="From account", max_length=40, help_text="Its number or id; any customer's."
    )
    known = forms.CharField(
        label="If other things were known",
        required=False,
        max_length=KNOWN_LENGTH_MAX,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "placeholder": "pair_count = 3"}),
        help_text="One number a line, by its name below. Amounts in minor units.",
    )
    field_order = ("source", "payee", "amount", "at", "place", "known")

    def __init__(self, *args: Any, asker: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.asker = asker
        self.fields["at"].widget = MomentInput()
        for name in ("source", "payee", "amount", "place"):
            self.fields[name].widget.attrs["class"] = _INPUT

    def clean_source(self) -> Account:
        try:
            return payee_account(self.cleaned_data["source"])
        except Problem as problem:
            raise forms.ValidationError(problem.message) from None

    def clean_known(self) -> dict[str, int]:
        """`pair_count = 3`, a line each."""
        found = {}
        for line in filter(None, map(str.strip, self.cleaned_data["known"].splitlines())):
            name, _, number = (part.strip() for part in line.partition("="))
            if not number.lstrip("-").isascii() or not number.lstrip("-").isdecimal():
                raise forms.ValidationError(f"Write “{line[:40]}” as a name, =, a whole number.")
            if name in found:
                raise forms.ValidationError(f"{name[:40]} is given twice.")
            found[name] = int(number)
        return found

    def _known(self, data: dict[str, Any]) -> dict[str, int] | None:
        return data.get("known") or None


@require_http_methods(["GET", "POST"])
def what_if(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    if not request.user.has_perm(ANY_CUSTOMER):
        raise PermissionDenied
    asker = cast(User, request.user)
    form = AnyQuestionForm(request.POST or None, asker=asker, initial=request.GET.dict())
    answer = None
    if form.is_valid():
        spend("what-if", str(asker.pk))
        answer = answer_to(form, by=asker, channel=Transfer.Channel.WEB)
    more = {"form": form, "names": sorted(AGGREGATES), **shown(answer)}
    status = 422 if form.errors else 200
    return render(request, "admin/whatif.html", {**context, **more}, status=status)
