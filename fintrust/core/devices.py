"""Knowing a browser or a program again: a signed cookie on pages, a name of its own over the API.

The cookie is random and says nothing about its owner; it is read by nobody but this bank, and only
people who sign in get one.
"""

import re
import secrets
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from fintrust.core.errors import Invalid

LASTS = timedelta(days=400)  # browsers keep no cookie longer
_SALT = "fintrust.device"
_NAME = re.compile(r"[A-Za-z0-9._:-]{1,60}")
NAME_MAX = 60
PATTERN = f"^{_NAME.pattern}$"
HEADER = "X-Device"


class DeviceInvalid(Invalid):
    """A device's name has 1 to 60 letters, digits, dots, colons, dashes or underscores."""

    code, field = "device-invalid", "device"


def device_of(request: HttpRequest) -> str | None:
    """What this request comes from. The two kinds cannot be taken for each other."""
    if request.path.startswith("/api/"):
        named = request.headers.get(HEADER)
        return None if named is None else program(named)
    cookie = request.get_signed_cookie(settings.DEVICE_COOKIE_NAME, None, salt=_SALT, max_age=LASTS)
    return f"web:{cookie}" if cookie else None


def program(name: str) -> str:
    """A program's device, by the name it gives itself."""
    if not _NAME.fullmatch(name):
        raise DeviceInvalid()
    return f"api:{name}"


def give(request: HttpRequest, response: HttpResponse) -> None:
    """A name for the browser of somebody who has signed in, unless it has one."""
    if request.path.startswith("/api/") or not request.user.is_authenticated:
        return
    if device_of(request) is None:
        response.set_signed_cookie(
            settings.DEVICE_COOKIE_NAME,
            secrets.token_urlsafe(16),
            salt=_SALT,
            max_age=LASTS,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
