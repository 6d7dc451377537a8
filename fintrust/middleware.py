"""What happens to every request before and after its view."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from allauth.account.adapter import get_adapter
from allauth.core.internal.httpkit import HTTP_USER_AGENT_MAX_LENGTH
from allauth.usersessions.middleware import UserSessionsMiddleware
from allauth.usersessions.models import UserSession
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from banking.imports.errors import ImportFileTooLarge
from banking.policy import IMPORTS
from fintrust import problems
from fintrust.core import context, devices, roles
from fintrust.core.errors import Invalid, Problem, TooLarge
from fintrust.core.http import client_ip, zone_of
from fraud.travel import services as travel

Handler = Callable[[HttpRequest], HttpResponse]
SEEN_EVERY = timedelta(minutes=1)


class BodyTooLarge(TooLarge):
    """The body of this request is larger than the bank reads."""

    code = "body-too-large"


class NulCharacter(Invalid):
    """A NUL character has no place in text."""

    code = "nul-character"


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a body may be, and the problem that says so."""

    bytes: int
    problem: type[Problem]


# Files of statements, and a little for the form around them. Their views know the person before
# they read the body.
FILE = Limit(IMPORTS.file_bytes_max + 16_384, ImportFileTooLarge)
LONGER = {"/import/": FILE, "/api/v1/transactions/import": FILE}


class BodyLimit:
    """Refuse an oversized body by its length, before anything reads it, and NULs in the address."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        limit = LONGER.get(request.path) or Limit(settings.BODY_BYTES_MAX, BodyTooLarge)
        if _content_length(request) > limit.bytes:
            return problems.respond(request, limit.problem())
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return problems.respond(request, NulCharacter())
        return self.get_response(request)


def _content_length(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    # Cut before it is counted: nineteen digits are too many bytes whatever follows them.
    return int(length[:19]) if length.isascii() and length.isdigit() else 0


class RequestContext:
    """Who asks, from where: kept for services, audit records and tasks started from here."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = structlog.contextvars.get_contextvars().get("request_id", "")
        user = request.user
        try:
            device = devices.device_of(request)
        except Problem as problem:
            return problems.respond(request, problem)
        with (
            context.use(
                actor_id=str(user.pk) if user.is_authenticated else None,
                actor_kind=roles.kind_of(user),
                request_id=request_id,
                ip=client_ip(request),
                user_agent=request.headers.get("User-Agent", "")[:200],
                session_hash=context.session_hash(request.session.session_key),
                device=device,
            ),
            timezone.override(zone_of(user)),
        ):
            if getattr(request, "is_seen_anew", False):
                travel.seen(user)
            response = self.get_response(request)
        devices.give(request, response)
        response.headers.setdefault("X-Request-ID", request_id)
        return response


class SessionActivity(UserSessionsMiddleware):
    """When and from where a session was last seen, for the page of devices: written when it
    changes, and otherwise once a minute rather than in a durable transaction for each page."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            if self._as_known(request).exists():
                return self.get_response(request)
            request.is_seen_anew = True  # a sign of life: `RequestContext` knows from where
        return super().__call__(request)

    @staticmethod
    def _as_known(request: HttpRequest) -> QuerySet[UserSession]:
        return UserSession.objects.filter(
            session_key=request.session.session_key,
            user=request.user.pk,
            ip=get_adapter().get_client_ip(request),
            user_agent=request.headers.get("User-Agent", "")[:HTTP_USER_AGENT_MAX_LENGTH],
            last_seen_at__gt=timezone.now() - SEEN_EVERY,
        )


class Problems:
    """A problem raised by a page becomes a page that says so; the API has its own handler."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Problem):
            return problems.respond(request, exception)
        return None


class ContentSecurityPolicy(CSPMiddleware):
    """The strict policy everywhere, the console's own under /admin/ only."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        if request.path.startswith("/admin/"):
            request._csp_console = True

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if getattr(request, "_csp_console", False):
            response._csp_replace = settings.CONSOLE_CONTENT_SECURITY_POLICY
        return super().process_response(request, response)
