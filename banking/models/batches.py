"""Many transfers asked for at once, and what was answered about each."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from fintrust.core.idempotency import KEY_MAX
from fintrust.core.ids import PublicModel


class Batch(PublicModel):
    """Written once, in the transaction of its transfers.

    `outcomes` holds for each item `{"transfer": id}`, or the members of the problem that kept it
    from happening: the transfers themselves leave nothing behind then.
    """

    prefix: ClassVar[str] = "bat"

    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="batches", db_index=False
    )
    request_id = models.CharField(max_length=KEY_MAX)
    fingerprint = models.CharField(max_length=64)
    linked = models.BooleanField()
    outcomes = models.JSONField()
    asked_at = models.DateTimeField(db_default=Now(), editable=False)

    #: True on an answer that repeats a stored request instead of making a new one.
    replayed: bool = False

    class Meta:
        default_permissions = ("view",)
        verbose_name_plural = "batches"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["requested_by", "request_id"], name="banking_batch_request_once"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
