"""From what happened to what was delivered, in two sweeps that may run twice at once.

`collect` follows the committed events of each webhook's owner and writes a delivery for each, with
the cursor in the same transaction: nothing is skipped, nothing twice. `deliver` takes what is due
on a lease, sends it outside of any transaction, and writes down what came back. Whoever dies in
between leaves a lease that runs out, so every event arrives at least once, under one id.
"""

import json
import random
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.utils import timezone as clock

from banking.models import Delivery, Webhook
from banking.policy import WEBHOOKS, WebhookPolicy
from banking.webhooks.selectors import KINDS, signing_secrets
from banking.webhooks.sending import Answer, Letter, send_all
from banking.webhooks.services import _remember, opened, topic_of
from fintrust.core import live
from fintrust.core.models import Event

log = structlog.get_logger(__name__)

_BEHIND = """
    SELECT w.id FROM banking_webhook w
     WHERE w.status = 'active' AND EXISTS (
           SELECT FROM core_event e
            WHERE e.topic = 'user:' || w.owner_id::text
              AND (e.tx, e.id) > (w.cursor_tx::text::xid8, w.cursor_id)
              AND e.tx < (SELECT committed_horizon()))
     ORDER BY w.id LIMIT %s
"""

# A few of each webhook's, so that one with a long queue does not keep the others waiting. What
# another hand holds is passed over. The lease is the new time it is due.
_TAKE = """
    UPDATE banking_delivery SET attempts = attempts + 1, attempted_at = %(now)s,
           next_at = %(lease_ends)s
     WHERE id IN (
           SELECT due.id FROM banking_webhook w CROSS JOIN LATERAL (
                  SELECT d.id, d.next_at FROM banking_delivery d
                   WHERE d.webhook_id = w.id AND d.status = 'pending' AND d.next_at <= %(now)s
                   ORDER BY d.next_at LIMIT %(each)s
                   FOR NO KEY UPDATE SKIP LOCKED) due
            WHERE w.status = 'active'
            ORDER BY due.next_at LIMIT %(batch)s)
    RETURNING id
"""


# --- what happened --------------------------------------------------------------------------


def collect(*, batch_max: int = 500) -> int:
    """Write down what is to be delivered; how many deliveries are new."""
    with connection.cursor() as cursor:
        cursor.execute(_BEHIND, [batch_max])
        behind = [pk for (pk,) in cursor.fetchall()]
    return sum(_collect(pk) for pk in behind)


@transaction.atomic
def _collect(pk: UUID) -> int:
    """The next events of one webhook. Whoever is second finds its row locked, and leaves it."""
    waiting = Webhook.objects.filter(pk=pk, status=Webhook.Status.ACTIVE)
    webhook = waiting.select_for_update(skip_locked=True, no_key=True).first()
    if webhook is None:
        return 0
    seen = live.after(live.Cursor(webhook.cursor_tx, webhook.cursor_id), topic_of(webhook))
    if not seen:
        return 0
    wanted = set(webhook.events or KINDS) & set(KINDS)
    made = [_delivery(webhook, event) for _, event in seen if event.kind in wanted]
    Delivery.objects.bulk_create(made)
    last = seen[-1][0]
    webhook.cursor_tx, webhook.cursor_id = last.tx, last.id
    webhook.save(update_fields=["cursor_tx", "cursor_id"])
    return len(made)


def _delivery(webhook: Webhook, event: Event) -> Delivery:
    return Delivery(
        webhook=webhook,
        event_id=event.pk,
        kind=event.kind,
        body=json.dumps(payload(event), separators=(",", ":")),
        next_at=clock.now(),
    )


def payload(event: Event) -> dict[str, Any]:
    """Thin: what changed, and where to read it with a token. Nothing in it is worth stealing, and
    what either side may know of a transfer is decided where it is read."""
    return {
        "type": event.kind,
        "timestamp": event.at.isoformat(),
        "data": {
            "id": event.subject,
            "kind": event.data["kind"],
            "status": event.kind.partition(".")[2],
            "url": f"{settings.SITE_URL}/api/v1/transactions/{event.subject}",
        },
    }


# --- delivering it --------------------------------------------------------------------------


def deliver(*, policy: WebhookPolicy = WEBHOOKS) -> int:
    """Send what is due until nothing is, or until time is up; how many were tried."""
    ends, tried = clock.now() + policy.sweep_max, 0
    while clock.now() < ends:
        letters = _take(policy)
        if not letters:
            break
        for letter, answer in zip(letters, send_all(letters, policy=policy), strict=True):
            _settle(letter, answer, policy)
        tried += len(letters)
    return tried


