"""Rate limits of the API: by person when known, by address otherwise; counted in Redis.

A budget is so many requests in a window of time; every process counts in the same place, and one
atomic step counts, so two requests at once are two.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from redis import Redis
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from fintrust.core.http import client_ip

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Budget:
    """So many requests in so many seconds."""

    name: str
    quota: int
    window: int

    @classmethod
    def named(cls, name: str) -> "Budget":
        number, period = str(api_settings.DEFAULT_THROTTLE_RATES[name]).split("/")
        return cls(name, int(number), _SECONDS[period[0]])

    def spend(self, who: str, *, now: float) -> "Usage":
        window, into = divmod(now, self.window)
        key = f"rate:{self.name}:{who}:{int(window)}"
        with _redis().pipeline() as both:  # one round trip, and one step for everybody else
            both.set(key, 0, ex=self.window + 1, nx=True)
            both.incr(key)
            _, spent = both.execute()
        return Usage(self, int(spent), int(self.window - into) + 1)


@cache
def _redis() -> Redis:
    return Redis.from_url(settings.REDIS_URL)


@dataclass(frozen=True, slots=True)
class Usage:
    budget: Budget
    spent: int
    resets_in: int

    @property
    def left(self) -> int:
        return max(0, self.budget.quota - self.spent)

    @property
    def allowed(self) -> bool:
        return self.spent <= self.budget.quota

    def headers(self) -> dict[str, str]:
        """RateLimit header fields for HTTP (IETF httpapi draft)."""
        name = self.budget.name
        return {
            "RateLimit-Policy": f'"{name}";q={self.budget.quota};w={self.budget.window}',
            "RateLimit": f'"{name}";r={self.left};t={self.resets_in}',
        }


class Throttle(BaseThrottle):
    """A view names its budget with `throttle_scope`; reads and strangers have their own."""

    usage: Usage | None = None

    def allow_request(self, request: Any, view: Any) -> bool:
        known = bool(request.user and request.user.is_authenticated)
        scope = getattr(view, "throttle_scope", None) or ("read" if known else "anonymous")
        who = str(request.user.pk) if known else str(client_ip(request._request))
        self.usage = Budget.named(scope).spend(who, now=time.time())
        request._request.rate_limit = self.usage
        return self.usage.allowed

    def wait(self) -> float | None:
        return float(self.usage.resets_in) if self.usage else None


class RateLimitHeaders:
    """Tell every caller of the API what is left of their budget."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        usage: Usage | None = getattr(request, "rate_limit", None)
        if usage is not None:
            for name, value in usage.headers().items():
                response.headers[name] = value
        return response
