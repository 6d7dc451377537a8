"""Hands that sweep the bank's due rows."""

from celery import shared_task
from django.core.cache import cache

from banking import checks
from banking.books.services import freeze_due
from banking.holds import services as holds
from banking.imports import services as imports
from banking.interest import services as interest
from banking.proposals.services import expire_proposals as expire
from banking.schedules.services import run_due
from banking.sharing import services as sharing
from banking.transfers.services import expire_transfers
from banking.webhooks import delivery as webhooks

_SENDING = "webhooks:sending"
_TURN_SECONDS_MAX = 90


@shared_task(name="banking.expire_holds")
def expire_holds() -> int:
    return expire_transfers() + holds.expire_holds()


@shared_task(name="banking.verify_ledger")
def verify_ledger() -> bool:
    return checks.check_on_schedule().intact


@shared_task(name="banking.freeze_periods")
def freeze_periods() -> int:
    return freeze_due()


@shared_task(name="banking.mail_invitations")
def mail_invitations() -> int:
    return sharing.mail_invitations()


@shared_task(name="banking.end_shares")
def end_shares() -> int:
    return sharing.end_shares()


@shared_task(name="banking.send_webhooks")
def send_webhooks() -> int:
    """One hand at a time: slow receivers must not take every process of the worker. Should it die,
    its turn ends by itself; nothing is lost when two hands send after all."""
    if not cache.add(_SENDING, 1, timeout=_TURN_SECONDS_MAX):
        return 0
    try:
        webhooks.collect()
        return webhooks.deliver()
    finally:
        cache.delete(_SENDING)


@shared_task(name="banking.tend_webhooks")
def tend_webhooks() -> int:
    """Tell owners what was switched off, and forget old deliveries."""
    webhooks.forget()
    return webhooks.tell_owners()


@shared_task(name="banking.count_interest")
def count_interest() -> int:
    return interest.sweep()


@shared_task(name="banking.run_schedules")
def run_schedules() -> int:
    return run_due()


@shared_task(name="banking.work_on_imports")
def work_on_imports() -> int:
    return imports.work_on_imports()


@shared_task(name="banking.check_asked")
def check_asked() -> int:
    return checks.answer_asked()


@shared_task(name="banking.expire_proposals")
def expire_proposals() -> int:
    return expire()
