"""Payments ahead of time: what leaves when, a new one, and what came of each date."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from banking import selectors as accounts
from banking.models import Account, Schedule
from banking.pages import drafts
from banking.payees.selectors import payees_of
from banking.payees.services import check_name
from banking.payees.warnings import warnings_for
from banking.policy import SCHEDULES
from banking.schedules import selectors, services
from banking.schedules.dates import Plan, Rhythm, Weekend, next_dates
from banking.schedules.forms import ChangeForm, ScheduleForm, SkipForm
from banking.schedules.services import Wish
from fintrust.core.errors import Problem
from fintrust.core.etags import PreconditionFailed, seen
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import Money

_SALT = "banking.schedule.draft"


@require_GET
@login_required
def schedules(request: HttpRequest) -> HttpResponse:
    """What is planned, what leaves this month, and whether the money will be there."""
    found = list(selectors.schedules_of(request.user)[: selectors.LIST_MAX])
    coming = selectors.upcoming(request.user, selectors.end_of_month(request.user))
    alive = [one for one in found if one.status != Schedule.Status.ENDED]
    context = {
        "alive": [_line(schedule) for schedule in alive],
        "ended": [one for one in found if one.status == Schedule.Status.ENDED],
        "coming": coming,
        "leaving": selectors.leaving(coming),
        "shortfalls": selectors.shortfalls(request.user, coming),
        "failed": selectors.lately_failed(request.user),
    }
    return render(request, "banking/schedules.html", context)


def _line(schedule: Schedule) -> dict[str, Any]:
    return {
        "schedule": schedule,
        "next": selectors.coming_dates(schedule, SCHEDULES.shown),
    }


# --- a new one ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan between form and result, as a signed token in the address of its preview."""

    source: str
    target: str
    name: str
    minor: int
    currency: str
    note: str
    first: str
    rhythm: str
    every: int
    until: str | None
    times: int | None
    weekend: str
    request_id: str

    @classmethod
    def of(cls, data: dict[str, Any]) -> "Draft":
        plan, amount = data["plan"], data["money"]
        return cls(
            data["source"].public_id,
            data["payee"].public_id,
            data["name"],
            amount.minor,
            amount.currency,
            data["note"],
            plan.first.isoformat(),
            plan.rhythm.value,
            plan.every,
            plan.until.isoformat() if plan.until else None,
            plan.times,
            plan.weekend.value,
            str(uuid7()),
        )

    @property
    def plan(self) -> Plan:
        return Plan(
            date.fromisoformat(self.first),
            Rhythm(self.rhythm),
            self.every,
            date.fromisoformat(self.until) if self.until else None,
            self.times,
            Weekend(self.weekend),
        )

    def accounts(self, user: User) -> tuple[Account, Account]:
        source = accounts.account_for(user, self.source)
        return source, accounts.payee_account(self.target)


@require_http_methods(["GET", "POST"])
@login_required
def new(request: HttpRequest) -> HttpResponse:
    """The form. When it is right, the preview has its own address."""
    form = ScheduleForm(request.POST or None, user=request.user, initial=request.GET.dict())
    if form.is_valid():
        draft = Draft.of(form.cleaned_data)
        try:
            services.check_wish(_wish(request.user, draft), by=request.user)
        except Problem as problem:
            form.add_error(problem.field if problem.field in form.fields else None, problem.message)
        else:
            token = drafts.seal(asdict(draft), request.user, salt=_SALT)
            return redirect(f"{reverse('schedule-preview')}?draft={token}")
    context = {"form": form, "saved": payees_of(request.user)}
    return render(request, "banking/schedule_new.html", context, status=422 if form.errors else 200)


def _wish(user: User, draft: Draft) -> Wish:
    source, target = draft.accounts(user)
    found = check_name(by=user, account=target, name=draft.name)
    amount = Money(draft.minor, draft.currency)
    return Wish(source, target, selectors.called(user, found), amount, draft.plan, draft.note)


