"""Tasks of the core."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from fintrust.core import keys
from fintrust.core.setup import TOKENS

ROTATE_EVERY = timedelta(days=30)
# Longer than any token lives, so that what an old key signed stays good until it expires.
OVERLAP = timedelta(days=15)


@shared_task(name="core.rotate_token_keys")
def rotate_token_keys() -> None:
    """A new key to sign tokens with, when the newest has served its time. Run it whenever."""
    keys.rotate_signing_key(TOKENS, every=ROTATE_EVERY, overlap=OVERLAP)


@shared_task(name="core.forget_expired_tokens")
def forget_expired_tokens() -> None:
    """Rows of refresh tokens that nobody can use any more."""
    OutstandingToken.objects.filter(expires_at__lt=timezone.now()).delete()
