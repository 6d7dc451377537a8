"""The pages of the feed. They work by reloading; the script adds what arrives in between."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

import fraud.services
from audit import services as audit
from fintrust.core import live
from fintrust.core.errors import NotFound
from fintrust.core.ids import from_public
from fintrust.core.models import Event
from fintrust.live import access, feed
from fintrust.live.figures import figures
from fintrust.live.policy import STANDARD
from fraud.models import Alert, Case, Decision

View = Callable[..., HttpResponse]


def watchers_only(view: View) -> View:
    """Support, compliance and administrators; anybody else is turned away."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not access.may_watch(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return never_cache(login_required(guarded))


@require_GET
@watchers_only
def index(request: HttpRequest) -> HttpResponse:
    if "after" in request.GET:
        return _news(request)
    filters = feed.Filters.of(request.GET)
    context = _page_of(request, filters) | {
        "filters": filters,
        "families": feed.FAMILIES,
        "severities": feed.SEVERITIES,
        "may_acknowledge": access.may_acknowledge(request.user),
    }
    if "before" in request.GET and request.htmx and not request.htmx.history_restore_request:
        return render(request, "live/_older.html", context)
    # The end is read before the rows: what commits in between arrives twice, never not at all,
    # and the script knows a row by its id.
    return render(request, "live/index.html", context | {"figures": figures()})


def _page_of(request: HttpRequest, filters: feed.Filters) -> dict[str, Any]:
    before = request.GET.get("before")
    place = live.Cursor.parse(before) if before else None
    cursor = live.end(live.SUPPORT)
    found = list(feed.events(filters, before=place)[: STANDARD.page_rows_max + 1])
    page = found[: STANDARD.page_rows_max]
    return {
        "cursor": cursor,
        "rows": feed.rows_of(page),
        "older": live.Cursor.of(page[-1]) if len(found) > len(page) else None,
        "from_start": place is None,
    }


def _news(request: HttpRequest) -> HttpResponse:
    """What came after a cursor: the socket's answer over plain HTTP, for networks that block it."""
    cursor, skipped = feed.bounded(live.Cursor.parse(request.GET["after"]))
    found = live.after(cursor, live.SUPPORT, STANDARD.batch_rows_max)
    rows = feed.rows_of(feed.shown(event for _, event in found))
    may_acknowledge = access.may_acknowledge(request.user)
    html = feed.html_of(rows, may_acknowledge=may_acknowledge, request=request)
    response = HttpResponse(html)
    response.headers["X-Feed-Cursor"] = str(found[-1][0] if found else cursor)
    response.headers["X-Feed-Skipped"] = str(skipped)
    return response


@require_GET
@watchers_only
def numbers(request: HttpRequest) -> HttpResponse:
    return render(request, "live/_figures.html", {"figures": figures()})


@require_GET
@watchers_only
def event(request: HttpRequest, event_id: int) -> HttpResponse:
    """One event with the judgement behind it. Names stay masked; looking is remembered."""
    row = _row(event_id)
    decision = feed.decision_of(row)
    if decision is not None:
        audit.record(
            "core.customer.viewed",
            subject=decision,
            owner=decision.customer_id,
            purpose="live feed",
            data={"what": row.kind},
        )
    context = {
        "row": row,
        "decision": decision,
        "story": feed.story_of(row),
        "may_acknowledge": access.may_acknowledge(request.user),
        "may_read_rules": request.user.has_perm("fraud.view_ruleversion"),
        "console_url": _console_url(request, row, decision),
    }
    template = "live/_event.html" if request.htmx else "live/event.html"
    return render(request, template, context)


def _console_url(request: HttpRequest, row: feed.Row, decision: Decision | None) -> str:
    may = request.user.has_perm
    if row.family == "case" and may("fraud.view_case"):
        return reverse("admin:fraud_case_change", args=[from_public(Case.prefix, row.subject)])
    if decision is None or not may("fraud.view_decision"):
        return ""
    return reverse("admin:fraud_decision_change", args=[decision.pk])


def _row(event_id: int) -> feed.Row:
    found = live.visible(live.SUPPORT).filter(pk=event_id).exclude(kind=feed.ACKNOWLEDGED)
    rows = feed.rows_of(found)
    if not rows:
        raise NotFound()
    return rows[0]


@require_POST
@watchers_only
@permission_required("fraud.acknowledge_alert", raise_exception=True)
def acknowledge(request: HttpRequest, alert_id: str) -> HttpResponse:
    alert = Alert.objects.get_public(alert_id)
    fraud.services.acknowledge_alert(
        alert=alert, by=request.user, note=request.POST.get("note", "")
    )
    if not request.htmx:
        messages.success(request, "Acknowledged. Other screens see it too.")
        return redirect("live")
    raised = Event.objects.filter(topic=live.SUPPORT, kind=feed.RAISED, subject=alert.public_id)
    html = feed.html_of(feed.rows_of(raised), may_acknowledge=True, request=request)
    return HttpResponse(html)
