"""Redis Streams: what works without a broker.

What is acknowledged is also removed, so the length of the stream is what waits. The stream is in
Redis's memory: if Redis forgets it, events that were not taken yet are gone with it, and the
senders' next ones are taken; what was taken is in PostgreSQL, and may be sent again.
"""

import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import redis

from fraud.stream.messages import EVENT_FIELD, KEY_FIELD, REDIS, Message, SourceAway
from fraud.stream.policy import STREAM, StreamPolicy

_COPIES_MAX = 10_000  # of dead letters kept for listeners

# What a reader hears when its group is gone: as it asks, itself or by a script; while it waits,
# from Redis 7.0.
_GROUP_IS_GONE = ("NOGROUP", "UNBLOCKED")

# In one step: a consumer that has just come back to work must keep what it holds.
_FORGET = """
local gone = 0
if redis.call('EXISTS', KEYS[1]) == 0 then return gone end
for _, fields in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
    local about = {}
    for n = 1, #fields, 2 do about[fields[n]] = fields[n + 1] end
    if about['pending'] == 0 and about['idle'] > tonumber(ARGV[2]) then
        redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], about['name'])
        gone = gone + 1
    end
end
return gone
"""


class RedisSource:
    """One consumer of the group. Any number may run; what one leaves, another takes over."""

    kind = REDIS

    def __init__(
        self,
        url: str,
        topic: str,
        *,
        group: str,
        copies_to: str = "",
        policy: StreamPolicy = STREAM,
    ) -> None:
        self.topic, self._group, self._policy = topic, group, policy
        self._copies_to = copies_to
        self.name = f"{socket.gethostname()[:60]}-{os.getpid()}-{time.time_ns():x}"
        self._redis = redis.Redis.from_url(url, socket_timeout=10, socket_connect_timeout=5)
        self._claim_at = 0.0

    def read(self) -> list[Message]:
        with _away():
            try:
                return self._read()
            except redis.ResponseError as error:
                if not any(word in str(error) for word in _GROUP_IS_GONE):
                    raise
                self._found()  # the first time, and after Redis has lost its memory
                return self._read()

    def _read(self) -> list[Message]:
        if time.monotonic() >= self._claim_at:
            if found := self._abandoned():
                return found  # and look again at once: there may be more
            self._claim_at = time.monotonic() + self._policy.claim_seconds
        answer = self._redis.xreadgroup(
            self._group,
            self.name,
            {self.topic: ">"},
            count=self._policy.batch_events_max,
            block=int(self._policy.wait_seconds * 1000),
        )
        return [self._message(entry) for _, entries in cast(Any, answer or []) for entry in entries]

    def _found(self) -> None:
        try:
            self._redis.xgroup_create(self.topic, self._group, id="0", mkstream=True)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):  # another instance was first
                raise

    def _abandoned(self) -> list[Message]:
        """What a dead consumer has taken and not acknowledged. It may have been committed."""
        answer = self._redis.xautoclaim(
            self.topic,
            self._group,
            self.name,
            min_idle_time=int(self._policy.abandoned_seconds * 1000),
            count=self._policy.batch_events_max,
        )
        # Entries that somebody has cut out of the stream come without an id, from old servers.
        found = [entry for entry in cast(Any, answer)[1] if entry[0] is not None]
        if not found:
            forgotten_ms = int(self._policy.forgotten_seconds * 1000)
            self._redis.eval(_FORGET, 1, self.topic, self._group, str(forgotten_ms))
        return [self._message(entry) for entry in found]

    def _message(self, entry: tuple[bytes, dict[bytes, bytes]]) -> Message:
        position, fields = entry
        rest = [(name.decode("utf-8", "replace"), value) for name, value in fields.items()
                if name not in {EVENT_FIELD, KEY_FIELD}]  # fmt: skip
        return Message(
            source=REDIS,
            topic=self.topic,
            partition=0,
            position=position.decode(),
            value=fields.get(EVENT_FIELD, b""),
            key=fields.get(KEY_FIELD),
            headers=tuple(rest),
        )

    def done(self, messages: Sequence[Message]) -> None:
        ids = [message.position for message in messages]
        with _away(), self._redis.pipeline(transaction=True) as commands:
            commands.xack(self.topic, self._group, *ids)
            commands.xdel(self.topic, *ids)
            commands.execute()

    def copy(self, letters: Sequence[Message], reasons: Sequence[str]) -> None:
        if not self._copies_to:
            return
        with _away(), self._redis.pipeline(transaction=False) as commands:
            for letter, reason in zip(letters, reasons, strict=True):
                fields: dict[Any, Any] = {
                    EVENT_FIELD: letter.value,
                    KEY_FIELD: letter.key or b"",
                    "reason": reason,
                    "origin": f"{letter.topic}/{letter.partition}/{letter.position}",
                }
                commands.xadd(self._copies_to, fields, maxlen=_COPIES_MAX, approximate=True)
            commands.execute()

    def rest(self, seconds: float) -> None:
        time.sleep(seconds)

    def mine(self, messages: Sequence[Message]) -> list[Message]:
        return list(messages)  # whoever took them over meanwhile does the same work; once counts

    def waiting(self) -> int:
        with _away():
            return self._redis.xlen(self.topic)

    def close(self) -> None:
        self._redis.close()


@contextmanager
def _away() -> Iterator[None]:
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise SourceAway(str(error)) from error
