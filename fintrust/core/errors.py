"""What can go wrong, as a family of exceptions with one shape.

Raise the narrowest one; nobody catches it on the way up. `fintrust.problems` turns it into
problem+json (RFC 9457) for the API or a page for a person. Each `code` has a paragraph in
docs/errors.md.
"""

from typing import Any, ClassVar


class Problem(Exception):
    """Something about the request cannot be done."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "problem"
    field: str | None = None

    def __init__(self, message: str | None = None, *, field: str | None = None, **extra: Any):
        self.message = message or self.title
        self.field = field or type(self).field
        self.extra = extra
        super().__init__(self.message)

    @property
    def title(self) -> str:
        return (self.__doc__ or "").strip().splitlines()[0]


class Invalid(Problem):
    """Something in the request is not valid."""

    status, code = 400, "invalid"


class Unauthenticated(Problem):
    """Sign in first."""

    status, code = 401, "unauthenticated"


class Forbidden(Problem):
    """You may not do this."""

    status, code = 403, "forbidden"


class NotFound(Problem):
    """There is nothing here, or it is not yours."""

    status, code = 404, "not-found"


class Conflict(Problem):
    """The request does not fit the present state."""

    status, code = 409, "conflict"


class Gone(Problem):
    """This has ended."""

    status, code = 410, "gone"


class TooLarge(Problem):
    """The request is too large."""

    status, code = 413, "too-large"


class Unprocessable(Problem):
    """The request is well formed but cannot be carried out."""

    status, code = 422, "unprocessable"


class Locked(Problem):
    """This is locked."""

    status, code = 423, "locked"


class TooMany(Problem):
    """Too many requests; wait a moment."""

    status, code = 429, "too-many"


class Unavailable(Problem):
    """A part of the bank is not available; nothing was changed."""

    status, code = 503, "unavailable"
    wait: ClassVar[int] = 1  # seconds after which it is worth asking again


class Busy(Unavailable):
    """The bank is busy; nothing was changed, try again in a moment."""

    code = "busy"


class ReasonNeeded(Invalid):
    """Say why, in 3 to 500 characters: it stays beside the deed."""

    code, field = "reason-needed", "reason"
