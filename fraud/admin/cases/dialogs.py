"""What is asked before a deed about a case, and how it is carried out."""

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from fintrust.core.admin_base import ReadOnlyAdmin
from fintrust.core.errors import NotFound, Problem
from fintrust.core.models import User
from fraud.admin.base import id_in
from fraud.admin.lists import write_page
from fraud.cases import selectors
from fraud.hits import say
from fraud.lists.matched import PAYEE
from fraud.models import Case, Decision
from fraud.policy import CASES
from fraud.selectors import decision_for


def payments_of(case: Case) -> list[dict[str, Any]]:
    """The suspected payments as a table shows them, each with what is known of it by now."""
    found = []
    for decision in selectors.suspected(case).prefetch_related("labels"):
        facts = decision.facts_then()
        found.append(
            {
                "decision": decision,
                "amount": say(facts.amount_minor, facts.currency),
                "other": facts.counterparty or "outside",
                "listing": facts.counterparty and write_page(PAYEE, facts.counterparty),
                "labels": decision.labels.all(),
            }
        )
    return found


def _words(label: str, *, required: bool = True, rows: int = 3, longest: int = 0) -> Any:
    return forms.CharField(
        label=label,
        required=required,
        min_length=CASES.text_min,
        max_length=longest or CASES.text_max,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": rows}),
    )


class CaseForm(BaseDialogForm):
    """A dialog about one case."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.case = Case.objects.filter(pk=self.object_id).first()

    def named(self) -> dict[str, Any]:
        """What the deed is called with."""
        kept = dict(self.cleaned_data)
        kept.pop("_form_submitted")
        return kept


class WordsForm(CaseForm):
    text = _words("Why")


class OptionalWordsForm(CaseForm):
    text = _words("Note", required=False)


class HandOverForm(CaseForm):
    to = forms.ModelChoiceField(
        label="To", queryset=User.objects.none(), widget=UnfoldAdminSelectWidget
    )
    text = _words("Note", required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.case:
            cast(Any, self.fields["to"]).queryset = selectors.colleagues_for(self.case)


class SeenForm(CaseForm):
    """Shows which payments the outcome is about, and remembers that these were shown."""

    form_before_template = "admin/fraud/_payments_decided.html"
    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.case:
            self.fields["seen"].initial = selectors.newest_entry(self.case)

    def get_before_template_context(self, request: Any, object_id: Any = None) -> dict[str, Any]:
        return {"payments": payments_of(self.case) if self.case else [], "case": self.case}


class CloseForm(SeenForm):
    outcome = forms.ChoiceField(
        choices=[("", "What was it?"), *Case.Outcome.choices], widget=UnfoldAdminSelectWidget
    )
    text = _words("Why")
    field_order = ("outcome", "text")


class ApproveForm(SeenForm):
    text = _words("Note", required=False)


class LinkForm(CaseForm):
    decision = forms.CharField(
        label="Payment",
        max_length=40,
        widget=UnfoldAdminTextInputWidget,
        help_text="dec_… or trf_…",
    )
    suspected = forms.BooleanField(
        label="It is suspected, too: the outcome is about it as well",
        required=False,
        widget=UnfoldBooleanWidget,
    )
    text = _words("What it shows", required=False)

    def clean_decision(self) -> Decision:
        text = self.cleaned_data["decision"].strip()
        found = decision_for(text)
        if key := id_in(Decision.prefix, text):
            found = Decision.objects.filter(pk=key).first()
        if found is None:
            raise forms.ValidationError("There is no payment under this id.")
        return found


class ReportForm(CaseForm):
    narrative = _words(
        "Your account: who did what, how, and why it is suspicious",
        rows=12,
        longest=CASES.report_text_max,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        newest = self.case and self.case.reports.order_by("-id").first()
        if newest:
            self.fields["narrative"].initial = newest.content["narrative"]


class FileForm(forms.Form):
    file = forms.FileField(
        widget=UnfoldAdminFileFieldWidget,
        help_text=f"PDF, PNG, JPEG or plain text, at most {CASES.file_bytes_max:,} bytes.",
    )
    text = _words("What it shows", required=False)


def dialog(title: str, text: str, form: type[CaseForm], submit: str) -> dict[str, Any]:
    return {
        "title": title,
        "description": text,
        "form_class": form,
        "form_submit_text": submit,
    }


def done(
    room: ReadOnlyAdmin,
    request: HttpRequest,
    form: CaseForm,
    dialog: dict[str, Any],
    deed: Callable[..., Any],
    said: str,
    **named: Any,
) -> HttpResponse:
    """Carry it out and leave the dialog; what is wrong with a field is said beside it."""
    row = room.get_object(request, cast(str, form.object_id))
    if row is None:
        raise NotFound()
    try:
        deed(**{room.opts.model_name.removeprefix("suspicion"): row}, by=request.user, **named)
        messages.success(request, said)
    except Problem as problem:
        if problem.field in form.fields:
            form.add_error(problem.field, problem.message)
            context = {
                "dialog": dialog,
                "form": form,
                "form_submit_text": dialog["form_submit_text"],
            }
            return render(request, "unfold/helpers/dialog.html", context)
        messages.error(request, problem.message)
    # The dialog posts by htmx, which has to be told to leave it.
    name = f"admin:fraud_{room.opts.model_name}_change"
    return HttpResponseClientRedirect(reverse(name, args=[form.object_id]))
