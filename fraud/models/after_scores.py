"""What a model says about payments that moved."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from fintrust.core.fields import TxField
from fraud.models.decisions import PaymentFact


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
