"""Where a customer's programs want to be told, with which secrets, and how each telling went."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from fintrust.core.ids import PublicModel

URL_MAX = 500


class Webhook(PublicModel):
    """An address that is told what happens to its owner's transfers, from a place in their feed."""

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused by its owner"
        FAILED = "failed", "Switched off because nothing arrived"
        DELETED = "deleted", "Deleted"

    prefix: ClassVar[str] = "whk"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="webhooks")
    url = models.CharField(max_length=URL_MAX)
    events = models.JSONField()  # kinds it wants; empty for all
    status = models.CharField(max_length=8, choices=Status, default=Status.ACTIVE)
    failing_since = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)  # that it was switched off
    # The last event that was looked at: a place in the feed of its owner, see `core.live`.
    cursor_tx = models.BigIntegerField()
    cursor_id = models.BigIntegerField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                condition=Q(status="failed", told_at__isnull=True),
                name="banking_webhook_untold",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class WebhookSecret(PublicModel):
    """What deliveries are signed with, sealed. An old one signs too until it retires."""

    webhook = models.ForeignKey(Webhook, models.PROTECT, related_name="secrets")
    sealed = models.BinaryField()
    retires_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.pk)


class Delivery(PublicModel):
    """One event for one webhook. Its public id is the `webhook-id`, the same in every attempt."""

    class Status(models.TextChoices):
        PENDING = "pending", "Due"
        DELIVERED = "delivered", "Delivered"
        FAILED = "failed", "Given up"

    prefix: ClassVar[str] = "msg"

    webhook = models.ForeignKey(Webhook, models.PROTECT, related_name="deliveries", db_index=False)
    event_id = models.BigIntegerField()
    kind = models.CharField(max_length=60)
    body = models.TextField()
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    attempts = models.IntegerField(default=0)  # since it was first due, or sent again
    next_at = models.DateTimeField(null=True)
    attempted_at = models.DateTimeField(null=True)
    answered = models.IntegerField(null=True)  # the status code of the newest attempt
    excerpt = models.CharField(max_length=500, blank=True)  # of the answer, or why there was none
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        verbose_name_plural = "deliveries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["webhook", "event_id"], name="banking_delivery_once"),
            models.CheckConstraint(
                condition=Q(status="pending", next_at__isnull=False)
                | (~Q(status="pending") & Q(next_at__isnull=True)),
                name="banking_delivery_due_while_pending",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["webhook", "-id"], name="banking_delivery_newest"),
            models.Index(
                fields=["webhook", "next_at"],
                condition=Q(status="pending"),
                name="banking_delivery_due",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id
