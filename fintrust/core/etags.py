"""Changing what one has seen: a row's version is its ETag, and `If-Match` says which was seen.

Two tabs, or two programs, that change the same row do not overwrite each other unseen: the second
is told, and reads again.
"""

import re

from django.http import HttpRequest
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from fintrust.core.errors import Problem

Expected = frozenset[str] | None  # versions that may be changed; None is any of them
_TAG = re.compile(r'(W/)?"([^"]*)"')


class PreconditionFailed(Problem):
    """This was changed meanwhile; read it again, then change it."""

    status, code = 412, "precondition-failed"


class PreconditionRequired(Problem):
    """Say which version you change: send its ETag as If-Match."""

    status, code, field = 428, "precondition-required", "If-Match"


def etag(version: object) -> str:
    return f'"{version}"'


def if_match(request: HttpRequest) -> Expected:
    """The versions that the asker has seen. A weak tag is no proof of that, so it matches none."""
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise PreconditionRequired()
    if header == "*":
        return None
    strong = [tag for weak, tag in _TAG.findall(header) if not weak]
    return frozenset(strong)


def seen(version: object) -> Expected:
    """What a form was filled in from."""
    return frozenset({str(version)})


def expect(version: object, expected: Expected) -> None:
    """Go on only when the row is still what was seen. Call it under the row's lock."""
    if expected is not None and str(version) not in expected:
        raise PreconditionFailed()


IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="The `ETag` of what you have seen, or `*`.",
)
ETAG = OpenApiParameter(
    "ETag",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    response=[200, 201],
    description="The version of this answer; send it as `If-Match` to change it.",
)
