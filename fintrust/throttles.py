"""Rate limits of the API: by person when known, by address otherwise; counted in Redis."""

from typing import Any

from rest_framework.throttling import SimpleRateThrottle

from fintrust.middleware import client_ip


class Throttle(SimpleRateThrottle):
    """A view names its budget with `throttle_scope`; reads and strangers have their own."""

    scope = "read"

    def allow_request(self, request: Any, view: Any) -> bool:
        signed_in = request.user and request.user.is_authenticated
        default = "read" if signed_in else "anonymous"
        self.scope = getattr(view, "throttle_scope", None) or default
        self.rate = self.get_rate()
        self.num_requests, self.duration = self.parse_rate(self.rate)
        allowed = super().allow_request(request, view)
        request._request.rate_limit = self  # for the RateLimit headers
        return allowed

    def get_cache_key(self, request: Any, view: Any) -> str:
        signed_in = request.user and request.user.is_authenticated
        ident = str(request.user.pk) if signed_in else client_ip(request._request)
        return self.cache_format % {"scope": self.scope, "ident": ident}
