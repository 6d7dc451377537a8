"""Who is asking, from where, under which request id: carried from the door to the last row.

Middleware fills it for requests, `fintrust.celery` carries it into tasks, commands name
themselves. Services read `current()`; nobody passes these through ten signatures.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from fintrust.core.ids import uuid7


@dataclass(frozen=True, slots=True)
class Context:
    actor_id: str | None = None  # the user's UUID as text
    actor_kind: str = "system"  # system, anonymous, customer, staff, partner
    request_id: str = ""
    ip: str | None = None
    user_agent: str = ""
    batch: str = ""  # what asks for many things at once, by its name
    session_hash: str | None = None  # tells sessions apart without being able to use one
    # With what and where, as far as the asker shows or says; fraud decides what to believe.
    device: str | None = None  # an opaque name of the browser or the program
    place: str = ""
    latitude: float | None = None
    longitude: float | None = None
    accuracy_km: float | None = None

    def headers(self) -> dict[str, Any]:
        """As plain values, to travel beside a task."""
        return asdict(self)

    @classmethod
    def from_headers(cls, values: dict[str, Any]) -> "Context":
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in values.items() if key in known})


def session_hash(session_key: str | None) -> str | None:
    """What may be stored of a session's key."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:32] if session_key else None


_current: ContextVar[Context | None] = ContextVar("fintrust_context", default=None)


def current() -> Context:
    return _current.get() or Context()


@contextmanager
def use(**changes: Any) -> Iterator[Context]:
    """Run a block under a changed context; a request id is made when there is none."""
    context = replace(current(), **changes)
    if not context.request_id:
        context = replace(context, request_id=str(uuid7()))
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


def become(**changes: Any) -> None:
    """Change the context for the rest of the enclosing `use`: a token says who asks only later."""
    _current.set(replace(current(), **changes))
