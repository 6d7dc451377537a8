"""What became known about payments: fraud or genuine, by whom, and since when."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from fintrust.core.fields import TxField
from fintrust.core.ids import to_public
from fraud.features.aggregates import BELIEVED_MIN
from fraud.models.decisions import Decision


class Label(models.Model):
    """An answer to "was this fraud?". Never changed: of one decision the newest known one counts.

    Payee, customer, time and habit of the payment are kept beside it, so that a decision reads
    "what was known of this payee before now" from one index.
    """

    class Source(models.TextChoices):
        CUSTOMER = "customer", "The customer said so"
        STEP_UP = "step_up", "A confirmation passed or failed"
        OFFICER = "officer", "A case was closed"
        DISPUTE = "dispute", "A dispute"
        IMPORT = "import", "Another system"

    id = models.BigAutoField(primary_key=True)
    tx = TxField()
    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, related_name="labels", db_index=False
    )
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    counterparty = models.CharField("payee", max_length=40, blank=True)
    paid_at = models.DateTimeField("asked at")
    fraud = models.BooleanField()
    unusual = models.BooleanField("out of the customer's habit when made", db_default=False)
    source = models.CharField(max_length=10, choices=Source)
    weight = models.FloatField("how far it is believed, 0 to 1")
    note = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    known_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        indexes: ClassVar = [
            # Each holds all that its part of the features' statement reads.
            models.Index(
                fields=["counterparty", "-known_at", "-id"],
                include=["decision", "paid_at", "fraud", "unusual"],
                condition=~models.Q(counterparty="") & models.Q(weight__gte=BELIEVED_MIN),
                name="fraud_label_payee",
            ),
            models.Index(
                fields=["customer", "-known_at", "-id"],
                include=["decision", "paid_at", "fraud"],
                condition=models.Q(weight__gte=BELIEVED_MIN),
                name="fraud_label_customer",
            ),
            models.Index(fields=["decision", "-known_at", "-id"], name="fraud_label_decision"),
            models.Index(fields=["tx", "id"], name="fraud_label_follow"),
            # How old labels are, which `fraud.monitoring` shows.
            models.Index(
                fields=["-known_at"], include=["paid_at", "source"], name="fraud_label_newest"
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(weight__gte=0, weight__lte=1), name="fraud_label_weight"
            ),
            models.CheckConstraint(
                condition=models.Q(known_at__gte=models.F("paid_at")),
                name="fraud_label_known_after_payment",
            ),
        ]

    def __str__(self) -> str:
        return f"{'fraud' if self.fraud else 'genuine'}, {self.get_source_display()}"

    @property
    def public_id(self) -> str:
        """People know it by its decision."""
        return to_public(Decision.prefix, self.decision_id)
