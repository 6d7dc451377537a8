"""Decisions and what really moved: to be read."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import RangeNumericFilter
from unfold.decorators import action, display

from fintrust.core.admin_base import MomentRangeFilter
from fintrust.core.errors import NotFound
from fraud.admin.base import FraudAdmin, id_in, pretty
from fraud.admin.lists import write_page
from fraud.explanation import beside, parts
from fraud.hits import say
from fraud.lists.matched import DEVICE, PAYEE
from fraud.models import AfterScore, Decision, ListEntry, PaymentFact
from fraud.replay import replay
from fraud.rulebook.selectors import for_staff
from fraud.selectors import changes_that_pass, contributions_of

VERDICTS = {"Verified": "success", "Flagged": "warning", "Blocked": "danger"}
RISKS = {"Safe": "success", "Suspicious": "warning", "Critical": "danger", "Own limit": "info"}


@admin.register(Decision)
class DecisionAdmin(FraudAdmin):
    list_display = (
        "name",
        "verdict_badge",
        "risk_badge",
        "score",
        "amount",
        "customer",
        "why",
        "at",
    )
    list_filter = (
        ("at", MomentRangeFilter),
        "verdict",
        "risk_level",
        "forbidden",
        "review",
        ("score", RangeNumericFilter),
        "ruleset",
    )
    list_select_related = ("customer",)
    date_hierarchy = "at"
    ordering = ("-at", "-id")
    actions_detail = ("replay_now", "list_payee", "list_device")
    fields = readonly_fields = (
        "name", "subject", "customer", "amount", "at", "recorded_at", "verdict_badge", "risk_badge",
        "score", "forbidden", "review", "sentences", "on_lists", "alerted", "ruleset", "officers",
        "champion", "shadow_model", "on_trial", "missing",
        "facts_shown", "snapshot_shown",
    )  # fmt: skip

    @display(description="decision", ordering="id")
    def name(self, decision: Decision) -> str:
        return decision.public_id

    @display(description="verdict", ordering="verdict", label=VERDICTS)
    def verdict_badge(self, decision: Decision) -> str:
        return decision.get_verdict_display()

    @display(description="risk", ordering="risk_level", label=RISKS)
    def risk_badge(self, decision: Decision) -> str:
        return decision.risk_words

    @display(description="amount")
    def amount(self, decision: Decision) -> str:
        return say(decision.facts["amount_minor"], decision.facts["currency"])

    @display(description="first reason")
    def why(self, decision: Decision) -> str:
        return for_staff(decision.reasons[0]) if decision.reasons else "-"

    @display(description="reasons")
    def sentences(self, decision: Decision) -> str:
        """Each with its weight, and the payment beside what was normal for the customer."""
        lines = beside(decision.facts_then(), decision.snapshot_then())
        context = {
            "reasons": decision.reasons,
            "beside": lines,
            "passing": changes_that_pass(decision),
            "parts": parts(contributions_of(decision)),
        }
        return render_to_string("admin/_weighed.html", context)

    def has_replay_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_view_permission(request)

    @action(description="Replay now", icon="replay", permissions=["replay"])
    def replay_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Decide again from what is stored, and say whether it comes out the same."""
        decision = self.get_object(request, object_id)
        if decision is None:
            raise NotFound()
        again = replay(decision)
        tell = messages.success if again.same else messages.warning
        tell(request, f"Replayed: {again}")
        return redirect("admin:fraud_decision_change", decision.pk)

    def has_list_payee_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_list(request, object_id, "counterparty")

    def has_list_device_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._may_list(request, object_id, "device")

    def _may_list(self, request: HttpRequest, object_id: Any, fact: str) -> bool:
        if not request.user.has_perm("fraud.write_listentry"):
            return False
        decision = Decision.objects.filter(pk=object_id).first()
        return decision is not None and bool(decision.facts.get(fact))

    @action(
        description="List the payee", icon="playlist_add", url_path="list-payee",
        permissions=["list_payee"],
    )  # fmt: skip
    def list_payee(self, request: HttpRequest, object_id: str) -> HttpResponse:
        decision = Decision.objects.get(pk=object_id)
        return redirect(write_page(PAYEE, decision.facts["counterparty"]))

    @action(
        description="List the device", icon="playlist_add", url_path="list-device",
        permissions=["list_device"],
    )  # fmt: skip
    def list_device(self, request: HttpRequest, object_id: str) -> HttpResponse:
        decision = Decision.objects.get(pk=object_id)
        return redirect(write_page(DEVICE, decision.facts["device"]))

    @display(description="on the bank's lists")
    def on_lists(self, decision: Decision) -> str:
        """What the customer is not told."""
        listed = decision.snapshot_then().listed
        lines = (
            (
                reverse("admin:fraud_listentry_change", args=[id_in(ListEntry.prefix, one.id)]),
                f"{one.kind}: {one.effect}",
            )
            for one in (listed.entries if listed else ())
        )
        return format_html_join(", ", '<a class="console-link" href="{}">{}</a>', lines) or "-"

    @display(description="rules and model on trial")
    def on_trial(self, decision: Decision) -> str:
        """What they would have said."""
        said = decision.shadow
        if not said:
            return "-"
        model = f"score {said['score']:.3f}; " if "score" in said else ""
        rules = ", ".join(said.get("rules", [])) or "no rule"
        return f"{said['verdict'].capitalize()} ({model}{rules})"

    @display(description="could not be asked")
    def missing(self, decision: Decision) -> str:
        return ", ".join(decision.degraded) or "-"

    @display(description="alerts")
    def alerted(self, decision: Decision) -> str:
        alerts = decision.alerts.all()
        links = (
            (reverse("admin:fraud_alert_change", args=[alert.pk]), alert.get_kind_display())
            for alert in alerts
        )
        return format_html_join(", ", '<a href="{}">{}</a>', links) or "-"

    @display(description="facts")
    def facts_shown(self, decision: Decision) -> str:
        return pretty(decision.facts_then().to_json())

    @display(description="what was known")
    def snapshot_shown(self, decision: Decision) -> str:
        return pretty(decision.snapshot_then().to_json())


