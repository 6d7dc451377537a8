"""What customers say is wrong with a payment that moved."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from fintrust.core.ids import PublicModel
from fraud.models.decisions import Decision


class Dispute(PublicModel):
    """A customer's own words about a payment that moved. Once a payment; what becomes of it is the
    case's to say."""

    class Reason(models.TextChoices):
        NOT_MINE = "not_mine", "I did not make this payment"
        TRICKED = "tricked", "I was tricked into making it"
        MISTAKE = "mistake", "The amount or the payee is wrong"
        NOT_RECEIVED = "not_received", "What I paid for never came"

    prefix: ClassVar[str] = "dsp"

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="dispute")
    reason = models.CharField(max_length=12, choices=Reason)
    text = models.CharField(max_length=2000)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.text}"
