"""The loop of one process: read, take, acknowledge; go on whatever is away for a while."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from fraud.models import StreamReader
from fraud.stream import services
from fraud.stream.messages import Message, Source, SourceAway
from fraud.stream.policy import STREAM, StreamPolicy
from fraud.stream.services import Taken

log = structlog.get_logger(__name__)

T = TypeVar("T")
_STEP_SECONDS = 0.2  # of a pause; so long a stop may take in one


class DatabaseAway(Exception):
    """PostgreSQL does not answer: no fault of any event."""


class Stopped(Exception):
    """Somebody asked us to stop; what is not acknowledged comes again, to us or to another."""


class Consumer:
    """Reads one source until `stop` is set. A batch that has begun is finished first."""

    def __init__(
        self, source: Source, *, stop: threading.Event, policy: StreamPolicy = STREAM
    ) -> None:
        self._source, self._stop, self._policy = source, stop, policy
        now = timezone.now()
        self.reader = StreamReader(
            name=source.name, source=source.kind, topic=source.topic, started_at=now, seen_at=now
        )
        self._beat_at, self._swept_at, self._beaten = 0.0, 0.0, (time.monotonic(), 0)

    def run(self) -> None:
        log.info("stream_started", reader=self.reader.name, topic=self.reader.topic)
        try:
            while not self._stop.is_set():
                self._turn()
            self._insist(self._beat)  # the last figures
        except Stopped:
            log.info("stream_stopped_while_waiting")
        finally:
            self._source.close()
        log.info("stream_stopped", reader=self.reader.name, taken=self.reader.taken)

    def _turn(self) -> None:
        messages = self._insist(self._source.read)
        if messages:
            self._work(messages)
        self._insist(self._keep_house)

    def _work(self, messages: Sequence[Message]) -> None:
        """Take what is still ours; a pause while the database is away may have cost us some."""

        def take() -> None:
            mine = self._source.mine(messages)
            if mine:
                self._take(mine)

        self._insist(take)
        self._insist(lambda: self._source.done(messages))

    # --- taking -------------------------------------------------------------------------------

    def _take(self, messages: Sequence[Message]) -> None:
        """Halve a batch that fails until the one event is found whose fault it is.

        What the first halves did is committed, and known when the batch should come again.
        """
        try:
            self._count(services.take(messages, policy=self._policy))
        except Exception as error:
            if not _database_answers():
                raise DatabaseAway(str(error)) from error
            if len(messages) == 1:
                self._try_again(messages[0], error)
                return
            middle = len(messages) // 2
            log.warning("stream_batch_halved", events=len(messages), error=repr(error)[:300])
            self._take(messages[:middle])
            self._take(messages[middle:])

    def _try_again(self, message: Message, error: Exception) -> None:
        """What fails a few times, a moment apart, becomes a dead letter."""
        for pause in self._policy.pauses_seconds[: self._policy.tries - 1]:
            self._stop.wait(pause)
            try:
                self._count(services.take([message], policy=self._policy))
                return
            except Exception as again:
                error = again
                if not _database_answers():
                    raise DatabaseAway(str(error)) from error
        log.error("stream_event_buried", position=message.position, exc_info=error)
        try:
            self._count(services.bury(message, error, policy=self._policy))
        except Exception as again:
            # A database that keeps no dead letter either is full or read-only: not the event.
            raise DatabaseAway(str(again)) from again

    def _count(self, taken: Taken) -> None:
        reader = self.reader
        reader.taken += taken.judged
        reader.doubled += taken.doubled
        reader.buried += len(taken.buried)
        if taken.buried:
            self._source.copy(
                [letter.message() for letter in taken.buried],
                [letter.reason for letter in taken.buried],
            )

    # --- house --------------------------------------------------------------------------------

    def _keep_house(self) -> None:
        now = time.monotonic()
        if now >= self._swept_at:
            self._swept_at = now + self._policy.sweep_seconds
            services.release_all_parked(self._policy)
        if now >= self._beat_at:
            self._beat_at = now + self._policy.beat_seconds
            self._beat()

    def _beat(self) -> None:
        reader, (then, taken) = self.reader, self._beaten
        now = time.monotonic()
        reader.rate = (reader.taken - taken) / max(now - then, 0.001)
        reader.waiting = self._source.waiting()
        services.beat(reader, self._policy)
        self._beaten = now, reader.taken

    # --- patience -----------------------------------------------------------------------------

    def _insist(self, deed: Callable[[], T]) -> T:
        """Do it, however long that takes to be possible."""
        attempt = 0
        while True:
            try:
                return deed()
            except (SourceAway, DatabaseAway, OperationalError, InterfaceError) as error:
                pauses = self._policy.outage_seconds
                pause = pauses[min(attempt, len(pauses) - 1)]
                attempt += 1
                log.warning("stream_waits", seconds=pause, error=str(error)[:300])
                _database_answers()  # closes a connection that is broken
                self._rest(pause)

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._stop.is_set():
                raise Stopped
            self._source.rest(min(left, _STEP_SECONDS))


def patient(stop: threading.Event, ask: Callable[..., T]) -> Callable[..., T]:
    """The same question, asked until the database answers."""

    def answer(*args: object) -> T:
        while not stop.is_set():
            try:
                return ask(*args)
            except (OperationalError, InterfaceError) as error:
                log.warning("stream_waits", error=str(error)[:300])
                connection.close()
                stop.wait(_STEP_SECONDS)
        raise Stopped

    return answer


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True
    except (OperationalError, InterfaceError):
        connection.close()
        return False
