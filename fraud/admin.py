"""The reading room of decisions. An alert can be acknowledged, through the service; no more."""

import json
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django_htmx.http import HttpResponseClientRedirect
from unfold.contrib.filters.admin import RangeNumericFilter
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from fintrust.core.admin_base import MomentRangeFilter, ReadOnlyAdmin, RecordsViews
from fintrust.core.errors import NotFound, Problem
from fintrust.core.ids import from_public
from fintrust.core.models import User
from fraud import services
from fraud.hits import say
from fraud.models import AfterScore, Alert, CustomerLimit, Decision, PaymentFact

VERDICTS = {"Verified": "success", "Flagged": "warning", "Blocked": "danger"}
RISKS = {"Safe": "success", "Suspicious": "warning", "Critical": "danger"}
SEVERITIES = {"Low": "info", "Medium": "warning", "High": "danger"}


class FraudAdmin(RecordsViews, ReadOnlyAdmin):
    """Searched by public ids and the customer's address; exact, so that it stays quick."""

    list_filter_submit = True
    search_fields = ("pk",)  # shows the field; what it finds is `get_search_results`
    search_help_text = "A public id (dec_…, alr_…, trf_…, usr_…) or the customer's e-mail address"
    owner_field = "customer"
    by_customer, by_subject, by_decision = "customer", "subject", "pk"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        text = search_term.strip()
        return (queryset.filter(self._matching(text)) if text else queryset), False

    def _matching(self, text: str) -> Q:
        if customer := _id_in(User.prefix, text):
            return Q(**{self.by_customer: customer})
        if decision := _id_in(Decision.prefix, text):
            return Q(**{self.by_decision: decision})
        return Q(**{self.by_subject: text}) | Q(**{f"{self.by_customer}__email": text.lower()})


def _id_in(prefix: str, text: str) -> UUID | None:
    try:
        return from_public(prefix, text)
    except NotFound:
        return None


# --- decisions ------------------------------------------------------------------------------


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
        ("score", RangeNumericFilter),
        "ruleset",
    )
    list_select_related = ("customer",)
    date_hierarchy = "at"
    ordering = ("-at", "-id")
    fields = readonly_fields = (
        "name", "subject", "customer", "amount", "at", "recorded_at", "verdict_badge", "risk_badge",
        "score", "forbidden", "sentences", "alerted", "ruleset", "facts_shown", "snapshot_shown",
    )  # fmt: skip

    @display(description="decision", ordering="id")
    def name(self, decision: Decision) -> str:
        return decision.public_id

    @display(description="verdict", ordering="verdict", label=VERDICTS)
    def verdict_badge(self, decision: Decision) -> str:
        return decision.get_verdict_display()

    @display(description="risk", ordering="risk_level", label=RISKS)
    def risk_badge(self, decision: Decision) -> str:
        return decision.get_risk_level_display()

    @display(description="amount")
    def amount(self, decision: Decision) -> str:
        return say(decision.facts["amount_minor"], decision.facts["currency"])

    @display(description="first reason")
    def why(self, decision: Decision) -> str:
        return decision.reasons[0]["text"] if decision.reasons else "-"

    @display(description="reasons")
    def sentences(self, decision: Decision) -> str:
        if not decision.reasons:
            return "Nothing unusual was found."
        found = ((reason["text"], f"{reason['weight']:.2f}") for reason in decision.reasons)
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{} (weighs {})</li>", found))

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
        return _pretty(decision.facts_then().to_json())

    @display(description="what was known")
    def snapshot_shown(self, decision: Decision) -> str:
        return _pretty(decision.snapshot_then().to_json())


def _pretty(value: dict[str, Any]) -> str:
    """One line for each member, in the order they are declared in."""
    lines = (f"  {json.dumps(key)}: {json.dumps(value[key], ensure_ascii=False)}" for key in value)
    return format_html("<pre>{{\n{}\n}}</pre>", ",\n".join(lines))


