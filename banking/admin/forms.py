"""What staff fill in: rates, interest terms, an account's limits and overdraft, a statement."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from banking.deeds import DayInput, MomentInput, ReasonForm
from banking.fx.services import SOURCE_MAX
from banking.limits.services import COUNT_MAX
from banking.models import Account, InterestTerms
from banking.policy import INTEREST
from banking.proposals.forms import ColleagueReasonForm, CurrencyField
from banking.statements.formats import FORMATS
from banking.statements.forms import PeriodForm
from fintrust.core.errors import Problem
from fintrust.core.money import MINOR_MAX, Money, exponent

_PLAIN = re.compile(r"[0-9]{1,18}(\.[0-9]{1,12})?")  # nothing like 1e9: too easily mistyped
_NUMBER = {"inputmode": "decimal"}
PRODUCTS = [choice for choice in Account.Product.choices if choice[0] != Account.Product.INTERNAL]


class RateForm(ColleagueReasonForm):
    base, quote = CurrencyField(label="One unit of"), CurrencyField(label="Is worth, in")
    rate = forms.DecimalField(
        label="So many",
        widget=UnfoldAdminTextInputWidget(attrs=_NUMBER),
        max_digits=24,
        decimal_places=12,
        help_text="How many units of the second currency: 1.0842",
    )
    source = forms.CharField(
        label="Where it is from", max_length=SOURCE_MAX, widget=UnfoldAdminTextInputWidget
    )
    valid_from = forms.DateTimeField(
        label="Valid from (optional)",
        required=False,
        widget=MomentInput,
        help_text="Left empty: from now on.",
    )
    field_order = ("base", "quote", "rate", "source", "valid_from", "reason")


class TermsForm(ColleagueReasonForm):
    product = forms.ChoiceField(choices=PRODUCTS, widget=UnfoldAdminSelectWidget)
    currency = CurrencyField()
    valid_from = forms.DateField(
        widget=DayInput, help_text="A day whose interest has not been counted yet."
    )
    day_count = forms.ChoiceField(
        label="Days are counted as",
        choices=InterestTerms.DayCount.choices,
        widget=UnfoldAdminSelectWidget,
    )
    tiers = forms.CharField(
        max_length=1_000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="One a line: from which balance on, and the per cent a year there. "
        "0 2.25 is 2.25 % from the first cent on.",
    )
    overdraft = forms.DecimalField(
        label="On what is owed, per cent a year",
        min_value=0,
        max_value=100,
        decimal_places=4,
        initial=0,
        widget=UnfoldAdminTextInputWidget(attrs=_NUMBER),
    )
    field_order = (
        "product", "currency", "valid_from", "day_count", "tiers", "overdraft", "reason",
    )  # fmt: skip

    def clean_overdraft(self) -> Decimal:
        return Decimal(self.cleaned_data["overdraft"]) / 100

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if "tiers" in data and "currency" in data:
            try:
                data["tiers"] = _tiers(data["tiers"], data["currency"])
            except ValueError as error:
                self.add_error("tiers", str(error))
        return data


def _tiers(text: str, currency: str) -> Sequence[tuple[int, Decimal]]:
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > INTEREST.tiers_max:
        raise ValueError(f"There are at most {INTEREST.tiers_max} tiers.")
    return [_tier(line, currency) for line in lines]


def _tier(line: str, currency: str) -> tuple[int, Decimal]:
    words = line.replace("%", " ").replace(":", " ").split()
    if len(words) != 2:
        raise ValueError(f"“{line.strip()}” is not a balance and a per cent, such as 0 2.25.")
    start, rate = (_decimal(word) for word in words)
    minor = start.scaleb(exponent(currency))
    if minor != minor.to_integral_value() or not 0 <= minor <= MINOR_MAX:
        raise ValueError(f"{words[0]} is not a balance in {currency}.")
    if not 0 <= rate <= 100:
        raise ValueError(f"{words[1]} is not a rate from 0 to 100 per cent.")
    return int(minor), rate / 100


def _decimal(word: str) -> Decimal:
    if not _PLAIN.fullmatch(word):
        raise ValueError(f"“{word}” is not a number.")
    return Decimal(word)


class LimitForm(ReasonForm):
    """Empty fields are the product's own limits."""

    day = forms.CharField(
        label="A day", required=False, max_length=30, widget=UnfoldAdminTextInputWidget(_NUMBER)
    )
    month = forms.CharField(
        label="A month",
        required=False,
        max_length=30,
        widget=UnfoldAdminTextInputWidget(_NUMBER),
    )
    day_count = forms.IntegerField(
        label="Payments a day",
        required=False,
        min_value=0,
        max_value=COUNT_MAX,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
        help_text="A field that is empty leaves the product's own limit. 0 stops all payments.",
    )
    field_order = ("day", "month", "day_count", "reason")

    def clean_day(self) -> Money | None:
        return self._money("day")

    def clean_month(self) -> Money | None:
        return self._money("month")

    def _money(self, name: str) -> Money | None:
        text = self.cleaned_data[name].strip()
        if not text:
            return None
        assert self.about is not None  # the action gave it
        return amount_or_zero(text, self.about.currency)


class OverdraftForm(ReasonForm):
    amount = forms.CharField(
        max_length=30,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
        help_text="How far below zero the account may sink. 0 takes the overdraft away.",
    )
    field_order = ("amount", "reason")

    def clean_amount(self) -> Money:
        assert self.about is not None  # the action gave it
        return amount_or_zero(self.cleaned_data["amount"].strip(), self.about.currency)


def amount_or_zero(text: str, currency: str) -> Money:
    """An amount where nothing is an answer, too."""
    if text.strip("0.") == "" and "0" in text:
        return Money(0, currency)
    try:
        return Money.parse(text, currency)
    except Problem as problem:
        raise forms.ValidationError(problem.message) from None


class StatementForm(PeriodForm):
    since = forms.DateField(label="From", widget=DayInput)
    until = forms.DateField(label="To", widget=DayInput)
    format = forms.ChoiceField(
        choices=[(one.name, f"{one.label}, {one.use}") for one in FORMATS.values()],
        widget=UnfoldAdminSelectWidget,
        help_text="The customer can see that the bank has read it.",
    )
