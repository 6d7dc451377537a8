"""One event, version 1, from its bytes. Pure, strict and bounded; see `fraud/README.md`.

Unknown fields are refused, not ignored: a misspelt `accuracy_km` would be no accuracy at all, and
what a later version adds comes with another number.
"""

import hashlib
import ipaddress
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from babel.numbers import is_currency

from fintrust.core.errors import Problem
from fintrust.core.ids import from_public
from fintrust.core.models import User
from fintrust.core.money import Money
from fraud.facts import DEPOSIT, KINDS, Facts
from fraud.stream.policy import STREAM, StreamPolicy

VERSION = 1
CHANNEL = "stream"

BAD_JSON, WRONG_SCHEMA, UNKNOWN_VERSION = "bad-json", "wrong-schema", "unknown-version"
TOO_BIG, UNKNOWN_CUSTOMER, ID_REUSED = "too-big", "unknown-customer", "id-reused"
HANDLER_ERROR, BEHIND = "handler-error", "behind"

_ID = re.compile(r"[!-~]{1,64}")
_CHANNEL = re.compile(r"[a-z][a-z0-9_-]{0,19}")
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
# No terminal, log or page should have to be careful with these; halves of a character cannot
# be stored at all.
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


class Poison(Exception):
    """An event that can never be taken as it is."""

    def __init__(self, reason: str, text: str, *, name: str = "", customer: str = "") -> None:
        self.reason, self.text, self.name, self.customer = reason, text, name, customer
        super().__init__(f"{reason}: {text}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A payment that happened elsewhere, as its event tells it."""

    name: str  # its own id, unique for ever
    digest: bytes  # of all it says: the same id must not come back saying something else
    customer: UUID
    customer_text: str
    account: str
    kind: str
    money: Money
    at: datetime
    counterparty: str = ""
    channel: str = CHANNEL
    booked: bool = False  # the money has moved whatever the verdict
    device: str | None = None
    place: str = ""
    latitude: float | None = None
    longitude: float | None = None
    accuracy_km: float | None = None
    ip: str | None = None

    def facts(self, *, subject: str, timezone: str) -> Facts:
        return Facts(
            kind=self.kind,
            subject=subject,
            customer_id=self.customer,
            account=self.account,
            counterparty=self.counterparty,
            amount_minor=self.money.minor,
            currency=self.money.currency,
            at=self.at,
            timezone=timezone,
            channel=self.channel,
            ip=self.ip,
            outgoing=self.kind != DEPOSIT,
            device=self.device,
            place=self.place,
            latitude=self.latitude,
            longitude=self.longitude,
            accuracy_km=self.accuracy_km,
        )


def parse(raw: bytes, *, now: datetime, policy: StreamPolicy = STREAM) -> Movement:
    """The movement these bytes tell of; raises Poison with what is wrong with them."""
    if len(raw) > policy.event_bytes_max:
        raise Poison(TOO_BIG, f"{len(raw)} bytes; an event has at most {policy.event_bytes_max}.")
    values = _object(raw)
    try:
        return _movement(values, now, policy)
    except Poison as poison:
        poison.name, poison.customer = _hint(values, "id", 64), _hint(values, "customer", 64)
        raise


def _hint(values: Mapping[str, Any], name: str, most: int) -> str:
    """What a broken event says of itself, as far as it is plain."""
    value = values.get(name)
    plain = isinstance(value, str) and len(value) <= most and not _UNWRITABLE.search(value)
    return value if plain and isinstance(value, str) else ""


# --- JSON -----------------------------------------------------------------------------------


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse, parse_int=_whole
        )
    except UnicodeDecodeError:
        raise Poison(BAD_JSON, "It is not UTF-8.") from None
    except RecursionError:
        raise Poison(BAD_JSON, "It is nested too deeply.") from None
    except ValueError as error:
        raise Poison(BAD_JSON, f"It is not JSON: {str(error)[:200]}.") from None
    if not isinstance(found, dict):
        raise Poison(WRONG_SCHEMA, "An event is an object.")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name appears twice")
    return found


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _whole(text: str) -> int:
    if len(text) > 20:
        raise ValueError("a number has too many digits")
    return int(text)


# --- fields ---------------------------------------------------------------------------------


