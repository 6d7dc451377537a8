"""How soon the bank learns what a payment was: the strongest lever on what its models can see."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fraud.labels.selectors import AGE_DAYS, Age, ages
from fraud.models import Label

GOAL_HOURS = 24  # at the median: with labels a day old instead of a week, models find a fifth more


@require_GET
def label_age(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    if not request.user.has_perm("fraud.view_label"):
        raise PermissionDenied
    found = ages()
    overall = found.overall
    more = {
        "median": overall and spelled(overall.median_hours),
        "high": overall and spelled(overall.high_hours),
        "ages": found,
        "days": AGE_DAYS,
        "goal_hours": GOAL_HOURS,
        "soon": overall is not None and overall.median_hours <= GOAL_HOURS,
        "rows": [_row(age) for age in found.by_source],
        "share": None if found.labelled_share is None else round(100 * found.labelled_share),
    }
    return render(request, "admin/label_age.html", {**context, **more})


def _row(age: Age) -> dict[str, Any]:
    return {
        "source": Label.Source(age.source).label,
        "count": age.count,
        "median": spelled(age.median_hours),
        "high": spelled(age.high_hours),
    }


def spelled(hours: float) -> str:
    """In the unit that people would use."""
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"
