"""What customers type about their own limits: one form, its fields by section."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

from babel.numbers import get_currency_name, get_currency_symbol
from django import forms
from django.forms import BoundField

from biometrics import pins
from fintrust.core.errors import Problem
from fintrust.core.money import Money, exponent
from fraud.errors import InvalidLimit
from fraud.limits import services
from fraud.limits.own import Amounts, CustomerPolicies, NewPayee, TimeRange
from fraud.limits.policy import LIMITS

# The fields of amounts are called by what they limit and their currency; the first is just `EUR`.
_AMOUNTS = {"max_transaction_amount": "", "daily_total": "daily-", "new_payee": "new-"}
_FIELDS = {
    "new_payee": "new_payee_hours",
    "allowed_time_range": "start",
    "max_transaction_amount": None,
    "daily_total": None,
}


class LimitsForm(forms.Form):
    """All limits; an empty field limits nothing. `clean` leaves them in `policies`."""

    is_filter = True  # every field is optional, so none has to say so

    daily_payments = forms.IntegerField(
        label="Payments in one day",
        required=False,
        min_value=1,
        max_value=LIMITS.daily_payments_max,
        widget=forms.NumberInput(attrs={"placeholder": "No limit"}),
    )
    allowed_locations = forms.CharField(
        label="Places you pay from",
        required=False,
        max_length=LIMITS.places_max * (LIMITS.place_chars_max + 2),
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "Anywhere"}),
        help_text="One on each line: a place as “Lisbon, PT”, or a whole country as “PT”. "
        "We go by the place that is stated with a payment, and by where your connection comes "
        "from: neither may be off the list. A connection's town is often a neighbour's, and a VPN "
        "has its own; a country is surer.",
    )
    block_unknown_locations = forms.BooleanField(
        label="Refuse payments when nobody knows where they come from",
        required=False,
        help_text="Also when your device and your connection say places far apart. Scheduled "
        "payments have no place, so they are refused too.",
    )
    start = forms.TimeField(
        label="From", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    end = forms.TimeField(
        label="Until",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    allowed_currencies = forms.MultipleChoiceField(
        label="Only these currencies", required=False, widget=forms.CheckboxSelectMultiple
    )
    only_allowed_payees = forms.BooleanField(
        label="Pay only the people chosen here, and my own accounts",
        required=False,
        help_text="A withdrawal goes to nobody chosen, so it is refused too.",
    )
    allowed_payees = forms.MultipleChoiceField(
        label="Who may be paid", required=False, widget=forms.CheckboxSelectMultiple
    )
    new_payee_hours = forms.IntegerField(
        label="Hours that somebody is new",
        required=False,
        min_value=1,
        max_value=LIMITS.new_payee_hours_max,
        widget=forms.NumberInput(attrs={"placeholder": "No limit", "data-suffix": "hours"}),
        help_text="Counted from your first payment to them.",
    )
    block_withdrawals = forms.BooleanField(label="Refuse every withdrawal", required=False)
    version = forms.CharField(widget=forms.HiddenInput, max_length=12)

    def __init__(
        self,
        data: Any = None,
        *,
        now: CustomerPolicies,
        currencies: Sequence[str],
        others: Sequence[str],
        payees: Iterable[tuple[str, str]],
        timezone: str,
        version: int,
    ) -> None:
        self.own_currencies, self.other_currencies = currencies, others
        self.currencies = currencies = [*currencies, *others]
        self.timezone = timezone
        amounts = {
            _field(name, currency): _typed(limits.get(currency), currency)
            for name, limits in _amounts_of(now).items()
            for currency in currencies
        }
        initial = _initial(now) | amounts | {"version": version}
        super().__init__(data, initial=initial)
        for name in _AMOUNTS:
            for currency in currencies:
                self.fields[_field(name, currency)] = _amount_field(currency)
        self._offer("allowed_currencies", [(one, _name(one)) for one in currencies])
        known = dict(payees)
        chosen = {payee: payee for payee in now.allowed_payees if payee not in known}
        self._offer("allowed_payees", [*known.items(), *chosen.items()])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = choices

    def amounts(self) -> dict[str, "Amounted"]:
        """What is limited by currency, for the page: `form.amounts.daily_total.own`."""
        return {name: Amounted(*self._split(name)) for name in _AMOUNTS}

    def _split(self, name: str) -> tuple[list[BoundField], list[BoundField]]:
        own, others = self.own_currencies, self.other_currencies
        return [self[_field(name, one)] for one in own], [self[_field(name, one)] for one in others]

    def is_used(self) -> dict[str, bool]:
        """Which limits have something in their fields, or something wrong: these are open."""
        return {
            name: bool(self.errors.get(name)) or bool(self[name].value())
            for name in ("start", "end", "allowed_locations", "block_unknown_locations",
                         "allowed_currencies", "allowed_payees", "only_allowed_payees",
                         "block_withdrawals", "new_payee_hours")
        }  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        asked = self._policies(data)
        if not self.errors:
            try:
                services.check(asked)
            except InvalidLimit as problem:
                self.add_error(_FIELDS.get(problem.field or "", problem.field), problem.message)
        data["policies"] = asked
        return data

    def _policies(self, data: Mapping[str, Any]) -> CustomerPolicies:
        lines = (" ".join(line.split()) for line in data.get("allowed_locations", "").splitlines())
        return CustomerPolicies(
            max_transaction_amount=self._minor("max_transaction_amount", data),
            daily_total=self._minor("daily_total", data),
            daily_payments=data.get("daily_payments"),
            allowed_locations=tuple(line for line in lines if line) or None,
            block_unknown_locations=data.get("block_unknown_locations", False),
            allowed_time_range=self._hours(data),
            allowed_currencies=tuple(data.get("allowed_currencies", ())) or None,
            only_allowed_payees=data.get("only_allowed_payees", False),
            allowed_payees=tuple(data.get("allowed_payees", ())),
            new_payee=self._new_payee(data),
            block_withdrawals=data.get("block_withdrawals", False),
            timezone=self.timezone,
        )

    def _minor(self, name: str, data: Mapping[str, Any]) -> Amounts:
        found = {}
        for currency in self.currencies:
            field = _field(name, currency)
            try:
                minor = services.limit_in(currency, data.get(field) or None)
            except Problem as problem:
                self.add_error(field, problem.message)
            else:
                if minor is not None:
                    found[currency] = minor
        return found

    def _hours(self, data: Mapping[str, Any]) -> TimeRange | None:
        start, end = data.get("start"), data.get("end")
        if (start is None) != (end is None) and not {"start", "end"} & self.errors.keys():
            missing = "start" if start is None else "end"
            self.add_error(missing, "Write both times, or neither.")
        return None if start is None or end is None else TimeRange(_minute(start), _minute(end))

    def _new_payee(self, data: Mapping[str, Any]) -> NewPayee | None:
        hours, amount = data.get("new_payee_hours"), self._minor("new_payee", data)
        if hours is None and amount and "new_payee_hours" not in self.errors:
            self.add_error("new_payee_hours", "Say for how many hours somebody is new.")
        return None if hours is None else NewPayee(hours, amount)


@dataclass(frozen=True, slots=True)
class Amounted:
    """The fields of one limit: of the currencies a customer uses, and of others."""

    own: list[BoundField]
    others: list[BoundField]

    @property
    def is_wrong(self) -> bool:
        """Whether one of the others has to be looked at."""
        return any(field.errors for field in self.others)


class PinForm(forms.Form):
    pin = forms.CharField(
        label="Your PIN",
        max_length=pins.PIN_MAX,
        strip=False,
        widget=forms.PasswordInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


def _field(name: str, currency: str) -> str:
    return _AMOUNTS[name] + currency


def _amounts_of(now: CustomerPolicies) -> dict[str, Amounts]:
    newcomers = now.new_payee.amount if now.new_payee else {}
    return {
        "max_transaction_amount": now.max_transaction_amount,
        "daily_total": now.daily_total,
        "new_payee": newcomers,
    }


def _initial(now: CustomerPolicies) -> dict[str, Any]:
    hours = now.allowed_time_range
    return {
        "daily_payments": now.daily_payments,
        "allowed_locations": "\n".join(now.allowed_locations or ()),
        "block_unknown_locations": now.block_unknown_locations,
        "start": hours and _time(hours.start),
        "end": hours and _time(hours.end),
        "allowed_currencies": now.allowed_currencies or (),
        "only_allowed_payees": now.only_allowed_payees,
        "allowed_payees": now.allowed_payees,
        "new_payee_hours": now.new_payee and now.new_payee.hours,
        "block_withdrawals": now.block_withdrawals,
    }


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _time(minute: int) -> time:
    return time(minute // 60, minute % 60)


def _typed(minor: int | None, currency: str) -> str:
    return "" if minor is None else f"{Money(minor, currency).decimal:.{exponent(currency)}f}"


def _name(currency: str) -> str:
    return str(get_currency_name(currency, locale="en_GB"))


def _amount_field(currency: str) -> forms.CharField:
    return forms.CharField(
        label=_name(currency),
        required=False,
        max_length=30,
        widget=forms.TextInput(
            attrs={
                "inputmode": "decimal",
                "autocomplete": "off",
                "placeholder": "No limit",
                "data-prefix": get_currency_symbol(currency, locale="en_GB"),
            }
        ),
    )
