"""Judging from above: what became of payments, scores, reasons, answers, speed."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from banking.models import Transfer
from fintrust.console.drawing import BAD, GOOD, PRIMARY, WAITING, bars, lines
from fintrust.core.errors import Invalid, NotFound
from fintrust.core.ids import from_public
from fraud.effect import HELD, PASSED, REFUSED
from fraud.models import Decision
from fraud.monitoring import selectors, stopwatch
from fraud.monitoring.policy import MONITORING
from fraud.monitoring.scores import Scores, edges, stability

RIGHT = "fraud.view_decision"
RANGES = {"day": ("24 hours", 1), "week": ("7 days", 7), "month": ("30 days", 30)}
_WORDS = {PASSED: "Passed", HELD: "Held", REFUSED: "Refused"}
_COLOURS = {PASSED: GOOD, HELD: WAITING, REFUSED: BAD}


@require_GET
def monitoring(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    name = request.GET.get("range", "day")
    if name not in RANGES:
        raise Invalid("Choose one of the ranges offered.", field="range")
    words, days = RANGES[name]
    until = timezone.localtime()
    since = _start(until, days)
    counted = _counted(since, until, days)
    more = {
        "range": name,
        "ranges": [(key, label) for key, (label, _) in RANGES.items()],
        "words": words,
        "scores": counted,
        "cards": _cards(counted, since, until),
        "over_time": _over_time(counted, hourly=days == 1),
        "rates": _rates(counted, hourly=days == 1),
        "distribution": _distribution(counted),
        "reasons": selectors.top_reasons(since, until),
        "answers": selectors.alert_answers(since, until),
        "labels": selectors.label_ages(since, until),
        "step_ups": _step_ups(since, until),
        "drift": _drift(counted, since, days),
        "model_drift": selectors.newest_drift(),
        "officers": selectors.officers_hits(since, until),
        "latency": _latency(since, until),
        "newest": _newest(since, until),
        "rows_max": MONITORING.stopped_rows_max,
    }
    return render(request, "admin/monitoring.html", {**context, **more})


def _start(until: datetime, days: int) -> datetime:
    """Where the first hour or day of a range begins: all of the page counts from there."""
    if days == 1:
        return (until - timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    first = until.date() - timedelta(days=days - 1)
    return selectors.midnight(first, timezone.get_current_timezone())


def _counted(since: datetime, until: datetime, days: int) -> Scores:
    if days == 1:
        return selectors.scores_by_hour(since, until)
    return selectors.scores_by_day(
        Decision.objects.all(),
        since.date(),
        until.date(),
        timezone.get_current_timezone(),
        moment=selectors.DECIDED,
    )


def _label(at: Any, hourly: bool) -> str:
    return f"{at:%H:00}" if hourly else f"{at:%-d %b}"


def _cards(counted: Scores, since: datetime, until: datetime) -> list[dict[str, Any]]:
    found = [
        {
            "label": words,
            "value": counted.effects[effect],
            "note": _percent(counted.share(effect)),
        }
        for effect, words in _WORDS.items()
    ]
    return [
        {"label": "Decisions", "value": counted.decisions, "note": f"since {since:%-d %b, %H:%M}"},
        *found,
        _degraded(counted, selectors.degraded_between(since, until)),
    ]


def _degraded(counted: Scores, count: int) -> dict[str, Any]:
    share = count / counted.decisions if counted.decisions else None
    return {"label": "Without Redis, a model or a rule", "value": count, "note": _percent(share)}


def _percent(share: float | None) -> str:
    return "no decisions" if share is None else f"{share:.1%} of all"


# --- charts, each with its table --------------------------------------------------------------


def _over_time(counted: Scores, *, hourly: bool) -> dict[str, Any]:
    labels = [_label(one.at, hourly) for one in counted.stretches]
    series = [
        (words, [one.effects[effect] for one in counted.stretches], _COLOURS[effect])
        for effect, words in _WORDS.items()
    ]
    rows = [
        (_label(one.at, hourly), *(one.effects[effect] for effect in _WORDS))
        for one in reversed(counted.stretches)
        if one.decisions
    ]
    return {"chart": bars(labels, series, stacked=True), "rows": rows}


def _rates(counted: Scores, *, hourly: bool) -> dict[str, Any]:
    labels = [_label(one.at, hourly) for one in counted.stretches]
    series = [
        (
            f"{_WORDS[effect]}, %",
            [_hundred(one.share(effect)) for one in counted.stretches],
            _COLOURS[effect],
        )
        for effect in (HELD, REFUSED)
    ]
    rows = [
        (_label(one.at, hourly), f"{one.share(HELD):.1%}", f"{one.share(REFUSED):.1%}")
        for one in reversed(counted.stretches)
        if one.decisions
    ]
    return {"chart": lines(labels, series), "rows": rows}


def _hundred(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)


def _distribution(counted: Scores) -> dict[str, Any]:
    labels = [f"{low:.1f} to {high:.1f}" for low, high in edges()]
    return {
        "chart": bars(labels, [("Decisions", counted.bins, PRIMARY)]),
        "rows": list(zip(labels, counted.bins, strict=True)),
    }


def _drift(counted: Scores, since: datetime, days: int) -> dict[str, Any]:
    """The scores of this range against the one before it."""
    before = selectors.bins_between(since - timedelta(days=days), since)
    index = stability(before, counted.bins)
    words = "too few to tell" if index is None else "steady"
    tone = ""
    if index is not None and index >= MONITORING.drift_from:
        words, tone = "has moved", "waiting"
    if index is not None and index >= MONITORING.drift_alarm:
        words, tone = "another population", "bad"
    return {"index": index, "words": words, "tone": tone, "before": sum(before)}


def _latency(since: datetime, until: datetime) -> dict[str, Any] | None:
    found = stopwatch.latency(since, until)
    if found is None:
        return None
    names = [f"≤ {edge / 1000:g} ms" for edge in stopwatch.EDGES]
    names.append(f"> {stopwatch.EDGES[-1] / 1000:g} ms")
    bands = [pair for pair in zip(names, found.bands, strict=True) if pair[1]]
    labels, counts = [name for name, _ in bands], [count for _, count in bands]
    chart = bars(labels, [("Decisions", counts, PRIMARY)])
    return {"found": found, "chart": chart, "rows": bands}


# --- what became of held money, and what was stopped last ---------------------------------------

_ENDS = {
    Transfer.Status.HELD: "still wait",
    Transfer.Status.POSTED: "confirmed or released",
    Transfer.Status.CANCELLED: "cancelled by the customer",
    Transfer.Status.EXPIRED: "nobody confirmed or decided in time",
    Transfer.Status.REFUSED: "refused by an officer",
}


def _step_ups(since: datetime, until: datetime) -> list[tuple[str, int]]:
    """How the newest held payments ended."""
    held = selectors.held(since, until).values_list("subject", flat=True)
    subjects = held[: MONITORING.stopped_rows_max]
    ids = [uuid for subject in subjects if (uuid := _transfer_id(subject))]
    counted = dict(
        Transfer.objects.filter(pk__in=ids).values_list("status").annotate(count=Count("pk"))
    )
    return [(words, counted[status]) for status, words in _ENDS.items() if status in counted]


def _transfer_id(subject: str) -> UUID | None:
    """A stream's payments are judged too, and are no transfers of this bank."""
    try:
        return from_public(Transfer.prefix, subject)
    except NotFound:
        return None


def _newest(since: datetime, until: datetime) -> list[Decision]:
    return list(selectors.stopped(since, until)[: MONITORING.stopped_shown])
