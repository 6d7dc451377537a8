"""What somebody should look at. An alert can be acknowledged, through the service."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django_htmx.http import HttpResponseClientRedirect
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from fintrust.core.admin_base import MomentRangeFilter
from fintrust.core.errors import NotFound, Problem
from fintrust.core.models import User
from fraud import services
from fraud.admin.base import FraudAdmin, id_in
from fraud.models import Alert

SEVERITIES = {"Low": "info", "Medium": "warning", "High": "danger"}


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
        alert = id_in(Alert.prefix, text)
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
