import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from channels.layers import channel_layers, get_channel_layer
from channels_redis.pubsub import RedisPubSubChannelLayer

from fintrust.core import wakeups

GROUP = "live.support"


def until(true: Callable[[], bool], seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.01)
    return False


@pytest.fixture
def heard(redis):
    """The wake-ups that reach the support group, as anybody at this Redis hears them."""
    listener = redis.pubsub()
    listener.psubscribe(f"*{GROUP}*")
    assert listener.get_message(timeout=5)["type"] == "psubscribe"
    yield lambda: listener.get_message(timeout=5)
    listener.close()


def test_a_wake_up_reaches_the_group_of_its_topic(heard):
    wakeups.wake(["support"])
    assert heard()["type"] == "pmessage"


def test_many_threads_share_one_connection(redis, heard):
    wakeups.wake(["support"])
    assert heard()
    before = len(redis.client_list())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: wakeups.wake([f"user:{n}"]), range(200)))
    wakeups.wake(["support"])
    assert heard()
    assert len(redis.client_list()) <= before + 1


def test_without_redis_the_deed_goes_on_and_the_loss_is_logged(caplog):
    nowhere = RedisPubSubChannelLayer(hosts=[{"address": "unix:///nowhere/redis.sock"}])
    usual = get_channel_layer()
    channel_layers.set("default", nowhere)
    try:
        wakeups.wake(["support"])
        assert until(lambda: "wake_up_lost" in caplog.text)
    finally:
        channel_layers.set("default", usual)
