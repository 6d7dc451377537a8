"""Telling followers to look again, from one event loop in a thread of its own.

A request must not wait for Redis, and a loop made for each wake-up would open a connection for
each. A wake-up may be lost: followers also poll.
"""

import asyncio
import os
import threading
from collections.abc import Sequence

import structlog
from channels.layers import get_channel_layer

from fintrust.core.ids import uuid7

SEND_SECONDS_MAX = 2.0

log = structlog.get_logger(__name__)


def group_of(topic: str) -> str:
    """The channel-layer group of a topic: letters that Channels allows."""
    return "live." + topic.replace(":", ".")


class Waker:
    """Sends what is due. A topic that is due already is not due twice, so a jam stays small."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due: set[str] = set()

    def wake(self, topics: Sequence[str]) -> None:
        """Returns at once. Call it after the commit: whoever looks must find the rows."""
        with self._lock:
            loop = self._loop = self._loop or _started_loop()
            scheduled = bool(self._due)
            self._due.update(topics)
        if not scheduled:
            asyncio.run_coroutine_threadsafe(self._send(), loop)

    async def _send(self) -> None:
        with self._lock:
            due, self._due = self._due, set()
        try:
            async with asyncio.timeout(SEND_SECONDS_MAX):
                layer = get_channel_layer()
                for topic in due:
                    # One key a wake-up, so that a page can tell its echo from another's.
                    message = {"type": "live.wake", "id": str(uuid7())}
                    await layer.group_send(group_of(topic), message)
        except Exception as error:  # Redis is away in one of its many ways
            log.warning("wake_up_lost", topics=sorted(due)[:10], error=repr(error))


def _started_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="wake-ups", daemon=True).start()
    return loop


_waker = Waker()


def wake(topics: Sequence[str]) -> None:
    """Tell the followers of these topics to look again."""
    _waker.wake(topics)


def _forget_loop() -> None:
    """A forked child has no thread of its parent's; it begins its own when it has news."""
    global _waker
    _waker = Waker()


os.register_at_fork(after_in_child=_forget_loop)
