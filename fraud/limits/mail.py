"""The mail to whoever's limits are to get looser: it may be a thief who asked."""

from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from fintrust.core.http import zone_of
from fraud.limits.own import CustomerPolicies
from fraud.limits.words import spelled, waiting
from fraud.models import LimitsMail

log = structlog.get_logger(__name__)


def mail_what_waits(batch_max: int = 100) -> int:
    """Send the mails that are due. A crash in between sends one twice, and never none."""
    due = LimitsMail.objects.filter(mailed_at=None).order_by("-version_id")
    sent = 0
    for pk in due.values_list("pk", flat=True)[:batch_max]:
        try:
            sent += _mail(pk)
        except (SMTPException, OSError):  # one address must not keep the others waiting
            log.exception("limits not mailed", version=pk)
    return sent


@transaction.atomic
def _mail(pk: int) -> bool:
    due = LimitsMail.objects.filter(pk=pk, mailed_at=None)
    locked = due.select_for_update(skip_locked=True, of=("self",), no_key=True)
    letter = locked.select_related("version__customer").first()
    if letter is None:
        return False
    version = letter.version
    context = {
        "asked_at": version.at,
        "steps": waiting(version.written, version.at, spell=_spelled),
        "site": settings.SITE_URL,
    }
    with timezone.override(zone_of(version.customer)):
        text = render_to_string("fraud/email/limits_wait.txt", context)
    subject = f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}your limits are about to get looser"
    send_mail(subject, text, None, [version.customer.email])
    # The newest names all that waits; a thief who asks a hundred times does not send a hundred.
    told = LimitsMail.objects.filter(mailed_at=None, version__customer=version.customer_id)
    told.filter(version__version__lte=version.version).update(mailed_at=timezone.now())
    return True


def _spelled(name: str, policies: CustomerPolicies) -> str:
    """As on the page, but for places: their names are whatever was typed, and a thief must not be
    able to write the bank's mail."""
    if name == "allowed_locations" and policies.allowed_locations:
        return f"{len(policies.allowed_locations)} you named"
    return spelled(name, policies)
