"""Registering and signing in without a browser: the same rules as on the pages, without a session.

The sign-in package owns people's e-mail addresses, second factors and its limits on guessing;
this module asks it, and keeps the code that confirms an address in the cache, where a page would
keep it in its session.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, NoReturn

from allauth.account import app_settings, signals
from allauth.account.adapter import get_adapter
from allauth.account.forms import SignupForm
from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from allauth.mfa import signals as mfa_signals
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from audit.services import record
from fintrust.core.errors import Forbidden, Invalid, TooMany, Unauthenticated
from fintrust.core.models import User
from fraud.travel import services as travel

TOO_MANY = "too_many_login_attempts"  # the sign-in package's own name for it


class CredentialsWrong(Unauthenticated):
    """This e-mail address and password do not belong together."""

    code, field = "credentials-wrong", "password"


class SecondFactorRequired(Unauthenticated):
    """A second factor protects this account: send the code of your authenticator too."""

    code, field = "second-factor-required", "code"


class SecondFactorWrong(Unauthenticated):
    """This code is not right, or it was used before."""

    code, field = "second-factor-wrong", "code"


class EmailUnconfirmed(Forbidden):
    """Confirm your e-mail address first, with the code that was sent to it."""

    code, field = "email-unconfirmed", "email"


class AccountInactive(Forbidden):
    """This sign-in has been closed."""

    code = "sign-in-closed"


class EmailCodeWrong(Invalid):
    """This code is not right, or it has run out; sign in to get another."""

    code, field = "email-code-wrong", "code"


class PasswordRefused(Invalid):
    """Choose another password: this one is too short, too common or too close to your name."""

    code, field = "password-refused", "password"


class TooManySignIns(TooMany):
    """Too many attempts to sign in; wait some minutes."""

    code = "too-many-sign-ins"


# --- registering ----------------------------------------------------------------------------


def register(request: HttpRequest, *, email: str, password: str, name: str) -> None:
    """A new customer, and a code to their address.

    An address that is taken gets a mail that says so, and the caller the same answer: registering
    must not tell strangers who banks here.
    """
    if not ratelimit.consume(request, action="signup"):
        raise TooManySignIns()
    form = SignupForm(
        data={
            "email": email,
            "password1": password,
            "password2": password,
            "name": name,
        }
    )
    if not form.is_valid():
        _refuse(form)
    user = None if form.account_already_exists else _create(request, form)
    if user is None:
        _tell_owner(request, form.cleaned_data["email"])
    else:
        send_code(request, EmailAddress.objects.get_for_user(user, user.email))


def _create(request: HttpRequest, form: SignupForm) -> User | None:
    """The new customer; None when somebody took the address a moment earlier."""
    try:
        with transaction.atomic():
            user: User = form.save(request)
            signals.user_signed_up.send(sender=User, request=request, user=user)
    except IntegrityError:
        return None
    return user


def _refuse(form: SignupForm) -> NoReturn:
    field, errors = next(iter(form.errors.as_data().items()))
    message = " ".join(errors[0].messages)
    if field.startswith("password"):
        raise PasswordRefused(message)
    raise Invalid(message, field=field)


def _tell_owner(request: HttpRequest, email: str) -> None:
    if _may_send(request, email):
        get_adapter(request).send_account_already_exists_mail(email)


# --- confirming an address ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EmailCode:
    """What the sign-in package's mail needs to know."""

    email_address: EmailAddress
    key: str


def send_code(request: HttpRequest, address: EmailAddress) -> bool:
    """Send a new code, unless one went there just now; the old one ends."""
    if not _may_send(request, address.email):
        return False
    code = EmailCode(address, get_adapter(request).generate_email_verification_code())
    lasts = app_settings.EMAIL_VERIFICATION_BY_CODE_TIMEOUT
    cache.set_many(
        {_code_key(address.email): code.key, _tries_key(address.email): 0},
        timeout=lasts,
    )
    get_adapter(request).send_confirmation_mail(request, code, signup=True)
    return True


def confirm_email(request: HttpRequest, *, email: str, code: str) -> None:
    """The person reads mail at this address. Few tries: a code is short."""
    email = email.lower()
    sent = cache.get(_code_key(email))
    if sent is None or not _one_more_try(email) or not _same_code(sent, code):
        raise EmailCodeWrong()
    cache.delete(_code_key(email))
    with transaction.atomic():
        address = EmailAddress.objects.select_for_update().filter(email=email).first()
        if address is None or not address.set_verified():
            raise EmailCodeWrong()
        address.set_as_primary(conditional=True)
        record(
            "core.email.confirmed",
            subject=address.user,
            by=address.user,
            owner=address.user,
        )
    signals.email_confirmed.send(sender=EmailAddress, request=request, email_address=address)


def _same_code(sent: str, given: str) -> bool:
    """Case and dashes are for the eye."""
    return constant_time_compare(
        sent.replace("-", "").lower(), given.strip().replace("-", "").lower()
    )


def _one_more_try(email: str) -> bool:
    try:
        tried: int = cache.incr(_tries_key(email))
    except ValueError:  # run out
        return False
    return tried <= app_settings.EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS


def _may_send(request: HttpRequest, email: str) -> bool:
    return bool(ratelimit.consume(request, action="confirm_email", key=email.lower()))


def _code_key(email: str) -> str:
    return f"email-code:{hashlib.sha256(email.lower().encode()).hexdigest()}"


def _tries_key(email: str) -> str:
    return f"{_code_key(email)}:tries"


# --- signing in -----------------------------------------------------------------------------


def sign_in(request: HttpRequest, *, email: str, password: str, code: str = "") -> User:
    """The person behind these credentials, or the reason why not.

    Nothing about an account is told before its password was right.
    """
    user = _authenticate(request, email.lower(), password)
    if not user.is_active:
        raise AccountInactive()
    _check_address(request, user)
    _check_second_factor(request, user, code)
    _remember(user)
    travel.seen(user)
    return user


def _authenticate(request: HttpRequest, email: str, password: str) -> User:
    if not ratelimit.consume(request, action="login"):
        raise TooManySignIns()
    try:
        user = get_adapter(request).authenticate(request, email=email, password=password)
    except (
        ValidationError
    ):  # the only one it raises: too many failures from here or for this address
        raise TooManySignIns() from None
    if not isinstance(user, User):
        raise CredentialsWrong()
    return user


def _check_address(request: HttpRequest, user: User) -> None:
    address, _ = EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"primary": True}
    )
    if address.verified:
        return
    sent = send_code(request, address)
    raise EmailUnconfirmed("A code to confirm your address is on its way to you." if sent else None)


def _check_second_factor(request: HttpRequest, user: User, code: str) -> None:
    if not get_mfa_adapter().is_mfa_enabled(user):
        return
    if not code:
        raise SecondFactorRequired()
    form = AuthenticateForm(data={"code": code}, user=user)
    if not form.is_valid():
        found = {error.code for error in form.errors.as_data().get("code", [])}
        raise TooManySignIns() if TOO_MANY in found else SecondFactorWrong()
    form.authenticator.record_usage()
    _tell_used(request, user, form.authenticator)


def _tell_used(request: HttpRequest, user: User, authenticator: Any) -> None:
    mfa_signals.authenticator_used.send(
        sender=Authenticator,
        request=request,
        user=user,
        authenticator=authenticator,
        reauthenticated=False,
        passwordless=False,
    )


@transaction.atomic
def _remember(user: User) -> None:
    user.last_login = timezone.now()
    user.save(update_fields=["last_login"])
    record("core.user.signed_in", subject=user, by=user, owner=user, data={"door": "api"})
