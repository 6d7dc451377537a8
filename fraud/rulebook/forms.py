"""What officers fill in about rules."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from fraud.backtest.policy import BACKTESTS
from fraud.errors import ConditionInvalid
from fraud.models import RuleVersion
from fraud.rulebook.force import NEUTRAL
from fraud.rulebook.policy import RULEBOOK
from fraud.rulebook.syntax import parse_new
from fraud.rulebook.tokens import LENGTH_MAX


class VersionForm(forms.Form):
    """One wording of a rule."""

    condition = forms.CharField(
        max_length=LENGTH_MAX,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 4, "spellcheck": "false", "autocapitalize": "off", "autocomplete": "off",
                   "data-complete": "features", "aria-describedby": "condition-said"}
        ),
        help_text="Such as: amount_vs_median > 5 and new_payee",
    )  # fmt: skip
    action = forms.ChoiceField(
        label="When it matches",
        choices=RuleVersion.Action.choices,
        initial=RuleVersion.Action.WATCH,
        widget=UnfoldAdminSelectWidget,
        help_text="Watch only notes it; hold asks the customer to confirm; block refuses.",
    )
    sentence = forms.CharField(
        label="Shown to the customer (optional)",
        required=False,
        max_length=RULEBOOK.sentence_max,
        widget=UnfoldAdminTextInputWidget,
        help_text=f"Left empty: “{NEUTRAL}”. Name no number that a thief could stay below.",
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, label, most in (
            ("hour_max", "Stops in an hour, at most", RULEBOOK.budget_max),
            ("day_max", "Stops in 24 hours, at most", RULEBOOK.budget_max),
            ("hundred_max", "Stops of the newest 100 payments, at most", RULEBOOK.hundred),
        ):
            self.fields[name] = forms.IntegerField(
                label=label, min_value=1, max_value=most, initial=getattr(RULEBOOK, name),
                widget=UnfoldAdminIntegerFieldWidget,
            )  # fmt: skip
        self.fields["hundred_max"].help_text = "What stops more is taken out of force by itself."

    def clean_condition(self) -> str:
        condition: str = self.cleaned_data["condition"]
        try:
            parse_new(condition)
        except ConditionInvalid as problem:
            raise forms.ValidationError(problem.message) from None
        return condition


class RuleForm(VersionForm):
    """A new rule with its first wording."""

    name = forms.CharField(
        min_length=RULEBOOK.name_min,
        max_length=RULEBOOK.name_max,
        widget=UnfoldAdminTextInputWidget,
    )
    purpose = forms.CharField(
        label="What it is for",
        min_length=RULEBOOK.reason_min,
        max_length=RULEBOOK.purpose_max,
        widget=UnfoldAdminTextInputWidget,
        help_text="The harm that it should prevent, for colleagues who read it in a year.",
    )
    field_order = ("name", "purpose")


class ReasonForm(forms.Form):
    reason = forms.CharField(
        min_length=RULEBOOK.reason_min,
        max_length=RULEBOOK.reason_max,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="For your colleagues. It stays in the audit log with your name.",
    )


class RemarkForm(forms.Form):
    """Who agrees need not say why."""

    reason = forms.CharField(
        label="Remark (optional)",
        required=False,
        max_length=RULEBOOK.reason_max,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


class BacktestForm(forms.Form):
    days = forms.IntegerField(
        label="Days of history",
        min_value=1,
        max_value=BACKTESTS.days_max,
        initial=BACKTESTS.days,
        widget=UnfoldAdminIntegerFieldWidget,
    )
