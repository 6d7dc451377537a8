"""What a record looks like inside the log: one line of canonical JSON (RFC 8785). Pure.

Values that go in are text, whole numbers, truth values and nothing, in lists and objects with
plain keys: for those the standard library already writes RFC 8785 byte for byte, at a fifth of
the cost. `plain()` makes values so.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any
from uuid import UUID

VERSION = 1
ENTRY_BYTES_MAX = 65_535  # C2SP tlog-tiles gives an entry two bytes of length
DEPTH_MAX = 8
EXACT_MAX = 2**53 - 1  # beyond, JSON numbers differ between programs

_SECRET_WORDS = {
    "password", "passwd", "passphrase", "pin", "otp", "totp", "secret", "token", "cookie", "cvv",
    "authorization", "credential", "seed",
}  # fmt: skip
_HARMLESS_ENDINGS = ("_id", "_at", "_count", "_kind", "_hash")
_WORDS = re.compile(r"[^a-z0-9]+")
_KEY = re.compile(r"[A-Za-z0-9_.:@-]{1,80}", re.ASCII)
_UNSAFE = re.compile(r"[\x00\ud800-\udfff]")


class SecretInRecord(ValueError):
    """A record is kept for ever and read by many: no secret may enter it."""


def canonical(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def plain(value: Any, *, depth: int = 0) -> Any:
    """The value in plain words; secrets and what has no plain form are refused."""
    if depth > DEPTH_MAX:
        raise ValueError(f"a record's values nest at most {DEPTH_MAX} deep")
    if type(value) is str:  # most of them
        return _UNSAFE.sub("\ufffd", value)
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {_key(key, inner): plain(inner, depth=depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner, depth=depth + 1) for inner in value]
    if isinstance(value, set | frozenset):
        return sorted(str(plain(inner, depth=depth + 1)) for inner in value)
    return _single(value)


def _single(value: Any) -> Any:
    for kinds, form in _FORMS:
        if isinstance(value, kinds):
            return form(value)
    if public_id := getattr(value, "public_id", None):
        return str(public_id)
    if hasattr(value, "minor") and hasattr(value, "currency"):
        return {"minor": _whole(value.minor), "currency": str(value.currency)}
    raise TypeError(f"a record does not know how to keep a {type(value).__name__}")


def _whole(value: int) -> int | str:
    return value if abs(value) <= EXACT_MAX else str(value)


def moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


_FORMS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (str, lambda text: _UNSAFE.sub("\ufffd", text)),
    (int, _whole),
    (float | Decimal | UUID, str),
    (datetime, lambda at: moment(at) if at.tzinfo else at.isoformat()),
    (date | time, lambda at: at.isoformat()),
)


def _key(key: Any, value: Any) -> str:
    name = plain(key)
    if not isinstance(name, str) or not _is_name(name):
        raise ValueError(f"{key!r} is not a name for a record's value")
    if looks_secret(name) and not (value is None or isinstance(value, bool)):
        raise SecretInRecord(
            f"{name!r} names a secret; a record may say that it changed, not what it is"
        )
    return name


@lru_cache(maxsize=1024)  # programs write these names, and few of them
def _is_name(text: str) -> bool:
    return _KEY.fullmatch(text) is not None


@lru_cache(maxsize=1024)
def looks_secret(name: str) -> bool:
    lower = name.lower()
    if lower.endswith(_HARMLESS_ENDINGS):
        return False
    words = set(_WORDS.split(lower))
    return {"private", "key"} <= words or not _SECRET_WORDS.isdisjoint(words)


def difference(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Both sides of a change without the fields that stayed the same."""
    old = None if before is None else plain(before)
    new = None if after is None else plain(after)
    if old is None or new is None:
        return old, new
    missing = object()
    same = {key for key in old if old[key] == new.get(key, missing)}
    return (
        {key: value for key, value in old.items() if key not in same},
        {key: value for key, value in new.items() if key not in same},
    )


# The columns an entry is made of, in the order `entry()` takes them.
COLUMNS = (
    "id", "tx", "at", "action", "actor_id", "actor_kind", "actor_label", "subject", "owner_id",
    "before", "after", "data", "reason", "purpose", "request_id", "ip", "session",
)  # fmt: skip


def entry(row: Sequence[Any]) -> dict[str, Any]:
    """The record as the log tells it, from its columns."""
    (
        id, tx, at, action, actor_id, actor_kind, actor_label, subject, owner_id,
        before, after, data, reason, purpose, request_id, ip, session,
    ) = row  # fmt: skip
    return {
        "v": VERSION,
        "id": str(id),
        "tx": tx,
        "at": moment(at),
        "action": action,
        "actor": {"id": _text(actor_id), "kind": actor_kind, "label": actor_label},
        "subject": subject,
        "owner": _text(owner_id),
        "before": before,
        "after": after,
        "data": data,
        "reason": reason,
        "purpose": purpose,
        "request": request_id,
        "ip": ip,
        "session": session,
    }


def entry_bytes(row: Sequence[Any]) -> bytes:
    return canonical(entry(row))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
