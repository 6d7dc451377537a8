"""What owners of webhooks may do with them. Sending is in `delivery`."""

import base64
import os
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone as clock

from audit.services import record
from banking.models import Delivery, Webhook, WebhookSecret
from banking.policy import WEBHOOKS, WebhookPolicy
from banking.webhooks.address import clean_url
from banking.webhooks.errors import WebhookInactive, WebhookSecretsExhausted, WebhooksExhausted
from banking.webhooks.selectors import signing_secrets, version_of, webhooks_of
from fintrust.core import keys, live
from fintrust.core.errors import NotFound
from fintrust.core.etags import Expected, expect
from fintrust.core.ids import uuid7
from fintrust.core.models import User

_SECRET_BYTES = 32
_PREFIX = "whsec_"


def topic_of(webhook: Webhook) -> str:
    return f"user:{webhook.owner_id}"


@transaction.atomic
def create_webhook(
    *, owner: User, url: str, events: Sequence[str] = (), policy: WebhookPolicy = WEBHOOKS
) -> tuple[Webhook, str]:
    """Tell this address what happens from now on. The secret is told here and never again."""
    url = clean_url(url)
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)  # the limit holds for two tabs
    if webhooks_of(owner).count() >= policy.endpoints_max:
        raise WebhooksExhausted()
    begins = live.end(f"user:{owner.pk}")
    webhook = Webhook.objects.create(
        owner=owner,
        url=url,
        events=_distinct(events),
        cursor_tx=begins.tx,
        cursor_id=begins.id,
    )
    secret = _new_secret(webhook)
    _remember(webhook, "created", owner, after=_terms(webhook))
    return Webhook.objects.get(pk=webhook.pk), secret


@transaction.atomic
def change_webhook(
    *, webhook: Webhook, by: User, expected: Expected, changes: dict[str, Any]
) -> Webhook:
    """Another address, other events, pause or go on; if it is still as expected."""
    webhook = _locked(webhook, by, expected)
    before = _terms(webhook)
    if "url" in changes:
        webhook.url = clean_url(changes["url"])
    if "events" in changes:
        webhook.events = _distinct(changes["events"])
    if changes.get("active") is True and webhook.status != Webhook.Status.ACTIVE:
        webhook.status, webhook.failing_since, webhook.told_at = Webhook.Status.ACTIVE, None, None
    elif changes.get("active") is False:
        webhook.status = Webhook.Status.PAUSED
    if _terms(webhook) == before:
        return webhook
    webhook.save(update_fields=["url", "events", "status", "failing_since", "told_at"])
    _remember(webhook, "changed", by, before=before, after=_terms(webhook))
    return webhook


@transaction.atomic
def delete_webhook(*, webhook: Webhook, by: User, expected: Expected) -> None:
    """Nothing more is sent, and its secrets are gone. What was sent stays in the audit log."""
    webhook = _locked(webhook, by, expected)
    webhook.status = Webhook.Status.DELETED
    webhook.save(update_fields=["status"])
    webhook.secrets.all().delete()
    webhook.deliveries.all().delete()
    _remember(webhook, "deleted", by)


@transaction.atomic
def rotate_secret(*, webhook: Webhook, by: User, policy: WebhookPolicy = WEBHOOKS) -> str:
    """A new secret. Those before it sign as well until the overlap is over."""
    webhook = _locked(webhook, by, None)
    now = clock.now()
    webhook.secrets.filter(retires_at__lte=now).delete()
    if signing_secrets(webhook, now=now).count() >= policy.secrets_max:
        raise WebhookSecretsExhausted()
    webhook.secrets.filter(retires_at=None).update(retires_at=now + policy.overlap)
    secret = _new_secret(webhook)
    _remember(webhook, "secret_rotated", by)
    return secret


@transaction.atomic
def send_again(*, delivery: Delivery, by: User) -> Delivery:
    """Due at once, whatever became of it, under the same id. Its attempts go on being counted, so
    one that was given up is tried once more."""
    webhook = _locked(delivery.webhook, by, None)
    if webhook.status != Webhook.Status.ACTIVE:
        raise WebhookInactive()
    delivery = webhook.deliveries.select_for_update(no_key=True).get(pk=delivery.pk)
    delivery.status, delivery.next_at = Delivery.Status.PENDING, clock.now()
    delivery.save(update_fields=["status", "next_at"])
    record(
        "banking.webhook.resent",
        subject=webhook,
        by=by,
        owner=webhook.owner_id,
        data={"delivery": delivery.public_id},
    )
    return delivery


# --- secrets --------------------------------------------------------------------------------


def _new_secret(webhook: Webhook) -> str:
    secret = os.urandom(_SECRET_BYTES)
    pk = uuid7()
    WebhookSecret.objects.create(id=pk, webhook=webhook, sealed=keys.seal(secret, aad=_aad(pk)))
    return _PREFIX + base64.b64encode(secret).decode()


def opened(secret: WebhookSecret) -> str:
    raw = keys.open_sealed(bytes(secret.sealed), aad=_aad(secret.pk))
    return _PREFIX + base64.b64encode(raw).decode()


def _aad(pk: Any) -> bytes:
    return f"webhook:{pk}".encode()


# --- under the verbs ------------------------------------------------------------------------


def _locked(webhook: Webhook, by: User, expected: Expected) -> Webhook:
    found = webhooks_of(by).filter(pk=webhook.pk).select_for_update(no_key=True).first()
    if found is None:
        raise NotFound()
    expect(version_of(found), expected)
    return found


def _distinct(events: Sequence[str]) -> list[str]:
    return sorted(set(events))


def _terms(webhook: Webhook) -> dict[str, Any]:
    return {"url": webhook.url, "events": webhook.events, "status": str(webhook.status)}


def _remember(
    webhook: Webhook,
    what: str,
    by: User | None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    record(
        f"banking.webhook.{what}",
        subject=webhook,
        by=by,
        owner=webhook.owner_id,
        before=before,
        after=after,
        reason=reason,
    )
