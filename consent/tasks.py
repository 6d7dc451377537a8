"""Hands that sweep this app's due rows."""

from celery import shared_task

from consent import services


@shared_task(name="consent.expire_consents")
def expire_consents() -> int:
    """Marks consents that ran out. They ended without it; the lists read better with it."""
    return services.expire_consents()
