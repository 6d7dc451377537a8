"""The queue of cases, in the order of work."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.timesince import timesince, timeuntil
from unfold.decorators import display

from fintrust.core.admin_base import MomentRangeFilter
from fintrust.core.models import User
from fraud.admin.alerts import SEVERITIES
from fraud.admin.base import FraudAdmin, id_in
from fraud.cases import selectors
from fraud.hits import say
from fraud.models import Case, CaseEntry, Decision

_LINE = 90  # letters of a case's first alert
STATES = {"Open": "info", "Waits for a colleague": "warning", "Late": "danger"}
OUTCOMES = {"Fraud": "danger", "Not fraud": "success", "Inconclusive": "info"}


class QueueFilter(admin.SimpleListFilter):
    """Whose work it is. Without a choice: everything that is open."""

    title, parameter_name = "work", "work"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("mine", "Mine"),
            ("free", "Unassigned"),
            ("late", "Late"),
            ("escalated", "Escalated"),
            ("review", "Waits for a colleague"),
            ("closed", "Closed"),
            ("all", "All"),
        ]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": "Open"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        waiting = Q(status__in=[Case.Status.OPEN, Case.Status.REVIEW])
        chosen = {
            "mine": waiting & Q(assigned_to=cast(User, request.user)),
            "free": waiting & Q(assigned_to__isnull=True),
            "late": waiting & Q(due_at__lte=timezone.now()),
            "escalated": waiting & Q(escalated_at__isnull=False),
            "review": Q(status=Case.Status.REVIEW),
            "closed": Q(status=Case.Status.CLOSED),
            "all": Q(),
        }
        return queryset.filter(chosen.get(self.value() or "", waiting))


class QueueAdmin(FraudAdmin):
    """The list, and what is said of a case in it and above its story."""

    list_display = ("what", "severity_badge", "state", "loss", "person", "officer", "due")
    list_filter = (QueueFilter, "severity", "outcome", ("opened_at", MomentRangeFilter))
    list_select_related = ("customer", "assigned_to")
    search_help_text = "A public id (cas_…, alr_…, dec_…, usr_…) or the customer's e-mail address"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        first = CaseEntry.objects.filter(case=OuterRef("pk"), kind=CaseEntry.Kind.ALERT)
        found = (
            super()
            .get_queryset(request)
            .annotate(first_text=Subquery(first.order_by("id").values("text")[:1]))
        )
        return selectors.in_order(cast(Any, found))  # the list keeps this order

    def _matching(self, text: str) -> Q:
        if case := id_in(Case.prefix, text):
            return Q(pk=case)
        if alert := id_in("alr", text):
            return Q(entries__alert=alert)
        if decision := id_in(Decision.prefix, text):
            return Q(pk__in=CaseEntry.objects.filter(decision=decision).values("case"))
        customer = id_in(User.prefix, text)
        return Q(customer=customer) if customer else Q(customer__email=text.lower())

    # --- columns -----------------------------------------------------------------------------

    @display(description="case", ordering="id")
    def what(self, case: Case) -> str:
        """Why it was opened, in as many words as a line of the queue has room for."""
        text = Truncator(case.first_text or "").chars(_LINE)
        return format_html(
            '{}<span class="console-note console-id">{}</span>', text, case.public_id
        )

    @display(description="customer", ordering="customer__name")
    def person(self, case: Case) -> str:
        return case.customer.name

    @display(description="severity", ordering="severity", label=SEVERITIES)
    def severity_badge(self, case: Case) -> str:
        return str(Case(severity=case.severity).get_severity_display())

    @display(description="state", ordering="status", label=STATES)
    def state(self, case: Case) -> str:
        return "Late" if case.is_late else str(case.get_status_display())

    @display(description="outcome", label=OUTCOMES)
    def outcome_badge(self, case: Case) -> str:
        return str(case.get_outcome_display()) if case.outcome else "-"

    @display(description="expected loss", ordering="loss_minor")
    def loss(self, case: Case) -> str:
        return f"about {say(case.loss_minor, 'EUR')}"

    @display(description="officer", ordering="assigned_to")
    def officer(self, case: Case) -> str:
        return case.assigned_to.name if case.assigned_to else "nobody"

    @display(description="due", ordering="due_at")
    def due(self, case: Case) -> str:
        if not case.is_open:
            return "-"
        if case.is_late:
            return f"{timesince(case.due_at, depth=1)} ago"
        return f"in {timeuntil(case.due_at, depth=1)}"

    @display(description="escalated")
    def escalated(self, case: Case) -> str:
        return _by(case.escalated_by, case.escalated_at)

    @display(description="closed")
    def closed(self, case: Case) -> str:
        text = _by(case.closed_by, case.closed_at)
        if case.proposed_by:
            text += f" (proposed by {case.proposed_by.name})"
        return text


def _by(who: User | None, at: Any) -> str:
    return f"{timezone.localtime(at):%-d %b %Y, %H:%M} by {who.name}" if who and at else "-"
