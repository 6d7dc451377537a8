"""The period a customer asks a statement for."""

from datetime import date
from typing import Any

from django import forms

from banking.statements.selectors import bank_today
from banking.statements.statement import Period
from fintrust.core.errors import Problem

_FIELDS = {"from": "since", "to": "until"}  # as the API calls them, and the page


def _day(label: str) -> forms.DateField:
    # A date input of a browser takes only this form, whatever the language of the page.
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(label=label, widget=widget)


class PeriodForm(forms.Form):
    """`clean` leaves the `Period` in cleaned_data."""

    since, until = _day("From"), _day("To")

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if "since" in data and "until" in data:
            try:
                data["period"] = Period.asked(data["since"], data["until"], today=bank_today())
            except Problem as problem:
                self.refuse(problem)
        return data

    def refuse(self, problem: Problem) -> None:
        """Say beside the field what cannot be done."""
        self.add_error(_FIELDS.get(problem.field or ""), problem.message)

    @classmethod
    def of(cls, period: Period) -> "PeriodForm":
        """Filled in, but not asked yet."""
        return cls(initial={"since": period.first, "until": period.last})


def day_in(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
