"""A customer's webhooks and what was sent to them."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from banking.models import Delivery, Transfer, Webhook, WebhookSecret
from banking.selectors import InvalidCursor
from fintrust.core.errors import NotFound
from fintrust.core.idempotency import fingerprint
from fintrust.core.ids import from_public
from fintrust.core.models import User

KINDS = [f"transfer.{status}" for status in Transfer.Status.values]


def webhooks_of(user: User) -> QuerySet[Webhook]:
    """In the order they were made; deleted ones are gone."""
    return user.webhooks.exclude(status=Webhook.Status.DELETED).order_by("id")


def webhook_for(user: User, public_id: str) -> Webhook:
    """One's own; any other does not exist."""
    found = webhooks_of(user).filter(pk=from_public(Webhook.prefix, public_id)).first()
    if found is None:
        raise NotFound()
    return found


def version_of(webhook: Webhook) -> str:
    """Changes whenever what its owner set changes; the ETag."""
    return fingerprint(
        id=webhook.pk, url=webhook.url, events=webhook.events, status=webhook.status
    )[:32]


def signing_secrets(webhook: Webhook, *, now: datetime | None = None) -> QuerySet[WebhookSecret]:
    """The secrets that sign at this moment, newest first."""
    alive = Q(retires_at=None) | Q(retires_at__gt=now or timezone.now())
    return webhook.secrets.filter(alive).order_by("-id")


def delivery_for(webhook: Webhook, public_id: str) -> Delivery:
    found = webhook.deliveries.filter(pk=from_public(Delivery.prefix, public_id)).first()
    if found is None:
        raise NotFound()
    return found


def deliveries_page(
    webhook: Webhook, *, before: str | None, size: int
) -> tuple[list[Delivery], str]:
    """The log of a webhook, newest first, and the cursor that continues behind it."""
    found = webhook.deliveries.order_by("-id")
    if before:
        try:
            found = found.filter(pk__lt=from_public(Delivery.prefix, before))
        except NotFound:
            raise InvalidCursor() from None
    rows = list(found[: size + 1])
    return rows[:size], rows[size - 1].public_id if len(rows) > size else ""
