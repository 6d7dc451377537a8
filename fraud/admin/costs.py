"""What mistakes cost, as officers say: one proposes, another decides, and thresholds follow."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from fraud.admin.learning import ProposedAdmin, ReasonForm
from fraud.hits import say
from fraud.learning import selectors, services
from fraud.learning.policy import LEARNING
from fraud.models import CostTable
from fraud.rulebook.selectors import current


def _euros(label: str, help_text: str, least: str = "0.00") -> forms.DecimalField:
    return forms.DecimalField(
        label=f"{label}, in euros",
        help_text=help_text,
        min_value=Decimal(least),
        max_value=Decimal(LEARNING.cost_cents_max) / 100,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
    )


class CostsForm(ReasonForm):
    missed = _euros("A fraud that goes through", "What the bank or a customer loses.", "0.01")
    held = _euros("A customer stopped for nothing", "Their call, and what they think of us.")
    looking = _euros("Looking at an alert", "The minutes it takes, whatever comes of it.")
    field_order = ("missed", "held", "looking", "reason")


@admin.register(CostTable)
class CostTableAdmin(ProposedAdmin):
    nothing_yet = "Nobody has said yet what mistakes cost: only too many alerts move thresholds."
    list_display = ("public_id", "state", "missed", "held", "looking", "asks_from", "proposed_by")
    search_help_text = "Public id (cst_…)"
    actions_list = ("propose",)
    fields = readonly_fields = (
        "public_id", "state", "missed", "held", "looking", "asks_from", "reason", "proposed_by",
        "proposed_at", "expires_at", "decided_by", "decided_at", "decision_reason",
    )  # fmt: skip

    @display(description="a fraud that goes through")
    def missed(self, table: CostTable) -> str:
        return say(table.missed_cents, "EUR")

    @display(description="a customer stopped for nothing")
    def held(self, table: CostTable) -> str:
        return say(table.held_cents, "EUR")

    @display(description="looking at an alert")
    def looking(self, table: CostTable) -> str:
        return say(table.looking_cents, "EUR")

    @display(description="asking is worth it from a chance of")
    def asks_from(self, table: CostTable) -> str:
        return f"{table.costs.threshold:.1%}"

    def decided(self, verb: str, row: Any, **given: Any) -> None:
        verbs: dict[str, Any] = {
            "approve": services.approve_costs,
            "reject": services.reject_costs,
            "withdraw": services.withdraw_costs,
        }
        verbs[verb](costs=row, **given)

    def facts_of(self, row: CostTable) -> list[tuple[str, str]]:
        return [
            ("A fraud that goes through", self.missed(row)),
            ("A customer stopped for nothing", self.held(row)),
            ("Looking at an alert", self.looking(row)),
            ("Asking is worth it from", self.asks_from(row)),
            *_now(),
        ]

    def has_propose_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("fraud.propose_model")

    @action(
        description="Propose other costs", icon="balance", variant=ActionVariant.PRIMARY,
        permissions=["propose"],
    )  # fmt: skip
    def propose(self, request: HttpRequest) -> HttpResponse:
        facts = [("First", "A colleague decides."), *_now()]
        return self.asked(
            request, None, "Propose these costs", _propose, kind=CostsForm, facts=facts
        )


def _propose(
    *, missed: Decimal, held: Decimal, looking: Decimal, reason: str, by: Any
) -> CostTable:
    return services.propose_costs(
        missed_cents=int(missed * 100),
        held_cents=int(held * 100),
        looking_cents=int(looking * 100),
        by=by,
        reason=reason,
    )


def _now() -> list[tuple[str, str]]:
    """Where thresholds stand, and how they go on."""
    table, share = selectors.costs(), LEARNING.retune_share_max
    return [
        ("Asked now", f"from {current().flagged_from:.1%}"),
        ("Costs in force", table.public_id if table else "none: only too many alerts count"),
        (
            "Afterwards",
            "While a model is in force, whose score is a chance, the threshold moves there: weekly,"
            f" by {share:.0%} of itself at most, and only as far as officers can look at the "
            f"alerts, {LEARNING.alerts_a_day:g} a day.",
        ),
    ]
