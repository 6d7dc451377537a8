"""Who cannot be paid, looked up, or kept in an address book."""

from typing import Any

from fintrust.core.errors import Conflict, NotFound, TooMany


class UnknownPayee(NotFound):
    """There is no such account to pay."""

    code, field = "unknown-payee", "payee"


class TooManyLooks(TooMany):
    """You have looked up many accounts; this goes on later."""

    code, field = "too-many-looks", "payee"

    def __init__(self, message: str | None = None, *, wait: int = 3600, **more: Any) -> None:
        self.wait = wait  # becomes Retry-After
        minutes = -(-wait // 60)
        super().__init__(
            message
            or "To keep people's names private, only so many new accounts can be looked up in a"
            f" while. Try again in {minutes} minute{'s' if minutes != 1 else ''}.",
            **more,
        )


class PayeeExists(Conflict):
    """This account is in your address book already."""

    code, field = "payee-exists", "account"


class PayeeIsYou(Conflict):
    """Your own accounts need no entry in your address book."""

    code, field = "payee-is-you", "account"


class PayeesExhausted(Conflict):
    """Your address book is full; remove somebody first."""

    code = "payees-exhausted"
