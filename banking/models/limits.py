"""What an account may send in a day and in a month, and what it has sent."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from banking.models.ledger import Account


class AccountLimit(models.Model):
    """What staff allowed one account. The newest counts; null is the product's own limit."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="limits", db_index=False)
    day_minor = models.BigIntegerField(null=True)
    month_minor = models.BigIntegerField(null=True)
    day_count = models.IntegerField(null=True)
    reason = models.CharField(max_length=500)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view", "add")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(day_minor__isnull=True) | Q(day_minor__gte=0))
                & (Q(month_minor__isnull=True) | Q(month_minor__gte=0))
                & (Q(day_count__isnull=True) | Q(day_count__gte=0)),
                name="banking_accountlimit_not_negative",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "-id"], name="banking_accountlimit_newest")
        ]

    def __str__(self) -> str:
        return f"{self.account_id} since {self.at}"


class Outgoing(models.Model):
    """What one account has sent, or set aside to send, on one day of the bank (UTC)."""

    pk: Any = models.CompositePrimaryKey("account_id", "day")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    count = models.IntegerField()
    minor = models.DecimalField(max_digits=30, decimal_places=0)

    class Meta:
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(count__gte=0, minor__gte=0), name="banking_outgoing_not_negative"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.day}: {self.count}"
