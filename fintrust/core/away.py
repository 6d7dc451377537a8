"""Servers that may be away for a while: asked, and after a failure left alone for a moment."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import structlog
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
REST_SECONDS = 5.0  # unless who asks has less time: a payment holds its accounts' locks meanwhile
T = TypeVar("T")


class Away(Exception):
    """Redis did not answer in time, or a moment ago. What it knows is unknown; the log has why."""


@dataclass
class Patience:
    """Answers, or Away. After a failure everybody is spared the wait for a moment: hundreds of
    requests each waiting for a dead server would be an outage of their own."""

    what: str  # is asked, for the log
    rest_seconds: float = REST_SECONDS
    resting_until: float = field(default=0.0, init=False)

    def ask(self, question: Callable[[], T]) -> T:
        if time.monotonic() < self.resting_until:
            raise Away
        try:
            return question()
        except RedisError as error:
            self.resting_until = time.monotonic() + self.rest_seconds
            log.warning("redis_away", asked=self.what, error=repr(error))
            raise Away from error
