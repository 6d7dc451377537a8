"""Questions people type: would this payment go through?"""

from typing import Any, cast

from django import forms

from banking import selectors
from banking.models import Account
from banking.pages.forms import AccountChoice, MoneyForm
from banking.payees.forms import NUMBER
from banking.whatif.services import Question, payee_behind
from fintrust.core.errors import Problem
from fintrust.core.models import User
from fintrust.core.where import PLACE_MAX


class QuestionForm(MoneyForm):
    """What every question has. `question` is there once the form is valid."""

    asker: User
    payee = forms.CharField(
        label="To account",
        max_length=40,
        widget=forms.TextInput(attrs=NUMBER | {"list": "payees"}),
        help_text="Its number. One you have never dealt with counts as somebody new.",
    )
    at = forms.DateTimeField(
        label="When",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Now, unless you say another time.",
    )
    place = forms.CharField(
        label="Where", required=False, max_length=PLACE_MAX, help_text='For example "Lisbon, PT".'
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        source: Account | None = data.get("source")
        money = self.money(source.currency) if source else None
        try:
            target = payee_behind(self.asker, data["payee"]) if "payee" in data else None
        except Problem as problem:
            self.add_error("payee", problem.message)
            return data
        if source is not None and money is not None:
            data["question"] = Question(
                source, target, money, data.get("at"), self._location(data), self._known(data)
            )
        return data

    def _location(self, data: dict[str, Any]) -> dict[str, Any] | None:
        return {"place": data["place"]} if data.get("place") else None

    def _known(self, data: dict[str, Any]) -> dict[str, int] | None:
        return None


class OwnQuestionForm(QuestionForm):
    """A customer about their own accounts."""

    source = AccountChoice(label="From")
    field_order = ("source", "payee", "amount", "at", "place")

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.asker = user
        source = cast(AccountChoice, self.fields["source"])
        source.user = user
        source.queryset = selectors.accounts_of(user).exclude(status=Account.Status.CLOSED)
