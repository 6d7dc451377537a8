"""How long decisions take, measured inside: counted in this process, kept in Redis by the hour.

A figure to watch, not a record: what Redis loses is lost, and nobody waits for it.
"""

import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

import structlog
from django.conf import settings
from django.db import transaction
from redis import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

# Upper ends in microseconds, each about half as much again: a quantile is known to a third.
EDGES = (
    200, 300, 450, 700, 1_000, 1_500, 2_000, 3_000, 4_500, 7_000, 10_000, 15_000, 20_000, 30_000,
    50_000, 100_000, 200_000, 500_000, 1_000_000,
)  # fmt: skip
FLUSH_SECONDS = 5.0  # as often as a process tells Redis; in between it only counts
KEEP = timedelta(days=31)
_WAIT_SECONDS_MAX = 0.2
P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Latency:
    """How long decisions of a range took. Quantiles are the end of their band, in milliseconds."""

    decisions: int
    p50_ms: float | None
    p99_ms: float | None
    bands: tuple[int, ...]


class Stopwatch:
    """Counts in this process, and hands over what it counted now and then."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[int] = Counter()
        self._flushed = -FLUSH_SECONDS

    def add(self, seconds: float) -> None:
        band, now = band_of(seconds), time.monotonic()
        with self._lock:
            self._counts[band] += 1
            if now - self._flushed < FLUSH_SECONDS:
                return
            due, self._counts, self._flushed = self._counts, Counter(), now
        # After the commit: no lock of an account may wait for Redis.
        transaction.on_commit(lambda: _flush(due), robust=True)


WATCH = Stopwatch()


def measured(function: Callable[P, R]) -> Callable[P, R]:
    """Count how long each call takes that comes to an end."""

    @wraps(function)
    def timed(*args: P.args, **kwargs: P.kwargs) -> R:
        start = time.perf_counter()
        answer = function(*args, **kwargs)
        WATCH.add(time.perf_counter() - start)
        return answer

    return timed


def band_of(seconds: float) -> int:
    return bisect_left(EDGES, seconds * 1_000_000)


def latency(since: datetime, until: datetime) -> Latency | None:
    """How long the decisions of these hours took; None when Redis cannot be asked."""
    hours = _hours(since, until)
    try:
        with _redis().pipeline(transaction=False) as pipe:
            for hour in hours:
                pipe.hgetall(_key(hour))
            found = pipe.execute()
    except RedisError as error:
        log.warning("latency_unknown", error=repr(error))
        return None
    counts: Counter[int] = Counter()
    for one in found:
        counts.update({int(band): int(count) for band, count in one.items()})
    return of(counts)


def of(counts: Counter[int]) -> Latency:
    bands = tuple(counts[band] for band in range(len(EDGES) + 1))
    return Latency(sum(bands), _quantile(bands, 0.5), _quantile(bands, 0.99), bands)


def _quantile(bands: Iterable[int], share: float) -> float | None:
    counts = list(bands)
    wanted, seen = share * sum(counts), 0
    for band, count in enumerate(counts):
        seen += count
        if count and seen >= wanted:
            return EDGES[min(band, len(EDGES) - 1)] / 1000
    return None


def _flush(counts: Counter[int]) -> None:
    key = _key(datetime.now(UTC))
    try:
        with _redis().pipeline(transaction=False) as pipe:
            for band, count in counts.items():
                pipe.hincrby(key, str(band), count)
            pipe.expire(key, KEEP)
            pipe.execute()
    except RedisError as error:
        log.warning("latency_lost", decisions=counts.total(), error=repr(error))


@lru_cache
def _redis() -> Redis:
    wait = _WAIT_SECONDS_MAX
    return Redis.from_url(settings.REDIS_URL, socket_timeout=wait, socket_connect_timeout=wait)


def _key(moment: datetime) -> str:
    return f"fraud:assess:{moment.astimezone(UTC):%Y%m%d%H}"


def _hours(since: datetime, until: datetime) -> list[datetime]:
    first = max(since, until - KEEP).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [
        first + timedelta(hours=n) for n in range(int((until - first) / timedelta(hours=1)) + 1)
    ]
