"""What happened, as rows that a page can follow; the socket only says "look again".

An event is written in the caller's transaction, so nothing reaches a feed that did not commit.
A follower reads rows up to the xmin horizon after its cursor, so nothing that committed is
skipped, however late its transaction ended; a lost wake-up costs a moment, never a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import connection, transaction

from fintrust.core.errors import Invalid
from fintrust.core.ids import uuid7
from fintrust.core.models import Event

BATCH_MAX = 500
SUPPORT = "support"


class InvalidCursor(Invalid):
    """The cursor is not one that this feed gave out."""

    code, field = "invalid-cursor", "after"


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place in the feed: the transaction and the row last seen."""

    tx: int
    id: int

    @classmethod
    def parse(cls, text: str) -> Self:
        tx, dash, row = text.partition("-")
        numbers = (tx, row)
        if not dash or not all(n.isascii() and n.isdigit() and len(n) < 20 for n in numbers):
            raise InvalidCursor()
        return cls(int(tx), int(row))

    def __str__(self) -> str:
        return f"{self.tx}-{self.id}"


START = Cursor(0, 0)


def publish(topics: Sequence[str], kind: str, *, subject: str, data: dict[str, Any]) -> None:
    """Remember an event for these topics and wake their followers once it has committed."""
    Event.objects.bulk_create(
        Event(topic=topic, kind=kind, subject=subject, data=data) for topic in topics
    )
    transaction.on_commit(lambda: _wake(topics), robust=True)


def group_of(topic: str) -> str:
    """The channel-layer group of a topic: letters that Channels allows."""
    return "live." + topic.replace(":", ".")


def _wake(topics: Sequence[str]) -> None:
    send = async_to_sync(get_channel_layer().group_send)
    for topic in topics:
        # One key a wake-up, so that a page can tell its echo from another's.
        send(group_of(topic), {"type": "live.wake", "id": str(uuid7())})


_AFTER = """
    SELECT tx::text::bigint, id, topic, kind, subject, data, at FROM core_event
    WHERE topic = %s AND (tx, id) > (%s::text::xid8, %s)
      AND tx < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY tx, id LIMIT %s
"""


def after(cursor: Cursor, topic: str, limit: int = BATCH_MAX) -> list[tuple[Cursor, Event]]:
    """The next events of a topic, each with the cursor that continues behind it."""
    with connection.cursor() as sql:
        sql.execute(_AFTER, [topic, cursor.tx, cursor.id, min(limit, BATCH_MAX)])
        return [_event(row) for row in sql.fetchall()]


def latest(topic: str, limit: int = BATCH_MAX) -> list[tuple[Cursor, Event]]:
    """The newest events of a topic, oldest first: what a page shows before it follows."""
    newest = _AFTER.replace("ORDER BY tx, id", "ORDER BY tx DESC, id DESC")
    with connection.cursor() as sql:
        sql.execute(newest, [topic, 0, 0, min(limit, BATCH_MAX)])
        return [_event(row) for row in reversed(sql.fetchall())]


def _event(row: Sequence[Any]) -> tuple[Cursor, Event]:
    tx, id, topic, kind, subject, data, at = row
    if isinstance(data, str):
        data = Event._meta.get_field("data").from_db_value(data, None, connection)
    return Cursor(tx, id), Event(id=id, topic=topic, kind=kind, subject=subject, data=data, at=at)