@transaction.atomic
def _take(policy: WebhookPolicy) -> list[Letter]:
    """Put a lease on what is due, so that only we send it until the lease is over."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE,
            {
                "now": now,
                "lease_ends": now + policy.lease,
                "each": policy.per_endpoint_max,
                "batch": policy.batch_max,
            },
        )
        ids = [pk for (pk,) in cursor.fetchall()]
    taken = Delivery.objects.select_related("webhook").filter(pk__in=ids).order_by("id")
    return [_letter(delivery, now) for delivery in taken]


def _letter(delivery: Delivery, now: datetime) -> Letter:
    secrets = [opened(secret) for secret in signing_secrets(delivery.webhook, now=now)]
    return Letter(
        delivery.pk,
        delivery.attempts,
        delivery.public_id,
        delivery.webhook.url,
        delivery.body,
        secrets,
    )


@transaction.atomic
def _settle(letter: Letter, answer: Answer, policy: WebhookPolicy) -> None:
    """Write down what came back, unless the lease ran out and somebody else has it now."""
    held = Delivery.objects.filter(
        pk=letter.delivery, attempts=letter.attempt, status=Delivery.Status.PENDING
    )
    webhook = (
        Webhook.objects.select_for_update(no_key=True)
        .filter(deliveries__pk=letter.delivery, status=Webhook.Status.ACTIVE)
        .first()
    )
    delivery = held.select_for_update(no_key=True).first()
    if delivery is None:
        return
    now = clock.now()
    delivery.answered, delivery.excerpt = answer.status, answer.excerpt[:500]
    if answer.delivered:
        delivery.status, delivery.next_at = Delivery.Status.DELIVERED, None
    elif delivery.attempts >= policy.attempts_max:
        delivery.status, delivery.next_at = Delivery.Status.FAILED, None
    else:
        delivery.next_at = now + delay_after(delivery.attempts, policy)
    delivery.save(update_fields=["answered", "excerpt", "status", "next_at"])
    if webhook is not None:
        _judge(webhook, answer, now, policy)


def delay_after(attempts: int, policy: WebhookPolicy = WEBHOOKS) -> timedelta:
    """How long to wait after so many attempts: three times longer each time, and never quite."""
    grown = policy.first_delay * policy.delay_factor ** (attempts - 1)
    return min(grown, policy.delay_max) * random.uniform(1 - policy.jitter, 1 + policy.jitter)


def _judge(webhook: Webhook, answer: Answer, now: datetime, policy: WebhookPolicy) -> None:
    """One success clears it; days without one, or its own word that it is gone, switch it off."""
    since = webhook.failing_since
    if answer.delivered:
        if since is not None:
            Webhook.objects.filter(pk=webhook.pk).update(failing_since=None)
        return
    if answer.gone or (since is not None and now - since >= policy.failing_max):
        webhook.status = Webhook.Status.FAILED
        reason = "it answered 410" if answer.gone else "nothing arrived for three days"
        _remember(webhook, "switched_off", None, reason=reason)
    webhook.failing_since = since or now
    webhook.save(update_fields=["status", "failing_since"])


# --- around it ------------------------------------------------------------------------------


def tell_owners(*, batch_max: int = 100) -> int:
    """Mail the owners of what was switched off. A crash in between sends one twice, never none."""
    due = Webhook.objects.filter(status=Webhook.Status.FAILED, told_at=None).order_by("id")
    told = 0
    for pk in due.values_list("pk", flat=True)[:batch_max]:
        try:
            told += _tell(pk)
        except (SMTPException, OSError):  # one address must not keep the others waiting
            log.exception("owner not told", webhook=str(pk))
    return told


@transaction.atomic
def _tell(pk: UUID) -> bool:
    due = Webhook.objects.filter(pk=pk, status=Webhook.Status.FAILED, told_at=None)
    locked = due.select_for_update(skip_locked=True, of=("self",), no_key=True)
    webhook = locked.select_related("owner").first()
    if webhook is None:
        return False
    send_mail(
        f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}a webhook was switched off",
        render_to_string("banking/email/webhook_off.txt", {"webhook": webhook}),
        None,
        [webhook.owner.email],
    )
    webhook.told_at = clock.now()
    webhook.save(update_fields=["told_at"])
    return True


def forget(*, now: datetime | None = None, policy: WebhookPolicy = WEBHOOKS) -> int:
    """The log of deliveries ends after a month."""
    before = (now or clock.now()) - policy.kept
    old = Delivery.objects.exclude(status=Delivery.Status.PENDING).filter(created_at__lt=before)
    return old.delete()[0]
