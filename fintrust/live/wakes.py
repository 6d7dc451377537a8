"""The socket of a person's own pages. It says that something changed, never what: the page asks
again, as the person it is."""

import asyncio
from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from fintrust.core import wakeups
from fintrust.core.models import User
from fintrust.live.consumers import BAD_MESSAGE, SIGNED_OUT, _sync, person_of
from fintrust.live.policy import STANDARD, FeedPolicy


class WakeConsumer(AsyncJsonWebsocketConsumer):
    policy: FeedPolicy = STANDARD
    _group = ""
    _watch: "asyncio.Task[None] | None" = None

    async def connect(self) -> None:
        user = await self._person()
        if user is None:
            await self.close()  # before accepting: the handshake is answered with 403
            return
        self._group = wakeups.group_of(f"user:{user.pk}")
        await self.channel_layer.group_add(self._group, self.channel_name)
        await self.accept()
        self._watch = asyncio.create_task(self._while_signed_in())

    async def disconnect(self, code: int) -> None:
        if self._watch is not None:
            self._watch.cancel()
        if self._group:
            await self.channel_layer.group_discard(self._group, self.channel_name)

    async def live_wake(self, message: dict[str, Any]) -> None:
        await self.send_json({"type": "wake"})

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Nothing is said here by the page; whatever comes ends the conversation."""
        await self.close(BAD_MESSAGE)

    async def _while_signed_in(self) -> None:
        while await self._person() is not None:
            await asyncio.sleep(self.policy.beat_seconds)
        await self.close(SIGNED_OUT)

    async def _person(self) -> User | None:
        return await _sync(person_of, self.scope["session"].session_key)
