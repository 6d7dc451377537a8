"""How the sign-in package uses our people and our keys."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth.models import Group

from fintrust.core import keys, roles
from fintrust.core.http import client_ip

_AAD = b"mfa"


class AccountAdapter(DefaultAccountAdapter):
    def save_user(self, request: Any, user: Any, form: Any, commit: bool = True) -> Any:
        user = super().save_user(request, user, form, commit)
        if commit:
            user.groups.add(Group.objects.get(name=roles.CUSTOMER))
        return user

    def unstash_verified_email(self, request: Any) -> Any:
        """As inherited, but without starting a session for a program that registers somebody."""
        if "account_verified_email" not in request.session:
            return None
        return super().unstash_verified_email(request)

    def get_client_ip(self, request: Any) -> str:
        return client_ip(request) or "0.0.0.0"


class MFAAdapter(DefaultMFAAdapter):
    """TOTP secrets and recovery seeds rest sealed."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(keys.seal(text.encode(), aad=_AAD)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return keys.open_sealed(base64.b64decode(encrypted_text), aad=_AAD).decode()
