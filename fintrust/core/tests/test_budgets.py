"""Budgets of requests, and a Redis that does not answer."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis.exceptions import RedisError

from fintrust.core import budgets
from fintrust.core.budgets import Budget

BUDGET = Budget("test", 3, 60)


@pytest.fixture
def silent(settings):
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings.REDIS_URL = f"redis://127.0.0.1:{listening.getsockname()[1]}/0"
        budgets._redis.cache_clear()
        yield
    budgets._redis.cache_clear()


def test_so_many_are_allowed_in_a_window_and_then_again():
    spent = [BUDGET.spend("ada", now=0.0).allowed for _ in range(4)]
    assert spent == [True, True, True, False]
    assert BUDGET.spend("ben", now=0.0).allowed
    assert BUDGET.spend("ada", now=60.0).left == 2


def test_all_at_once_are_counted_one_by_one():
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: BUDGET.spend("ada", now=0.0).spent, range(40)))
    assert sorted(found) == list(range(1, 41))


def test_a_redis_that_says_nothing_is_not_waited_for(silent):
    with pytest.raises(RedisError):  # which every door answers with 503
        BUDGET.spend("ada", now=0.0)
