"""The socket of the feed. It wakes; what a screen shows is read from rows, after its own cursor.

One batch is on its way at a time: the next is read when the screen says it has drawn the last.
So a slow screen leaves its backlog in the database, not in this process's memory.
"""

import asyncio
import contextlib
import importlib
import json
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from fintrust.core import live, wakeups
from fintrust.core.http import zone_of
from fintrust.core.models import User
from fintrust.live import access, feed
from fintrust.live.policy import STANDARD, FeedPolicy

log = structlog.get_logger(__name__)
T = TypeVar("T")
_sessions = importlib.import_module(settings.SESSION_ENGINE)

# Codes of our own (RFC 6455, 4000 to 4999); static/js/live/socket.js knows them too.
SIGNED_OUT, TOO_SLOW, BAD_MESSAGE, BROKEN = 4401, 4408, 4400, 4500
MESSAGE_LENGTH_MAX = 200


async def _sync(function: Callable[..., T], *arguments: Any) -> T:
    return await database_sync_to_async(function)(*arguments)


class LiveConsumer(AsyncJsonWebsocketConsumer):
    policy: FeedPolicy = STANDARD

    async def connect(self) -> None:
        self._running: list[asyncio.Task[None]] = []
        self._cursor = live.START
        self._woken, self._seen = asyncio.Event(), asyncio.Event()
        self.user = await self._watcher()
        if self.user is None:
            await self.close()  # before accepting: the handshake is answered with 403
            return
        await self.channel_layer.group_add(wakeups.group_of(live.SUPPORT), self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        for task in self._running:
            task.cancel()
        await self.channel_layer.group_discard(wakeups.group_of(live.SUPPORT), self.channel_name)

    async def live_wake(self, message: dict[str, Any]) -> None:
        self._woken.set()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Only short JSON is spoken here; anything else ends the conversation."""
        try:
            if not text_data or len(text_data) > MESSAGE_LENGTH_MAX:
                raise ValueError("not a message of ours")
            await self.receive_json(json.loads(text_data))
        except ValueError:
            await self.close(BAD_MESSAGE)

    async def receive_json(self, content: Any, **kwargs: Any) -> None:
        """A screen says where it stands (`follow`), and when it has drawn a batch (`seen`)."""
        match content:
            case {"type": "follow", "after": str(after)} if not self._running:
                await self._begin(after)
            case {"type": "seen"}:
                self._seen.set()
            case _:
                await self.close(BAD_MESSAGE)

    async def _begin(self, after: str) -> None:
        try:
            self._cursor = live.Cursor.parse(after)
        except live.InvalidCursor:
            await self.close(BAD_MESSAGE)
            return
        self._running = [self._guard(self._follow()), self._guard(self._beat())]

    def _guard(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """A task whose failure is logged and ends the connection; the screen comes back."""

        async def run() -> None:
            try:
                await work
            except Exception:
                log.exception("live feed broke")
                await self.close(BROKEN)

        return asyncio.create_task(run())

    # --- rows ---------------------------------------------------------------------------------

    async def _follow(self) -> None:
        if not await self._caught_up():
            return
        looks = 0  # without a new row, since the last wake-up
        while True:
            # Both before looking: neither a wake-up during the look is lost, nor a row that stops
            # being hidden right after it.
            self._woken.clear()
            hidden = await _sync(live.waiting, live.SUPPORT)
            batch = await _sync(self._read_batch)
            if batch is not None:
                if not await self._deliver(batch):
                    return
                looks = 0
            elif await self._woken_within(self._patience(hidden.count, looks)):
                looks = 0
            else:
                looks += 1

    async def _caught_up(self) -> bool:
        """A screen that slept too long is told how much it missed and continues near the end."""
        try:
            cursor, skipped = await _sync(feed.bounded, self._cursor, self.policy)
        except live.InvalidCursor:
            await self.close(BAD_MESSAGE)
            return False
        if skipped:
            self._cursor = cursor
            await self.send_json({"type": "skipped", "count": skipped})
        return True

    def _read_batch(self) -> dict[str, Any] | None:
        found = live.after(self._cursor, live.SUPPORT, self.policy.batch_rows_max)
        if not found:
            return None
        self._cursor = found[-1][0]
        rows = feed.rows_of(feed.shown(event for _, event in found))
        with timezone.override(zone_of(self.user)):
            html = feed.html_of(rows, may_acknowledge=self._may_acknowledge)
        return {"type": "rows", "cursor": str(self._cursor), "count": len(rows), "html": html}

    async def _deliver(self, batch: dict[str, Any]) -> bool:
        self._seen.clear()
        await self.send_json(batch)
        try:
            await asyncio.wait_for(self._seen.wait(), self.policy.seen_seconds_max)
        except TimeoutError:
            await self.close(TOO_SLOW)
            return False
        return True

    def _patience(self, hidden: int, looks: int) -> float:
        """How long to wait for a wake-up: briefly while committed rows are still hidden."""
        recheck = self.policy.recheck_seconds
        return recheck[min(looks, len(recheck) - 1)] if hidden else self.policy.poll_seconds

    async def _woken_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)
        return self._woken.is_set()

    # --- heartbeat ----------------------------------------------------------------------------

    async def _beat(self) -> None:
        """The server's time, how far the feed is behind, and whether this person may stay."""
        while True:
            waiting = await _sync(live.waiting, live.SUPPORT)
            await self.send_json(
                {"type": "beat", "now": waiting.now.isoformat(), "lag_ms": waiting.lag_ms}
            )
            await asyncio.sleep(self.policy.beat_seconds)
            if await self._watcher() is None:
                await self.close(SIGNED_OUT)
                return

    async def _watcher(self) -> User | None:
        """Who watches, read again from the rows: a session that ended must not keep a feed."""
        user = await _sync(_watcher, self.scope["session"].session_key)
        if user is not None:
            self._may_acknowledge = await _sync(access.may_acknowledge, user)
        return user


def _watcher(session_key: str | None) -> User | None:
    """The person of this session, if they may watch."""
    user = person_of(session_key)
    return user if user is not None and access.may_watch(user) else None


def person_of(session_key: str | None) -> User | None:
    """The person of this session, if it is still theirs."""
    session = _sessions.SessionStore(session_key)
    user = User.objects.filter(pk=session.get(SESSION_KEY), is_active=True).first()
    if user is None:
        return None
    # The same check as Django's: another password, and the session is nobody's.
    same = constant_time_compare(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
    return user if same else None
