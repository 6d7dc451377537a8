"""One exit for what goes wrong: RFC 9457 problem+json for programs, a page for people."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from django.core import exceptions as django_errors
from django.db import OperationalError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    RawPostDataException,
    UnreadablePostError,
)
from django.shortcuts import render
from django.urls import reverse
from psycopg_pool import PoolTimeout, TooManyRequests
from redis.exceptions import RedisError
from rest_framework import exceptions as drf
from rest_framework.response import Response

from fintrust.core import errors
from fintrust.core.errors import Problem

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
_CHALLENGE = 'Bearer realm="FinTrust"'


class NotAcceptable(Problem):
    """This answer cannot be given in the form that was asked for."""

    status, code = 406, "not-acceptable"


class MethodNotAllowed(Problem):
    """This address does not answer that method."""

    status, code = 405, "method-not-allowed"


class UnsupportedMediaType(Problem):
    """Send application/json."""

    status, code = 415, "unsupported-media-type"


class InternalError(Problem):
    """Something broke on our side; nothing was changed."""

    status, code = 500, "internal-error"


_BY_DRF: Mapping[type[Exception], type[Problem]] = {
    drf.NotAuthenticated: errors.Unauthenticated,
    drf.AuthenticationFailed: errors.Unauthenticated,
    drf.PermissionDenied: errors.Forbidden,
    drf.NotFound: errors.NotFound,
    drf.MethodNotAllowed: MethodNotAllowed,
    drf.NotAcceptable: NotAcceptable,
    drf.UnsupportedMediaType: UnsupportedMediaType,
    drf.Throttled: errors.TooMany,
    drf.ParseError: errors.Invalid,
    Http404: errors.NotFound,
    django_errors.PermissionDenied: errors.Forbidden,
    django_errors.RequestDataTooBig: errors.TooLarge,
    django_errors.TooManyFieldsSent: errors.TooLarge,
    django_errors.SuspiciousOperation: errors.Invalid,
    UnreadablePostError: errors.Invalid,
    RawPostDataException: errors.Invalid,
    OperationalError: errors.Unavailable,
    RedisError: errors.Unavailable,
}

# More requests than connections, and none came free in time.
_NO_CONNECTION = (PoolTimeout, TooManyRequests)


def api_exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook. What it does not know stays an exception, is logged and becomes a 500."""
    problem = as_problem(exc)
    if problem is None:
        return None
    log.info("problem", code=problem.code, status=problem.status)
    headers = _headers(exc, problem)
    return Response(
        document(problem),
        status=problem.status,
        headers=headers,
        content_type=MEDIA_TYPE,
    )


def as_problem(exc: Exception) -> Problem | None:
    if isinstance(exc, Problem):
        return exc
    if isinstance(exc, drf.ValidationError):
        return _invalid_fields(exc)
    if isinstance(exc, OperationalError) and isinstance(exc.__cause__, _NO_CONNECTION):
        return errors.Busy()
    for known, family in _BY_DRF.items():
        if isinstance(exc, known):
            return family(_message(exc))
    return None


def _message(exc: Exception) -> str | None:
    """DRF's own words help; Django's and the database's may betray the inside."""
    return str(exc.detail) if isinstance(exc, drf.APIException) else None


def _headers(exc: Exception, problem: Problem) -> dict[str, str]:
    headers = {}
    if wait := getattr(exc, "wait", None) or getattr(problem, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    if problem.status == 401:
        headers["WWW-Authenticate"] = _CHALLENGE
    return headers


def _invalid_fields(exc: drf.ValidationError) -> Problem:
    """Every field that is wrong, and the first of them up front."""
    found = [
        {"field": field, "code": detail.code, "message": str(detail)}
        for field, detail in _flatten(exc.detail)
    ]
    return errors.Invalid(found[0]["message"], field=found[0]["field"] or None, errors=found)


def _flatten(detail: Any, path: str = "") -> Iterator[tuple[str, drf.ErrorDetail]]:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            here = path if name == "non_field_errors" else f"{path}.{name}".lstrip(".")
            yield from _flatten(inner, here)
    elif isinstance(detail, list):
        for inner in detail:
            yield from _flatten(inner, path)
    else:
        yield path, detail


def document(problem: Problem) -> dict[str, Any]:
    """The members of RFC 9457, plus `code`, `field` and what the problem brings along."""
    request_id = _request_id()
    body: dict[str, Any] = {
        **problem.extra,  # first: nothing it brings along may replace a member of the RFC
        "type": f"{reverse('errors')}#{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.message,
        "code": problem.code,
    }
    if problem.field:
        body["field"] = problem.field
    if request_id:
        body["request_id"] = request_id
    return body


def _request_id() -> str | None:
    return structlog.contextvars.get_contextvars().get("request_id")


def respond(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The problem as the asker understands it."""
    log.info("problem", code=problem.code, status=problem.status)
    headers = _headers(problem, problem)
    if wants_json(request):
        return JsonResponse(
            document(problem), status=problem.status, headers=headers, content_type=MEDIA_TYPE
        )
    # When the bank itself is broken the page asks nothing of it: no session, no person, no roles.
    asker = None if problem.status >= 500 else request
    about = {"problem": problem, "request_id": _request_id()}
    page = render(asker, "errors/problem.html", about, status=problem.status)
    for name, value in headers.items():
        page.headers[name] = value
    return page


def wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or not request.accepts("text/html")


# Django's own exits (urls.py names them as handler400 …).


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return respond(request, as_problem(exception) or errors.Invalid())


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return respond(request, errors.Forbidden())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return respond(
        request,
        errors.Forbidden("This form is too old. Go back, reload the page and try again."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return respond(request, errors.NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls this while it handles the exception: a part that is away is no error of ours."""
    problem = as_problem(error) if isinstance(error := sys.exc_info()[1], Exception) else None
    known = isinstance(problem, errors.Unavailable)
    return respond(request, problem if problem and known else InternalError())
