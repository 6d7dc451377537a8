"""How API bodies are read."""

import json
import math
from collections.abc import Iterator
from typing import Any

from rest_framework.parsers import JSONParser

from fintrust.core.errors import Invalid
from fintrust.middleware import NulCharacter


class MalformedJSON(Invalid):
    """The body is not JSON as RFC 8259 has it, in UTF-8."""

    code = "malformed-json"


class StrictJSONParser(JSONParser):
    """JSON without NaN, Infinity, duplicate names, half characters or NULs."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            found = json.loads(
                stream.read().decode("utf-8"),
                object_pairs_hook=_unique,
                parse_constant=_refuse_constant,
                parse_float=_finite,
            )
            texts = list(_texts(found))
            "".join(texts).encode()  # half of a surrogate pair cannot be written anywhere
        except (ValueError, RecursionError) as error:
            raise MalformedJSON(f"This is not valid JSON: {_short(error)}") from None
        if any("\x00" in text for text in texts):
            raise NulCharacter()
        return found


def _short(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return "it is not UTF-8"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:120]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name appears twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
