"""The customer's page about their own limits."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from fintrust.core.http import PersonRequest
from fraud import selectors, services
from fraud.forms import LimitsForm


@require_http_methods(["GET", "POST"])
@login_required
@reauthentication_required(allow_get=True)
def limits(request: PersonRequest) -> HttpResponse:
    """See one's limits; change them after giving the password once more, so that whoever finds the
    browser open cannot lift them."""
    mine = list(selectors.limits_of(request.user))
    form = LimitsForm(
        request.POST or None, currencies=selectors.currencies_of(request.user), limits=mine
    )
    if form.is_valid():
        services.set_limits(customer=request.user, largest_minor=form.cleaned_data, by=request.user)
        messages.success(request, "Your limits are set. They hold from the next payment on.")
        return redirect("limits")
    context = {"form": form, "limits": mine}
    return render(request, "fraud/limits.html", context, status=422 if form.errors else 200)
