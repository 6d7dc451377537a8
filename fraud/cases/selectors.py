"""What is asked about cases: the queue, one case's history, and what a customer may know."""

from django.contrib.auth.models import Permission
from django.db.models import BooleanField, ExpressionWrapper, Max, Q, QuerySet
from django.utils import timezone

from fintrust.core.models import User
from fraud.models import Alert, Case, CaseEntry, CaseQuerySet, Decision


def queue() -> CaseQuerySet:
    """Open cases in the order of work: what is late, then what may cost most, then what is due."""
    return in_order(Case.objects.open())


QUEUE = ("-late", "-loss_minor", "due_at", "id")


def in_order(cases: CaseQuerySet) -> CaseQuerySet:
    late = Q(due_at__lte=timezone.now()) & ~Q(status=Case.Status.CLOSED)
    found: CaseQuerySet = cases.annotate(
        late=ExpressionWrapper(late, output_field=BooleanField())
    ).order_by(*QUEUE)
    return found


def entries_of(case: Case) -> QuerySet[CaseEntry]:
    """Its history, oldest first."""
    return (
        case.entries.select_related("by", "to", "alert", "decision", "file")
        .defer("file__content")
        .order_by("id")
    )


def suspected(case: Case) -> QuerySet[Decision]:
    """The payments that the outcome is about, each once."""
    about = case.entries.filter(suspected=True).values("decision")
    return Decision.objects.filter(pk__in=about).order_by("id")


def newest_entry(case: Case) -> int:
    """A place in its history, to say later what one had read."""
    return int(case.entries.aggregate(newest=Max("id"))["newest"] or 0)


def newest_suspicion(case: Case) -> int:
    """Where its history last grew by something that the outcome is about."""
    about = case.entries.filter(suspected=True)
    return int(about.aggregate(newest=Max("id"))["newest"] or 0)


def open_alerts_of(case: Case) -> QuerySet[Alert]:
    found = Alert.objects.filter(entry__case=case, status=Alert.Status.OPEN)
    return found.select_related("decision").order_by("id")


def colleagues_for(case: Case) -> QuerySet[User]:
    """Who else may work on it."""
    right = "lead_case" if case.escalated_at else "work_case"
    named = {"content_type__app_label": "fraud", "codename": right}
    holders = Permission.objects.filter(**named)
    found = User.objects.filter(
        Q(groups__permissions__in=holders) | Q(user_permissions__in=holders), is_active=True
    ).exclude(pk__in=[pk for pk in (case.customer_id, case.assigned_to_id) if pk])
    if case.escalated_by_id:
        found = found.exclude(pk=case.escalated_by_id)
    return found.distinct().order_by("name")


def case_of(decision: Decision) -> Case | None:
    """The newest case that this payment is suspected in."""
    found: Case | None = (
        Case.objects.filter(entries__decision=decision, entries__suspected=True)
        .order_by("-id")
        .first()
    )
    return found