# --- alerts ---------------------------------------------------------------------------------


class NoteForm(BaseDialogForm):
    note = forms.CharField(
        required=False,
        max_length=services.NOTE_MAX,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="What you saw or did. It is kept in the audit log.",
    )


@admin.register(Alert)
class AlertAdmin(FraudAdmin):
    list_display = ("name", "severity_badge", "kind", "state", "text", "customer", "at")
    list_filter = (("at", MomentRangeFilter), "status", "severity", "kind")
    list_select_related = ("decision__customer", "acknowledged_by")
    date_hierarchy = "at"
    ordering = ("-at", "-id")
    owner_field = "decision__customer"
    by_customer, by_subject, by_decision = "decision__customer", "decision__subject", "decision"
    actions = ("acknowledge_chosen",)  # type: ignore[assignment]  # the base class has none
    actions_detail = ("acknowledge",)
    fields = readonly_fields = (
        "name", "kind", "severity_badge", "text", "judged", "customer", "at", "state",
        "acknowledged_by", "acknowledged_at", "note",
    )  # fmt: skip

    def _matching(self, text: str) -> Q:
        alert = _id_in(Alert.prefix, text)
        return Q(pk=alert) if alert else super()._matching(text)

    @display(description="alert", ordering="id")
    def name(self, alert: Alert) -> str:
        return alert.public_id

    @display(description="severity", ordering="severity", label=SEVERITIES)
    def severity_badge(self, alert: Alert) -> str:
        return alert.get_severity_display()

    @display(description="state", ordering="status", label={"Open": "warning"})
    def state(self, alert: Alert) -> str:
        return alert.get_status_display()

    @display(description="customer", ordering="decision__customer")
    def customer(self, alert: Alert) -> str:
        return str(alert.decision.customer)

    @display(description="decision")
    def judged(self, alert: Alert) -> str:
        page = reverse("admin:fraud_decision_change", args=[alert.decision_id])
        return format_html('<a href="{}">{}</a>', page, alert.decision)

    def has_acknowledge_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("fraud.acknowledge_alert")

    @action(
        description="Acknowledge",
        url_path="acknowledge",
        icon="task_alt",
        permissions=["acknowledge"],
        dialog={
            "title": "Acknowledge this alert",
            "description": "It leaves the list of open alerts, with your name beside it.",
            "form_class": NoteForm,
            "form_submit_text": "Acknowledge",
        },
    )
    def acknowledge(self, request: HttpRequest, form: NoteForm, object_id: str) -> HttpResponse:
        alert = self.get_object(request, object_id)
        if alert is None:
            raise NotFound()
        try:
            services.acknowledge_alert(
                alert=alert, by=cast(User, request.user), note=form.cleaned_data["note"]
            )
            messages.success(request, "The alert is acknowledged.")
        except Problem as problem:
            messages.error(request, problem.message)
        # The dialog posts by htmx, which has to be told to leave it.
        return HttpResponseClientRedirect(reverse("admin:fraud_alert_change", args=[object_id]))

    @admin.action(description="Acknowledge the chosen alerts", permissions=["acknowledge"])
    def acknowledge_chosen(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        waiting = queryset.filter(status=Alert.Status.OPEN)
        for alert in waiting:
            services.acknowledge_alert(alert=alert, by=cast(User, request.user))
        messages.success(request, f"{len(waiting)} acknowledged.")


# --- what moved, and the rest ---------------------------------------------------------------


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


@admin.register(CustomerLimit)
class CustomerLimitAdmin(FraudAdmin):
    list_display = ("customer", "currency", "largest", "since")
    list_filter = ("currency",)
    list_select_related = ("customer",)
    ordering = ("customer", "currency")
    fields = readonly_fields = ("customer", "currency", "largest", "since")

    def _matching(self, text: str) -> Q:
        customer = _id_in(User.prefix, text)
        return Q(customer=customer) if customer else Q(customer__email=text.lower())
