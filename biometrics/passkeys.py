"""The passkey that confirms a payment: it signs a challenge made for that payment in that session.

The keys are those of the sign-in package. The challenges are our own: what was asked for signing in
confirms no payment, and what was asked for a payment opens no account.
"""

import struct
import time
from collections.abc import Mapping
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from fido2.webauthn import UserVerificationRequirement

from audit.services import record
from biometrics.errors import PasskeyRefused
from biometrics.policy import PASSKEY, PasskeyPolicy
from fintrust.core.models import User

# What the library's reader of binary answers raises about bytes that no browser would send.
UNREADABLE = (TypeError, LookupError, AttributeError, RecursionError, OverflowError, struct.error)

SESSION_KEY = "passkey-challenge"


def has_passkey(user: User) -> bool:
    return _passkeys(user).exists()


def challenge(*, user: User, session: SessionBase, about: str) -> dict[str, Any]:
    """What the browser asks the person's passkey to sign: for what `about` names, once.

    A session has one challenge at a time; the page that was opened last can be answered.
    """
    options, state = auth.get_server().authenticate_begin(
        credentials=auth.get_credentials(user),
        # A finger or the device's own code: that somebody touched a key they found is no proof.
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    session[SESSION_KEY] = {"about": about, "state": state, "at": time.time()}
    return dict(options)


def verify_passkey(
    *,
    user: User,
    session: SessionBase,
    about: str,
    answer: Mapping[str, Any],
    policy: PasskeyPolicy = PASSKEY,
) -> None:
    """Return when a passkey of theirs has signed the challenge of this session about just this.

    Raises PasskeyRefused. The challenge is gone either way. Nothing is counted: a signature cannot
    be guessed.
    """
    passkey = _signed_by(user, session.pop(SESSION_KEY, None), about, answer, policy)
    if passkey is None:
        record("biometrics.passkey.failed", subject=user, by=user, owner=user)
        raise PasskeyRefused()
    passkey.record_usage()


def _signed_by(
    user: User,
    asked: dict[str, Any] | None,
    about: str,
    answer: Mapping[str, Any],
    policy: PasskeyPolicy,
) -> Authenticator | None:
    if asked is None or asked["about"] != about:
        return None
    if time.time() - asked["at"] > policy.challenge_seconds_max:
        return None
    credentials = auth.get_credentials(user)
    try:
        parsed = auth.parse_authentication_response(answer)
        signed = auth.get_server().authenticate_complete(asked["state"], credentials, parsed)
    except (ValueError, ValidationError):  # somebody else's key, challenge or page
        return None
    except UNREADABLE:
        return None
    return auth.get_authenticator_by_credential_id(user, signed.credential_id)


def _passkeys(user: User) -> QuerySet[Authenticator]:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
