"""What came out when the ledger was checked against its movements."""

from django.db import models
from django.db.models.functions import Now


class LedgerCheck(models.Model):
    """One check of all books, and what it found. Written once."""

    at = models.DateTimeField(db_default=Now(), editable=False)
    intact = models.BooleanField()
    findings = models.JSONField(default=list)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return "in balance" if self.intact else f"DAMAGED, {len(self.findings)} findings"
