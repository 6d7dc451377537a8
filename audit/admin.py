"""The console's view of the records and of the log that holds them. Nothing here can be edited."""

import json
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django_htmx.http import HttpResponseClientRedirect
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from audit import access, checks, services
from audit.models import Checkpoint, Record, Verification
from fintrust.core.admin_base import MomentRangeFilter, ReadOnlyAdmin, RecordsViews
from fintrust.core.errors import NotFound
from fintrust.core.ids import from_public
from fintrust.core.models import User

AREAS = ("audit", "banking", "biometrics", "consent", "core", "fraud")
KINDS = ("customer", "staff", "partner", "anonymous", "system")


class AreaFilter(admin.SimpleListFilter):
    title, parameter_name = "area", "area"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(area, area.capitalize()) for area in AREAS]

    def queryset(self, request: HttpRequest, rows: QuerySet[Record]) -> QuerySet[Record]:
        return rows.filter(action__startswith=f"{self.value()}.") if self.value() else rows


class ActorFilter(admin.SimpleListFilter):
    title, parameter_name = "who", "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, kind.capitalize()) for kind in KINDS]

    def queryset(self, request: HttpRequest, rows: QuerySet[Record]) -> QuerySet[Record]:
        return rows.filter(actor_kind=self.value()) if self.value() else rows


class SealFilter(admin.SimpleListFilter):
    title, parameter_name = "seal", "seal"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("sealed", "In the log"), ("waiting", "Waiting")]

    def queryset(self, request: HttpRequest, rows: QuerySet[Record]) -> QuerySet[Record]:
        if self.value() is None:
            return rows
        return rows.filter(leaf__isnull=self.value() == "waiting")


class VerifiesTheLog(ReadOnlyAdmin):
    """Offers "Verify now" to everybody who may see what the checks found."""

    actions_list = ("verify_now",)

    @action(
        description="Verify now",
        url_path="verify-now",
        icon="verified_user",
        # Not "audit.view_verification": Unfold would look that up before the first migration.
        permissions=["verify"],
        dialog={
            "title": "Verify the log",
            "description": "Every record, leaf, root and signature. A long log takes a while.",
            "form_class": None,
            "form_submit_text": "Verify",
        },
    )
    def verify_now(self, request: HttpRequest, form: BaseDialogForm) -> HttpResponse:
        outcome = checks.check()
        if outcome.first is None:
            messages.success(request, f"The log is intact: {outcome.size} leaves.")
        else:
            messages.error(request, f"The log is DAMAGED, first: {outcome.first}")
        # The dialog posts by htmx, which has to be told to leave the page.
        return HttpResponseClientRedirect(reverse("admin:audit_verification_changelist"))

    def has_verify_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("audit.view_verification")


@admin.register(Record)
class RecordAdmin(RecordsViews, ReadOnlyAdmin):
    list_display = ("at", "action", "who", "subject", "whose", "seal", "proof")
    list_filter = (("at", MomentRangeFilter), AreaFilter, ActorFilter, SealFilter)
    list_filter_submit = True
    date_hierarchy = "at"
    search_fields = ("subject",)
    search_help_text = "A public id (rec_…, usr_…, trf_…), a request id, an address, or an action"
    ordering = ("-id",)
    owner_field = "owner"
    fields = readonly_fields = (
        "name", "at", "action", "who", "subject", "whose", "reason", "purpose", "changed", "more",
        "request_id", "ip", "session", "seal", "proof",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Record]:
        rows: QuerySet[Record] = super().get_queryset(request)
        return rows.annotate(index=F("leaf__index"))

    def get_search_results(
        self, request: HttpRequest, rows: QuerySet[Record], text: str
    ) -> tuple[QuerySet[Record], bool]:
        """Exact, so that it stays quick however many records there are."""
        text = text.strip()
        return (rows.filter(_matching(text)) if text else rows), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        if response.status_code == 200:
            access.remember_reading("console", query=request.GET.urlencode()[:500])
        return response

    def owner_of(self, obj: Record) -> User | None:
        return User.objects.filter(pk=obj.owner_id).first() if obj.owner_id else None

    @display(description="id")
    def name(self, record: Record) -> str:
        return record.public_id

    @display(description="who")
    def who(self, record: Record) -> str:
        return f"{record.actor_kind} {record.actor_label}".strip()

    @display(description="whose data")
    def whose(self, record: Record) -> str:
        return User(pk=record.owner_id).public_id if record.owner_id else "-"

    @display(description="change")
    def changed(self, record: Record) -> str:
        return _pretty({"before": record.before, "after": record.after})

    @display(description="facts")
    def more(self, record: Record) -> str:
        return _pretty(record.data)

    @display(description="seal", label={"waiting": "warning"})
    def seal(self, record: Any) -> str:
        return "waiting" if record.index is None else f"#{record.index}"

    @display(description="proof")
    def proof(self, record: Any) -> str:
        if record.index is None:
            return "-"
        return format_html('<a href="{}">proof</a>', reverse("log-proof", args=[record.public_id]))


def _matching(text: str) -> Q:
    if id := _id_in(Record.prefix, text):
        return Q(pk=id)
    if id := _id_in(User.prefix, text):
        return Q(actor_id=id) | Q(owner=id) | Q(subject=text)
    if address := services.address(text):
        return Q(ip=address)
    return Q(subject=text) | Q(request_id=text) | Q(action=text) | Q(action__startswith=f"{text}.")


def _id_in(prefix: str, text: str) -> UUID | None:
    try:
        return from_public(prefix, text)
    except NotFound:
        return None


def _pretty(value: Any) -> str:
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False))


@admin.register(Checkpoint)
class CheckpointAdmin(VerifiesTheLog):
    list_display = ("size", "at", "root_hash")
    date_hierarchy = "at"
    ordering = ("-size",)
    fields = readonly_fields = ("size", "at", "root_hash", "signed_note")

    @display(description="root")
    def root_hash(self, checkpoint: Checkpoint) -> str:
        return bytes(checkpoint.root).hex()

    @display(description="signed note")
    def signed_note(self, checkpoint: Checkpoint) -> str:
        return format_html("<pre>{}</pre>", checkpoint.note)


@admin.register(Verification)
class VerificationAdmin(VerifiesTheLog):
    list_display = ("at", "since", "size", "outcome", "first")
    list_filter = ("intact",)
    ordering = ("-id",)
    fields = readonly_fields = ("at", "since", "size", "outcome", "found")

    @display(description="outcome", label={"intact": "success", "damaged": "danger"})
    def outcome(self, verification: Verification) -> str:
        return "intact" if verification.intact else "damaged"

    @display(description="first finding")
    def first(self, verification: Verification) -> str:
        if verification.intact:
            return "-"
        finding = verification.findings[0]
        return f"{finding['kind']} at {finding['index']}: {finding['detail']}"[:120]

    @display(description="findings")
    def found(self, verification: Verification) -> str:
        return _pretty(verification.findings)
