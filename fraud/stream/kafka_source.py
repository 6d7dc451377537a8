"""Kafka, through librdkafka. Our offsets are in PostgreSQL, in the same commit as the effect; the
broker is told afterwards, so that others can see how far we are."""

import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import confluent_kafka as kafka
import structlog

from fraud.stream.messages import KAFKA, Message, SourceAway
from fraud.stream.policy import STREAM, StreamPolicy

log = structlog.get_logger(__name__)

# What waits in this process's memory is bounded, however far behind it is.
_BOUNDS = {
    "queued.max.messages.kbytes": 16_384,
    "queued.min.messages": 2_000,
    "fetch.max.bytes": 8_388_608,
    "fetch.message.max.bytes": 1_048_576,
}


class KafkaSource:
    """One member of the group; the broker shares the partitions among all of them."""

    kind = KAFKA

    def __init__(
        self,
        servers: str,
        topic: str,
        *,
        group: str,
        offsets: Callable[[str, list[int]], Mapping[int, int]],
        options: Mapping[str, Any] | None = None,
        copies_to: str = "",
        policy: StreamPolicy = STREAM,
    ) -> None:
        """`offsets` answers where to go on in each partition; it may wait for its database."""
        self.topic, self._policy, self._offsets = topic, policy, offsets
        self.name = f"{socket.gethostname()[:60]}-{os.getpid()}-{time.time_ns():x}"
        common = {"bootstrap.servers": servers, "client.id": self.name, **(options or {})}
        # `test.mock.*` and other options of producers are no business of a consumer's.
        self._consumer = kafka.Consumer(
            {
                "session.timeout.ms": 10_000,
                **_BOUNDS,
                **common,
                "group.id": group,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "error_cb": self._complain,
            }
        )
        self._copies_to = copies_to
        self._producer = kafka.Producer(common) if copies_to else None
        self._partitions: set[int] = set()
        self._next: dict[int, int] = {}
        self._held: list[Any] = []  # came while we rested
        self._away: kafka.KafkaError | None = None
        self._consumer.subscribe(
            [topic], on_assign=self._given, on_revoke=self._taken, on_lost=self._taken
        )

    # --- the group ----------------------------------------------------------------------------

    def _given(self, consumer: Any, partitions: list[Any]) -> None:
        """Go on where the rows say, not where the broker believes."""
        stored = self._offsets(self.topic, [one.partition for one in partitions])
        for one in partitions:
            one.offset = stored.get(one.partition, kafka.OFFSET_BEGINNING)
        consumer.assign(partitions)
        self._partitions = {one.partition for one in partitions}
        self._next = dict(stored)
        log.info("stream_partitions", given=sorted(self._partitions))

    def _taken(self, consumer: Any, partitions: list[Any]) -> None:
        self._partitions -= {one.partition for one in partitions}

    def _complain(self, error: Any) -> None:
        """librdkafka goes on trying by itself; that nobody answers is worth saying."""
        if error.code() == kafka.KafkaError._ALL_BROKERS_DOWN:
            self._away = error
        log.warning("stream_broker", error=str(error))

    # --- reading ------------------------------------------------------------------------------

    def read(self) -> list[Message]:
        self._away = None
        held, self._held = self._held, []
        first = held.pop() if held else self._consumer.poll(self._policy.wait_seconds)
        if first is None:
            if self._away is not None:
                raise SourceAway(str(self._away))
            return []
        more = self._consumer.consume(
            self._policy.batch_events_max - 1, timeout=self._policy.gather_seconds
        )
        # A rebalance may have come while we gathered: what is no longer ours has another reader.
        return self.mine([m for m in map(_message, [first, *more]) if m is not None])

    def done(self, messages: Sequence[Message]) -> None:
        for message in messages:
            assert message.offset is not None
            self._next[message.partition] = message.offset + 1
        ends = {message.partition: self._next[message.partition] for message in messages}
        try:
            self._consumer.commit(
                offsets=[kafka.TopicPartition(self.topic, p, offset) for p, offset in ends.items()],
                asynchronous=True,
            )
        except kafka.KafkaException as error:  # our own offsets are what counts
            log.warning("stream_broker_not_told", error=str(error))

    def copy(self, letters: Sequence[Message], reasons: Sequence[str]) -> None:
        if self._producer is None:
            return
        for letter, reason in zip(letters, reasons, strict=True):
            origin = f"{letter.topic}/{letter.partition}/{letter.position}"
            headers: Any = [("reason", reason), ("origin", origin), *letter.headers]
            try:
                self._producer.produce(
                    self._copies_to, letter.value, key=letter.key, headers=headers
                )
            except (BufferError, kafka.KafkaException) as error:
                log.warning("dead_letter_not_copied", origin=origin, error=str(error))
        self._producer.poll(0)

    def rest(self, seconds: float) -> None:
        """Wait without new events, but as a member of the group that is alive."""
        self._consumer.pause(self._consumer.assignment())
        if self._held:
            time.sleep(seconds)
        elif (came := self._consumer.poll(seconds)) is not None:
            self._held.append(came)  # of partitions that were given to us just now
        self._consumer.resume(self._consumer.assignment())

    def mine(self, messages: Sequence[Message]) -> list[Message]:
        return [message for message in messages if message.partition in self._partitions]

    def waiting(self) -> int:
        """By the ends of the partitions as the last answer told them; asks nobody."""
        behind = 0
        for partition in self._partitions:
            place = kafka.TopicPartition(self.topic, partition)
            low, high = self._consumer.get_watermark_offsets(place, cached=True)
            if high >= 0:
                behind += max(0, high - self._next.get(partition, max(low, 0)))
        return behind

    def close(self) -> None:
        self._consumer.close()
        if self._producer is not None:
            self._producer.flush(5)


def _message(found: Any) -> Message | None:
    if error := found.error():
        if error.fatal():
            raise kafka.KafkaException(error)
        log.warning("stream_broker", error=str(error))
        return None
    return Message(
        source=KAFKA,
        topic=found.topic(),
        partition=found.partition(),
        position=str(found.offset()),
        value=found.value() or b"",
        key=found.key(),
        headers=tuple((name, value or b"") for name, value in found.headers() or ()),
        offset=found.offset(),
    )
