"""The verbs of the stream: take a batch, bury what cannot be taken; correct, replay, discard.

Effect exactly once: the sender's id of an event is unique, and its row commits with the decision,
the payment fact and the partition's offset. So a batch may come any number of times, to any
number of processes, whichever of them dies when.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit.services import record
from fintrust.core.ids import to_public, uuid7
from fintrust.core.models import User
from fraud.errors import (
    CorrectionRefused,
    DeadLetterBehind,
    DeadLetterCut,
    DeadLetterSettled,
    DiscardNeedsReason,
)
from fraud.facts import Facts
from fraud.models import DeadLetter, StreamEvent, StreamReader
from fraud.stream import selectors
from fraud.stream.judging import judge_many
from fraud.stream.messages import Message
from fraud.stream.policy import STREAM, StreamPolicy
from fraud.stream.schema import (
    BEHIND,
    HANDLER_ERROR,
    ID_REUSED,
    UNKNOWN_CUSTOMER,
    Movement,
    Poison,
    parse,
)
from fraud.travel.presence import placed

ERROR_MAX = 1000
NOTE_MIN, NOTE_MAX = 3, 500

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """A message, and what was read in it: a movement, or why there is none."""

    message: Message
    movement: Movement | None = None
    poison: Poison | None = None

    @classmethod
    def of(cls, message: Message, now: datetime, policy: StreamPolicy) -> "Reading":
        try:
            return cls(message, movement=parse(message.value, now=now, policy=policy))
        except Poison as poison:
            return cls(message, poison=poison)

    @property
    def key(self) -> str:
        """Whose order it belongs to: the message's key, or the customer as far as it says."""
        if self.message.key:
            return self.message.key_text
        if self.movement is not None:
            return self.movement.customer_text
        return self.poison.customer if self.poison is not None else ""


@dataclass(frozen=True, slots=True)
class Fresh:
    """A movement to be judged, with what belongs to it."""

    movement: Movement
    message: Message
    zone: str
    id: UUID = field(default_factory=uuid7)

    @property
    def facts(self) -> Facts:
        """As at our own doors. Its sender is believed about the address as about the place."""
        subject = to_public(StreamEvent.prefix, self.id)
        return placed(self.movement.facts(subject=subject, timezone=self.zone))


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch."""

    judged: int
    doubled: int
    buried: tuple[DeadLetter, ...] = ()


class TakenMeanwhile(Exception):
    """Another process has just taken one of these ids for another event; look again."""


# --- taking ---------------------------------------------------------------------------------


@transaction.atomic
def take(
    messages: Sequence[Message], *, now: datetime | None = None, policy: StreamPolicy = STREAM
) -> Taken:
    """One batch in one transaction: events, decisions, dead letters and offsets stay or go
    together. Acknowledge after it has committed."""
    now = now or timezone.now()
    readings = [Reading.of(message, now, policy) for message in messages]
    fresh, letters = _sorted_out(readings, policy)
    judged = _judge(fresh)
    _bury(letters)
    _store_offsets(messages, now)
    return Taken(judged, len(messages) - judged - len(letters), tuple(letters))


def _sorted_out(
    readings: Sequence[Reading], policy: StreamPolicy
) -> tuple[list[Fresh], list[DeadLetter]]:
    """What is to be judged, and what is to be buried; in order, each once."""
    movements = [reading.movement for reading in readings if reading.movement is not None]
    zones = selectors.zones_of(movement.customer for movement in movements)
    known = selectors.digests_of(movement.name for movement in movements)
    blocked = selectors.blocked_keys(reading.key for reading in readings)
    buried = selectors.letters_from([reading.message for reading in readings])
    fresh: list[Fresh] = []
    letters: list[DeadLetter] = []
    for reading in readings:
        movement, message = reading.movement, reading.message
        taken = movement is not None and known.get(movement.name) == movement.digest
        if taken or message.origin in buried:
            continue
        poison = _complaint(reading, zones, known)
        if poison is None and reading.key in blocked:
            poison = Poison(BEHIND, "An earlier event of the same key is a dead letter.")
        if poison is not None:
            letters.append(_letter(reading, poison, policy))
            buried.add(message.origin)
            if reading.key and poison.reason != ID_REUSED:
                blocked.add(reading.key)
        elif movement is not None:
            fresh.append(Fresh(movement, message, zones[movement.customer]))
            known[movement.name] = movement.digest
    return fresh, letters


def _complaint(
    reading: Reading, zones: Mapping[UUID, str], known: Mapping[str, bytes]
) -> Poison | None:
    movement = reading.movement
    if movement is None:
        return reading.poison
    if movement.customer not in zones:
        return Poison(UNKNOWN_CUSTOMER, "`customer` is no customer of this bank.")
    if movement.name in known:  # with the same digest it would not have come here
        return Poison(ID_REUSED, f"{movement.name} came before and said something else.")
    return None


_INSERT = """
    INSERT INTO fraud_streamevent (id, name, digest, source, topic, partition, position)
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::bytea[], %s::text[], %s::text[],
                         %s::int[], %s::text[])
    ON CONFLICT (name) DO NOTHING RETURNING id
