"""What is asked about streams. All reads are bounded by a batch or by an index."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Count, Sum
from django.utils import timezone

from fintrust.core.models import User
from fraud.models import DeadLetter, DeadLetterQuerySet, StreamEvent, StreamOffset, StreamReader
from fraud.stream.messages import KAFKA, Message
from fraud.stream.policy import STREAM, StreamPolicy

Origin = tuple[str, str, int, str, bytes]


def zones_of(customers: Iterable[UUID]) -> dict[UUID, str]:
    """The time zone of each of these that is a customer."""
    found = User.objects.filter(pk__in=set(customers))
    return dict(found.values_list("pk", "timezone"))


def digests_of(names: Iterable[str]) -> dict[str, bytes]:
    """What the events that were taken under these ids said."""
    found = StreamEvent.objects.filter(name__in=set(names)).values_list("name", "digest")
    return {name: bytes(digest) for name, digest in found}


def blocked_keys(keys: Iterable[str]) -> set[str]:
    """The keys whose later events have to wait."""
    found = DeadLetter.objects.blocking().filter(key__in=set(keys))
    return set(found.values_list("key", flat=True).distinct())


def letters_from(messages: Sequence[Message]) -> set[Origin]:
    """Which of these are dead letters already: delivered before, they stay what they are."""
    found = DeadLetter.objects.filter(
        topic__in={message.topic for message in messages},
        partition__in={message.partition for message in messages},
        position__in={message.position for message in messages},
    )
    rows = found.values_list("source", "topic", "partition", "position", "digest")
    return {(*origin, bytes(digest)) for *origin, digest in rows}


def offsets_of(topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """Where to go on in each partition that was read before."""
    found = StreamOffset.objects.filter(topic=topic, partition__in=set(partitions))
    return dict(found.values_list("partition", "offset"))


def ahead_of(letter: DeadLetter) -> "DeadLetter | None":
    """The dead letter that this one has to wait for."""
    if not letter.key:
        return None
    earlier = DeadLetter.objects.blocking().filter(key=letter.key, id__lt=letter.pk)
    return earlier.order_by("id").first()


def next_parked(key: str) -> "DeadLetter | None":
    """The event of this key whose turn it is, if nothing is wrong with it but its place."""
    first = DeadLetter.objects.blocking().filter(key=key).order_by("id").first()
    return first if first is not None and first.reason == DeadLetter.Reason.BEHIND else None


def poison(reason: str | None = None) -> DeadLetterQuerySet:
    """Waiting letters that are wrong themselves, oldest first: those behind them follow."""
    found: DeadLetterQuerySet = DeadLetter.objects.waiting().order_by("id")
    found = found.exclude(reason=DeadLetter.Reason.BEHIND)
    return found.filter(reason=reason) if reason else found


_FREE = """
    SELECT key FROM (
        SELECT DISTINCT ON (key) key, reason FROM fraud_deadletter
        WHERE status = 'waiting' AND key <> '' AND reason <> 'id-reused' ORDER BY key, id
    ) AS first WHERE reason = 'behind' LIMIT %s
"""


def free_keys(limit: int) -> list[str]:
    """Keys whose first waiting letter waits for nobody any more."""
    with connection.cursor() as cursor:
        cursor.execute(_FREE, [limit])
        return [key for (key,) in cursor.fetchall()]


# --- what an officer sees -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    """The stream at a glance."""

    readers: int
    rate: float
    waiting: int  # not taken yet
    letters: Mapping[str, int]  # waiting dead letters, by reason

    @property
    def parked(self) -> int:
        return self.letters.get(DeadLetter.Reason.BEHIND, 0)

    @property
    def poison(self) -> int:
        return sum(self.letters.values()) - self.parked


def figures(policy: StreamPolicy = STREAM) -> Figures:
    alive = StreamReader.objects.filter(
        seen_at__gt=timezone.now() - timedelta(seconds=policy.silent_seconds)
    )
    whole = alive.aggregate(readers=Count("pk"), rate=Sum("rate"))
    counted = DeadLetter.objects.waiting().order_by().values_list("reason")
    return Figures(
        readers=whole["readers"],
        rate=whole["rate"] or 0.0,
        waiting=_waiting(alive.values_list("source", "topic", "waiting")),
        letters=dict(counted.annotate(Count("pk"))),
    )


def _waiting(rows: Iterable[tuple[str, str, int]]) -> int:
    """Readers of Kafka know their own partitions; those of one Redis stream all see the same."""
    of_kafka, of_redis = 0, dict[str, int]()
    for source, topic, waiting in rows:
        if source == KAFKA:
            of_kafka += waiting
        else:
            of_redis[topic] = max(waiting, of_redis.get(topic, 0))
    return of_kafka + sum(of_redis.values())