def _movement(values: dict[str, Any], now: datetime, policy: StreamPolicy) -> Movement:
    version = values.get("v")
    if type(version) is not int or version != VERSION:
        raise Poison(UNKNOWN_VERSION, f"`v` is {VERSION}; this event says {str(version)[:20]!r}.")
    _check_names(values)
    read = {name: take(values[name]) for name, take in _FIELDS.items() if name in values}
    if ("latitude" in read) != ("longitude" in read):
        raise _wrong("latitude", "comes with `longitude`, or neither does")
    if "accuracy_km" in read and "latitude" not in read:
        raise _wrong("accuracy_km", "belongs to a latitude and longitude")
    if read["at"] > now + policy.ahead_max:
        raise _wrong("at", "lies in the future")
    return Movement(
        name=read.pop("id"),
        digest=_digest(values),
        customer=_customer(read["customer"]),
        customer_text=read.pop("customer"),
        money=_money(read.pop("amount"), read.pop("currency")),
        **read,
    )


def _check_names(values: Mapping[str, Any]) -> None:
    if unknown := sorted(values.keys() - _FIELDS.keys() - {"v"}):
        named = ", ".join(repr(name[:30]) for name in unknown[:5])
        raise Poison(WRONG_SCHEMA, f"Version {VERSION} does not know {named}.")
    if missing := [name for name in _REQUIRED if name not in values]:
        raise Poison(WRONG_SCHEMA, f"It lacks {', '.join(missing)}.")


def _wrong(name: str, what: str) -> Poison:
    return Poison(WRONG_SCHEMA, f"`{name}` {what.removesuffix('.')}.")


def _digest(values: Mapping[str, Any]) -> bytes:
    """The same for the same values, however they were spaced or ordered."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()


def _customer(text: str) -> UUID:
    try:
        return from_public(User.prefix, text)
    except Problem:
        raise Poison(UNKNOWN_CUSTOMER, "`customer` is no customer of this bank.") from None


def _money(amount: str, currency: str) -> Money:
    try:
        return Money.parse(amount, currency)
    except Problem as problem:
        raise _wrong("amount", f"is not accepted: {problem.message}") from None


def _text(name: str, most: int, *, empty: bool = False) -> Callable[[Any], str]:
    def take(value: Any) -> str:
        if not isinstance(value, str) or len(value) > most or _UNWRITABLE.search(value):
            raise _wrong(name, f"is text of at most {most} printable characters")
        if not (value.strip() or empty):
            raise _wrong(name, "is not empty")
        return value.strip()

    return take


def _matching(name: str, pattern: re.Pattern[str], what: str) -> Callable[[Any], str]:
    def take(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise _wrong(name, what)
        return value

    return take


def _number(name: str, least: float, most: float) -> Callable[[Any], float]:
    def take(value: Any) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or not least <= value <= most:
            raise _wrong(name, f"is a number from {least:g} to {most:g}")
        return float(value)

    return take


def _kind(value: Any) -> str:
    if value not in KINDS:
        raise _wrong("kind", f"is one of {', '.join(KINDS)}")
    return str(value)


def _currency(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 3 or not is_currency(value):
        raise _wrong("currency", "is a currency of three capital letters")
    return value


def _at(value: Any) -> datetime:
    try:
        if isinstance(value, str) and _RFC3339.fullmatch(value):
            at = datetime.fromisoformat(value.upper()).astimezone(UTC)
            if at >= _EARLIEST:
                return at
    except (ValueError, OverflowError):  # the thirtieth of February
        pass
    raise _wrong("at", "is a time as in RFC 3339 with its offset, from the year 2000 on")


def _ip(value: Any) -> str:
    try:
        if isinstance(value, str) and "%" not in value:  # a zone means something on one machine
            return str(ipaddress.ip_address(value))
    except ValueError:
        pass
    raise _wrong("ip", "is an IPv4 or IPv6 address")


def _booked(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong("booked", "is true or false")
    return value


_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "id": _matching("id", _ID, "is 1 to 64 visible ASCII characters"),
    "customer": _text("customer", 64),
    "account": _text("account", 40),
    "counterparty": _text("counterparty", 40, empty=True),
    "kind": _kind,
    "amount": _text("amount", 30),
    "currency": _currency,
    "at": _at,
    "channel": _matching("channel", _CHANNEL, "is a short lower-case word"),
    "booked": _booked,
    "device": _text("device", 64),
    "place": _text("place", 80, empty=True),
    "latitude": _number("latitude", -90, 90),
    "longitude": _number("longitude", -180, 180),
    "accuracy_km": _number("accuracy_km", 0, 20_038),  # half of the way around the earth
    "ip": _ip,
}
_REQUIRED = ("id", "customer", "account", "kind", "amount", "currency", "at")