"""


def _judge(fresh: Sequence[Fresh]) -> int:
    """Those that another process has taken since we looked are left to it."""
    if not fresh:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, _columns(fresh))
        ours = {row[0] for row in cursor.fetchall()}
    theirs = {one.movement.name: one.movement.digest for one in fresh if one.id not in ours}
    if theirs and selectors.digests_of(theirs) != theirs:
        raise TakenMeanwhile()
    judge_many([(one.facts, one.movement.booked) for one in fresh if one.id in ours])
    return len(ours)


def _columns(fresh: Sequence[Fresh]) -> list[list[object]]:
    """By name, so that two processes with the same events wait for each other in one order."""
    rows = [
        (one.id, one.movement.name, one.movement.digest, m.source, m.topic, m.partition, m.position)
        for one in sorted(fresh, key=lambda one: one.movement.name)
        for m in (one.message,)
    ]
    return [list(column) for column in zip(*rows, strict=True)]


_OFFSETS = """
    INSERT INTO fraud_streamoffset (topic, partition, "offset", at) VALUES (%s, %s, %s, %s)
    ON CONFLICT (topic, partition) DO UPDATE SET "offset" = excluded."offset", at = excluded.at
"""


def _store_offsets(messages: Sequence[Message], now: datetime) -> None:
    """Even backwards: who has been read again is known by its id, who was skipped would be lost."""
    ends: dict[tuple[str, int], int] = {}
    for message in messages:
        if message.offset is not None:
            place = message.topic, message.partition
            ends[place] = max(ends.get(place, 0), message.offset + 1)
    with connection.cursor() as cursor:
        for (topic, partition), offset in sorted(ends.items()):
            cursor.execute(_OFFSETS, [topic, partition, offset, now])


# --- dead letters ---------------------------------------------------------------------------


@transaction.atomic
def bury(
    message: Message,
    error: Exception,
    *,
    now: datetime | None = None,
    policy: StreamPolicy = STREAM,
) -> Taken:
    """Set aside what could not be judged, though nothing may be wrong with its form."""
    now = now or timezone.now()
    reading = Reading.of(message, now, policy)
    poison = reading.poison or Poison(HANDLER_ERROR, _told(error))
    letter = _letter(reading, poison, policy)
    letter.attempts = policy.tries
    letters = [] if selectors.letters_from([message]) else [letter]
    _bury(letters)
    _store_offsets([message], now)
    return Taken(0, 1 - len(letters), tuple(letters))


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\x00", "\ufffd")[:ERROR_MAX]


def _letter(reading: Reading, poison: Poison, policy: StreamPolicy) -> DeadLetter:
    message = reading.message
    movement = reading.movement
    return DeadLetter(
        id=uuid7(),
        source=message.source,
        topic=message.topic,
        partition=message.partition,
        position=message.position,
        key=reading.key,
        name=movement.name if movement is not None else poison.name,
        message_key=None if message.key is None else message.key[: policy.header_bytes_max],
        payload=message.value[: policy.kept_bytes_max],
        digest=message.digest,
        size=len(message.value),
        headers=[
            [name[:80], value[: policy.header_bytes_max].hex()]
            for name, value in message.headers[: policy.headers_max]
        ],
        reason=poison.reason,
        error=poison.text[:ERROR_MAX],
    )


def _bury(letters: Sequence[DeadLetter]) -> None:
    DeadLetter.objects.bulk_create(letters)
    for letter in letters:
        _remember("buried", letter, data={"reason": letter.reason})


def _remember(
    what: str,
    letter: DeadLetter,
    *,
    by: User | None = None,
    reason: str = "",
    data: dict[str, object] | None = None,
) -> None:
    origin = f"{letter.source} {letter.topic}/{letter.partition}/{letter.position}"
    record(
        f"fraud.dead_letter.{what}",
        subject=letter,
        by=by,
        reason=reason,
        data={"origin": origin, **(data or {})},
    )


# --- what officers do -----------------------------------------------------------------------


@transaction.atomic
def correct(*, letter: DeadLetter, corrected: bytes, by: User) -> DeadLetter:
    """Put a right copy beside the original. It must be an event by its form; what came stays."""
    letter = _locked(letter)
    try:
        movement = parse(corrected, now=timezone.now())
    except Poison as poison:
        raise CorrectionRefused(f"{poison.text}") from None
    letter.corrected, letter.corrected_by, letter.name = corrected, by, movement.name
    letter.save(update_fields=["corrected", "corrected_by", "name"])
    owner = User.objects.filter(pk=movement.customer).first()
    record(
        "fraud.dead_letter.corrected",
        subject=letter,
        by=by,
        owner=owner,
        before={"event": bytes(letter.payload)[:4000].decode("utf-8", "replace")},
        after={"event": corrected[:4000].decode("utf-8", "replace")},
    )
    return letter


def replay(*, letter: DeadLetter, by: User | None = None, release: bool = True) -> DeadLetter:
    """Take it as if it came now. What fails again stays waiting and says why."""
    try:
        letter = _replay(letter, by)
    except Poison as poison:
        return _fail_again(letter, poison, by)
    except (DeadLetterSettled, DeadLetterBehind, DeadLetterCut):
        raise
    except Exception as error:
        log.exception("dead_letter_failed_again", letter=letter.public_id)
        return _fail_again(letter, Poison(HANDLER_ERROR, _told(error)), by)
    if release:
        release_parked(letter.key)
    return letter


@transaction.atomic
def _replay(letter: DeadLetter, by: User | None) -> DeadLetter:
    letter = _locked(letter)
    if letter.cut and letter.corrected is None:
        raise DeadLetterCut()
    if selectors.ahead_of(letter) is not None:
        raise DeadLetterBehind()
    movement = parse(letter.value, now=timezone.now())
    reading = Reading(letter.message(), movement)
    zones = selectors.zones_of([movement.customer])
    known = selectors.digests_of([movement.name])
    if known.get(movement.name) != movement.digest:
        if poison := _complaint(reading, zones, known):
            raise poison
        _judge([Fresh(movement, reading.message, zones[movement.customer])])
    event = StreamEvent.objects.get(name=movement.name)
    letter.event, letter.name = event, movement.name
    letter.attempts += 1
    _settle(letter, DeadLetter.Status.REPLAYED, by)
    _remember("replayed", letter, by=by, data={"event": event.public_id})
    return letter


@transaction.atomic
def _fail_again(letter: DeadLetter, poison: Poison, by: User | None) -> DeadLetter:
    letter = _locked(letter)
    letter.reason, letter.error = poison.reason, poison.text[:ERROR_MAX]
    letter.attempts += 1
    letter.save(update_fields=["reason", "error", "attempts"])
    _remember("failed_again", letter, by=by, data={"reason": poison.reason})
    return letter


def replay_many(letters: "QuerySet[DeadLetter]", *, by: User | None = None) -> tuple[int, int]:
    """Replay these in the order they came; returns how many were, and how many still wait."""
    replayed = waiting = 0
    for pk in list(letters.order_by("id").values_list("pk", flat=True)):
        try:
            letter = replay(letter=DeadLetter(pk=pk), by=by)
        except DeadLetterSettled:
            continue  # it has followed the one it waited for
        except (DeadLetterBehind, DeadLetterCut):
            waiting += 1
            continue
        if letter.status == DeadLetter.Status.WAITING:
            waiting += 1
        else:
            replayed += 1
    return replayed, waiting


def discard(*, letter: DeadLetter, by: User, note: str) -> DeadLetter:
    """Leave it out for good, and say why. The row stays."""
    note = _why(note)
    with transaction.atomic():
        letter = _locked(letter)
        _leave_out(letter, by, note)
    release_parked(letter.key)
    return letter


def discard_many(letters: "QuerySet[DeadLetter]", *, by: User, note: str) -> int:
    """Leave out those of these that still wait, each recorded; returns how many.

    All of them before anything behind them follows: one that waited for another of them must be
    left out as well, and not be judged a moment earlier.
    """
    note = _why(note)
    with transaction.atomic():
        waiting = letters.filter(status=DeadLetter.Status.WAITING)
        chosen = list(waiting.order_by("id").select_for_update())
        for letter in chosen:
            _leave_out(letter, by, note)
    for key in dict.fromkeys(letter.key for letter in chosen):
        release_parked(key)
    return len(chosen)


def _why(note: str) -> str:
    note = note.strip()
    if not NOTE_MIN <= len(note) <= NOTE_MAX:
        raise DiscardNeedsReason()
    return note


def _leave_out(letter: DeadLetter, by: User, note: str) -> None:
    letter.note = note
    _settle(letter, DeadLetter.Status.DISCARDED, by)
    _remember("discarded", letter, by=by, reason=note)


def release_parked(key: str, policy: StreamPolicy = STREAM) -> int:
    """Judge the events that waited behind a letter that is settled now, in their order."""
    released = 0
    while released < policy.released_max and (parked := selectors.next_parked(key)) is not None:
        try:
            parked = replay(letter=parked, release=False)
        except (DeadLetterSettled, DeadLetterBehind):
            continue  # another process releases the same key; look again who is next
        if parked.status == DeadLetter.Status.WAITING:
            break  # it is poison itself, and the next ones wait for it
        released += 1
    return released


def release_all_parked(policy: StreamPolicy = STREAM) -> int:
    """Sweep: whoever was parked just while the letter before it was settled."""
    return sum(release_parked(key, policy) for key in selectors.free_keys(policy.released_max))


def _locked(letter: DeadLetter) -> DeadLetter:
    letter = DeadLetter.objects.select_for_update().get(pk=letter.pk)
    if letter.status != DeadLetter.Status.WAITING:
        raise DeadLetterSettled()
    return letter


def _settle(letter: DeadLetter, status: str, by: User | None) -> None:
    letter.status, letter.settled_by, letter.settled_at = status, by, timezone.now()
    letter.save(
        update_fields=["status", "settled_by", "settled_at", "note", "event", "name", "attempts"]
    )


# --- readers --------------------------------------------------------------------------------


def beat(reader: StreamReader, policy: StreamPolicy = STREAM) -> None:
    """A reader says that it lives; those long silent are forgotten."""
    reader.seen_at = timezone.now()
    values = {field.attname: getattr(reader, field.attname) for field in reader._meta.fields[1:]}
    StreamReader.objects.update_or_create(name=reader.name, defaults=values)
    StreamReader.objects.filter(seen_at__lt=reader.seen_at - policy.readers_kept).delete()
