"""Models, what they were made by, who let them in, and whether the world has moved away.

A model is written once; whether it is in force, the newest ruleset says. What may change is how far
a training or a proposal has come, and whether an alarm was seen; the database refuses the rest.
"""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from fintrust.core.fields import TxField
from fintrust.core.ids import PublicModel, PublicQuerySet
from fraud.learning.costs import Costs


class TrainingRun(PublicModel):
    """One attempt to learn. A row first: the worker finds it, and people watch it."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "A model was made"
        DECLINED = "declined", "Too little to learn from"
        FAILED = "failed", "Failed"

    prefix: ClassVar[str] = "trn"

    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    step = models.CharField(max_length=80, blank=True)
    percent = models.SmallIntegerField(default=0)
    rows_read = models.IntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=500, blank=True)

    objects: ClassVar = PublicQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions: ClassVar = [("train_model", "Can have a model trained")]
        indexes: ClassVar = [models.Index(fields=["-asked_at", "-id"], name="fraud_training_new")]
        constraints: ClassVar = [
            # Impatience must not queue up work: one waits or runs at a time.
            models.UniqueConstraint(
                models.Value(1),
                condition=Q(status__in=["waiting", "running"]),
                name="fraud_training_one",
            ),
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lte=100), name="fraud_training_percent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()}, {self.public_id}"


class ModelVersion(PublicModel):
    """A trained model: its bytes, what it saw and how good it was."""

    prefix: ClassVar[str] = "mdl"

    tx = TxField()
    run = models.OneToOneField(
        TrainingRun, models.PROTECT, null=True, related_name="model", db_index=False
    )
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64, unique=True)
    features = models.JSONField()
    window_start = models.DateTimeField()
    window_end = models.DateTimeField()
    known_by = models.DateTimeField("labels known by")
    data_hash = models.CharField(max_length=64)
    code_hash = models.CharField(max_length=64)
    metrics = models.JSONField()
    card = models.TextField("model card")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    objects: ClassVar = PublicQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        verbose_name = "model"
        permissions: ClassVar = [
            ("propose_model", "Can try a model in the shadow and propose it"),
            ("decide_model", "Can approve or reject a colleague's model"),
            ("roll_back_model", "Can put the model before back in force"),
        ]
        indexes: ClassVar = [models.Index(fields=["-made_at", "-id"], name="fraud_model_new")]

    def __str__(self) -> str:
        return self.public_id


class Proposed(PublicModel):
    """What one officer proposes and another decides, in time."""

    class Status(models.TextChoices):
        OPEN = "open", "Waiting"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"
        EXPIRED = "expired", "Ran out"

    reason = models.CharField(max_length=500)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=500, blank=True)

    objects: ClassVar = PublicQuerySet.as_manager()

    class Meta:
        abstract = True
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(
                    status__in=["open", "expired"], decided_at__isnull=True, decided_by__isnull=True
                )
                | (
                    Q(status__in=["approved", "rejected"], decided_at__isnull=False)
                    & Q(decided_by__isnull=False)
                    & ~Q(decided_by=F("proposed_by"))
                )
                | Q(status="withdrawn", decided_at__isnull=False, decided_by=F("proposed_by")),
                name="fraud_%(class)s_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()}, {self.public_id}"

    def is_open(self, now: datetime) -> bool:
        return self.status == self.Status.OPEN and now < self.expires_at


class Promotion(Proposed):
    """A model that an officer proposes to put in force, with its figures."""

    prefix: ClassVar[str] = "prm"

    model = models.ForeignKey(ModelVersion, models.PROTECT, related_name="promotions")
    figures = models.JSONField()

    class Meta(Proposed.Meta):
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["model"], condition=Q(status="open"), name="fraud_promotion_open_once"
            ),
            *Proposed.Meta.constraints,
        ]


class CostTable(Proposed):
    """What mistakes cost, in cents of about a euro; the newest that was approved is in force."""

    prefix: ClassVar[str] = "cst"

    missed_cents = models.PositiveIntegerField("a fraud that goes through")
    held_cents = models.PositiveIntegerField("a customer stopped for nothing")
    looking_cents = models.PositiveIntegerField("looking at an alert")

    class Meta(Proposed.Meta):
        verbose_name = "cost table"
        constraints: ClassVar = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(status="open"), name="fraud_costtable_open_once"
            ),
            models.CheckConstraint(
                condition=Q(missed_cents__gt=0), name="fraud_costtable_missed_costs"
            ),
            *Proposed.Meta.constraints,
        ]

    @property
    def costs(self) -> Costs:
        return Costs(self.missed_cents, self.held_cents, self.looking_cents)


class DriftCheck(PublicModel):
    """How far recent payments are from those a model learned from; an alarm until somebody saw."""

    prefix: ClassVar[str] = "drf"

    tx = TxField()
    model = models.ForeignKey(ModelVersion, models.PROTECT, related_name="drift_checks")
    at = models.DateTimeField(db_default=Now(), editable=False)
    payments = models.IntegerField()
    until = models.BigIntegerField("the newest payment looked at")
    shifts = models.JSONField()
    worst = models.CharField("shifted most", max_length=60)
    worst_shift = models.FloatField("stability index")
    alarmed = models.BooleanField()
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    seen_at = models.DateTimeField(null=True)

    objects: ClassVar = PublicQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        verbose_name = "drift check"
        permissions: ClassVar = [("acknowledge_driftcheck", "Can acknowledge a drift alarm")]
        indexes: ClassVar = [models.Index(fields=["-at", "-id"], name="fraud_drift_new")]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["model", "until"], name="fraud_drift_once"),
            models.CheckConstraint(
                condition=Q(seen_at__isnull=True, seen_by__isnull=True)
                | Q(alarmed=True, seen_at__isnull=False, seen_by__isnull=False),
                name="fraud_drift_seen_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.worst}: {self.worst_shift:.3f}"
