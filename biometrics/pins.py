"""The PIN that confirms a payment: set, checked, and locked when somebody guesses."""

import re
from itertools import pairwise

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone

from audit import services as audit
from biometrics import guesses
from biometrics.errors import (
    PinInvalid,
    PinLocked,
    PinNotSet,
    PinTooSimple,
    PinWrong,
    ReauthenticationNeeded,
)
from biometrics.models import Pin
from biometrics.policy import PIN, PinPolicy
from fintrust.core import keys
from fintrust.core.models import User

PIN_MAX = PIN.digits_max  # for forms


def has_pin(user: User) -> bool:
    return Pin.objects.filter(user=user).exists()


def check_strength(pin: str, *, policy: PinPolicy = PIN) -> None:
    """Refuse what is not a PIN, and what everybody tries first."""
    if not re.fullmatch(rf"[0-9]{{{policy.digits_min},{policy.digits_max}}}", pin):
        raise PinInvalid()
    if len(set(pin)) < policy.different_digits_min or _is_run(pin) or _repeats(pin):
        raise PinTooSimple()


def _is_run(pin: str) -> bool:
    """1234, 8642, 7890: every step is the same, also over the nine."""
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    return len(steps) == 1


def _repeats(pin: str) -> bool:
    """123123: a shorter PIN typed twice."""
    half, odd = divmod(len(pin), 2)
    return not odd and pin[:half] == pin[half:]


def set_pin(
    *,
    user: User,
    pin: str,
    current: str | None = None,
    password_ok: bool = False,
    policy: PinPolicy = PIN,
) -> None:
    """Set or change the PIN, for somebody who proved just now that they are themselves.

    `password_ok` says that the door checked a sign-in factor; otherwise the current PIN must do.
    """
    check_strength(pin, policy=policy)
    if not password_ok:
        if current is None or not has_pin(user):
            raise ReauthenticationNeeded()
        verify_pin(user=user, pin=current, policy=policy)
    _store(user, pin)


@transaction.atomic
def _store(user: User, pin: str) -> None:
    values = {
        "sealed_hash": keys.seal(make_password(pin).encode(), aad=_belongs_to(user)),
        "failures": 0,
        "locked_until": None,
        "updated_at": timezone.now(),
    }
    _, created = Pin.objects.update_or_create(user=user, defaults=values)
    audit.record(
        "biometrics.pin.set" if created else "biometrics.pin.changed",
        subject=user,
        by=user,
        owner=user,
    )


def verify_pin(*, user: User, pin: str, policy: PinPolicy = PIN) -> None:
    """Return when this is the person's PIN; raise PinWrong, PinLocked or PinNotSet otherwise.

    The count of wrong tries commits here, on its own: call it before the transaction it guards,
    so that a rolled-back payment cannot give the guess back. Calling it inside one is an error.
    """
    problem = _try(user, pin, policy)
    if problem is not None:
        raise problem


@transaction.atomic(durable=True)
def _try(user: User, pin: str, policy: PinPolicy) -> PinWrong | PinLocked | None:
    """One guess, counted. What went wrong is returned, since raising would undo the count."""
    # The lock makes guesses of one person wait for each other: ten at once are ten, one by one.
    row = Pin.objects.select_for_update().filter(user=user).first()
    if row is None:
        raise PinNotSet()
    now = timezone.now()
    if not guesses.rests(row, now):
        if check_password(pin, _hash_of(row, user)):
            guesses.forgive(row)
            return None
        guesses.count_failure(row, user=user, now=now, policy=policy, what="pin")
    if row.locked_until is not None:
        return PinLocked(locked_until=row.locked_until.isoformat())
    return PinWrong(tries_left=policy.failures_max - row.failures)


def _hash_of(row: Pin, user: User) -> str:
    return keys.open_sealed(bytes(row.sealed_hash), aad=_belongs_to(user)).decode()


def _belongs_to(user: User) -> bytes:
    """A sealed hash copied to another person's row does not open there."""
    return b"pin:" + user.pk.bytes
