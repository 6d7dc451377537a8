"""What people type about their PIN."""

from typing import Any

from django import forms

from biometrics import pins
from fintrust.core.errors import Problem

_DIGITS = {"inputmode": "numeric", "autocomplete": "off", "pattern": "[0-9]{4,8}"}


class NewPinForm(forms.Form):
    pin = forms.CharField(
        label="New PIN",
        strip=False,
        max_length=pins.PIN_MAX,
        widget=forms.PasswordInput(attrs=_DIGITS),
        help_text="4 to 8 digits, at least three of them different. Not a birthday.",
    )
    again = forms.CharField(
        label="The same PIN again",
        strip=False,
        max_length=pins.PIN_MAX,
        widget=forms.PasswordInput(attrs=_DIGITS),
    )

    def clean_pin(self) -> str:
        pin: str = self.cleaned_data["pin"]
        try:
            pins.check_strength(pin)
        except Problem as problem:
            raise forms.ValidationError(problem.message) from None
        return pin

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("pin") and data.get("again") and data["pin"] != data["again"]:
            self.add_error("again", "The two are not the same.")
        return data
