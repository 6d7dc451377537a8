"""Sign-ins, sign-outs, failures and changes to how a person proves who they are.

The packages that handle them speak in signals, so this is the one place of the house that listens
to any.
"""

from collections.abc import Callable
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.contrib.auth import signals as auth
from django.dispatch import Signal

from audit import services
from fintrust.core import context
from fintrust.core.models import User

_SUCCEEDED: dict[str, Signal] = {
    "core.user.registered": account.user_signed_up,
    "core.user.signed_in": auth.user_logged_in,
    "core.password.set": account.password_set,
    "core.password.changed": account.password_changed,
    "core.password.reset": account.password_reset,
    "core.email.added": account.email_added,
    "core.email.removed": account.email_removed,
    "core.email.changed": account.email_changed,
    "core.factor.added": mfa.authenticator_added,
    "core.factor.removed": mfa.authenticator_removed,
    "core.factor.reset": mfa.authenticator_reset,
    "core.factor.used": mfa.authenticator_used,
}
_FAILED: dict[str, Signal] = {
    "core.factor.refused": mfa.authentication_failed,
    "core.sign_in_code.refused": account.login_code_rejected,
    "core.password_reset_code.refused": account.password_reset_code_rejected,
    "core.email_code.refused": account.email_verification_code_rejected,
}


def connect() -> None:
    for action, signal in _SUCCEEDED.items():
        _listen(signal, action, _done_by_the_person)
    for action, signal in _FAILED.items():
        _listen(signal, action, _tried_by_somebody)
    auth.user_logged_out.connect(_signed_out, dispatch_uid="audit.core.user.signed_out")
    auth.user_login_failed.connect(_sign_in_failed, dispatch_uid="audit.core.sign_in.failed")


def _listen(signal: Signal, action: str, remember: Callable[..., None]) -> None:
    def heard(sender: Any, user: User, **facts: Any) -> None:
        remember(action, user, **facts)

    signal.connect(heard, weak=False, dispatch_uid=f"audit.{action}")


def _done_by_the_person(action: str, user: User, request: Any = None, **facts: Any) -> None:
    with context.use(session_hash=_session(request)):
        services.record(action, subject=user, by=user, owner=user, data=_factor(facts))


def _tried_by_somebody(action: str, user: User, request: Any = None, **facts: Any) -> None:
    services.record(action, subject=user, owner=user, data=_factor(facts))


def _factor(facts: dict[str, Any]) -> dict[str, str]:
    authenticator = facts.get("authenticator")
    return {"factor": str(authenticator.type)} if authenticator is not None else {}


def _signed_out(sender: Any, user: User | None, request: Any = None, **_: Any) -> None:
    if user is not None:  # signing out without having signed in changes nothing
        with context.use(session_hash=_session(request)):
            services.record("core.user.signed_out", subject=user, by=user, owner=user)


def _sign_in_failed(sender: Any, credentials: dict[str, Any], **_: Any) -> None:
    """Kept under the person's id; what a stranger typed may be anything, even a password."""
    address = credentials.get("email") or credentials.get("username") or ""
    user = User.objects.filter(email=str(address).lower().replace("\x00", "")).first()
    services.record("core.sign_in.failed", subject=user or "sign-in", owner=user)


def _session(request: Any) -> str | None:
    session = getattr(request, "session", None)
    if session is None:
        return context.current().session_hash
    return context.session_hash(session.session_key)
