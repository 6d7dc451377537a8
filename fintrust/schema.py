"""The OpenAPI document: what an endpoint answers when it works, and every way it refuses.

An endpoint names its own problems with `@raises`; what any request may meet (no token, a body that
is not JSON, too many requests …) is added here, from the same exceptions that are raised.
"""

from collections import defaultdict
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from fintrust import problems, tokens
from fintrust.core import api, errors
from fintrust.core.errors import Problem
from fintrust.middleware import BodyTooLarge, NulCharacter
from fintrust.parsers import MalformedJSON

ANY = (
    errors.Invalid,
    api.UnknownField,
    NulCharacter,
    problems.NotAcceptable,
    BodyTooLarge,
    errors.TooMany,
    errors.Unavailable,
)
WITH_TOKEN = (
    errors.Unauthenticated,
    tokens.InvalidToken,
    tokens.ExpiredToken,
    tokens.RevokedToken,
)
WITH_BODY = (api.WrongShape, MalformedJSON, problems.UnsupportedMediaType)
WITH_ID = (errors.NotFound,)
_TEXT = {"schema": {"type": "string"}}
HEADERS = {
    "RateLimit-Policy": _TEXT | {"description": "The budget this request was counted in."},
    "RateLimit": _TEXT | {"description": "What is left of it (r), and for how long (t seconds)."},
}


class FieldProblem(serializers.Serializer[Any]):
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class ProblemDocument(serializers.Serializer[Any]):
    """RFC 9457. `code` is for programs and never changes; docs/errors.md explains each."""

    type = serializers.CharField(help_text="Where this code is explained.")
    title = serializers.CharField()
    status = serializers.IntegerField(min_value=400, max_value=599)
    detail = serializers.CharField()
    code = serializers.CharField()
    field = serializers.CharField(required=False, help_text="What to correct.")
    request_id = serializers.CharField(required=False, help_text="Quote it when you ask us.")
    errors = FieldProblem(many=True, required=False)  # type: ignore[assignment]


class Schema(AutoSchema):
    """Every operation with its summary, its headers and its problems."""

    def get_summary(self) -> str | None:
        return super().get_summary() or self._words()[0]

    def get_description(self) -> str:  # type: ignore[override]
        return self._words()[1]

    def _words(self) -> tuple[str, str]:
        summary, _, rest = (super().get_description() or "").partition("\n")
        return summary.strip(), rest.strip()

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        responses: dict[str, Any] = super()._get_response_bodies(direction)
        for status, kinds in self._problems().items():
            responses[str(status)] = self._refusal(status, kinds)
        for answer in responses.values():
            answer.setdefault("headers", {}).update(HEADERS)
        return responses

    def _problems(self) -> dict[int, list[type[Problem]]]:
        own = getattr(self._method(), "problems", ())
        kinds = [*ANY, *own]
        if self.view.get_authenticators():
            kinds += WITH_TOKEN
        if self._get_request_body():
            kinds += WITH_BODY
        if "{" in self.path:
            kinds += WITH_ID
        by_status = defaultdict(list)
        for kind in sorted(set(kinds), key=lambda kind: (kind.status, kind.code)):
            by_status[kind.status].append(kind)
        return by_status

    def _method(self) -> Any:
        return getattr(self.view, self.method.lower())

    def _refusal(self, status: int, kinds: list[type[Problem]]) -> dict[str, Any]:
        component = self.resolve_serializer(ProblemDocument, "response")
        examples = {
            kind.code: {"summary": kind().title, "value": _example(kind())} for kind in kinds
        }
        refusal: dict[str, Any] = {
            "description": " · ".join(examples),
            "content": {problems.MEDIA_TYPE: {"schema": component.ref, "examples": examples}},
        }
        if status == 401:
            refusal["headers"] = {"WWW-Authenticate": _TEXT}
        if status == 429:
            refusal["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
        return refusal


def _example(problem: Problem) -> dict[str, Any]:
    body = problems.document(problem)
    body.pop("request_id", None)
    return body


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "fintrust.tokens.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
