"""How soon the bank learns what a payment was: the strongest lever on what its models can see."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fraud.labels.selectors import AGE_DAYS, ages
from fraud.models import Label

GOAL_HOURS = 24  # at the median: with labels a day old instead of a week, models find a fifth more


@require_GET
def label_age(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    if not request.user.has_perm("fraud.view_label"):
        raise PermissionDenied
    found = ages()
    more = {
        "ages": found,
        "days": AGE_DAYS,
        "goal_hours": GOAL_HOURS,
        "soon": found.overall is not None and found.overall.median_hours <= GOAL_HOURS,
        "rows": [(Label.Source(age.source).label, age) for age in found.by_source],
        "share": None if found.labelled_share is None else round(100 * found.labelled_share),
    }
    return render(request, "admin/label_age.html", {**context, **more})
