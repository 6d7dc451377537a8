"""What customers type about payments ahead of time."""

from typing import Any

from django import forms
from django.utils import timezone

from banking.models import Account, Schedule
from banking.models.transfers import NOTE_MAX
from banking.pages.forms import MoneyForm, SendForm
from banking.policy import SCHEDULES
from banking.schedules.dates import EVERY_MAX, Plan, Rhythm, Weekend

_DAY = {"type": "date"}
_ORDER = (
    *("source", "payee", "name", "amount", "note"),
    *("first_on", "rhythm", "every", "weekend", "ends", "until", "times"),
)
NEVER, UNTIL, TIMES = "never", "until", "times"


def plan_fields() -> dict[str, forms.Field]:
    """When: the same fields for a new plan and for a changed one."""
    return {
        "first_on": forms.DateField(
            label="First payment",
            widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
            help_text="Paid at six in the morning. If the money is not there yet, we try again"
            " until six in the evening.",
        ),
        "rhythm": forms.ChoiceField(
            label="How often",
            choices=Schedule.Rhythm.choices,
            help_text="Monthly is on the day of the first payment; a month too short for it pays"
            " on its last day.",
        ),
        "every": forms.IntegerField(
            label="Every so many weeks",
            min_value=1,
            max_value=EVERY_MAX,
            required=False,
            initial=1,
            help_text="For weekly payments: 2 is every other week.",
        ),
        "weekend": forms.ChoiceField(
            label="When the day is a Saturday or Sunday", choices=Schedule.Weekend.choices
        ),
        "ends": forms.ChoiceField(
            label="Until when",
            choices=(
                (NEVER, "Until I stop it"),
                (UNTIL, "Until a date"),
                (TIMES, "A number of times"),
            ),
            required=False,
            initial=NEVER,
        ),
        "until": forms.DateField(
            label="Last possible date",
            required=False,
            widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
            help_text="If it goes on until a date.",
        ),
        "times": forms.IntegerField(
            label="How many times",
            min_value=1,
            max_value=SCHEDULES.times_max,
            required=False,
            help_text="If it is a number of times.",
        ),
    }


class PlanMixin(forms.Form):
    """`clean` leaves `plan` in cleaned_data when its fields are right."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields |= plan_fields()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        ends, rhythm = data.get("ends") or NEVER, data.get("rhythm")
        if ends in {UNTIL, TIMES} and not data.get(ends) and ends not in self.errors:
            self.add_error(ends, "Say when it ends, or let it go on until you stop it.")
        every = data.get("every") or 1
        if every != 1 and rhythm and rhythm != Rhythm.WEEKLY:
            self.add_error("every", "This counts weeks, so it needs a weekly payment.")
        if not self.errors:
            data["plan"] = Plan(
                data["first_on"],
                Rhythm(data["rhythm"]),
                every,
                data["until"] if ends == UNTIL else None,
                data["times"] if ends == TIMES else None,
                Weekend(data["weekend"]),
            )
        return data


class ScheduleForm(PlanMixin, SendForm):
    """From where, to whom, how much, and when."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["first_on"].initial = timezone.localdate
        self.order_fields(_ORDER)

    def _check_pair(self, source: Account, target: Account) -> None:
        super()._check_pair(source, target)
        if source.currency != target.currency and "payee" not in self.errors:
            self.add_error("payee", "Payments ahead of time stay in one currency.")


class ChangeForm(PlanMixin, MoneyForm):
    note = forms.CharField(
        label="Note", max_length=NOTE_MAX, required=False, help_text="They see it too."
    )
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    @classmethod
    def initial_of(cls, schedule: Schedule) -> dict[str, Any]:
        ends = UNTIL if schedule.until else TIMES if schedule.times else NEVER
        same = ("note", "first_on", "rhythm", "every", "weekend", "until", "times", "version")
        return {
            **{name: getattr(schedule, name) for name in same},
            "amount": str(schedule.amount).split()[0],
            "ends": ends,
        }


class SkipForm(forms.Form):
    due_on = forms.DateField(input_formats=["%Y-%m-%d"])
