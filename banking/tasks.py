"""Hands that sweep the bank's due rows."""

import structlog
from celery import shared_task

from banking import services
from banking.verify import verify_ledger as verify

log = structlog.get_logger(__name__)


@shared_task(name="banking.expire_holds")
def expire_holds() -> int:
    return services.expire_transfers()
