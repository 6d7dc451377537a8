"""Decisions with everything they were made from, what really moved, limits and alerts."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from fintrust.core.fields import TxField
from fintrust.core.ids import PublicModel, PublicQuerySet, to_public
from fintrust.core.models import User
from fintrust.core.money import Money
from fraud import verdict
from fraud.facts import KINDS, Facts
from fraud.features import Snapshot


class DecisionQuerySet(PublicQuerySet):
    def of(self, customer: object) -> Self:
        return self.filter(customer=customer)


class Decision(PublicModel):
    """A verdict about one movement of money, with the facts and the snapshot it came from."""

    class Verdict(models.TextChoices):
        VERIFIED = verdict.VERIFIED, "Verified"
        FLAGGED = verdict.FLAGGED, "Flagged"
        BLOCKED = verdict.BLOCKED, "Blocked"

    class Risk(models.TextChoices):
        SAFE = verdict.SAFE, "Safe"
        SUSPICIOUS = verdict.SUSPICIOUS, "Suspicious"
        CRITICAL = verdict.CRITICAL, "Critical"

    prefix: ClassVar[str] = "dec"

    tx = TxField()
    subject = models.CharField(max_length=40)
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    verdict = models.CharField(max_length=10, choices=Verdict)
    score = models.FloatField()
    risk_level = models.CharField(max_length=10, choices=Risk)
    forbidden = models.BooleanField("forbidden by the customer's own limits")
    reasons = models.JSONField()
    facts = models.JSONField()
    snapshot = models.JSONField()
    ruleset = models.CharField("ruleset version", max_length=40)
    at = models.DateTimeField("asked at")
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar = DecisionQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["customer", "-at"], name="fraud_decision_customer"),
            models.Index(fields=["subject", "-id"], name="fraud_decision_subject"),
            models.Index(fields=["-at", "-id"], name="fraud_decision_newest"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(score__gte=0, score__lte=1), name="fraud_decision_score"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} {self.subject}"

    def facts_then(self) -> Facts:
        return Facts.from_json(self.facts)

    def snapshot_then(self) -> Snapshot:
        return Snapshot.from_json(self.snapshot)


class PaymentFact(models.Model):
    """Money that really moved: the only thing the bank learns a customer's normal from."""

    id = models.BigAutoField(primary_key=True)
    tx = TxField()
    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="fact")
    subject = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=[(kind, kind.capitalize()) for kind in KINDS])
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    account = models.CharField(max_length=40)
    counterparty = models.CharField(max_length=40, blank=True)
    outgoing = models.BooleanField()
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    local_hour = models.SmallIntegerField("hour on the customer's clock")
    at = models.DateTimeField("asked at")
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        verbose_name = "payment that moved"
        verbose_name_plural = "payments that moved"
        indexes: ClassVar = [
            # Each holds all that its part of sql/snapshot.sql reads.
            models.Index(
                fields=["customer", "outgoing", "-at"],
                include=["amount_minor", "currency", "local_hour"],
                name="fraud_fact_own",
            ),
            models.Index(
                fields=["customer", "counterparty", "-at"],
                include=["amount_minor", "currency"],
                condition=models.Q(outgoing=True),
                name="fraud_fact_payee",
            ),
            models.Index(
                fields=["currency", "-at"],
                include=["amount_minor", "customer"],
                condition=models.Q(outgoing=True),
                name="fraud_fact_peers",
            ),
            models.Index(fields=["recorded_at", "id"], name="fraud_fact_recorded"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(amount_minor__gt=0), name="fraud_fact_amount"
            ),
            models.CheckConstraint(
                condition=models.Q(local_hour__gte=0, local_hour__lte=23), name="fraud_fact_hour"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.money} {self.subject}"

    @property
    def public_id(self) -> str:
        """People know it by its decision."""
        return to_public(Decision.prefix, self.decision_id)

    @property
    def money(self) -> Money:
        return Money(self.amount_minor, self.currency)


class CustomerLimit(models.Model):
    """The largest payment a customer lets themselves make in a currency. Its history is audited."""

    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    currency = models.CharField(max_length=3)
    largest_minor = models.BigIntegerField()
    since = models.DateTimeField()

    class Meta:
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "currency"], name="fraud_limit_one"),
            models.CheckConstraint(
                condition=models.Q(largest_minor__gt=0), name="fraud_limit_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"at most {self.largest}"

    @property
    def public_id(self) -> str:
        """People know it by whose it is."""
        return to_public(User.prefix, self.customer_id)

    @property
    def largest(self) -> Money:
        return Money(self.largest_minor, self.currency)


class AlertQuerySet(PublicQuerySet):
    def open(self) -> Self:
        return self.filter(status=Alert.Status.OPEN)


class Alert(PublicModel):
    """Something a person should look at."""

    class Kind(models.TextChoices):
        LIMIT = "limit", "Own limit"
        PAYMENT = "payment", "Suspicious payment"
        AFTERWARDS = "afterwards", "Unlike other payments"

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


class AfterScore(models.Model):
    """What a model said about a payment after it moved: once for each model."""

    id = models.BigAutoField(primary_key=True)
    tx = TxField()
    fact = models.ForeignKey(PaymentFact, on_delete=models.PROTECT, related_name="after_scores")
    model = models.CharField("model version", max_length=40)
    score = models.FloatField()
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        verbose_name = "score afterwards"
        verbose_name_plural = "scores afterwards"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["fact", "model"], name="fraud_afterscore_once"),
        ]

    def __str__(self) -> str:
        return f"{self.score:.3f} by {self.model}"

    @property
    def public_id(self) -> str:
        return self.fact.public_id
