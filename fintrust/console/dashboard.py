"""The console's first page: what needs a person now, and whether the books can be trusted."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince

from audit import selectors as audit
from banking.selectors import last_ledger_check
from fintrust.console import figures
from fraud.models import Decision
from fraud.selectors import open_alerts


@dataclass(frozen=True, slots=True)
class Card:
    """One figure, in words, with the list behind it."""

    label: str
    value: str
    note: str
    href: str
    tone: str = ""  # good, waiting, bad


def context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's hook. Everybody sees the figures of what they may open."""
    may = request.user.has_perm
    cards = []
    if may("fraud.view_alert"):
        cards.append(_alerts())
    if may("banking.view_transfer"):
        cards += [_held(), _ledger()]
        context |= {"verdicts": _verdicts(), "days": _days()}
    if may("audit.view_checkpoint"):
        cards.append(_log())
    return context | {"cards": cards}


def _list(name: str, query: str = "") -> str:
    return reverse(f"admin:{name}_changelist") + (f"?{query}" if query else "")


def _ago(moment: datetime) -> str:
    """The largest unit only: an officer wants the size of it."""
    if timezone.now() - moment < timedelta(minutes=1):
        return "moments ago"
    return timesince(moment, depth=1) + " ago"


# --- cards ----------------------------------------------------------------------------------


def _alerts() -> Card:
    waiting = open_alerts()
    oldest = waiting.order_by("at", "id").first()
    return Card(
        "Open alerts",
        str(waiting.count()),
        f"oldest {_ago(oldest.at)}" if oldest else "nothing waits",
        _list("fraud_alert", "status__exact=open"),
        "waiting" if oldest else "good",
    )


def _held() -> Card:
    held = figures.held()
    return Card(
        "Held transfers",
        str(held.count),
        f"oldest {_ago(held.oldest)}" if held.oldest else "nothing waits",
        _list("banking_transfer", "status__exact=held"),
        "waiting" if held.count else "good",
    )


def _ledger() -> Card:
    check = last_ledger_check()
    link = _list("banking_ledgercheck")
    if check is None:
        return Card("Ledger", "not checked", "first check within minutes", link, "waiting")
    if check.intact:
        return Card("Ledger", "in balance", f"checked {_ago(check.at)}", link, "good")
    note = f"{len(check.findings)} findings, {_ago(check.at)}"
    return Card("Ledger", "damaged", note, link, "bad")


def _log() -> Card:
    status = audit.status()
    link = _list("audit_verification")
    if status.signed_at is None:
        return Card("Audit log", "empty", f"{status.waiting} records wait", link, "waiting")
    note = f"signed {_ago(status.signed_at)}"
    if status.waiting:
        note += f", {status.waiting} waiting"
    if status.intact is None:
        return Card("Audit log", f"{status.size:,} sealed", note, link, "waiting")
    if not status.intact:
        return Card("Audit log", "damaged", note, link, "bad")
    return Card("Audit log", f"{status.size:,} sealed", f"{note}, intact", link, "good")


# --- charts, each with its table --------------------------------------------------------------

_OPTIONS = json.dumps(
    {
        "maintainAspectRatio": False,
        "animation": False,
        "plugins": {"legend": {"display": False}},
        "scales": {
            "x": {"grid": {"display": False}, "ticks": {"color": "#808a95", "maxRotation": 0}},
            "y": {
                "beginAtZero": True,
                "border": {"display": False},
                "ticks": {"color": "#808a95", "precision": 0, "maxTicksLimit": 5},
            },
        },
    }
)
_BARS = {"maxBarThickness": 36, "borderRadius": 4}

_VERDICT_COLOURS = {
    Decision.Verdict.VERIFIED: "var(--console-good)",
    Decision.Verdict.FLAGGED: "var(--console-waiting)",
    Decision.Verdict.BLOCKED: "var(--console-bad)",
}


def _verdicts() -> dict[str, Any]:
    counted = figures.today_by_verdict()
    since = figures.start_of_today().strftime("%Y-%m-%d")
    rows = [
        {
            "label": Decision.Verdict(verdict).label,
            "count": count,
            "href": _list(
                "banking_transfer",
                f"decision__verdict__exact={verdict}&asked_at_from_0={since}&asked_at_from_1=00:00",
            ),
        }
        for verdict, count in counted.items()
    ]
    chart = {
        "labels": [row["label"] for row in rows],
        "datasets": [
            {
                **_BARS,
                "label": "Transfers",
                "data": list(counted.values()),
                "backgroundColor": [_VERDICT_COLOURS[Decision.Verdict(v)] for v in counted],
            }
        ],
    }
    return {
        "rows": rows,
        "total": sum(counted.values()),
        "chart": json.dumps(chart),
        "options": _OPTIONS,
    }


def _days() -> dict[str, Any]:
    days = figures.booked_by_day()
    chart = {
        "labels": [day.day.strftime("%-d %b") for day in days],
        "datasets": [
            {
                **_BARS,
                "label": "Booked transfers",
                "data": [day.count for day in days],
                "backgroundColor": "var(--console-primary)",
            }
        ],
    }
    return {
        "rows": days[::-1],
        "total": sum(day.count for day in days),
        "href": _list("banking_transfer", "status__exact=posted"),
        "chart": json.dumps(chart),
        "options": _OPTIONS,
    }