@admin.register(PaymentFact)
class PaymentFactAdmin(FraudAdmin):
    list_display = ("id", "kind", "amount", "outgoing", "customer", "counterparty", "at")
    list_filter = (("at", MomentRangeFilter), "kind", "outgoing", "currency")
    list_select_related = ("customer",)
    date_hierarchy = "at"
    ordering = ("-at", "-id")
    by_decision = "decision"
    fields = readonly_fields = (
        "id", "kind", "subject", "customer", "amount", "outgoing", "account", "counterparty",
        "local_hour", "at", "recorded_at", "judged", "afterwards",
    )  # fmt: skip

    @display(description="amount", ordering="amount_minor")
    def amount(self, fact: PaymentFact) -> str:
        return say(fact.amount_minor, fact.currency)

    @display(description="decision")
    def judged(self, fact: PaymentFact) -> str:
        page = reverse("admin:fraud_decision_change", args=[fact.decision_id])
        return format_html('<a href="{}">{}</a>', page, fact.decision)

    @display(description="scores afterwards")
    def afterwards(self, fact: PaymentFact) -> str:
        scores = (f"{score.score:.3f} by {score.model}" for score in fact.after_scores.all())
        return ", ".join(scores) or "-"


@admin.register(AfterScore)
class AfterScoreAdmin(FraudAdmin):
    list_display = ("id", "fact", "score", "model", "at")
    list_filter = (("at", MomentRangeFilter), ("score", RangeNumericFilter), "model")
    list_select_related = ("fact",)
    ordering = ("-id",)
    owner_field = "fact__customer"
    by_customer, by_subject, by_decision = "fact__customer", "fact__subject", "fact__decision"
    fields = readonly_fields = ("id", "fact", "score", "model", "at")
