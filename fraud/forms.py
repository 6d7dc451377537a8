"""What customers type about their own limits."""

from collections.abc import Iterable
from typing import Any

from babel.numbers import get_currency_name, get_currency_symbol
from django import forms

from fintrust.core.errors import Problem
from fintrust.core.money import exponent
from fraud import services
from fraud.models import CustomerLimit


class LimitsForm(forms.Form):
    """One amount for each currency; an empty one means no limit."""

    def __init__(
        self, *args: Any, currencies: Iterable[str], limits: Iterable[CustomerLimit], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        now = {limit.currency: limit.largest for limit in limits}
        for currency in currencies:
            money = now.get(currency)
            self.fields[currency] = forms.CharField(
                label=get_currency_name(currency, locale="en_GB"),
                required=False,
                max_length=30,
                initial=f"{money.decimal:.{exponent(currency)}f}" if money else "",
                widget=forms.TextInput(
                    attrs={
                        "inputmode": "decimal",
                        "autocomplete": "off",
                        "placeholder": "No limit",
                        "data-prefix": get_currency_symbol(currency, locale="en_GB"),
                    }
                ),
            )

    def clean(self) -> dict[str, Any]:
        """Minor units for each currency, or None."""
        data = super().clean() or self.cleaned_data
        parsed: dict[str, int | None] = {}
        for currency, text in list(data.items()):
            try:
                parsed[currency] = services.limit_in(currency, text or None)
            except Problem as problem:
                self.add_error(currency, problem.message)
        return parsed
