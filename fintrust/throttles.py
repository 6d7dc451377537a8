"""Rate limits of the API: by person when known, by address otherwise."""

import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.throttling import BaseThrottle

from fintrust.core.budgets import Budget, Usage
from fintrust.core.http import client_ip


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
