"""Hands that sweep the bank's due rows."""

from celery import shared_task

from banking import checks, services
from banking.books.services import freeze_due


@shared_task(name="banking.expire_holds")
def expire_holds() -> int:
    return services.expire_transfers()


@shared_task(name="banking.verify_ledger")
def verify_ledger() -> bool:
    return checks.check_on_schedule().intact


@shared_task(name="banking.freeze_periods")
def freeze_periods() -> int:
    return freeze_due()
