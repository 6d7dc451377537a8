"""What happened, as rows that a page can follow; the socket only says "look again".

An event is written in the caller's transaction, so nothing reaches a feed that did not commit.
A follower reads rows up to the committed horizon after its cursor, so nothing that committed is
skipped, however late its transaction ended; a lost wake-up costs a moment, never a row.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, cast

from django.db import connection, transaction
from django.db.models import Func, Q, QuerySet
from psycopg.types.json import Jsonb

from fintrust.core import prepared, wakeups
from fintrust.core.errors import Invalid
from fintrust.core.models import Event

BATCH_MAX = 500
SUPPORT = "support"


class InvalidCursor(Invalid):
    """The cursor is not one that this list gave out."""

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
        if not dash or not all(n.isascii() and n.isdigit() and len(n) < 19 for n in numbers):
            raise InvalidCursor()
        return cls(int(tx), int(row))

    @classmethod
    def of(cls, event: Event) -> Self:
        return cls(event.tx, event.id)

    def __str__(self) -> str:
        return f"{self.tx}-{self.id}"


START = Cursor(0, 0)


_PUBLISH = """
    INSERT INTO core_event (topic, kind, subject, data)
    SELECT unnest(%s::text[]), %s, %s, %s
"""


def publish(topics: Sequence[str], kind: str, *, subject: str, data: dict[str, Any]) -> None:
    """Remember an event for these topics and wake their followers once it has committed."""
    prepared.ask(_PUBLISH, [list(topics), kind, subject, Jsonb(data)])
    transaction.on_commit(lambda: wakeups.wake(topics), robust=True)


_AFTER = """
    SELECT tx::text::bigint, id, topic, kind, subject, data, at FROM core_event
    WHERE topic = %s AND (tx, id) > (%s::text::xid8, %s)
      AND tx < (SELECT committed_horizon())
    ORDER BY tx, id LIMIT %s
"""


def after(cursor: Cursor, topic: str, limit: int = BATCH_MAX) -> list[tuple[Cursor, Event]]:
    """The next events of a topic, each with the cursor that continues behind it."""
    with connection.cursor() as sql:
        sql.execute(_AFTER, [topic, cursor.tx, cursor.id, min(limit, BATCH_MAX)])
        return [_event(row) for row in sql.fetchall()]


def latest(topic: str, limit: int = BATCH_MAX) -> list[tuple[Cursor, Event]]:
    """The newest events of a topic, oldest first: what a page shows before it follows."""
    newest = visible(topic).order_by("-tx", "-id")[: min(limit, BATCH_MAX)]
    return [(Cursor.of(event), event) for event in reversed(newest)]


def visible(topic: str, *, before: Cursor | None = None) -> QuerySet[Event]:
    """The events of a topic that followers may see, for pages that filter and search them."""
    events = Event.objects.filter(topic=topic, tx__lt=HORIZON)
    if before is None:
        return events
    # The first condition bounds the index; the second is exact.
    return events.filter(tx__lte=before.tx).filter(Q(tx__lt=before.tx) | Q(id__lt=before.id))


def behind(cursor: Cursor, topic: str) -> int:
    """How many events a follower at this place has not seen."""
    unseen = Event.objects.filter(topic=topic, tx__lt=HORIZON, tx__gte=cursor.tx)
    return unseen.filter(Q(tx__gt=cursor.tx) | Q(id__gt=cursor.id)).count()


# Below it every transaction has ended. Asked once a statement, not once a row.
HORIZON = Func(function="committed_horizon", template="(SELECT %(function)s())")


def end(topic: str) -> Cursor:
    """Where a follower begins that wants only what comes from now on."""
    newest = visible(topic).order_by("-tx", "-id").only("tx", "id").first()
    return START if newest is None else Cursor.of(newest)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Committed events that an older open transaction still hides: how many, since when."""

    count: int
    oldest: datetime | None
    now: datetime

    @property
    def lag_ms(self) -> int:
        """How far the feed is behind what has committed."""
        return 0 if self.oldest is None else int((self.now - self.oldest).total_seconds() * 1000)


_WAITING = """
    SELECT count(*), min(at), clock_timestamp() FROM core_event
    WHERE topic = %s AND tx >= (SELECT committed_horizon())
"""


def waiting(topic: str) -> Waiting:
    with connection.cursor() as sql:
        sql.execute(_WAITING, [topic])
        return Waiting(*cast(tuple[int, datetime | None, datetime], sql.fetchone()))


def _event(row: Sequence[Any]) -> tuple[Cursor, Event]:
    tx, id, topic, kind, subject, data, at = row
    if isinstance(data, str):
        data = json.loads(data)  # the driver leaves it to Django's field, which is not asked here
    cursor = Cursor(tx, id)
    return cursor, Event(id=id, topic=topic, kind=kind, subject=subject, data=data, at=at, tx=tx)
