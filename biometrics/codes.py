"""The authenticator app's code that confirms a payment: right once, and locked when guessed."""

import time

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from biometrics import guesses
from biometrics.errors import CodeLocked, CodeWrong, NoAuthenticator
from biometrics.models import CodeTries
from biometrics.policy import CODE, GuessPolicy
from fintrust.core.models import User

CODE_MAX = 10  # for forms: six digits, and the spaces that an app shows between them


def has_authenticator(user: User) -> bool:
    return _authenticators(user).exists()


def verify_code(*, user: User, code: str, policy: GuessPolicy = CODE) -> None:
    """Return when the person's authenticator app shows this code now, and it was not used before.

    Raises CodeWrong, CodeLocked or NoAuthenticator. Like `pins.verify_pin` it counts in a
    transaction of its own: call it before the one it guards. Recovery codes are no codes here:
    they open an account whose phone is lost, and are often kept where a thief finds them.
    """
    problem = _try(user, code, policy)
    if problem is not None:
        raise problem


@transaction.atomic(durable=True)
def _try(user: User, code: str, policy: GuessPolicy) -> CodeWrong | CodeLocked | None:
    """One guess, counted. What went wrong is returned, since raising would undo the count."""
    authenticator = _authenticators(user).first()
    if authenticator is None:
        raise NoAuthenticator()
    CodeTries.objects.get_or_create(user=user)
    # The lock makes guesses of one person wait for each other: ten at once are ten, one by one.
    row = CodeTries.objects.select_for_update().get(user=user)
    now = timezone.now()
    if not guesses.rests(row, now):
        if _is_new(row, authenticator, code):
            guesses.forgive(row)
            authenticator.record_usage()
            return None
        guesses.count_failure(row, user=user, now=now, policy=policy, what="code")
    if row.locked_until is not None:
        return CodeLocked(locked_until=row.locked_until.isoformat())
    return CodeWrong(tries_left=policy.failures_max - row.failures)


def _is_new(row: CodeTries, authenticator: Authenticator, code: str) -> bool:
    """Whether it is right and was used neither here nor at a sign-in.

    The sign-in package remembers used codes in the cache, which may be lost; what confirmed a
    payment is remembered in the row as well.
    """
    if not authenticator.wrap().validate_code(code):
        return False
    step = int(time.time()) // app_settings.TOTP_PERIOD
    if row.used_step is not None and step <= row.used_step:
        return False
    row.used_step = step
    row.save(update_fields=["used_step"])
    return True


def _authenticators(user: User) -> QuerySet[Authenticator]:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP)
