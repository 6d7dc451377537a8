"""Fingerprints for `Idempotency-Key`: the same key may only repeat the same request."""

import hashlib
import json
import re
from typing import Any

from fintrust.core import prepared
from fintrust.core.errors import Invalid, Unprocessable
from fintrust.core.models import User

KEY_MAX = 100
_KEY = re.compile(rf"[\x21-\x7e]{{1,{KEY_MAX}}}")
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')  # a String of RFC 9651


class IdempotencyKeyInvalid(Invalid):
    """An idempotency key is 1 to 100 printable ASCII characters without spaces."""

    code, field = "idempotency-key-invalid", "Idempotency-Key"


class IdempotencyKeyMissing(Invalid):
    """This request moves money, so it needs an Idempotency-Key header."""

    code, field = "idempotency-key-missing", "Idempotency-Key"


class IdempotencyKeyReused(Unprocessable):
    """This key was already used for another request."""

    code, field = "idempotency-key-reused", "Idempotency-Key"


def clean_key(key: str | None) -> str:
    if not key:
        raise IdempotencyKeyMissing()
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyInvalid()
    return key


def key_of_header(sent: str | None) -> str:
    """The key in an `Idempotency-Key` header: in quotes as the IETF draft writes it, or bare.

    Both name the same key, so that a library that adds the quotes repeats what another one sent.
    """
    if not sent or not sent.startswith('"'):
        return clean_key(sent)
    quoted = _QUOTED.fullmatch(sent)
    if quoted is None:
        raise IdempotencyKeyInvalid()
    return clean_key(re.sub(r"\\(.)", r"\1", quoted[1]))


def fingerprint(**content: Any) -> str:
    """A digest of what was asked; equal requests have equal digests."""
    body = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(body.encode()).hexdigest()


def wait_for_twins(kind: str, by: User, request_id: str) -> None:
    """Requests of this name wait here for each other, until the commit of the first."""
    twins = f"{kind}:{by.pk}:{request_id}"
    prepared.ask("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [twins], binary=False)
