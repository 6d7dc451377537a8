"""What came out when the ledger was checked against its movements, and where to continue."""

from django.db import models
from django.db.models.functions import Now


class LedgerCheck(models.Model):
    """One check of the books, whole or from the last checkpoint on, and what it found."""

    at = models.DateTimeField(db_default=Now(), editable=False)
    intact = models.BooleanField()
    findings = models.JSONField(default=list)
    full = models.BooleanField(default=True, db_default=True)
    movements = models.BigIntegerField(default=0, db_default=0)  # how many were read
    checkpoint = models.JSONField(null=True)  # banking.verify.Checkpoint, of an intact check

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return "in balance" if self.intact else f"DAMAGED, {len(self.findings)} findings"
