"""What a customer fills in to share an account."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from banking.models import Account
from banking.selectors import accounts_of
from consent import selectors
from consent.models import Partner, Purpose, Scope
from consent.policy import STANDARD
from fintrust.core.models import User

DAYS_USUAL = 30


class PartnerChoice(forms.ModelChoiceField):
    def label_from_instance(self, partner: Any) -> str:
        words = ", ".join(Scope(scope).label.lower() for scope in partner.scopes)
        return f"{partner.trading_name} (may receive: {words})"


class AccountChoice(forms.ModelChoiceField):
    def label_from_instance(self, account: Any) -> str:
        return f"{account.name} · {account.number}"


class GrantForm(forms.Form):
    """Whom, which account, what, what for, until when."""

    partner = PartnerChoice(queryset=Partner.objects.none(), empty_label="Choose a partner")
    account = AccountChoice(queryset=Account.objects.none(), to_field_name="uuid", empty_label=None)
    scopes = forms.MultipleChoiceField(
        label="What they may see", choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    purpose = forms.ChoiceField(label="What for", choices=Purpose.choices)
    last_day = forms.DateField(
        label="Last day",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=f"At most {STANDARD.days_max} days from now. You can stop it any time before.",
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        partner, account, day = (self.fields[n] for n in ("partner", "account", "last_day"))
        partner.queryset = selectors.listed_partners()  # type: ignore[attr-defined]
        account.queryset = accounts_of(user)  # type: ignore[attr-defined]
        today = timezone.localdate()
        day.initial = today + timedelta(days=DAYS_USUAL)
        day.widget.attrs |= {"min": today.isoformat(), "max": last_day_possible().isoformat()}

    def clean_last_day(self) -> date:
        day: date = self.cleaned_data["last_day"]
        if not timezone.localdate() <= day <= last_day_possible():
            raise forms.ValidationError(
                f"Choose a day from today to {last_day_possible():%-d %B %Y}."
            )
        return day

    @property
    def ends_at(self) -> datetime:
        """The end of the last day, where the customer lives."""
        return _end_of(self.cleaned_data["last_day"])


def _end_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


def last_day_possible() -> date:
    """The last day that ends within the longest time a consent may last."""
    day = (timezone.now() + STANDARD.length_max).astimezone(timezone.get_current_timezone()).date()
    return day - timedelta(days=1)
