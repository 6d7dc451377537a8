"""What a source hands over: bytes, and where they came from. Values only: no Django here."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

REDIS, KAFKA = "redis", "kafka"
KEY_MAX = 64
EVENT_FIELD, KEY_FIELD = b"event", b"key"  # of an entry of a Redis stream


@dataclass(frozen=True, slots=True)
class Message:
    """One event as it came. `offset` is None where the source itself remembers what was done."""

    source: str
    topic: str
    partition: int
    position: str  # an offset, or the id of a stream's entry
    value: bytes
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    offset: int | None = None

    @property
    def origin(self) -> tuple[str, str, int, str, bytes]:
        """Names this message and no other, even in a topic that was made anew."""
        return self.source, self.topic, self.partition, self.position, self.digest

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.value).digest()

    @property
    def key_text(self) -> str:
        """The key as short text; long and binary ones by their hash."""
        if not self.key:
            return ""
        text = self.key.decode("utf-8", "replace")
        plain = text.isprintable() and "\ufffd" not in text and len(text) <= KEY_MAX
        return text if plain else hashlib.sha256(self.key).hexdigest()


class Source(Protocol):
    """Where events come from."""

    kind: str  # REDIS or KAFKA
    name: str
    topic: str

    def read(self) -> list[Message]:
        """The next events, at most a batch; after a short wait, none."""

    def done(self, messages: Sequence[Message]) -> None:
        """Their effect has been committed."""

    def copy(self, letters: Sequence[Message], reasons: Sequence[str]) -> None:
        """Dead letters for whoever listens to them; the rows are what counts."""

    def rest(self, seconds: float) -> None:
        """Wait without being taken for dead."""

    def mine(self, messages: Sequence[Message]) -> list[Message]:
        """Those that nobody else has been given meanwhile."""

    def waiting(self) -> int:
        """How many events have not been taken yet, as far as this instance knows."""

    def close(self) -> None: ...


class SourceAway(Exception):
    """The source does not answer; it may come back."""
