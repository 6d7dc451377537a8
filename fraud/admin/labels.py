"""What payments turned out to be: to be read."""

from django.contrib import admin
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from fintrust.core.admin_base import MomentRangeFilter
from fraud.admin.base import FraudAdmin
from fraud.models import Label


@admin.register(Label)
class LabelAdmin(FraudAdmin):
    list_display = ("known_at", "verdict", "source", "weight", "judged", "customer", "counterparty")
    list_filter = (("known_at", MomentRangeFilter), "fraud", "source")
    list_select_related = ("customer", "decision")
    ordering = ("-known_at", "-id")
    by_subject, by_decision = "decision__subject", "decision"
    fields = readonly_fields = (
        "verdict", "source", "weight", "note", "judged", "customer", "counterparty", "paid_at",
        "known_at", "by", "recorded_at",
    )  # fmt: skip

    def _matching(self, text: str) -> Q:
        return super()._matching(text) | Q(counterparty=text)

    @display(description="what it was", label={"Fraud": "danger", "Genuine": "success"})
    def verdict(self, label: Label) -> str:
        return "Fraud" if label.fraud else "Genuine"

    @display(description="decision")
    def judged(self, label: Label) -> str:
        page = reverse("admin:fraud_decision_change", args=[label.decision_id])
        return format_html('<a href="{}">{}</a>', page, label.decision)
