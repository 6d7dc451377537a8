"""What customers type. A form turns it into accounts and money, or says what is wrong and where."""

import json
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils import timezone

from banking import selectors
from banking.fx import quotes
from banking.models import Account, Currency, Right
from banking.models.transfers import NOTE_MAX
from banking.payees.forms import NUMBER
from banking.payees.names import NAME_MAX
from banking.payees.services import look_up
from banking.sharing.selectors import shared_with
from biometrics.codes import CODE_MAX
from biometrics.pins import PIN_MAX
from biometrics.policy import PASSKEY
from fintrust.core.errors import Problem, TooMany
from fintrust.core.models import User
from fintrust.core.money import Money
from fintrust.core.where import PLACE_MAX

PAYEES_SHOWN = 20  # in the filter of the activity page
AMOUNT = {"inputmode": "decimal", "autocomplete": "off", "placeholder": "0.00"}


class AccountChoice(forms.ModelChoiceField):
    """One of the customer's accounts, or of those they operate, with what is on it."""

    user: User | None = None

    def __init__(self, **options: Any) -> None:
        super().__init__(queryset=Account.objects.none(), empty_label=None, **options)

    def prepare_value(self, value: Any) -> Any:
        return value.public_id if isinstance(value, Account) else value

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        try:
            return self.queryset.get_public(value)
        except Problem:
            raise forms.ValidationError(self.error_messages["invalid_choice"]) from None

    def label_from_instance(self, account: Any) -> str:
        shared = self.user is not None and account.owner_id != self.user.pk
        name = f"{account.name} of {account.owner.name}" if shared else account.name
        return f"{name} · {account.number} · {account.available.format()}"


class MoneyForm(forms.Form):
    """An amount in the currency of an account."""

    amount = forms.CharField(max_length=30, widget=forms.TextInput(attrs=AMOUNT))

    def money(self, currency: str) -> Money | None:
        """The amount, or None when it is wrong and the form says so."""
        text = self.cleaned_data.get("amount")
        if text is None:
            return None
        try:
            return Money.parse(text, currency)
        except Problem as problem:
            self.add_error("amount", problem.message)
            return None


class OpenAccountForm(forms.Form):
    PRODUCTS = (
        ("checking", "Current account"),
        ("savings", "Savings"),
        ("wallet", "Wallet"),
    )

    product = forms.ChoiceField(choices=PRODUCTS, label="Kind of account")
    currency = forms.ModelChoiceField(queryset=Currency.objects.order_by("code"), initial="EUR")
    name = forms.CharField(
        label="Name",
        max_length=80,
        required=False,
        help_text="Only you see it. Holidays, rent, …",
    )


class FundForm(MoneyForm):
    request_id = forms.CharField(widget=forms.HiddenInput)


class SendForm(MoneyForm):
    """From where, to whom, how much. `clean` leaves `target` and `money` in cleaned_data."""

    source = AccountChoice(label="From")
    payee = forms.CharField(
        label="To account",
        max_length=40,
        widget=forms.TextInput(attrs=NUMBER | {"list": "payees"}),
        help_text="The account number, as it stands on the other person's account page.",
    )
    name = forms.CharField(
        label="Their name",
        max_length=NAME_MAX,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="If you have not paid them before: we check it against the account.",
    )
    note = forms.CharField(
        label="Note", max_length=NOTE_MAX, required=False, help_text="They see it too."
    )
    place = forms.CharField(
        label="Where you are",
        max_length=PLACE_MAX,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Lisbon, PT"}),
        help_text="If you like: your town and country. It counts for your own limits on places,"
        " and helps us to tell you from somebody else.",
    )
    field_order = ("source", "payee", "name", "amount", "note", "place")

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        usable = selectors.accounts_for(user, Right.OPERATE)
        self.fields["source"].user = user
        self.fields["source"].queryset = usable.exclude(status=Account.Status.CLOSED)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        source, target = data.get("source"), self._payee(data)
        if source is not None:
            data["money"] = self.money(source.currency)
        if source is not None and target is not None:
            self._check_pair(source, target)
        return data

    def _payee(self, data: dict[str, Any]) -> Account | None:
        """The account, looked up together with the name, so that it is one look."""
        text, name = data.pop("payee", None), data.get("name")
        if text is None or name is None:
            return None
        try:
            data["payee"] = look_up(by=self.user, text=text, name=name).account
        except TooMany:
            raise  # nothing the customer can correct in this form
        except Problem as problem:
            self.add_error("payee", problem.message)
        return data.get("payee")

    def _check_pair(self, source: Account, target: Account) -> None:
        if source.pk == target.pk:
            self.add_error("payee", "This is the account the money comes from.")
        elif source.currency != target.currency and self.cleaned_data.get("money"):
            self._price(source, target)

    def _price(self, source: Account, target: Account) -> None:
        """What the other currency brings, as a quote; or why it cannot be had."""
        money = self.cleaned_data["money"]
        try:
            self.cleaned_data["quote"] = quotes.make(self.user, source, target, money).token
        except Problem as problem:
            self.add_error("amount" if problem.field == "amount" else "payee", problem.message)


