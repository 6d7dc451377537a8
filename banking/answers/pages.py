""" "Was this you?": one tap; and a dispute in the customer's own words."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

import fraud.labels.services as labels
from banking import selectors
from banking.answers import services
from banking.answers.selectors import asked_about
from banking.models import Account, Transfer
from banking.selectors import Seen
from fintrust.core.errors import NotFound, Problem
from fraud.labels.selectors import answer_of, dispute_of
from fraud.models import Dispute
from fraud.policy import CASES


class AnswerForm(forms.Form):
    mine = forms.TypedChoiceField(
        choices=[("yes", "Yes"), ("no", "No")], coerce=lambda word: word == "yes"
    )


class DisputeForm(forms.Form):
    reason = forms.ChoiceField(
        label="What is wrong?", choices=Dispute.Reason.choices, widget=forms.RadioSelect
    )
    text = forms.CharField(
        label="In your words",
        min_length=CASES.text_min,
        max_length=CASES.text_max,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="What happened, when you noticed, and whom you have spoken to about it.",
    )


@require_GET
@login_required
def questions(request: HttpRequest) -> HttpResponse:
    """Everything the bank wonders about, each with two buttons, by why it does."""
    groups: dict[str, list[Seen]] = {}
    for seen in asked_about(request.user):
        reasons = seen.transfer.decision.reasons
        groups.setdefault(reasons[0]["text"] if reasons else "", []).append(seen)
    return render(request, "banking/questions.html", {"asked": list(groups.items())})


@require_POST
@login_required
def answer(request: HttpRequest, transfer_id: str) -> HttpResponse:
    found = _own(request, transfer_id)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say yes or no.")
        return redirect("transfer", found.public_id)
    mine = form.cleaned_data["mine"]
    services.answer(decision=found.decision, by=request.user, mine=mine)
    if not mine:
        return redirect("transfer-denied", found.public_id)
    messages.success(request, "Thank you. That helps us to know what is normal for you.")
    return redirect("questions" if asked_about(request.user) else "home")


@require_GET
@login_required
def denied(request: HttpRequest, transfer_id: str) -> HttpResponse:
    """What happens now, and what the customer can do at once."""
    found = _own(request, transfer_id)
    if answer_of(found.decision) is not False:
        raise NotFound()
    (seen,) = selectors.as_seen_by(request.user, [found])
    context = {
        "transfer": found,
        "seen": seen,
        "may_freeze": found.source.status == Account.Status.ACTIVE,
    }
    return render(request, "banking/denied.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def dispute(request: HttpRequest, transfer_id: str) -> HttpResponse:
    """Something is wrong with a payment that moved; afterwards, how far the bank is with it."""
    found = _own(request, transfer_id)
    if not may_dispute(found, request.user):
        raise NotFound()
    progress = dispute_of(found.decision)
    form = DisputeForm(None if progress else request.POST or None)
    if form.is_valid():
        try:
            labels.dispute(decision=found.decision, by=request.user, **form.cleaned_data)
        except Problem as problem:
            form.add_error(problem.field if problem.field in form.fields else None, problem.message)
        else:
            messages.success(request, "We have it. You can see here how far we are.")
            return redirect("transfer-dispute", found.public_id)
    (seen,) = selectors.as_seen_by(request.user, [found])
    context = {"transfer": found, "seen": seen, "form": form, "progress": progress}
    return render(request, "banking/dispute.html", context, status=422 if form.errors else 200)


def may_dispute(transfer: Transfer, user: object) -> bool:
    """Money of theirs that left and has moved."""
    own = transfer.source.owner_id is not None and transfer.source.owner == user
    return own and transfer.status == Transfer.Status.POSTED and not transfer.returns_id


def _own(request: HttpRequest, transfer_id: str) -> Transfer:
    """A transfer whose money was this customer's; to anybody else there is nothing to answer."""
    found = selectors.transfer_for(request.user, transfer_id)
    if found.decision.customer_id != request.user.pk or found.source.owner_id != request.user.pk:
        raise NotFound()
    return found
