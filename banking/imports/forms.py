"""What customers type about accounts elsewhere and how their files are to be read."""

from typing import Any

from django import forms
from django.utils.html import escape

from banking.imports import columns, delimited, texts
from banking.imports.api import opening_of
from banking.imports.dates import ORDERS
from banking.imports.delimited import Layout
from banking.models import Currency, Import, OutsideAccount
from banking.models.imports import NAME_MAX
from fintrust.core.errors import Problem

_ORDERS = {"DMY": "Day, month, year", "MDY": "Month, day, year", "YMD": "Year, month, day"}
_ENCODINGS = {
    "utf-8": "Unicode (UTF-8)",
    "utf-8-sig": "Unicode (UTF-8 with mark)",
    "utf-16": "Unicode (UTF-16)",
    "utf-16-le": "Unicode (UTF-16, low byte first)",
    "utf-16-be": "Unicode (UTF-16, high byte first)",
    "utf-32": "Unicode (UTF-32)",
    "cp1252": "Western (Windows, Latin 1)",
    "iso8859_15": "Western (Latin 9)",
    "cp1250": "Central European (Windows)",
    "iso8859_2": "Central European (Latin 2)",
    "cp1251": "Cyrillic (Windows)",
    "cp850": "Western (DOS)",
    "mac_roman": "Western (old Mac)",
}


class OutsideAccountForm(forms.Form):
    bank = forms.CharField(
        label="Bank", max_length=NAME_MAX, help_text="Where the account is kept."
    )
    name = forms.CharField(
        label="Name", max_length=NAME_MAX, help_text="What you call it: Current account, Card, …"
    )
    currency = forms.ModelChoiceField(queryset=Currency.objects.order_by("code"), initial="EUR")
    opening = forms.RegexField(
        r"^-?[0-9]{1,18}(\.[0-9]{1,3})?$",
        label="Balance before the first line",
        required=False,
        max_length=30,
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "placeholder": "0.00"}
        ),
        error_messages={"invalid": "Write the amount as a number, for example 12.50 or -12.50."},
        help_text="If you know it, we can show what the account came to.",
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        text, currency = data.get("opening"), data.get("currency")
        data["opening"] = None
        if text and currency is not None:
            try:
                data["opening"] = opening_of(text, currency.code)
            except Problem as problem:
                self.add_error("opening", problem.message)
        return data


class OutsideChoice(forms.ModelChoiceField):
    """One of the customer's outside accounts, by its public id."""

    def __init__(self, **options: Any) -> None:
        super().__init__(queryset=OutsideAccount.objects.none(), empty_label=None, **options)

    def prepare_value(self, value: Any) -> Any:
        return value.public_id if isinstance(value, OutsideAccount) else value

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        try:
            return self.queryset.get_public(value)
        except Problem:
            raise forms.ValidationError(self.error_messages["invalid_choice"]) from None

    def label_from_instance(self, account: Any) -> str:
        return f"{account.bank} · {account.name} · {account.currency}"


class UploadForm(forms.Form):
    account = OutsideChoice(label="Account at the other bank")
    file = forms.FileField(
        label="File",
        allow_empty_file=True,
        help_text="CSV, OFX or camt.053, as the other bank exports it. At most 50 MB.",
    )

    def __init__(self, *args: Any, accounts: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["account"].queryset = accounts


class ColumnsForm(forms.Form):
    """How a CSV is read. `changes` are only the parts that differ from what is shown."""

    is_filter = True  # so nobody needs to be told that a field is optional

    delimiter = forms.ChoiceField(label="Between columns", choices=delimited.DELIMITERS)
    quote = forms.ChoiceField(label="Quotation marks", choices=delimited.QUOTES)
    skip = forms.IntegerField(label="Records above the first line", min_value=0, max_value=1000)
    encoding = forms.ChoiceField(
        label="Letters", choices=[(name, _ENCODINGS[name]) for name in texts.ENCODINGS]
    )
    date_order = forms.ChoiceField(
        label="Order of dates", choices=[(order, _ORDERS[order]) for order in ORDERS]
    )
    decimal = forms.ChoiceField(
        label="Decimals after", choices=[(",", "Comma: 1.234,50"), (".", "Point: 1,234.50")]
    )
    flip = forms.BooleanField(
        label="Turn the signs around",
        required=False,
        help_text="When purchases are written as positive amounts, as on some cards.",
    )

    def __init__(self, *args: Any, item: Import, **options: Any) -> None:
        layout = Layout.of(item.layout)
        self.layout = layout
        super().__init__(*args, initial=layout.stored(), **options)
        for at, role in enumerate(layout.roles):
            name = layout.header[at] if at < len(layout.header) else ""
            self.fields[f"role{at}"] = forms.ChoiceField(
                label=name or f"Column {at + 1}",
                choices=list(columns.ROLES.items()),
                required=False,
                initial=role,
                help_text=escape(layout.example[at]) if at < len(layout.example) else "",
            )

    @property
    def roles(self) -> list[Any]:
        """The columns of the file, as fields."""
        return [self[f"role{at}"] for at in range(len(self.layout.roles))]

    @property
    def reading(self) -> list[Any]:
        """All the other fields."""
        return [self[name] for name in self.base_fields]

    def changes(self) -> dict[str, Any]:
        said = {name: self.cleaned_data[name] for name in self.base_fields}
        roles = [self.cleaned_data[f"role{at}"] for at in range(len(self.layout.roles))]
        changed = {n: value for n, value in said.items() if value != getattr(self.layout, n)}
        if roles != list(self.layout.roles):
            changed["roles"] = roles
        return changed


class AccountForm(forms.Form):
    """Which of the accounts in a statement is meant."""

    account = forms.ChoiceField(label="Account in the file")

    def __init__(self, *args: Any, item: Import, **options: Any) -> None:
        super().__init__(*args, initial=item.layout, **options)
        found = (item.report or {}).get("accounts", {})
        chosen = item.layout.get("account", "")
        names = [*found, *([chosen] if chosen and chosen not in found else [])]
        self.fields["account"].choices = [("", "All of them"), *((name, name) for name in names)]
        self.fields["account"].required = False

    def changes(self) -> dict[str, Any]:
        return {"account": self.cleaned_data["account"]}
