"""Cases: what officers look into together, what they found, and what the bank reports of it.

A case's row holds where it stands; its entries hold how it came to that, and are written once.
"""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from fintrust.core.ids import PublicModel, PublicQuerySet
from fraud.models.alerts import Alert
from fraud.models.decisions import Decision


class CaseQuerySet(PublicQuerySet):
    def open(self) -> Self:
        return self.exclude(status=Case.Status.CLOSED)

    def late(self, now: datetime | None = None) -> Self:
        """Whose clock has run out."""
        return self.open().filter(due_at__lte=now or timezone.now())


class Case(PublicModel):
    """What somebody looks into about a customer: one at a time, however many alerts come."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        REVIEW = "review", "Waits for a colleague"
        CLOSED = "closed", "Closed"

    class Outcome(models.TextChoices):
        FRAUD = "fraud", "Fraud"
        NOT_FRAUD = "not_fraud", "Not fraud"
        INCONCLUSIVE = "inconclusive", "Inconclusive"

    prefix: ClassVar[str] = "cas"

    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    severity = models.CharField(max_length=8, choices=Alert.Severity)
    loss_minor = models.BigIntegerField("expected loss", default=0)  # in cents of about a euro
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    due_at = models.DateTimeField("due")
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    assigned_at = models.DateTimeField(null=True)
    escalated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    escalated_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    reason = models.CharField(max_length=2000, blank=True)
    # Only when closing it took two: who found it, before a colleague agreed.
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True)

    objects: ClassVar = CaseQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("work_case", "Can take cases and decide about them"),
            ("note_case", "Can write notes on cases"),
            ("lead_case", "Can take cases that were escalated, and anybody's"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["-loss_minor", "due_at"],
                condition=~Q(status="closed"),
                name="fraud_case_queue",
            ),
            models.Index(fields=["customer", "-id"], name="fraud_case_customer"),
            models.Index(fields=["-opened_at", "-id"], name="fraud_case_newest"),
        ]
        constraints: ClassVar = [
            # However many alerts come at once, and from wherever: one case looks into a customer.
            models.UniqueConstraint(
                fields=["customer"], condition=~Q(status="closed"), name="fraud_case_one_open"
            ),
            models.CheckConstraint(condition=Q(loss_minor__gte=0), name="fraud_case_loss"),
            models.CheckConstraint(
                condition=(
                    Q(status="open", outcome="", closed_by__isnull=True, closed_at__isnull=True)
                    | Q(status="review", proposed_by__isnull=False, closed_by__isnull=True)
                    | (
                        Q(status="closed", closed_by__isnull=False, closed_at__isnull=False)
                        & ~Q(outcome="")
                    )
                ),
                name="fraud_case_state",
            ),
            # Neither who proposed an outcome nor who handed the case upwards decides it alone.
            models.CheckConstraint(
                condition=Q(proposed_by__isnull=True)
                | Q(closed_by__isnull=True)
                | ~Q(closed_by=F("proposed_by")),
                name="fraud_case_two_people",
            ),
            models.CheckConstraint(
                condition=Q(escalated_by__isnull=True)
                | Q(closed_by__isnull=True)
                | ~Q(closed_by=F("escalated_by")),
                name="fraud_case_own_escalation",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_open(self) -> bool:
        return self.status != self.Status.CLOSED

    @property
    def is_late(self) -> bool:
        return self.is_open and self.due_at <= timezone.now()


class EvidenceFile(PublicModel):
    """A small file that says something about a case, as it was handed in."""

    prefix: ClassVar[str] = "evf"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=120)
    kind = models.CharField("type", max_length=40)
    size = models.IntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "sha256"], name="fraud_evidence_once"),
        ]

    def __str__(self) -> str:
        return self.name


class CaseEntry(models.Model):
    """One line of a case's history. Written once."""

    class Kind(models.TextChoices):
        OPENED = "opened", "Opened"
        ALERT = "alert", "Alert joined"
        TAKEN = "taken", "Taken"
        HANDED = "handed", "Handed over"
        RELEASED = "released", "Put back"
        NOTE = "note", "Note"
        LINKED = "linked", "Payment linked"
        FILE = "file", "File added"
        ESCALATED = "escalated", "Escalated"
        PROPOSED = "proposed", "Outcome proposed"
        RETURNED = "returned", "Proposal returned"
        CLOSED = "closed", "Closed"
        REOPENED = "reopened", "Reopened"
        DRAFTED = "drafted", "Report drafted"
        SIGNED = "signed", "Report signed"

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=Kind)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    text = models.CharField(max_length=2000, blank=True)
    alert = models.OneToOneField(Alert, on_delete=models.PROTECT, null=True, related_name="entry")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, null=True, related_name="+")
    suspected = models.BooleanField(default=False)  # the outcome is also about this payment
    loss_minor = models.BigIntegerField(default=0)  # what it adds to the case's
    file = models.OneToOneField(EvidenceFile, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "decision"],
                condition=Q(kind="linked"),
                name="fraud_entry_linked_once",
            ),
            models.CheckConstraint(
                condition=(Q(kind="alert") & Q(alert__isnull=False, suspected=True))
                | (~Q(kind="alert") & Q(alert__isnull=True)),
                name="fraud_entry_alert",
            ),
            models.CheckConstraint(
                condition=Q(suspected=False) | Q(decision__isnull=False),
                name="fraud_entry_suspected",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.text}"


class SuspicionReport(PublicModel):
    """What the bank tells the authorities about a case: one wrote it, another answers for it."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        REPLACED = "replaced", "Replaced"
        SIGNED = "signed", "Signed"

    prefix: ClassVar[str] = "sar"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reports")
    status = models.CharField(max_length=8, choices=Status, default=Status.DRAFT)
    content = models.JSONField()
    sha256 = models.CharField("hash of the content", max_length=64)
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    drafted_at = models.DateTimeField(db_default=Now(), editable=False)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    signed_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("view",)
        verbose_name = "report of a suspicion"
        verbose_name_plural = "reports of suspicions"
        permissions: ClassVar = [
            ("draft_suspicionreport", "Can draft reports of suspicions"),
            ("sign_suspicionreport", "Can sign a colleague's report of a suspicion"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(status="draft"), name="fraud_report_one_draft"
            ),
            models.CheckConstraint(
                condition=Q(status="signed", signed_by__isnull=False, signed_at__isnull=False)
                & ~Q(signed_by=F("drafted_by"))
                | ~Q(status="signed") & Q(signed_by__isnull=True, signed_at__isnull=True),
                name="fraud_report_two_people",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
