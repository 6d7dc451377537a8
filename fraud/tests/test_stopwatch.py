"""How long decisions take: bands on both sides of their edges, told to Redis, never in the way."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from fraud import services
from fraud.monitoring import stopwatch
from fraud.monitoring.stopwatch import EDGES, Stopwatch, band_of, latency, of
from fraud.tests.factories import customer, facts


@pytest.fixture
def server(settings):
    server = Redis.from_url(settings.REDIS_URL)
    keys = list(server.scan_iter("fraud:assess:*"))
    if keys:
        server.delete(*keys)
    stopwatch._redis.cache_clear()
    yield server
    stopwatch._redis.cache_clear()


def last_hour():
    now = datetime.now(UTC)
    return latency(now - timedelta(hours=1), now)


@pytest.mark.parametrize(
    "micros, band",
    [(0, 0), (200, 0), (201, 1), (300, 1), (301, 2), (1_000_000, 18), (1_000_001, 19)],
)
def test_a_band_ends_at_its_edge(micros, band):
    assert band_of(micros / 1_000_000) == band


def test_quantiles_are_the_ends_of_their_bands():
    found = of(Counter({band_of(0.0009): 99, band_of(0.0025): 1}))
    assert (found.decisions, found.p50_ms, found.p99_ms) == (100, 1.0, 1.0)
    found = of(Counter({band_of(0.0009): 98, band_of(0.0025): 2}))
    assert (found.p50_ms, found.p99_ms) == (1.0, 3.0)
    assert of(Counter()).p99_ms is None
    assert of(Counter({len(EDGES): 1})).p50_ms == EDGES[-1] / 1000  # longer than we can tell


def test_a_decision_is_measured_and_told_after_its_commit(bank, server, monkeypatch):
    monkeypatch.setattr(stopwatch, "WATCH", Stopwatch())
    services.assess(facts(customer_id=customer().pk))
    found = last_hour()
    assert found is not None and found.decisions == 1
    assert 0 < found.p50_ms < 1_000


def test_a_process_tells_now_and_then_and_forgets_nothing(bank, server):
    watch = Stopwatch()
    for _ in range(5):
        watch.add(0.001)
    assert last_hour().decisions == 1  # the first is told at once, the others wait
    watch._flushed -= stopwatch.FLUSH_SECONDS
    watch.add(0.001)
    assert last_hour().decisions == 6


def test_without_redis_a_decision_still_comes(bank, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    stopwatch._redis.cache_clear()
    Stopwatch().add(0.001)
    assert last_hour() is None
    stopwatch._redis.cache_clear()


def test_what_was_told_is_forgotten_after_a_month(bank, server):
    Stopwatch().add(0.001)
    (key,) = server.scan_iter("fraud:assess:*")
    assert 0 < server.ttl(key) <= stopwatch.KEEP.total_seconds()


def test_a_year_asked_for_is_no_year_of_keys(bank, server):
    now = datetime.now(UTC)
    assert len(stopwatch._hours(now - timedelta(days=366), now)) <= 31 * 24 + 2
