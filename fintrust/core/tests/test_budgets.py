"""Budgets of requests, and a Redis that does not answer."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fintrust.core import budgets
from fintrust.core.budgets import Budget
from fintrust.core.errors import Unavailable

BUDGET = Budget("test", 3, 60)


@pytest.fixture
def silent(settings):
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings.REDIS_URL = f"redis://127.0.0.1:{listening.getsockname()[1]}/0"
        forget()
        yield
    forget()


def forget():
    budgets._redis.cache_clear()
    budgets._PATIENCE.resting_until = 0.0
    budgets._HERE.__init__()


def test_so_many_are_allowed_in_a_window_and_then_again():
    spent = [BUDGET.spend("ada", now=0.0).allowed for _ in range(4)]
    assert spent == [True, True, True, False]
    assert BUDGET.spend("ben", now=0.0).allowed
    assert BUDGET.spend("ada", now=60.0).left == 2


def test_all_at_once_are_counted_one_by_one():
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: BUDGET.spend("ada", now=0.0).spent, range(40)))
    assert sorted(found) == list(range(1, 41))


def test_while_redis_says_nothing_each_process_counts_for_itself(silent):
    begun = time.perf_counter()
    spent = [BUDGET.spend("ada", now=0.0) for _ in range(4)]
    assert [usage.allowed for usage in spent] == [True, True, True, False]
    assert BUDGET.spend("ben", now=0.0).allowed
    assert BUDGET.spend("ada", now=60.0).left == 2
    # One of them has waited, the others were spared.
    assert time.perf_counter() - begun < 2 * budgets.WAIT_SECONDS_MAX + 0.5


def test_what_a_process_counts_itself_is_bounded(silent, monkeypatch):
    monkeypatch.setattr(budgets, "COUNTED_HERE_MAX", 2)
    for who in ("ada", "ben"):
        BUDGET.spend(who, now=0.0)
    with pytest.raises(Unavailable):
        BUDGET.spend("cem", now=59.0)
    assert BUDGET.spend("ada", now=59.0).spent == 2  # who is known goes on being counted
    assert BUDGET.spend("cem", now=60.0).spent == 1  # and what is over makes room
