"""What is asked about labels: which payments customers are asked about, and how old labels are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils import timezone

from fintrust.core.models import User
from fraud.models import Alert, Case, Decision, DecisionQuerySet, Dispute, Label
from fraud.policy import LABELS, LabelPolicy

_AGES = Path(__file__).with_name("ages.sql")

# Alerts that the customer can clear up; what they said themselves is no question any more.
_ASKING = (Alert.Kind.PAYMENT, Alert.Kind.AFTERWARDS)


def questions_of(customer: User, policy: LabelPolicy = LABELS) -> Sequence[Decision]:
    """Payments that the bank wonders about, newest first: "was this you?"."""
    newest = _asked(policy).filter(customer=customer).order_by("-at", "-id")
    return list(newest[: policy.questions_max])


def is_asked(decision: Decision, policy: LabelPolicy = LABELS) -> bool:
    """Whether the customer is asked about it. A yes that was given can be given again."""
    if decision.labels.filter(source=Label.Source.CUSTOMER, fraud=False).exists():
        return True
    return _asked(policy).filter(pk=decision.pk).exists()


def _asked(policy: LabelPolicy) -> DecisionQuerySet:
    """Money that left, that somebody should look at, and about which no person has spoken."""
    since = timezone.now() - timedelta(days=policy.question_days_max)
    wondered = Alert.objects.filter(decision=OuterRef("pk"), kind__in=_ASKING)
    spoken = Label.objects.filter(decision=OuterRef("pk")).exclude(
        source=Label.Source.STEP_UP, fraud=True
    )
    found: DecisionQuerySet = Decision.objects.filter(
        Exists(wondered), ~Exists(spoken), at__gte=since, forbidden=False, facts__outgoing=True
    )
    return found


def answer_of(decision: Decision) -> bool | None:
    """What the customer said: whether it was them. None when they did not say."""
    mine = decision.labels.filter(source__in=[Label.Source.CUSTOMER, Label.Source.DISPUTE])
    newest = mine.order_by("-known_at", "-id").first()
    return None if newest is None else not newest.fraud


# --- disputes -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a dispute stands, in the customer's words; the officers' stay with the officers."""

    dispute: Dispute
    state: str  # received, looked_at, upheld, rejected, undecided

    @property
    def words(self) -> tuple[str, str]:
        return _PROGRESS[self.state]


_PROGRESS = {
    "received": ("Received", "Somebody will look into it soon."),
    "looked_at": ("Being looked into", "Somebody at the bank is working on it."),
    "upheld": ("We agree", "We found that something was wrong with this payment."),
    "rejected": ("Closed", "We found nothing wrong with this payment."),
    "undecided": ("Closed", "It could not be found out what happened."),
}
_ENDED = {"fraud": "upheld", "not_fraud": "rejected", "inconclusive": "undecided"}


def dispute_of(decision: Decision) -> Progress | None:
    """The customer's dispute of this payment, and how far it is."""
    found = Dispute.objects.filter(decision=decision).first()
    return None if found is None else progress_of(found)


def progress_of(dispute: Dispute) -> Progress:
    return Progress(dispute, _state_of(dispute.decision))


def _state_of(decision: Decision) -> str:
    alert = Alert.objects.filter(decision=decision, kind=Alert.Kind.DISPUTED)
    case = Case.objects.filter(entries__alert__in=alert).first()
    if case is None:
        return "received"
    if not case.is_open:
        return _ENDED[case.outcome]
    # What is proposed is not decided; the customer is told what the bank says, not one officer.
    return "looked_at" if case.assigned_to_id else "received"


# --- how old labels are ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Age:
    """How long it took until a payment's first label from one source was known."""

    source: str
    count: int
    median_hours: float
    high_hours: float  # nine in ten were known sooner


@dataclass(frozen=True, slots=True)
class Ages:
    """The age of labels over some days, and how many alerts ever got one."""

    since: datetime
    by_source: tuple[Age, ...]
    overall: Age | None
    alerts: int
    labelled: int

    @property
    def labelled_share(self) -> float | None:
        return self.labelled / self.alerts if self.alerts else None


AGE_DAYS = 90  # a quarter: long enough for disputes, short enough to see a change


def ages(days: int = AGE_DAYS, *, now: datetime | None = None) -> Ages:
    """Of labels that became known in these days, and of alerts raised in them."""
    since = (now or timezone.now()) - timedelta(days=days)
    with connection.cursor() as cursor:
        cursor.execute(_AGES.read_text(), {"since": since})
        rows = cursor.fetchall()
    found = [_age(row) for row in rows]
    alerts = Alert.objects.filter(at__gte=since)
    decided = Label.objects.filter(decision=OuterRef("decision"))
    return Ages(
        since=since,
        by_source=tuple(age for age in found if age.source),
        overall=next((age for age in found if not age.source), None),
        alerts=alerts.count(),
        labelled=alerts.filter(Exists(decided)).count(),
    )


def _age(row: Sequence[Any]) -> Age:
    source, count, median, high = row
    return Age(source or "", count, float(median), float(high))
