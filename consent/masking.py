"""What a partner sees of each field. Pure.

To share another field: add a line to FIELDS here, and its clear value to `consent.shared`. A field
without a line does not leave the bank, and a line without a value is an error, not a leak.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from fintrust.core.money import Money

HIDDEN = "•••"
Mask = Callable[[Any], Any]

# The sentence under each mask is what customers read about it, on the page of a consent.


def clear(value: Any) -> Any:
    """As it is."""
    return value


def redact(value: Any) -> str:
    """Hidden: only that there is something."""
    return HIDDEN if value else ""


def last4(value: str) -> str:
    """The last four characters."""
    kept = "".join(character for character in value if character.isalnum())
    return f"{HIDDEN} {kept[-4:]}" if len(kept) >= 8 else redact(kept)


def initials(value: str) -> str:
    """Initials; a name of one word is hidden."""
    words = [word for word in value.split() if word[0].isalnum()]
    return " ".join(f"{word[0].upper()}." for word in words) if len(words) > 1 else redact(value)


def email(value: str) -> str:
    """First letter and mail server."""
    name, at, domain = value.rpartition("@")
    return f"{name[0]}{HIDDEN}@{domain}" if at and len(name) > 1 else redact(value)


def phone(value: str) -> str:
    """The last two digits."""
    digits = [character for character in value if character.isdigit()]
    return f"{HIDDEN} {''.join(digits[-2:])}" if len(digits) >= 6 else redact(value)


def month_only(value: date | datetime) -> str:
    """Month and year."""
    return f"{value:%Y-%m}"


def day_only(value: date | datetime) -> str:
    """The day, without the time."""
    return f"{value:%Y-%m-%d}"


def amount(value: Money) -> dict[str, str]:
    """The exact amount."""
    number, currency = str(value).split(" ")
    return {"amount": number, "currency": currency}


BANDS = (0, 100, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000)


def band(value: Money) -> dict[str, str | None]:
    """Between which two round amounts it lies."""
    # `to` is not reached, and None is open.
    below = [edge for edge in BANDS if edge <= value.decimal]
    above = [edge for edge in BANDS if edge > value.decimal]
    return {
        "from": str(below[-1]) if below else None,
        "to": str(above[0]) if above else None,
        "currency": value.currency,
    }


MASKS: Mapping[str, Mask] = {
    mask.__name__: mask
    for mask in (
        clear,
        redact,
        last4,
        initials,
        email,
        phone,
        month_only,
        day_only,
        amount,
        band,
    )
}

#: Each scope a customer can grant: the fields it holds, and how each is masked.
FIELDS: Mapping[str, Mapping[str, str]] = {
    "balance": {
        "account": "clear",
        "number": "last4",
        "balance": "amount",
        "available": "amount",
    },
    "transactions": {
        "id": "clear",
        "day": "day_only",
        "kind": "clear",
        "amount": "amount",
        "counterparty": "initials",
        "counterparty_number": "last4",
        "note": "redact",  # free text: people write names and numbers of others there
    },
    "details": {
        "account": "clear",
        "number": "last4",
        "product": "clear",
        "currency": "clear",
        "status": "clear",
        "opened": "month_only",
        "holder": "initials",
        "email": "email",
        "phone": "phone",
        "balance_band": "band",
    },
}


def masked(scope: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a scope as a partner may see them. What has no line in FIELDS stays here."""
    return {name: MASKS[mask](values[name]) for name, mask in FIELDS[scope].items()}


def described(scope: str) -> list[tuple[str, str]]:
    """The fields of a scope and how much of each is seen, in words for the customer."""
    return [(_label(name), str(MASKS[mask].__doc__)) for name, mask in FIELDS[scope].items()]


def _label(name: str) -> str:
    references = {"id": "Reference", "account": "Account reference"}
    return references.get(name, name.replace("_", " ").capitalize())
