"""The customer's pages about their own limits."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.module_loading import import_string
from django.views.decorators.http import require_http_methods, require_POST

from biometrics import pins
from biometrics.errors import PinNotSet
from fintrust.core.errors import Problem
from fintrust.core.etags import PreconditionFailed, seen
from fintrust.core.http import PersonRequest
from fraud.limits import selectors, services
from fraud.limits.change import Written
from fraud.limits.forms import LimitsForm, PinForm
from fraud.limits.own import CustomerPolicies
from fraud.limits.policy import LIMITS
from fraud.limits.trial import Payment, try_on
from fraud.limits.words import held_to, waiting


@require_http_methods(["GET", "POST"])
@login_required
@reauthentication_required(allow_get=True, enabled=lambda request: "try" not in request.POST)
def limits(request: PersonRequest) -> HttpResponse:
    """See one's limits; change them after giving the password once more, so that whoever finds the
    browser open cannot lift them. Tried out, they are not kept, and need none."""
    written = selectors.written_by(request.user)
    own, others = selectors.currencies_of(request.user)
    form = LimitsForm(
        request.POST or None,
        now=written.asked,
        currencies=own,
        others=others,
        payees=import_string(settings.PAYEE_BOOK)(request.user),
        timezone=request.user.timezone,
        version=written.version,
    )
    tried = None
    if form.is_valid():
        if "try" in request.POST:
            tried = _tried(request, form.cleaned_data["policies"])
        elif _kept(request, form):
            return redirect("limits")
    context = {"form": form, "tried": tried, **_state(request, written)}
    return render(request, "fraud/limits.html", context, status=422 if form.errors else 200)


def _kept(request: PersonRequest, form: LimitsForm) -> bool:
    try:
        services.set_policies(
            customer=request.user,
            asked=form.cleaned_data["policies"],
            by=request.user,
            expected=seen(form.cleaned_data["version"]),
        )
    except PreconditionFailed:
        form.add_error(
            None,
            "You changed your limits in another window meanwhile, so this one was not saved. "
            "Open the page again and look at them first.",
        )
        return False
    except Problem as problem:
        form.add_error(None, problem.message)
        return False
    waits = selectors.written_by(request.user).pending(timezone.now())
    text = "Your limits are set. They hold from the next payment on."
    if waits:
        text = "Your limits are set. What is tighter holds at once; what is looser waits."
    messages.success(request, text)
    return True


@require_POST
@login_required
@reauthentication_required
def cancel(request: PersonRequest) -> HttpResponse:
    """Take back what waits."""
    services.cancel_pending(customer=request.user, by=request.user)
    messages.success(request, "Taken back. Your limits stay as they are.")
    return redirect("limits")


@require_http_methods(["GET", "POST"])
@login_required
@reauthentication_required
def now(request: PersonRequest) -> HttpResponse:
    """What waits holds at once, by PIN, after the password."""
    written = selectors.written_by(request.user)
    if not written.pending(timezone.now()):
        return redirect("limits")
    form = PinForm(request.POST or None)
    if form.is_valid():
        try:
            pins.verify_pin(user=request.user, pin=form.cleaned_data["pin"])
            services.set_policies(
                customer=request.user,
                asked=written.asked,
                by=request.user,
                stepped_up=True,
                expected=seen(written.version),
            )
        except PinNotSet:
            return redirect("pin")
        except Problem as problem:
            form.add_error("pin" if problem.field == "pin" else None, problem.message)
        else:
            messages.success(request, "Done. Your new limits hold from now on.")
            return redirect("limits")
    context = {"form": form, "has_pin": pins.has_pin(request.user), **_state(request, written)}
    return render(request, "fraud/limits_now.html", context, status=422 if form.errors else 200)


# --- what the pages show --------------------------------------------------------------------


def _state(request: HttpRequest, written: Written) -> dict[str, Any]:
    at = timezone.now()
    in_force = written.in_force(at)
    moved = in_force.uses_clock and in_force.timezone != request.user.timezone
    return {
        "held_to": held_to(in_force),
        "pending": waiting(written, at),
        "clock": in_force.timezone if in_force.uses_clock else request.user.timezone,
        "moved": moved,
    }


def _tried(request: PersonRequest, asked: CustomerPolicies) -> dict[str, Any]:
    decisions = selectors.last_payments(request.user)
    payments = [
        Payment(decision.facts_then(), decision.snapshot_then().count("pair_count") > 0)
        for decision in decisions
    ]
    refused = try_on(payments, asked)
    return {"payments": len(payments), "most": LIMITS.tried_payments_max, "refused": refused[::-1]}
