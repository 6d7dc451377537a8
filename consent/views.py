"""Who sees my data: the customer's pages."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from consent import masking, selectors, services
from consent.forms import GrantForm
from consent.models import Consent, Scope
from fintrust.core.errors import Problem
from fintrust.core.http import PersonRequest


@require_GET
@login_required
def shared_data(request: PersonRequest) -> HttpResponse:
    """Everybody who sees something now, and who did before."""
    consents = list(selectors.consents_of(request.user))
    now = [consent for consent in consents if consent.state == Consent.Status.GRANTED]
    before = [consent for consent in consents if consent.state != Consent.Status.GRANTED]
    return render(request, "consent/shared_data.html", {"now": now, "before": before})


@require_GET
@login_required
def consent(request: PersonRequest, consent_id: str) -> HttpResponse:
    """One consent: its terms, and every look that was taken under it."""
    found = selectors.consent_for(request.user, consent_id)
    about = {
        "consent": found,
        "log": selectors.access_log(found),
        "clusters": [(Scope(scope).label, masking.described(scope)) for scope in found.scopes],
    }
    return render(request, "consent/consent.html", about)


@require_http_methods(["GET", "POST"])
@login_required
def grant(request: PersonRequest) -> HttpResponse:
    form = GrantForm(request.POST or None, user=request.user)
    granted = _granted(request, form) if form.is_valid() else None
    if granted is None:
        status = 422 if form.errors else 200
        return render(request, "consent/grant.html", {"form": form}, status=status)
    messages.success(request, f"{granted.partner} may now see what you chose.")
    return redirect("consent", granted.public_id)


def _granted(request: PersonRequest, form: GrantForm) -> Consent | None:
    """The new consent, or None when the form says why not."""
    chosen = form.cleaned_data
    try:
        return services.grant_consent(
            customer=request.user,
            partner=chosen["partner"],
            account=chosen["account"],
            scopes=chosen["scopes"],
            purpose=chosen["purpose"],
            ends_at=form.ends_at,
        )
    except Problem as problem:
        field = problem.field if problem.field in form.fields else None
        form.add_error(field, problem.message)
        return None


@require_http_methods(["GET", "POST"])
@login_required
def stop(request: PersonRequest, consent_id: str) -> HttpResponse:
    """Ask once, saying what follows; then stop."""
    found = selectors.consent_for(request.user, consent_id)
    if request.method == "GET":
        return render(request, "consent/stop.html", {"consent": found})
    services.revoke_consent(consent=found, by=request.user)
    messages.success(request, f"{found.partner} sees nothing of this account any more.")
    return redirect("shared-data")
