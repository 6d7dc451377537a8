"""Pages about how the bank recognises somebody: the PIN, and the rhythm of typing."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from biometrics import pins, rhythms, selectors
from biometrics.forms import NewPinForm
from fintrust.core import context
from fintrust.core.http import PersonRequest

View = Callable[..., HttpResponse]


def just_proven(view: View) -> View:
    """Only for somebody who gave their password or second factor a moment ago."""
    guarded = reauthentication_required(view)

    @wraps(view)
    def wrapper(request: PersonRequest, *args: Any, **named: Any) -> HttpResponse:
        try:
            return guarded(request, *args, **named)
        except ReauthenticationRequired:
            if request.method == "GET":
                raise
            # The form would be kept in the session meanwhile, and a PIN must not rest there.
            return redirect(request.path)

    return wrapper


@require_http_methods(["GET", "POST"])
@login_required
@just_proven
def pin(request: PersonRequest) -> HttpResponse:
    """Set or change the PIN."""
    form = NewPinForm(request.POST or None)
    if form.is_valid():
        new = form.cleaned_data["pin"]
        pins.set_pin(user=request.user, pin=new, password_ok=True)
        messages.success(request, "Your PIN is set. It confirms payments that we ask about.")
        return redirect("security")
    has_pin = pins.has_pin(request.user)
    status = 422 if form.errors else 200
    return render(request, "biometrics/pin.html", {"form": form, "has_pin": has_pin}, status=status)


@require_POST
@login_required
def rhythm(request: PersonRequest) -> HttpResponse:
    """One capture of one form, sent by static/js/rhythm.js."""
    session = context.session_hash(request.session.session_key)
    rhythms.store_rhythm(user=request.user, session_hash=session, body=request.body)
    return HttpResponse(status=204)


@require_GET
@login_required
def rhythm_notice(request: PersonRequest) -> HttpResponse:
    """What is measured, what is not, and what of it the bank holds about the person who asks."""
    held = selectors.rhythms_of(request.user)
    about = {"count": held.count(), "latest": held[: selectors.SHOWN_MAX]}
    return render(request, "biometrics/rhythm.html", about)
