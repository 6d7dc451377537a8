"""What a file says, line by line: a line that was understood, or a fault with its reason. Pure."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

Opener = Callable[[], BinaryIO]

EXCERPT_MAX = 120


@dataclass(frozen=True, slots=True)
class Line:
    """One booking as the other bank tells it. `number` is its place in the file."""

    number: int
    booked: date
    amount_minor: int
    currency: str
    value_date: date | None = None
    counterparty: str = ""
    text: str = ""
    reference: str = ""
    account: str = ""  # which of the file's accounts, when it names one
    balance_minor: int | None = None  # what the file says was there afterwards


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that cannot be taken over, and why."""

    number: int
    code: str
    reason: str
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """What a file says was on one of its accounts at one time."""

    account: str
    kind: str  # "opening" or "closing"
    amount_minor: int
    currency: str
    on: date


class LineError(ValueError):
    """What is wrong with one line; the reader around it knows which."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason

    def at(self, number: int, excerpt: str = "") -> Fault:
        return Fault(number, self.code, self.reason, excerpt[:EXCERPT_MAX].replace("\x00", "�"))


class FileError(ValueError):
    """The file as a whole cannot be read."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Identity:
    """What makes a line the same line in another file, or in the same file again.

    The bank's own reference, when the line has one: names and texts around it may change between
    two exports, the reference and the amount do not. Otherwise what the line says, with a number:
    two equal coffees on one day are the first and the second, and a later export that has three
    adds one. The count is a function of the file's beginning, so a reader that starts again
    arrives at the same keys.
    """

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}

    def key_of(self, line: Line) -> tuple[bytes, bool]:
        """The line's key, and whether this file has had it before."""
        if line.reference:
            key = _digest("ref", " ".join(line.reference.split()), line.amount_minor)
            return key, self._nth(key) > 1
        said = _digest(
            "said",
            line.booked,
            line.amount_minor,
            " ".join(line.counterparty.split()),
            " ".join(line.text.split()),
        )
        return _digest("nth", said.hex(), self._nth(said)), False

    def _nth(self, digest: bytes) -> int:
        short = int.from_bytes(digest[:8])
        nth = self._seen[short] = self._seen.get(short, 0) + 1
        return nth


def _digest(*parts: object) -> bytes:
    said = "\x1f".join(str(part).replace("\x1f", " ") for part in parts)
    return hashlib.blake2b(said.encode(errors="replace"), digest_size=16).digest()
