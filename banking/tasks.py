"""Hands that sweep the bank's due rows."""

from celery import shared_task

from banking import checks, services
from banking.imports import services as imports


@shared_task(name="banking.expire_holds")
def expire_holds() -> int:
    return services.expire_transfers()


@shared_task(name="banking.verify_ledger")
def verify_ledger() -> bool:
    return checks.check().intact


@shared_task(name="banking.work_on_imports")
def work_on_imports() -> int:
    return imports.work_on_imports()
