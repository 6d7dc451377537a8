"""Decisions with everything they were made from, and what really moved."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from fintrust.core.fields import TxField
from fintrust.core.ids import PublicModel, PublicQuerySet, to_public, uuid7
from fintrust.core.money import Money
from fraud import verdict
from fraud.effect import effect
from fraud.facts import KINDS, Facts
from fraud.features import Snapshot
from fraud.verdict import OfficersRule
from fraud.verdict import Verdict as Judged


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
    review = models.BooleanField("an officer decides", db_default=False)
    reasons = models.JSONField()
    facts = models.JSONField()
    snapshot = models.JSONField()
    ruleset = models.CharField("ruleset version", max_length=40)
    # What officers had put in force, the models, and what these said; nothing in decisions from
    # before there were any.
    officers = models.CharField("officers' ruleset", max_length=40, blank=True, db_default="")
    champion = models.CharField("model", max_length=40, blank=True, db_default="")
    shadow_model = models.CharField("model on trial", max_length=40, blank=True, db_default="")
    contributions = models.JSONField("what the model's score is made of", db_default={})
    shadow = models.JSONField("what rules and model on trial would have said", db_default={})
    degraded = models.JSONField("what could not be asked", db_default=[])
    at = models.DateTimeField("asked at")
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    # Which rules matched, from the judging to the writing; read back, they are `RuleHit` rows.
    matched: tuple[OfficersRule, ...] = ()
    matched_in_shadow: tuple[OfficersRule, ...] = ()

    objects: ClassVar = DecisionQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        indexes: ClassVar = [
            # These three hold what `fraud.monitoring` counts, so that a year of it reads no rows.
            # By when it was decided, rows only ever come at one end: that costs next to nothing.
            models.Index(
                fields=["customer", "-at"],
                include=["verdict", "review", "score"],
                name="fraud_decision_of_customer",
            ),
            models.Index(
                fields=["-at", "-id"],
                include=["verdict", "review", "score"],
                name="fraud_decision_by_time",
            ),
            models.Index(
                fields=["-recorded_at", "-id"],
                include=["verdict", "review", "score"],
                name="fraud_decision_recorded",
            ),
            models.Index(
                fields=["-recorded_at", "-id"],
                condition=models.Q(verdict__in=[verdict.FLAGGED, verdict.BLOCKED]),
                name="fraud_decision_stopped",
            ),
            models.Index(
                fields=["-recorded_at"],
                condition=~models.Q(degraded=[]),
                name="fraud_decision_degraded",
            ),
            models.Index(fields=["subject", "-id"], name="fraud_decision_subject"),
            models.Index(fields=["tx", "id"], name="fraud_decision_follow"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(score__gte=0, score__lte=1), name="fraud_decision_score"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} {self.subject}"

    @classmethod
    def made(cls, facts: Facts, snapshot: Snapshot, judged: Judged) -> Self:
        """Not stored yet."""
        made = cls(
            id=uuid7(),
            subject=facts.subject,
            customer_id=facts.customer_id,
            verdict=judged.verdict,
            score=judged.score,
            risk_level=judged.risk_level,
            forbidden=judged.forbidden,
            review=judged.review,
            reasons=judged.reasons_json(),
            facts=facts.to_json(),
            snapshot=snapshot.to_json(),
            ruleset=judged.ruleset,
            officers=judged.officers,
            champion=judged.champion,
            shadow_model=judged.shadow_model,
            contributions=dict(judged.contributions),
            shadow=dict(judged.shadow),
            degraded=list(judged.degraded),
            at=facts.at,
        )
        made.matched, made.matched_in_shadow = judged.matched, judged.matched_in_shadow
        return made

    @property
    def effect(self) -> str:
        return effect(self.verdict, self.review)

    @property
    def risk_words(self) -> str:
        """For people: what a customer's own limit refuses says nothing of a risk."""
        return "Own limit" if self.forbidden else self.get_risk_level_display()

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
    # Where the money went and where it came from, whoever asked for it.
    credited = models.GeneratedField(
        expression=models.Case(models.When(outgoing=True, then="counterparty"), default="account"),
        output_field=models.CharField(max_length=40),
        db_persist=True,
    )
    debited = models.GeneratedField(
        expression=models.Case(models.When(outgoing=True, then="account"), default="counterparty"),
        output_field=models.CharField(max_length=40),
        db_persist=True,
    )
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    local_hour = models.SmallIntegerField("hour on the customer's clock")
    # Unknown of payments from before November 2026.
    local_weekday = models.SmallIntegerField("day of the customer's week, 0 is Monday", null=True)
    device = models.CharField(max_length=64, blank=True, db_default="")
    unusual = models.BooleanField("out of the customer's habit when made", db_default=False)
    at = models.DateTimeField("asked at")
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        verbose_name = "payment that moved"
        verbose_name_plural = "payments that moved"
        indexes: ClassVar = [
            # Each holds all that its part of the features' statement reads, newest first. Payments
            # of one moment are ordered by their decisions, in the database as in a history's file.
            models.Index(
                fields=["customer", "outgoing", "-at", "-decision"],
                include=[
                    "amount_minor",
                    "currency",
                    "counterparty",
                    "account",
                    "device",
                    "unusual",
                    "local_hour",
                    "local_weekday",
                ],
                name="fraud_fact_habit",
            ),
            models.Index(
                fields=["customer", "counterparty", "-at", "-decision"],
                include=["amount_minor", "currency"],
                condition=models.Q(outgoing=True),
                name="fraud_fact_pair",
            ),
            models.Index(
                fields=["credited", "-at", "-decision"],
                include=["customer", "outgoing", "debited", "amount_minor", "currency"],
                condition=~models.Q(credited=""),
                name="fraud_fact_credited",
            ),
            models.Index(
                fields=["device", "-at", "-decision"],
                include=["customer"],
                condition=~models.Q(device=""),
                name="fraud_fact_device",
            ),
            models.Index(
                fields=["currency", "-at", "-decision"],
                include=["amount_minor", "customer"],
                condition=models.Q(outgoing=True),
                name="fraud_fact_others",
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
            models.CheckConstraint(
                condition=models.Q(local_weekday__gte=0, local_weekday__lte=6),
                name="fraud_fact_weekday",
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
