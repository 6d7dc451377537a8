"""Who sends a request: the person as the type checker knows them, their address, their clock."""

import zoneinfo
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

from fintrust.core.models import User


class PersonRequest(HttpRequest):
    """A page's request behind `login_required`."""

    user: User


class PersonApiRequest(Request):
    """An API request behind `IsAuthenticated`."""

    user: User


def zone_of(user: Any) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(getattr(user, "timezone", "UTC"))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")


def client_ip(request: HttpRequest) -> str | None:
    """The address of the client; forwarded headers count only behind trusted proxies."""
    if settings.TRUSTED_PROXIES:
        hops = request.headers.get("X-Forwarded-For", "").split(",")
        if len(hops) >= settings.TRUSTED_PROXIES:
            return hops[-settings.TRUSTED_PROXIES].strip() or None
    return request.META.get("REMOTE_ADDR") or None
