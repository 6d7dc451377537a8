"""Proposals in the console: a queue, all of each, and the deeds of both people."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from banking.deeds import Facts, ask, carried_out, refuse
from banking.models import Adjustment, AdjustmentLeg, Closing
from banking.models.proposals import Proposal, Status
from banking.proposals import services
from banking.proposals.forms import (
    LEGS_SHOWN,
    AdjustmentForm,
    AgreeForm,
    ClosingForm,
    ColleagueReasonForm,
    LegFormSet,
    own_accounts,
)
from fintrust.core.admin_base import MomentRangeFilter, ReadOnlyAdmin
from fintrust.core.errors import Problem
from fintrust.core.ids import from_public


class ProposalAdmin(ReadOnlyAdmin):
    """What both kinds share. `right_to` is the end of their permissions' names."""

    right_to = ""
    list_filter: Any = ("status", ("proposed_at", MomentRangeFilter))
    list_filter_submit = True
    list_select_related = ("proposed_by", "decided_by")
    ordering = ("-id",)
    actions_list = ("propose",)
    actions_detail = ("approve", "reject", "withdraw")
    history = (
        "state", "reason", "proposed_by", "proposed_at", "expires_at", "decided_by", "decided_at",
        "decision_reason",
    )  # fmt: skip

    # --- who may do what ---------------------------------------------------------------------

    def has_propose_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"banking.propose_{self.right_to}")

    def has_approve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        may = request.user.has_perm(f"banking.decide_{self.right_to}")
        return may and self._waits(object_id).exclude(proposed_by=request.user).exists()

    has_reject_permission = has_approve_permission

    def has_withdraw_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        may = self.has_propose_permission(request)
        return may and self._waits(object_id).filter(proposed_by=request.user).exists()

    def _waits(self, object_id: Any) -> QuerySet[Any]:
        found: QuerySet[Any] = self.model._default_manager.filter(pk=object_id)
        return found.filter(status=Status.OPEN, expires_at__gt=timezone.now())

    # --- what they do ------------------------------------------------------------------------

    def decide(
        self,
        request: HttpRequest,
        object_id: str,
        verb: str,
        kind: type[forms.Form],
        deed: Callable[..., Proposal],
    ) -> HttpResponse:
        """Show all of it again, ask for a reason, and let the service decide."""
        proposal = self.get_queryset(request).get(pk=object_id)
        form = kind(request.POST or None)
        if form.is_valid():
            named = {self.opts.model_name or "": proposal}
            done = carried_out(form, deed, by=request.user, **named)
            if done:
                messages.success(request, f"{done.get_status_display()}: {done.public_id}")
                return redirect(f"admin:banking_{self.opts.model_name}_change", done.pk)
        self.shown(proposal)
        calm = kind is AgreeForm
        return ask(
            self, request, proposal, verb, form, self.facts(proposal), calm=calm,
            legs=self.legs(proposal),
        )  # fmt: skip

    def facts(self, proposal: Any) -> Facts:
        return [
            ("Why", proposal.reason),
            ("Proposed by", proposal.proposed_by.name),
            ("Waits until", timezone.localtime(proposal.expires_at).strftime("%-d %b %Y, %H:%M")),
        ]

    def legs(self, proposal: Any) -> list[AdjustmentLeg]:
        return []

    def shown(self, proposal: Any) -> None:
        """Customers whose data is on the page are told."""

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        found = self.get_object(request, object_id)
        more = {"legs": self.legs(found) if found else [], **(extra_context or {})}
        response = super().change_view(request, object_id, form_url, more)
        if found and request.method == "GET" and response.status_code == 200:
            self.shown(found)
        return response

    @display(
        description="status",
        label={"Waiting": "warning", "Approved": "success", "Rejected": "danger"},
        ordering="status",
    )
    def state(self, proposal: Proposal) -> str:
        return str(proposal.get_status_display())


