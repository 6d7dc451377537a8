"""Hands that sweep the bank's due rows."""

from celery import shared_task

from banking import checks, ledger, services


@shared_task(name="banking.expire_holds")
def expire_holds() -> int:
    return services.expire_transfers()


@shared_task(name="banking.fold_queues")
def fold_queues() -> int:
    return ledger.fold_all()


@shared_task(name="banking.verify_ledger")
def verify_ledger() -> bool:
    return checks.check().intact
