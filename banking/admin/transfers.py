"""Transfers: to be read; held money is settled, and posted money returned, through the services."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from banking.admin.base import accounts_named, id_in
from banking.deeds import ReasonForm, account_link, ask, carried_out, link
from banking.models import Transfer
from banking.returns.services import is_reversible, reverse_transfer
from banking.transfers.services import refuse_transfer, release_transfer
from fintrust.core.admin_base import MomentRangeFilter, ReadOnlyAdmin, RecordsViews
from fintrust.core.errors import Conflict


@admin.register(Transfer)
class TransferAdmin(RecordsViews, ReadOnlyAdmin):
    list_display = ("asked_at", "customer", "what", "way", "money", "judged", "score", "state")
    list_filter = (
        "status",
        "decision__verdict",
        "kind",
        "channel",
        "currency",
        ("asked_at", MomentRangeFilter),
    )
    list_filter_submit = True
    list_select_related = ("source", "target", "decision", "requested_by")
    date_hierarchy = "asked_at"
    search_fields = ("requested_by__email", "requested_by__name")
    search_help_text = "Public id (trf_…), account number, customer's name or e-mail"
    ordering = ("-id",)
    owner_field = "requested_by"
    fields = readonly_fields = (
        "public_id", "customer", "what", "way", "money", "note", "channel", "asked_at", "state",
        "expires", "settled_at", "settled_by", "reason",
    )  # fmt: skip
    change_form_after_template = "admin/banking/_judgement.html"
    actions_detail = ("release", "refuse", "reverse")

    def get_search_results(
        self, request: HttpRequest, rows: QuerySet[Transfer], text: str
    ) -> tuple[QuerySet[Transfer], bool]:
        text = text.strip()
        if found := id_in(Transfer.prefix, text):
            return rows.filter(pk=found), False
        if named := accounts_named(text):
            return rows.filter(Q(source__in=named) | Q(target__in=named)), False
        return super().get_search_results(request, rows, text)

    # --- what may be done about held money ---------------------------------------------------

    def has_release_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("banking.release_transfer") and _is_held(object_id)

    def has_refuse_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("banking.refuse_transfer") and _is_held(object_id)

    @action(
        description="Release", icon="check", variant=ActionVariant.PRIMARY, permissions=["release"]
    )
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._settle(request, object_id, "Release", release_transfer)

    @action(
        description="Refuse", icon="block", variant=ActionVariant.DANGER, permissions=["refuse"]
    )
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._settle(request, object_id, "Refuse", refuse_transfer)

    def has_reverse_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("banking.reverse_transfer") and _is_reversible(object_id)

    @action(
        description="Return", icon="undo", variant=ActionVariant.DANGER, permissions=["reverse"]
    )
    def reverse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take a posted transfer back; a compensating one, with a reason."""
        transfer = self.get_queryset(request).get(pk=object_id)
        form = ReasonForm(request.POST or None)
        if form.is_valid():
            back = carried_out(form, reverse_transfer, transfer=transfer, by=request.user)
            if back:
                messages.success(request, f"Returned: {back.amount.format()}, {back.public_id}")
                return redirect("admin:banking_transfer_change", back.pk)
        self.admin_site.record_view(transfer, owner=transfer.requested_by)
        facts = [
            ("Amount", _what_moves(transfer)),
            ("Back to", transfer.source.number if transfer.source.owner_id else transfer.source),
            ("From", transfer.target.number if transfer.target.owner_id else transfer.target),
            ("Asked by", transfer.requested_by.name),
        ]
        return ask(self, request, transfer, "Return", form, facts)

    def _settle(
        self, request: HttpRequest, object_id: str, verb: str, service: Callable[..., Transfer]
    ) -> HttpResponse:
        """Ask for the reason, then let the service do it."""
        transfer = self.get_queryset(request).get(pk=object_id)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return self._carry_out(request, transfer, verb, service, form.cleaned_data["reason"])
        self.admin_site.record_view(transfer, owner=transfer.requested_by)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{verb} {transfer.amount.format()}",
            "opts": self.opts,
            "transfer": transfer,
            "original": transfer,
            "form": form,
            "verb": verb,
        }
        return render(request, "admin/banking/settle.html", context)

    def _carry_out(
        self,
        request: HttpRequest,
        transfer: Transfer,
        verb: str,
        service: Callable[..., Transfer],
        reason: str,
    ) -> HttpResponse:
        try:
            done = service(transfer=transfer, by=request.user, reason=reason)
        except Conflict as problem:  # a colleague, or the customer, was quicker
            messages.warning(request, problem.message)
            return redirect("admin:banking_transfer_change", transfer.pk)
        if done.decision.forbidden:
            messages.warning(request, "Not released: the owner's own limits forbid it now.")
            return redirect("admin:banking_transfer_change", transfer.pk)
        messages.success(request, f"{verb}d: {transfer.amount.format()}, {transfer.public_id}")
        return redirect(f"{reverse('admin:banking_transfer_changelist')}?status__exact=held")

    # --- columns -----------------------------------------------------------------------------

    @display(description="customer")
    def customer(self, transfer: Transfer) -> str:
        return link(transfer.requested_by, transfer.requested_by.name)

    @display(description="kind", ordering="kind")
    def what(self, transfer: Transfer) -> str:
        return str(transfer.get_kind_display())

    @display(description="from, to")
    def way(self, transfer: Transfer) -> str:
        ways = account_link(transfer.source), account_link(transfer.target)
        return format_html('<span class="console-way">{}<br>→ {}</span>', *ways)

    @display(description="amount", ordering="amount_minor")
    def money(self, transfer: Transfer) -> str:
        return transfer.amount.format()

    @display(
        description="verdict",
        label={"Verified": "success", "Flagged": "warning", "Blocked": "danger"},
    )
    def judged(self, transfer: Transfer) -> str:
        return str(transfer.decision.get_verdict_display())

    @display(description="score", ordering="decision__score")
    def score(self, transfer: Transfer) -> str:
        return f"{transfer.decision.score:.2f}"

    @display(
        description="status",
        label={"Done": "success", "Waiting": "warning", "Refused": "danger"},
        ordering="status",
    )
    def state(self, transfer: Transfer) -> str:
        return str(transfer.get_status_display())

    @display(description="held until")
    def expires(self, transfer: Transfer) -> str:
        if transfer.hold is None or transfer.hold.expires_at is None:
            return "-"
        return date_format(timezone.localtime(transfer.hold.expires_at), "DATETIME_FORMAT")


def _what_moves(transfer: Transfer) -> str:
    sent = transfer.cost.format()
    return f"{sent}, {transfer.arrives.format()} arrived" if transfer.crosses else sent


def _is_held(object_id: Any) -> bool:
    return Transfer.objects.filter(pk=object_id, status=Transfer.Status.HELD).exists()


def _is_reversible(object_id: Any) -> bool:
    transfer = Transfer.objects.select_related("movement").filter(pk=object_id).first()
    if transfer is None or transfer.kind == Transfer.Kind.REVERSAL:
        return False
    back = transfer.returned_by.filter(status__in=[Transfer.Status.POSTED, Transfer.Status.HELD])
    return is_reversible(transfer) and not back.exists()
