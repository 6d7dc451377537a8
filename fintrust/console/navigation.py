"""The console's sidebar: work first, then what it is about, then the proof of it."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from banking.proposals.selectors import open_adjustments, open_closings
from banking.selectors import held_transfers
from fintrust.live.access import may_watch
from fraud.cases.selectors import queue
from fraud.learning.selectors import open_costs, open_drift_alarms, open_promotions
from fraud.lists.selectors import waiting as listed_waiting
from fraud.rulebook.selectors import proposals as proposed_rules
from fraud.selectors import open_alerts

HELD = "status__exact=held"

# title, icon, model: what an officer looks for, in the order of their day.
_GROUPS: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Money",
        (
            ("Transfers", "swap_horiz", "banking.Transfer"),
            ("Accounts", "account_balance_wallet", "banking.Account"),
            ("Movements", "receipt_long", "banking.Movement"),
            ("Holds", "hourglass_top", "banking.Hold"),
            ("Scheduled payments", "event_repeat", "banking.Schedule"),
            ("Payees", "contacts", "banking.Payee"),
            ("Currencies", "payments", "banking.Currency"),
            ("Rates", "currency_exchange", "banking.FxRate"),
            ("Interest terms", "percent", "banking.InterestTerms"),
            ("Account limits", "vertical_align_top", "banking.AccountLimit"),
            ("Ledger checks", "balance", "banking.LedgerCheck"),
        ),
    ),
    (
        "Judgement",
        (
            ("Decisions", "gavel", "fraud.Decision"),
            ("Rulesets", "layers", "fraud.Ruleset"),
            ("Backtests", "science", "fraud.Backtest"),
            ("Limits", "speed", "fraud.PolicyVersion"),
            ("Labels", "sell", "fraud.Label"),
            ("Reports", "report", "fraud.SuspicionReport"),
            ("Payments learned from", "school", "fraud.PaymentFact"),
            ("Choices about learning", "psychology", "fraud.LearningChoice"),
            ("Scores afterwards", "query_stats", "fraud.AfterScore"),
            ("Models", "model_training", "fraud.ModelVersion"),
            ("Trainings", "school", "fraud.TrainingRun"),
            ("Dead letters", "report", "fraud.DeadLetter"),
            ("Readers of streams", "stream", "fraud.StreamReader"),
        ),
    ),
    (
        "People",
        (
            ("People", "group", "core.User"),
            ("Roles", "badge", "auth.Group"),
            ("Partners", "handshake", "consent.Partner"),
            ("Consents", "fact_check", "consent.Consent"),
            ("Disclosures", "share", "consent.Disclosure"),
            ("Refusals", "block", "consent.Refusal"),
        ),
    ),
    (
        "Proof",
        (
            ("Audit records", "history", "audit.Record"),
            ("Checkpoints", "verified", "audit.Checkpoint"),
            ("Verifications", "task_alt", "audit.Verification"),
        ),
    ),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's hook: only what exists and this person may open."""
    groups = [{"title": "Today", "items": _today(request)}]
    for title, items in _GROUPS:
        found = [_item(request, *item) for item in items]
        found = [*_pages(request, title), *found]
        groups.append({"title": title, "items": [item for item in found if item]})
    return [group for group in groups if group["items"]]


def _today(request: HttpRequest) -> list[dict[str, Any]]:
    may = request.user.has_perm
    items: list[dict[str, Any]] = [
        {"title": "Dashboard", "icon": "dashboard", "link": reverse("admin:index")}
    ]
    if may_watch(request.user):
        items.append({"title": "Live feed", "icon": "sensors", "link": reverse("live")})
    if may("fraud.view_alert"):
        alerts = _item(request, "Alerts", "notifications", "fraud.Alert")
        if alerts:
            items.append(alerts | _badge(open_alerts().count()))
    if may("fraud.view_case"):
        cases = _item(request, "Cases", "folder_open", "fraud.Case")
        if cases:
            items.append(cases | _badge(queue().count()))
    if may("banking.view_transfer"):
        link = f"{reverse('admin:banking_transfer_changelist')}?{HELD}"
        held = {
            "title": "Held transfers",
            "icon": "pause_circle",
            "link": link,
            "active": _shows_held(request),
        }
        items.append(held | _badge(held_transfers().count()))
    for title, icon, label, waiting in _WAITING:
        item = _item(request, title, icon, label)
        if item:
            items.append(item | _badge(waiting().count()))
    return items


_WAITING: tuple[tuple[str, str, str, Callable[[], QuerySet[Any]]], ...] = (
    ("Adjustments", "edit_note", "banking.Adjustment", open_adjustments),
    ("Closings", "lock", "banking.Closing", open_closings),
    ("Models to decide", "rule", "fraud.Promotion", open_promotions),
    ("Costs of mistakes", "scale", "fraud.CostTable", open_costs),
    ("Drift", "moving", "fraud.DriftCheck", open_drift_alarms),
    ("Rules", "rule", "fraud.RuleVersion", proposed_rules),
    ("Lists", "playlist_add_check", "fraud.ListEntry", listed_waiting),
)


# title, icon, page, who may: pages about all of the bank, above the rooms of their group.
_PAGES: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "Money": (
        ("Books", "menu_book", "books", "banking.view_close"),
        ("Integrity", "verified_user", "integrity", "banking.view_ledgercheck"),
    ),
    "Judgement": (
        ("Monitoring", "monitoring", "monitoring", "fraud.view_decision"),
        ("Fairness", "balance", "fairness", "fraud.view_decision"),
        ("What if", "psychology_alt", "what-if", "fraud.view_decision"),
        ("Label age", "hourglass_bottom", "label-age", "fraud.view_label"),
    ),
}


def _pages(request: HttpRequest, group: str) -> list[dict[str, Any]]:
    return [
        {
            "title": title,
            "icon": icon,
            "link": reverse(f"admin:{name}"),
            "active": request.path.startswith(reverse(f"admin:{name}")),
        }
        for title, icon, name, right in _PAGES.get(group, ())
        if request.user.has_perm(right)
    ]


def _badge(count: int) -> dict[str, Any]:
    return {"badge": str(count), "badge_variant": "warning"} if count else {}


def _item(request: HttpRequest, title: str, icon: str, label: str) -> dict[str, Any] | None:
    model = apps.get_model(label)
    meta = model._meta
    may_open = request.user.has_perm(f"{meta.app_label}.view_{meta.model_name}")
    if not may_open or not admin.site.is_registered(model):
        return None
    link = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    active = request.path.startswith(link) and not _shows_held(request)
    return {"title": title, "icon": icon, "link": link, "active": active}


def _shows_held(request: HttpRequest) -> bool:
    return HELD in request.META.get("QUERY_STRING", "") and "/banking/transfer/" in request.path
