"""A hold that a customer's program asked for, as against one that a held transfer waits on."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from banking.models.ledger import Hold
from fintrust.core.idempotency import KEY_MAX
from fintrust.core.ids import to_public


class Reservation(models.Model):
    """One request to set money aside, and the request that gave it back, if one did."""

    hold = models.OneToOneField(Hold, models.PROTECT, primary_key=True, related_name="reservation")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="reservations", db_index=False
    )
    request_id = models.CharField(max_length=KEY_MAX)
    fingerprint = models.CharField(max_length=64)
    release_id = models.CharField(max_length=KEY_MAX, null=True)  # noqa: DJ001
    asked_at = models.DateTimeField(db_default=Now(), editable=False)

    #: True on an answer that repeats a stored request instead of making a new one.
    replayed: bool = False

    class Meta:
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["requested_by", "request_id"], name="banking_reservation_request_once"
            ),
            models.UniqueConstraint(
                fields=["requested_by", "release_id"], name="banking_reservation_release_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["requested_by", "-hold"], name="banking_reservation_newest"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def public_id(self) -> str:
        return to_public(Hold.prefix, self.hold_id)
