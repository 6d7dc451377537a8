"""What an officer fills in to propose a journal or a closing."""

from typing import Any
from uuid import UUID

from django import forms
from django.forms.formsets import BaseFormSet
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from banking.deeds import DayInput
from banking.models import Account, Currency
from banking.policy import PROPOSALS
from banking.proposals.selectors import account_named
from banking.proposals.services import NARRATIVE_MAX, Leg
from banking.reasons import REASON_MAX, REASON_MIN
from fintrust.core.errors import Problem
from fintrust.core.ids import uuid7
from fintrust.core.money import Money

LEGS_SHOWN = 3  # the others wait below; most corrections are one or two


def currencies() -> list[tuple[str, str]]:
    return [(one.code, f"{one.code}, {one.name}") for one in Currency.objects.all()]


class CurrencyField(forms.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            choices=currencies, initial="EUR", widget=UnfoldAdminSelectWidget, **options
        )


class ColleagueReasonForm(forms.Form):
    """For a deed that another officer reads about."""

    reason = forms.CharField(
        min_length=REASON_MIN,
        max_length=REASON_MAX,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="For your colleagues. It stays in the audit log with your name.",
    )


class AgreeForm(ColleagueReasonForm):
    """Who agrees need not say why."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"].required = False
        self.fields["reason"].label = "Remark (optional)"


class AdjustmentForm(ColleagueReasonForm):
    id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)  # sent twice it is one proposal
    narrative = forms.CharField(
        label="Text of the entry",
        min_length=REASON_MIN,
        max_length=NARRATIVE_MAX,
        widget=UnfoldAdminTextInputWidget,
        help_text="Customers read it on their accounts and statements.",
    )
    value_date = forms.DateField(
        label="Value date (optional)",
        required=False,
        widget=DayInput,
        help_text="The day from which the money counts. Left empty: the day it is booked.",
    )
    field_order = ("id", "narrative", "value_date", "reason")

    def clean_id(self) -> UUID:
        id: UUID = self.cleaned_data["id"]
        if id.version != 7:  # only ids that this form gave out
            raise forms.ValidationError("Open this page again.")
        return id


class LegForm(forms.Form):
    source = forms.CharField(label="From", max_length=40, widget=UnfoldAdminTextInputWidget)
    target = forms.CharField(label="To", max_length=40, widget=UnfoldAdminTextInputWidget)
    amount = forms.CharField(
        max_length=30, widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"})
    )
    currency = CurrencyField()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("source", "target"):
            self.fields[name].widget.attrs["list"] = "own-accounts"

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        currency = data.get("currency")
        for name in ("source", "target"):
            if currency and name in data:
                data[name] = self._read(name, account_named, data[name], currency)
        if currency and "amount" in data:
            data["amount"] = self._read("amount", Money.parse, data["amount"], currency)
        return data

    def _read(self, name: str, read: Any, *words: str) -> Any:
        try:
            return read(*words)
        except Problem as problem:
            self.add_error(name, problem.message)
            return None

    def leg(self) -> Leg:
        data = self.cleaned_data
        return Leg(data["source"], data["target"], data["amount"])


class _Legs(BaseFormSet):
    """Lines that stay empty are no legs; at least one is."""

    def filled(self) -> list[LegForm]:
        return [form for form in self.forms if form.has_changed()]

    def legs(self) -> list[Leg]:
        return [form.leg() for form in self.filled()]

    def clean(self) -> None:
        if not self.filled():
            raise forms.ValidationError("Fill in at least one line.")

    def refuse(self, problem: Problem) -> bool:
        """Say beside its line what is wrong with a leg; False when it is about all of them."""
        number = problem.extra.get("leg")
        if number is None:
            return False
        form = self.filled()[int(number) - 1]
        form.add_error(problem.extra.get("side") or problem.field, problem.message)
        return True

    @property
    def first(self) -> list[LegForm]:
        return self.forms[:LEGS_SHOWN]

    @property
    def others(self) -> list[LegForm]:
        return self.forms[LEGS_SHOWN:]

    @property
    def others_used(self) -> bool:
        return any(form.has_changed() for form in self.others)


LegFormSet: Any = forms.formset_factory(
    LegForm,
    formset=_Legs,
    extra=PROPOSALS.legs_max,
    max_num=PROPOSALS.legs_max,
    absolute_max=PROPOSALS.legs_max,
    validate_max=True,
)


def own_accounts() -> list[tuple[str, str]]:
    """The bank's own accounts by the name that this form knows them by."""
    found = Account.objects.filter(product=Account.Product.INTERNAL)
    return sorted(set(found.values_list("gl_code", "name")))


class ClosingForm(ColleagueReasonForm):
    currency = CurrencyField()
    until_day = forms.DateField(
        label="Close up to and including",
        widget=DayInput,
        help_text="A day that is over (UTC). From then on nothing can be valued on it or before.",
    )
    field_order = ("currency", "until_day", "reason")
