"""Who asked, and under which request id, is known to the task that was asked for."""

from types import SimpleNamespace

import pytest

from fintrust import celery
from fintrust.core import context


@pytest.fixture
def sent():
    """The headers of a task that somebody's request sends."""
    headers: dict[str, object] = {}
    with context.use(actor_id="ada", actor_kind="customer", request_id="r-1", ip="192.0.2.1"):
        celery._pack(headers=headers)
    return headers


def task(headers):
    return SimpleNamespace(name="a.task", request=SimpleNamespace(**headers))


def test_a_task_runs_in_the_context_that_sent_it_and_leaves_it(sent):
    celery._unpack(task_id="1", task=task(sent))
    here = context.current()
    assert (here.actor_id, here.request_id, here.ip) == ("ada", "r-1", "192.0.2.1")
    celery._leave(task_id="1")
    assert context.current() == context.Context()


def test_a_tick_of_the_clock_is_the_system_with_a_request_id_of_its_own():
    celery._unpack(task_id="2", task=task({}))
    assert context.current().actor_kind == "system"
    assert context.current().request_id
    celery._leave(task_id="2")
