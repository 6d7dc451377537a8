"""Reports to the authorities: drafted in a case, signed here."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from fintrust.core.admin_base import MomentRangeFilter
from fintrust.core.errors import NotFound
from fintrust.core.models import User
from fraud.admin.base import FraudAdmin, id_in
from fraud.admin.cases.dialogs import CaseForm, dialog, done
from fraud.cases import reports
from fraud.models import SuspicionReport

_SIGN = dialog("Sign this report", "You answer for it beside its author, and nothing of it "
               "changes any more.", CaseForm, "Sign it")  # fmt: skip


@admin.register(SuspicionReport)
class SuspicionReportAdmin(FraudAdmin):
    nothing_yet = "A report is written from the case that it is about."
    list_display = ("name", "state", "about", "drafted_by", "drafted_at", "signed_by", "signed_at")
    list_filter = ("status", ("drafted_at", MomentRangeFilter))
    list_select_related = ("case__customer", "drafted_by", "signed_by")
    ordering = ("-id",)
    search_help_text = "A public id (sar_…, cas_…, usr_…) or the customer's e-mail address"
    actions_detail = ("sign", "as_json", "as_pdf", "as_goaml")
    fields = readonly_fields = (
        "name", "state", "about", "person", "totals", "narrative", "drafted_by", "drafted_at",
        "signed_by", "signed_at", "sha256",
    )  # fmt: skip

    def _matching(self, text: str) -> Q:
        for prefix, field in (("sar", "pk"), ("cas", "case"), ("usr", "case__customer")):
            if key := id_in(prefix, text):
                return Q(**{field: key})
        return Q(case__customer__email=text.lower())

    def owner_of(self, obj: Any) -> None:
        """No customer is told that somebody looked at a report about them."""

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        response = super().change_view(request, object_id, form_url, extra_context)
        found = self.get_object(request, object_id)
        if found is not None and request.method == "GET" and response.status_code == 200:
            reports.look_at(report=found, by=cast(User, request.user))
        return response

    @display(description="report", ordering="id")
    def name(self, report: SuspicionReport) -> str:
        return report.public_id

    @display(description="state", label={"Draft": "warning", "Signed": "success"})
    def state(self, report: SuspicionReport) -> str:
        return str(report.get_status_display())

    @display(description="case")
    def about(self, report: SuspicionReport) -> str:
        page = reverse("admin:fraud_case_change", args=[report.case_id])
        return format_html('<a href="{}">{}</a>', page, report.case)

    @display(description="customer")
    def person(self, report: SuspicionReport) -> str:
        return str(report.content["customer"]["name"])

    @display(description="in all")
    def totals(self, report: SuspicionReport) -> str:
        return ", ".join(f"{total} {name}" for name, total in report.content["totals"].items())

    @display(description="narrative")
    def narrative(self, report: SuspicionReport) -> str:
        return format_html('<p class="console-prose">{}</p>', report.content["narrative"])

    def has_sign_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        waits = SuspicionReport.objects.filter(pk=object_id, status="draft")
        mine = waits.exclude(drafted_by=request.user.pk).exclude(case__customer=request.user.pk)
        return request.user.has_perm("fraud.sign_suspicionreport") and mine.exists()

    def has_goaml_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """What goes to the authority is signed."""
        signed = SuspicionReport.objects.filter(pk=object_id, status="signed").exists()
        return signed and self.has_view_permission(request)

    @action(description="Sign", icon="draw", permissions=["sign"], dialog=_SIGN,
            variant=ActionVariant.PRIMARY)  # fmt: skip
    def sign(self, request: HttpRequest, form: CaseForm, object_id: str) -> HttpResponse:
        return done(self, request, form, _SIGN, reports.sign_report, "The report is signed.")

    @action(description="JSON", icon="data_object", permissions=["view"], url_path="report.json")
    def as_json(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._file(request, object_id, "json")

    @action(description="PDF", icon="picture_as_pdf", permissions=["view"], url_path="report.pdf")
    def as_pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._file(request, object_id, "pdf")

    @action(description="goAML", icon="send", permissions=["goaml"], url_path="report.xml")
    def as_goaml(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._file(request, object_id, "xml")

    def _file(self, request: HttpRequest, object_id: str, form: str) -> HttpResponse:
        report = self.get_object(request, object_id)
        if report is None:
            raise NotFound()
        written = reports.written(report=report, form=form, by=cast(User, request.user))
        response = HttpResponse(written.content, content_type=written.kind)
        response["Content-Disposition"] = f'attachment; filename="{written.name}"'
        return response
