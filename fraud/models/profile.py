"""Whether the bank may learn what is normal for a customer, and since when."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from fintrust.core.fields import TxField
from fintrust.core.ids import to_public
from fintrust.core.models import User


class LearningChoice(models.Model):
    """One answer of a customer's; the newest that has taken effect holds. Written once."""

    id = models.BigAutoField(primary_key=True)
    tx = TxField()
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    learns = models.BooleanField("may learn from payments")
    since = models.DateTimeField("only from payments after", null=True)
    effective_at = models.DateTimeField("judged by from")
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        verbose_name = "choice about learning"
        verbose_name_plural = "choices about learning"
        indexes: ClassVar = [
            # All that a verdict asks of it: see `fraud.profile.statement`.
            models.Index(
                fields=["customer", "-id"],
                include=["effective_at", "learns", "since"],
                name="fraud_learning_newest",
            ),
        ]

    def __str__(self) -> str:
        return "learns" if self.learns else "does not learn"

    @property
    def public_id(self) -> str:
        """People know it by whose it is."""
        return to_public(User.prefix, self.customer_id)
