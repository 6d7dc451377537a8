"""What customers type about whom they pay."""

from django import forms

from banking.models.payees import NICKNAME_MAX
from banking.payees.names import NAME_MAX

NUMBER = {"autocomplete": "off", "placeholder": "FT00 0000 0000 0000"}


class PayeeForm(forms.Form):
    account = forms.CharField(
        label="Account number",
        max_length=40,
        widget=forms.TextInput(attrs=NUMBER),
        help_text="As it stands on the other person's account page.",
    )
    name = forms.CharField(
        label="Their name",
        max_length=NAME_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="In full, a person's or a company's. We check it against the account.",
    )
    nickname = forms.CharField(
        label="What you call them",
        max_length=NICKNAME_MAX,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Only you see it. Landlord, Mum, …",
    )
    # Set by the second step: the customer has seen what the check said.
    seen = forms.CharField(required=False, max_length=6, widget=forms.HiddenInput)


class RenameForm(forms.Form):
    name = forms.CharField(label="Their name", max_length=NAME_MAX)
    nickname = forms.CharField(
        label="What you call them",
        max_length=NICKNAME_MAX,
        required=False,
        help_text="Only you see it.",
    )
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
