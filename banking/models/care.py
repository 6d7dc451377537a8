"""Why an account is frozen, active or closed, and by whom. Written once."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from banking.models.ledger import Account


class StatusChange(models.Model):
    """One side changed its mind about an account.

    The customer and the bank freeze it each for themselves: the newest row of a side is its word,
    and the ledger's account is active only while neither side says frozen.
    """

    class Side(models.TextChoices):
        OWNER = "owner", "The customer"
        BANK = "bank", "The bank"

    account = models.ForeignKey(Account, models.PROTECT, related_name="status_changes")
    side = models.CharField(max_length=8, choices=Side)
    status = models.CharField(max_length=8, choices=Account.Status)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["account", "side", "-id"], name="banking_status_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()} by {self.get_side_display()}"
