"""The sign-in package's forms that take a passkey's answer, for whatever is sent to them.

It reads the answer with a library that raises about bytes no browser would send; here these are a
wrong answer like any other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms
from django.forms import HiddenInput, JSONField

from biometrics.passkeys import UNREADABLE


@contextmanager
def _wrong_if_unreadable() -> Iterator[None]:
    try:
        yield
    except (ValueError, *UNREADABLE):
        raise get_adapter().validation_error("incorrect_code") from None


class AnswerField(JSONField):
    """A passkey's answer as its JSON."""

    CHARS_MAX = 64_000  # the certificates of some keys fill a few thousand

    widget = HiddenInput

    def to_python(self, value: Any) -> Any:
        with _wrong_if_unreadable():
            if isinstance(value, str) and len(value) > self.CHARS_MAX:
                raise ValueError("longer than any answer")
            return super().to_python(value)


class AuthenticateForm(forms.AuthenticateWebAuthnForm):
    credential = AnswerField()

    def clean_credential(self) -> Authenticator:
        with _wrong_if_unreadable():
            return super().clean_credential()


class LoginForm(AuthenticateForm, forms.LoginWebAuthnForm):
    pass


class ReauthenticateForm(AuthenticateForm, forms.ReauthenticateWebAuthnForm):
    pass


class AddForm(forms.AddWebAuthnForm):
    credential = AnswerField()

    def clean(self) -> dict[str, Any]:
        with _wrong_if_unreadable():
            return super().clean()
