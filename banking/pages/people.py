"""The customer about themselves: profile, and what keeps the account safe."""

from dataclasses import dataclass
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from banking.pages.forms import ProfileForm
from banking.profile import change_profile
from biometrics.pins import has_pin
from fraud.labels.selectors import questions_of
from fraud.limits.selectors import limited_by


@require_http_methods(["GET", "POST"])
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    now = {name: getattr(request.user, name) for name in ProfileForm.base_fields}
    form = ProfileForm(request.POST or None, initial=now)
    if form.is_valid():
        change_profile(user=request.user, **form.cleaned_data)
        messages.success(request, "Your profile is up to date.")
        return redirect("profile")
    return render(
        request,
        "banking/profile.html",
        {"form": form},
        status=422 if form.errors else 200,
    )


@require_GET
@login_required
def security(request: HttpRequest) -> HttpResponse:
    """One page from which every lock can be reached, with the state each is in."""
    return render(request, "banking/security.html", {"locks": _locks(request.user)})


@dataclass(frozen=True, slots=True)
class Lock:
    """One line of the security page: a lock, the state it is in, and the page to change it."""

    title: str
    text: str
    icon: str
    page: str
    state: str = ""
    label: str = ""

    @property
    def url(self) -> str:
        return reverse(self.page)


def _locks(user: Any) -> list[Lock]:
    limits = limited_by(user)
    return [
        Lock(
            "Authenticator app and passkeys",
            "A second proof, or no password at all",
            "fingerprint",
            "mfa_index",
            *_set(is_mfa_enabled(user)),
        ),
        Lock("PIN", "Confirms money that waits", "key-round", "pin", *_set(has_pin(user))),
        Lock(
            "Your own limits",
            ", ".join(limits) if limits else "What nobody may do with your money, you included",
            "shield-check",
            "limits",
            *_set(bool(limits)),
        ),
        Lock(
            "Was this you?",
            "Payments that looked unusual to us",
            "shield-alert",
            "questions",
            *(("held", "Asked") if questions_of(user) else ("", "")),
        ),
        Lock(
            "What is normal for you",
            "What unusual payments are recognised by",
            "activity",
            "habits",
        ),
        Lock("Devices", "Where you are signed in", "monitor", "usersessions_list"),
        Lock("Password", "Change it", "lock", "account_change_password"),
        Lock("E-mail", user.email, "mail", "account_email"),
    ]


def _set(done: bool) -> tuple[str, str]:
    return ("verified", "Set") if done else ("unverified", "Not set")
