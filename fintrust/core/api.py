"""What every API door shares: strict bodies and queries, pages by cursor, and named problems.

Strict means: a member nobody asked for is refused, text is text and numbers are numbers. A typing
mistake in `amuont` must not move money with a default, and `"12"` is not 12.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from typing import Any, TypeVar

from rest_framework import serializers
from rest_framework.request import Request

from fintrust.core.errors import Invalid, Problem
from fintrust.core.money import InvalidAmount, Money, exponent

LIMIT_DEFAULT, LIMIT_MAX = 50, 200
AMOUNT_PATTERN = r"^[0-9]{1,18}(\.[0-9]{1,3})?$"  # what is sent is judged by Money.parse
CURRENCY_PATTERN = r"^[A-Z]{3}$"
_WHOLE = re.compile(r"-?[0-9]{1,18}")  # ASCII digits only


class UnknownField(Invalid):
    """The request has a member that this endpoint does not know."""

    code = "unknown-field"


class WrongShape(Invalid):
    """The body must be a JSON object."""

    code = "wrong-shape"


# --- what comes in --------------------------------------------------------------------------


class Body(serializers.Serializer[Any]):
    """A JSON object with these members and no others."""

    def to_internal_value(self, data: Any) -> Any:
        known = {name for name, field in self.fields.items() if not field.read_only}
        for name in data if isinstance(data, Mapping) else ():  # inside another it may be anything
            if name not in known:
                raise UnknownField(f"{name!r} is not known here.", field=str(name)[:80])
        return super().to_internal_value(data)


def body_of(request: Request, kind: type[Body]) -> dict[str, Any]:
    """The request's body, checked."""
    if not isinstance(request.data, Mapping):
        raise WrongShape()
    body = kind(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def query_of(request: Request, kind: type[Body]) -> dict[str, Any]:
    """The query string, checked; a name given twice is a mistake too."""
    for name, values in request.query_params.lists():
        if len(values) > 1:
            raise Invalid(f"{name!r} is given more than once.", field=str(name)[:80])
    query = kind(data=request.query_params.dict())
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)


@contextmanager
def about(field: str) -> Iterator[None]:
    """A problem in this block is about that member of the request."""
    try:
        yield
    except Problem as problem:
        problem.field = field
        raise


class Text(serializers.CharField):
    """A string. Numbers are not made into one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is not serializers.empty and data is not None and not isinstance(data, str):
            self.fail("invalid")
        return super().run_validation(data)


class WholeNumber(serializers.IntegerField):
    """An integer in ASCII digits; in a query string too."""

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, str) and _WHOLE.fullmatch(data):
            return super().to_internal_value(data)
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class Amount(serializers.RegexField):
    """An amount as text, "12.50": a JSON number would pass through a float on the way."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", 'As text, for example "12.50".')
        super().__init__(AMOUNT_PATTERN, **options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is serializers.empty or data is None:
            return super().run_validation(data)
        if not isinstance(data, str):
            raise InvalidAmount('Send the amount as text, for example "12.50".', field=self.name)
        if data != data.strip():
            raise InvalidAmount("Send the amount without spaces.", field=self.name)
        return data

    @property
    def name(self) -> str:
        return self.field_name or "amount"


class Currency(serializers.RegexField):
    """Three capital letters (ISO 4217)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(CURRENCY_PATTERN, **options)
        self.error_messages["invalid"] = "A currency is three capital letters, for example EUR."


class MoneyBody(Body):
    """A body that asks to move this much."""

    amount = Amount()
    currency = Currency()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs["amount"] = Money.parse(attrs["amount"], attrs.pop("currency"))
        return attrs


# --- what goes out --------------------------------------------------------------------------


class Moment(serializers.DateTimeField):
    """A time in UTC."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=UTC, **options)


class AmountText(serializers.CharField):
    """Money as its amount alone, with all its decimals: "12.50"."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)

    def to_representation(self, value: Money) -> str:  # type: ignore[override]
        return f"{value.decimal:.{exponent(value.currency)}f}"


# --- pages of a list ------------------------------------------------------------------------


class PageQuery(Body):
    """Where a page of a list starts, and how long it is."""

    cursor = Text(required=False, max_length=60, help_text="`next_cursor` of the page before.")
    limit = WholeNumber(required=False, default=LIMIT_DEFAULT, min_value=1, max_value=LIMIT_MAX)


# --- what an endpoint may refuse ------------------------------------------------------------

View = TypeVar("View", bound=Callable[..., Any])


def raises(*problems: type[Problem]) -> Callable[[View], View]:
    """Name the problems of an endpoint, for its documentation; see `fintrust.schema`."""

    def mark(view: View) -> View:
        view.problems = problems
        return view

    return mark
