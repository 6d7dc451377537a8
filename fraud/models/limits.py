"""What customers forbid themselves."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from fintrust.core.ids import to_public
from fintrust.core.models import User
from fintrust.core.money import Money


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