@admin.register(Adjustment)
class AdjustmentAdmin(ProposalAdmin):
    right_to = "adjustment"
    list_display = ("proposed_at", "narrative", "lines", "proposed_by", "decided_by", "state")
    search_fields = ("narrative", "reason", "proposed_by__name")
    search_help_text = "Public id (adj_…), text of the entry, reason or colleague"
    fields = readonly_fields = ("public_id", "narrative", "value_date", *ProposalAdmin.history)
    change_form_after_template = "admin/banking/_legs.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Adjustment]:
        return super().get_queryset(request).annotate(leg_count=Count("legs"))

    def get_search_results(
        self, request: HttpRequest, rows: QuerySet[Adjustment], text: str
    ) -> tuple[QuerySet[Adjustment], bool]:
        try:
            return rows.filter(pk=from_public(Adjustment.prefix, text.strip())), False
        except Problem:
            return super().get_search_results(request, rows, text)

    @action(
        description="Propose an adjustment", icon="add", variant=ActionVariant.PRIMARY,
        permissions=["propose"],
    )  # fmt: skip
    def propose(self, request: HttpRequest) -> HttpResponse:
        form = AdjustmentForm(request.POST or None)
        legs = LegFormSet(request.POST or None, prefix="legs")
        if request.method == "POST" and form.is_valid() and legs.is_valid():
            try:
                made = services.propose_adjustment(
                    by=request.user, legs=legs.legs(), **form.cleaned_data
                )
            except Problem as problem:
                if not legs.refuse(problem):
                    refuse(form, problem)
            else:
                messages.success(request, f"A colleague decides now: {made.public_id}")
                return redirect("admin:banking_adjustment_change", made.pk)
        return ask(
            self, request, None, "Propose an adjustment", form, calm=True, lines=legs,
            lines_shown=LEGS_SHOWN, own_accounts=own_accounts(),
            template="admin/banking/propose_adjustment.html",
        )  # fmt: skip

    @action(
        description="Approve", icon="check", variant=ActionVariant.PRIMARY, permissions=["approve"]
    )
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.decide(request, object_id, "Approve", AgreeForm, services.approve_adjustment)

    @action(
        description="Reject", icon="block", variant=ActionVariant.DANGER, permissions=["reject"]
    )
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        kind, deed = ColleagueReasonForm, services.reject_adjustment
        return self.decide(request, object_id, "Reject", kind, deed)

    @action(description="Withdraw", icon="undo", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        kind, deed = ColleagueReasonForm, services.withdraw_adjustment
        return self.decide(request, object_id, "Withdraw", kind, deed)

    def facts(self, proposal: Adjustment) -> Facts:
        day = proposal.value_date.strftime("%-d %b %Y") if proposal.value_date else "when booked"
        return [
            ("Text of the entry", proposal.narrative), ("Value date", day),
            *super().facts(proposal),
        ]  # fmt: skip

    def legs(self, proposal: Adjustment) -> list[AdjustmentLeg]:
        return list(proposal.legs.select_related("source__owner", "target__owner"))

    def shown(self, proposal: Adjustment) -> None:
        sides = (side for leg in self.legs(proposal) for side in (leg.source, leg.target))
        for owner in {side.owner for side in sides if side.owner_id}:
            self.admin_site.record_view(proposal, owner=owner)

    @display(description="legs", ordering="leg_count")
    def lines(self, adjustment: Any) -> int:
        return int(adjustment.leg_count)


@admin.register(Closing)
class ClosingAdmin(ProposalAdmin):
    right_to = "closing"
    list_display = (
        "proposed_at", "currency", "until_day", "reason", "proposed_by", "decided_by", "state",
    )  # fmt: skip
    list_filter = (*ProposalAdmin.list_filter, "currency")
    fields = readonly_fields = ("public_id", "currency", "until_day", *ProposalAdmin.history)

    @action(
        description="Propose to close a period", icon="lock", variant=ActionVariant.PRIMARY,
        permissions=["propose"],
    )  # fmt: skip
    def propose(self, request: HttpRequest) -> HttpResponse:
        form = ClosingForm(request.POST or None)
        if form.is_valid():
            made = carried_out(form, services.propose_closing, by=request.user)
            if made:
                messages.success(request, f"A colleague confirms now: {made.public_id}")
                return redirect("admin:banking_closing_change", made.pk)
        return ask(self, request, None, "Propose to close a period", form, calm=True)

    @action(
        description="Confirm", icon="lock", variant=ActionVariant.PRIMARY, permissions=["approve"]
    )
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.decide(request, object_id, "Confirm", AgreeForm, services.confirm_closing)

    @action(
        description="Reject", icon="block", variant=ActionVariant.DANGER, permissions=["reject"]
    )
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        kind, deed = ColleagueReasonForm, services.reject_closing
        return self.decide(request, object_id, "Reject", kind, deed)

    @action(description="Withdraw", icon="undo", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        kind, deed = ColleagueReasonForm, services.withdraw_closing
        return self.decide(request, object_id, "Withdraw", kind, deed)

    def facts(self, proposal: Closing) -> Facts:
        return [
            ("Currency", proposal.currency_id),
            ("Up to and including", proposal.until_day.strftime("%-d %b %Y")),
            ("Afterwards", "Nothing can be valued there any more. This cannot be undone."),
            *super().facts(proposal),
        ]
