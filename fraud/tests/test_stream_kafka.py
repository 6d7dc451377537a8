"""Kafka, on librdkafka's own mock cluster: it lives in this process and forgets with it."""

import os
import random
import signal
import threading
import time
import traceback

import confluent_kafka as kafka
import pytest
from django.db import connections

from fraud.models import DeadLetter, Decision, StreamEvent, StreamOffset
from fraud.stream import selectors, services
from fraud.stream.consumer import Consumer, patient
from fraud.stream.kafka_source import KafkaSource
from fraud.stream.messages import Message
from fraud.tests.factories import customer
from fraud.tests.stream_help import raw
from fraud.tests.test_stream_processes import QUICK, end, wait_for

TOPIC, GROUP = "payments", "bank"
# The mock lets a group wait three seconds for its first members; so few things start here.
# Who was killed is missed after a session, and the others wait that long for its partitions: each
# kill takes some seconds. A session must outlast the mock's three seconds.
OPTIONS = {"session.timeout.ms": 4000, "heartbeat.interval.ms": 200}
KILLS = int(os.environ.get("STREAM_KILLS", 2))


class Cluster:
    """Brokers for one module: a new topic for each test."""

    def __init__(self) -> None:
        self.producer = kafka.Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 1})
        brokers = self.producer.list_topics(timeout=10).brokers.values()
        self.servers = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)

    def send(self, topic: str, *values: bytes, key: bytes | None = None, **more) -> None:
        for value in values:
            self.producer.produce(topic, value, key=key, **more)
        assert self.producer.flush(10) == 0

    def source(self, topic: str, stop: threading.Event, **more) -> KafkaSource:
        return KafkaSource(
            self.servers,
            topic,
            group=f"of-{topic}",
            offsets=patient(stop, selectors.offsets_of),
            options=OPTIONS,
            policy=QUICK,
            **more,
        )

    def fork_reader(self, topic: str, **more) -> int:
        connections.close_all()
        pid = os.fork()
        if pid:
            return pid
        try:
            stop = threading.Event()
            signal.signal(signal.SIGTERM, lambda *_: stop.set())
            Consumer(self.source(topic, stop, **more), stop=stop, policy=QUICK).run()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)


@pytest.fixture(scope="module")
def cluster():
    return Cluster()


@pytest.fixture
def topic(request):
    return request.node.name.replace("_", "-")


def test_readers_share_the_partitions_and_killed_again_and_again_lose_and_double_nothing(
    bank, cluster, topic
):
    victim, *others = people = [customer(f"{n}@example.com") for n in range(8)]
    sent = 0

    def send(person, many: int) -> None:
        nonlocal sent
        values = [raw(person, id=f"pay-{sent + n}-{person.pk}") for n in range(many)]
        cluster.send(topic, *values, key=person.public_id.encode())
        sent += many

    def taken() -> int:
        return StreamEvent.objects.count() + DeadLetter.objects.count()

    def keep_coming() -> None:
        """However quick the readers are, each kill finds them at work."""
        while sent - taken() < 300:
            for person in others:
                send(person, 10)

    for person in people:
        send(person, 30)
    cluster.send(topic, b"{", key=victim.public_id.encode(), headers=[("trace", b"\x01")])
    send(victim, 10)
    readers = [cluster.fork_reader(topic, copies_to=f"{topic}-dead") for _ in range(2)]
    try:
        for kill in range(KILLS):
            keep_coming()
            start = taken()
            wait_for(lambda start=start: taken() > start + 20, 30)
            time.sleep(random.Random(kill).uniform(0, 0.1))
            assert taken() < sent, "it was over before it was killed"
            assert end(readers.pop(0), signal.SIGKILL) == -signal.SIGKILL
            readers.append(cluster.fork_reader(topic, copies_to=f"{topic}-dead"))
        wait_for(lambda: taken() == sent + 1, 60)
        wait_for(lambda: sum(selectors.offsets_of(topic, range(9)).values()) == sent + 1, 30)
    finally:
        codes = [end(pid, signal.SIGTERM) for pid in readers]
    assert codes == [0, 0]
    # Ten of the poisoned key wait behind it.
    assert DeadLetter.objects.filter(reason="behind").count() == 10
    assert StreamEvent.objects.count() == sent - 10  # lost 0
    subjects = list(Decision.objects.values_list("subject", flat=True))
    assert len(subjects) == len(set(subjects)) == sent - 10  # doubled 0
    poison = DeadLetter.objects.get(reason="bad-json")
    assert (bytes(poison.payload), poison.headers) == (b"{", [["trace", "01"]])
    assert (poison.source, poison.topic, poison.key) == ("kafka", topic, victim.public_id)
    officer = customer("officer@example.com")
    services.discard(letter=poison, by=officer, note="no payment")
    assert StreamEvent.objects.count() == Decision.objects.count() == sent


def test_it_goes_on_where_the_rows_say_and_not_where_the_broker_believes(bank, cluster, topic):
    ada = customer()
    cluster.send(topic, *(raw(ada, id=f"pay-{n}") for n in range(20)), partition=0)
    # The broker was told that all was done; here nothing was stored of the second half.
    told = kafka.Consumer({"bootstrap.servers": cluster.servers, "group.id": f"of-{topic}"})
    told.commit(offsets=[kafka.TopicPartition(topic, 0, 20)], asynchronous=False)
    told.close()
    StreamOffset.objects.create(topic=topic, partition=0, offset=10, at="2026-03-10T12:00:00Z")
    stop = threading.Event()
    consumer = Consumer(cluster.source(topic, stop), stop=stop, policy=QUICK)

    def watch() -> None:
        while not stop.wait(0.05):
            if consumer.reader.taken == 10:
                stop.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    deadline = threading.Timer(30, stop.set)
    deadline.start()
    consumer.run()
    deadline.cancel()
    watcher.join()
    assert set(StreamEvent.objects.values_list("name", flat=True)) == {
        f"pay-{n}" for n in range(10, 20)
    }
    assert selectors.offsets_of(topic, [0]) == {0: 20}


def test_resting_keeps_what_comes_meanwhile(bank, cluster, topic):
    ada = customer()
    cluster.send(topic, raw(ada, id="pay-1"), partition=0)
    stop = threading.Event()
    source = cluster.source(topic, stop)
    try:
        deadline = time.monotonic() + 60
        while not source._partitions and time.monotonic() < deadline:
            source.rest(0.2)  # the group is joined, and partitions are given, in here
        cluster.send(topic, raw(ada, id="pay-2"), partition=0)
        found: list[Message] = []
        while len(found) < 2 and time.monotonic() < deadline:
            found += source.read()
        assert [message.offset for message in found] == [0, 1]
        assert source.waiting() == 2
        source.done(found)
        assert source.waiting() == 0
    finally:
        source.close()
