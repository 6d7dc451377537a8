"""Hands that sweep the bank's due rows."""

from celery import shared_task

from banking import checks, services
from banking.schedules.services import run_due


@shared_task(name="banking.expire_holds")
def expire_holds() -> int:
    return services.expire_transfers()


@shared_task(name="banking.verify_ledger")
def verify_ledger() -> bool:
    return checks.check().intact


@shared_task(name="banking.run_schedules")
def run_schedules() -> int:
    return run_due()
