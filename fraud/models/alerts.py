"""What a person should look at."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from fintrust.core.ids import PublicModel, PublicQuerySet
from fraud.models.decisions import Decision


class AlertQuerySet(PublicQuerySet):
    def open(self) -> Self:
        return self.filter(status=Alert.Status.OPEN)


class Alert(PublicModel):
    """Something a person should look at."""

    class Kind(models.TextChoices):
        LIMIT = "limit", "Own limit"
        PAYMENT = "payment", "Suspicious payment"
        AFTERWARDS = "afterwards", "Unlike other payments"
        DENIED = "denied", "Not the customer"
        DISPUTED = "disputed", "Disputed by the customer"
        RULE = "rule", "Rule stopped by its budget"

    class Severity(models.TextChoices):
        LOW = "low", "Low"
        MEDIUM = "medium", "Medium"
        HIGH = "high", "High"

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"

    prefix: ClassVar[str] = "alr"

    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, related_name="alerts", db_index=False
    )
    kind = models.CharField(max_length=12, choices=Kind)
    severity = models.CharField(max_length=8, choices=Severity)
    text = models.CharField("why", max_length=500)
    at = models.DateTimeField(db_default=Now(), editable=False)
    status = models.CharField(max_length=14, choices=Status, default=Status.OPEN)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    acknowledged_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True)

    objects: ClassVar = AlertQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions: ClassVar = [("acknowledge_alert", "Can acknowledge alerts")]
        indexes: ClassVar = [
            models.Index(
                fields=["-at", "-id"],
                condition=models.Q(status="open"),
                name="fraud_alert_open",
            ),
            models.Index(fields=["-at", "-id"], name="fraud_alert_newest"),
        ]
        constraints: ClassVar = [
            # One alert of a kind about a decision, however often a task sweeps.
            models.UniqueConstraint(fields=["decision", "kind"], name="fraud_alert_once"),
            models.CheckConstraint(
                condition=models.Q(status="open", acknowledged_at__isnull=True)
                | models.Q(
                    status="acknowledged",
                    acknowledged_at__isnull=False,
                    acknowledged_by__isnull=False,
                ),
                name="fraud_alert_acknowledged_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.text}"
