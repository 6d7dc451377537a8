"""The customer's page about their own normal: seen, chosen, forgotten."""

from collections.abc import Sequence
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from fintrust.core.errors import Invalid
from fintrust.core.http import PersonRequest
from fraud.profile import selectors, services
from fraud.profile.normal import WEEKDAYS, Profile
from fraud.profile.policy import PROFILE
from fraud.travel.policy import TRAVEL

LEARN, STOP, FORGET = "learn", "stop", "forget"


@require_http_methods(["GET", "POST"])
@login_required
@reauthentication_required(allow_get=True)
def habits(request: PersonRequest) -> HttpResponse:
    """See one's normal; change what is learned after giving the password once more."""
    if request.method == "POST":
        _do(request)
        return redirect("habits")
    normal = selectors.profile_of(request.user)
    context = {
        "normal": normal,
        "learning": selectors.learning_of(request.user),
        "guard_days": PROFILE.guard.days,
        "device_days": TRAVEL.device_max.days,
        "place_days": TRAVEL.place_max.days,
        "hours": _counts("Hour", [f"{hour:02}:00" for hour in range(24)], normal.hours),
        "weekdays": _counts("Day", WEEKDAYS, normal.weekdays),
        "amounts": _amounts(normal),
    }
    return render(request, "fraud/habits.html", context)


def _do(request: PersonRequest) -> None:
    word, me = request.POST.get("word"), request.user
    if word == FORGET:
        services.forget_normal(customer=me, by=me)
        messages.success(request, "From today on we learn afresh.")
    elif word in {LEARN, STOP}:
        services.choose_learning(customer=me, learn=word == LEARN, by=me)
        messages.success(request, "Your choice is kept.")
    else:
        raise Invalid("Choose one of the buttons of the page.", field="word")


@require_POST
@login_required
def keep(request: HttpRequest) -> HttpResponse:
    """Take a change back that has not taken effect: no password, since nothing gets looser."""
    services.keep_normal(customer=request.user, by=request.user)
    messages.success(request, "Nothing has changed: we go on as before.")
    return redirect("habits")


def _counts(heading: str, labels: Sequence[str], counts: Sequence[int]) -> dict[str, Any]:
    """A chart for the component, and the table that says the same."""
    return {
        "data": {
            "labels": list(labels),
            "series": [{"name": "Payments", "values": list(counts)}],
            "unit": "",
        },
        "headings": [heading, "Payments"],
        "rows": [[label, f"{count:,}"] for label, count in zip(labels, counts, strict=True)],
    }


def _amounts(normal: Profile) -> list[dict[str, Any]]:
    return [
        {"of": one, "chart": _counts("Amount", *zip(*one.bars, strict=True))}
        for one in normal.amounts
    ]
