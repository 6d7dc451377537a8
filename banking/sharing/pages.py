"""Sharing an account: the owner's list of people, and what an invited person answers."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from banking import selectors
from banking.models import Account, Right, Share
from banking.pages.forms import PinForm
from banking.sharing import selectors as sharing
from banking.sharing import services
from biometrics.pins import has_pin
from fintrust.core.errors import Problem


class InviteForm(PinForm):
    email = forms.EmailField(
        label="Their e-mail address",
        max_length=254,
        help_text="We write to them. You are not told whether they are a customer.",
    )
    right = forms.ChoiceField(
        label="They may", choices=Right.choices, widget=forms.RadioSelect, initial=Right.VIEW
    )
    until = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Leave it empty to share until one of you ends it.",
    )
    field_order = ("email", "right", "until", "pin")

    def end(self) -> datetime | None:
        """The end of the last day, on the customer's clock."""
        day = self.cleaned_data["until"]
        if day is None:
            return None
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


@require_http_methods(["GET", "POST"])
@login_required
def people(request: HttpRequest, account_id: str) -> HttpResponse:
    """Who shares an account of one's own. Posting invites somebody."""
    found = selectors.account_for(request.user, account_id)
    form = InviteForm(request.POST or None)
    if form.is_valid() and _invite(request, found, form):
        return redirect("account-people", found.public_id)
    context = {
        "account": found,
        "form": form,
        "has_pin": has_pin(request.user),
        "is_open": found.status != Account.Status.CLOSED,
        "people": sharing.people_of(found),
        "invitations": sharing.invitations_of(found),
        "past": sharing.past_people_of(found),
    }
    return render(
        request, "banking/account_people.html", context, status=422 if form.is_bound else 200
    )


def _invite(request: HttpRequest, account: Account, form: InviteForm) -> bool:
    data = form.cleaned_data
    try:
        services.invite(
            account=account,
            by=request.user,
            email=data["email"],
            right=Right(data["right"]),
            until=form.end(),
            pin=data["pin"],
        )
    except Problem as problem:
        form.add_error(problem.field if problem.field in form.fields else None, problem.message)
        return False
    messages.success(request, f"We have written to {data['email']}.")
    return True


@require_POST
@login_required
def withdraw(request: HttpRequest, account_id: str, invitation_id: str) -> HttpResponse:
    found = selectors.account_for(request.user, account_id)
    invitation = sharing.invitations_of(found).get_public(invitation_id)
    services.withdraw(invitation=invitation, by=request.user)
    messages.success(request, "The invitation is taken back.")
    return redirect("account-people", found.public_id)


@require_POST
@login_required
def stop(request: HttpRequest, account_id: str, share_id: str) -> HttpResponse:
    found = selectors.account_for(request.user, account_id)
    share = sharing.people_of(found).get_public(share_id)
    services.revoke(share=share, by=request.user)
    messages.success(request, f"{share.person.name} has no part in this account any more.")
    return redirect("account-people", found.public_id)


# --- the other person -----------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@login_required
def invitation(request: HttpRequest, invitation_id: str) -> HttpResponse:
    """What somebody offers, and the answer."""
    found = sharing.invitations_for(request.user).get_public(invitation_id)
    context: dict[str, Any] = {"invitation": found}
    if request.method == "GET":
        return render(request, "banking/invitation.html", context)
    try:
        if request.POST.get("answer") == "accept":
            share = services.accept(invitation=found, by=request.user)
            messages.success(request, f"You share {share.account.owner.name}'s account now.")
            return redirect("account", share.account.public_id)
        services.decline(invitation=found, by=request.user)
    except Problem as problem:
        context["problem"] = problem
        return render(request, "banking/invitation.html", context, status=problem.status)
    messages.success(request, "You have declined. Nothing is shared.")
    return redirect("accounts")


@require_http_methods(["GET", "POST"])
@login_required
def leave(request: HttpRequest, share_id: str) -> HttpResponse:
    """Give one's part in somebody's account back."""
    share: Share = sharing.shared_with(request.user).get_public(share_id)
    if request.method == "GET":
        return render(request, "banking/leave_share.html", {"share": share})
    services.leave(share=share, by=request.user)
    messages.success(request, f"You no longer share {share.account.owner.name}'s account.")
    return redirect("accounts")