@require_http_methods(["GET", "POST"])
@login_required
def preview(request: HttpRequest) -> HttpResponse:
    """What will happen, and when; posting it makes the plan, once."""
    token = request.POST.get("draft") or request.GET.get("draft", "")
    draft = Draft(**drafts.unseal(token, request.user, salt=_SALT))
    wish = _wish(request.user, draft)
    found = check_name(by=request.user, account=wish.target, name=draft.name)
    coming = next_dates(wish.plan, count=SCHEDULES.shown)
    context: dict[str, Any] = {
        "wish": wish,
        "token": token,
        "payee": found,
        "warnings": warnings_for(found, wish.amount, wish.source.available),
        "next": coming,
        "due_now": bool(coming) and services.is_due(coming[0].run_on, request.user),
        "made": Schedule.objects.filter(owner=request.user, request_id=draft.request_id).first(),
    }
    if request.method == "GET":
        return render(request, "banking/schedule_preview.html", context)
    try:
        made = services.create_schedule(by=request.user, wish=wish, request_id=draft.request_id)
    except Problem as problem:
        context["problem"] = problem
        return render(request, "banking/schedule_preview.html", context, status=problem.status)
    messages.success(request, "Planned.")
    return redirect("schedule", made.public_id)


# --- one of them ----------------------------------------------------------------------------


@require_GET
@login_required
def schedule(request: HttpRequest, schedule_id: str) -> HttpResponse:
    """Its plan, its next dates, and what came of those before."""
    found = selectors.schedule_for(request.user, schedule_id)
    page = selectors.occurrences_page(
        found, before=request.GET.get("before"), size=selectors.HISTORY_PAGE
    )
    return render(request, "banking/schedule.html", {**_line(found), "page": page})


@require_http_methods(["GET", "POST"])
@login_required
def change(request: HttpRequest, schedule_id: str) -> HttpResponse:
    """Amount, note and dates, from the next one on."""
    found = selectors.schedule_for(request.user, schedule_id)
    if found.status == Schedule.Status.ENDED:
        return redirect("schedule", found.public_id)
    now = ChangeForm.initial_of(found)
    form = ChangeForm(request.POST or None, initial=now)
    if form.is_valid() and (amount := form.money(found.currency)):
        try:
            _changed(request.user, found, form, amount)
        except PreconditionFailed:
            late = "This was changed in another window. Here is what it says now."
            form = ChangeForm(now)
            form.full_clean()
            form.add_error(None, late)
        except Problem as problem:
            form.add_error(problem.field if problem.field in form.fields else None, problem.message)
        else:
            messages.success(request, "Changed, from the next payment on.")
            return redirect("schedule", found.public_id)
    context = {"schedule": found, "form": form}
    status = 422 if form.errors else 200
    return render(request, "banking/schedule_change.html", context, status=status)


def _changed(user: User, found: Schedule, form: ChangeForm, amount: Money) -> None:
    data = form.cleaned_data
    services.change_schedule(
        schedule=found,
        by=user,
        expected=seen(data["version"]),
        amount=amount,
        note=data["note"],
        plan=data["plan"],
    )


@require_POST
@login_required
def pause(request: HttpRequest, schedule_id: str) -> HttpResponse:
    found = selectors.schedule_for(request.user, schedule_id)
    services.pause_schedule(schedule=found, by=request.user)
    messages.success(request, "Paused. Nothing leaves until you resume it.")
    return redirect("schedule", found.public_id)


@require_POST
@login_required
def resume(request: HttpRequest, schedule_id: str) -> HttpResponse:
    found = selectors.schedule_for(request.user, schedule_id)
    services.resume_schedule(schedule=found, by=request.user)
    messages.success(request, "Resumed.")
    return redirect("schedule", found.public_id)


@require_POST
@login_required
def skip(request: HttpRequest, schedule_id: str) -> HttpResponse:
    """Leave out the date that the button named, and no other."""
    found = selectors.schedule_for(request.user, schedule_id)
    form = SkipForm(request.POST)
    if form.is_valid():
        services.skip_next(schedule=found, by=request.user, due_on=form.cleaned_data["due_on"])
        messages.success(request, f"Skipped {form.cleaned_data['due_on']:%-d %B}.")
    return redirect("schedule", found.public_id)


@require_http_methods(["GET", "POST"])
@login_required
def cancel(request: HttpRequest, schedule_id: str) -> HttpResponse:
    found = selectors.schedule_for(request.user, schedule_id)
    if request.method == "POST":
        services.cancel_schedule(schedule=found, by=request.user)
        messages.success(request, "Cancelled. Nothing more is paid.")
        return redirect("schedule", found.public_id)
    return render(request, "banking/schedule_cancel.html", {"schedule": found})