class PinForm(forms.Form):
    pin = forms.CharField(
        label="Your PIN",
        max_length=PIN_MAX,
        widget=forms.PasswordInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "pattern": "[0-9]*"}
        ),
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label="Code from your authenticator app",
        max_length=CODE_MAX,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class PasskeyForm(forms.Form):
    """What the browser brings back from the passkey; nobody types it."""

    passkey = forms.CharField(
        required=False, max_length=PASSKEY.answer_chars_max, widget=forms.HiddenInput
    )

    def clean_passkey(self) -> dict[str, Any]:
        """What is no answer of a browser is an empty one, and refused as any wrong one."""
        try:
            answer = json.loads(self.cleaned_data["passkey"] or "{}")
        except (ValueError, RecursionError):
            return {}
        return answer if isinstance(answer, dict) else {}


class ActivityForm(forms.Form):
    """The filters of the activity page; every one may be empty."""

    is_filter = True  # so nobody needs to be told that a field is optional

    ANY = (("", "All"),)

    account = forms.ChoiceField(required=False)
    counterparty = forms.ChoiceField(label="Paid to", required=False)
    kind = forms.ChoiceField(
        required=False,
        choices=(
            *ANY,
            ("transfer", "Transfers"),
            ("deposit", "Deposits"),
            ("withdrawal", "Withdrawals"),
            ("reversal", "Returns"),
        ),
    )
    status = forms.ChoiceField(
        required=False,
        choices=(
            *ANY,
            ("posted", "Done"),
            ("held", "Waiting"),
            ("refused", "Refused"),
            ("cancelled", "Cancelled"),
            ("expired", "Expired"),
        ),
    )
    since = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    text = forms.CharField(
        label="Search",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Name or note"}),
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        accounts = [(a.public_id, a.name) for a in selectors.accounts_of(user)]
        shared = [
            (s.account.public_id, f"{s.account.name} of {s.account.owner.name}")
            for s in shared_with(user)
        ]
        groups = [("Shared with you", shared)] if shared else []
        self.fields["account"].choices = [("", "All of yours"), *accounts, *groups]
        payees = [
            (a.public_id, f"{selectors.name_of(a)} · {a.number[-4:]}")
            for a in selectors.recent_payees(user, PAYEES_SHOWN)
        ]
        self.fields["counterparty"].choices = [*self.ANY, *payees]

    def filters(self) -> selectors.Filters:
        """The same filters for the history; days are whole days in the customer's zone."""
        data = dict(self.cleaned_data)
        since, until = data.pop("since"), data.pop("until")
        return selectors.Filters(
            **data,
            since=_midnight(since) if since else None,
            until=_midnight(until + timedelta(days=1)) if until else None,
        )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


class ProfileForm(forms.Form):
    """What the customer may change about themselves."""

    name = forms.CharField(label="Full name", max_length=120)
    phone = forms.RegexField(
        r"^\+?[0-9 ()-]{5,23}$",
        required=False,
        max_length=24,
        label="Phone",
        error_messages={"invalid": "Write the number with digits, for example +44 20 7946 0000."},
    )
    timezone = forms.ChoiceField(
        label="Time zone",
        choices=[(zone, zone.replace("_", " ")) for zone in sorted(available_timezones())],
        help_text="Times on your pages, and what counts as night for your payments.",
    )
