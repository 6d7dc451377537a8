"""The loop with real servers: killed, stopped, cut off from its database, with faulty rows."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
import traceback
from dataclasses import replace

import pytest
from django.conf import settings
from django.db import connections

from fintrust.testing import servers
from fraud.models import DeadLetter, Decision, PaymentFact, StreamEvent, StreamReader
from fraud.stream import selectors, services
from fraud.stream.consumer import Consumer
from fraud.stream.messages import EVENT_FIELD, KEY_FIELD
from fraud.stream.policy import StreamPolicy
from fraud.stream.redis_source import RedisSource
from fraud.tests.factories import customer
from fraud.tests.stream_help import raw

TOPIC, GROUP = "payments", "bank"
QUICK = StreamPolicy(
    batch_events_max=20,
    wait_seconds=0.05,
    abandoned_seconds=0.3,
    claim_seconds=0.05,
    sweep_seconds=0.2,
    beat_seconds=0.1,
    pauses_seconds=(0.01, 0.01),
    outage_seconds=(0.05,),
)


def send(redis, *values: bytes, key: bytes | None = None) -> None:
    with redis.pipeline() as commands:
        for value in values:
            commands.xadd(TOPIC, {EVENT_FIELD: value} | ({KEY_FIELD: key} if key else {}))
        commands.execute()


def source(policy: StreamPolicy = QUICK, **more) -> RedisSource:
    return RedisSource(os.environ["REDIS_URL"], TOPIC, group=GROUP, policy=policy, **more)


def drain(redis, **more) -> Consumer:
    """Run a reader here until nothing waits."""
    stop = threading.Event()

    def watch() -> None:
        while redis.xlen(TOPIC) and not stop.wait(0.02):
            pass
        stop.set()

    watcher = threading.Thread(target=watch)
    consumer = Consumer(source(**more), stop=stop, policy=QUICK)
    watcher.start()
    consumer.run()
    watcher.join()
    return consumer


def fork_reader(policy: StreamPolicy = QUICK) -> int:
    """A process of its own that can be killed; returns its pid."""
    connections.close_all()  # a socket must not have two owners
    pid = os.fork()
    if pid:
        return pid
    try:
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        Consumer(source(policy), stop=stop, policy=policy).run()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def wait_for(condition, seconds_max: float = 20) -> None:
    deadline = time.monotonic() + seconds_max
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def end(pid: int, kind: signal.Signals) -> int:
    os.kill(pid, kind)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


# --- who dies -------------------------------------------------------------------------------


def test_two_readers_killed_ten_times_lose_and_double_nothing(bank, redis):
    people = [customer(f"{n}@example.com") for n in range(10)]
    poison = [b'{"n": %d}' % n for n in range(6)]
    sent = 0

    def keep_coming() -> None:
        """However quick the readers are, each kill finds them at work."""
        nonlocal sent
        while redis.xlen(TOPIC) < 200:
            send(redis, *[raw(person, id=f"pay-{sent}-{person.pk}") for person in people])
            sent += len(people)

    keep_coming()
    send(redis, *poison)
    readers = [fork_reader(), fork_reader()]
    try:
        for kill in range(10):
            keep_coming()
            left = redis.xlen(TOPIC)
            wait_for(lambda left=left: redis.xlen(TOPIC) < left - 10)
            time.sleep(random.Random(kill).uniform(0, 0.08))
            assert redis.xlen(TOPIC), "it was over before it was killed"
            assert end(readers.pop(0), signal.SIGKILL) == -signal.SIGKILL
            readers.append(fork_reader())
        wait_for(lambda: not redis.xlen(TOPIC))
    finally:
        codes = [end(pid, signal.SIGTERM) for pid in readers]
    assert codes == [0, 0]
    assert StreamEvent.objects.count() == sent  # lost 0
    subjects = list(Decision.objects.values_list("subject", flat=True))
    assert len(subjects) == len(set(subjects)) == sent  # doubled 0
    verified = Decision.objects.filter(verdict="VERIFIED")
    assert PaymentFact.objects.count() == verified.count()
    assert {bytes(one.payload) for one in DeadLetter.objects.all()} == set(poison)
    assert DeadLetter.objects.count() == len(poison)
    assert not redis.xpending(TOPIC, GROUP)["pending"]


def test_the_command_finishes_its_batch_when_asked_to_stop(bank, redis):
    ada = customer()
    topic = settings.STREAM_TOPIC
    for _ in range(1600):
        redis.xadd(topic, {EVENT_FIELD: raw(ada)})
    command = [sys.executable, "-m", "manage", "stream", "--source", "redis"]
    process = subprocess.Popen(command, cwd=servers.PROJECT)
    wait_for(lambda: redis.xlen(topic) < 1600, 60)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert not redis.xpending(topic, settings.STREAM_GROUP)["pending"]
    taken = StreamEvent.objects.count()
    assert taken == 1600 - redis.xlen(topic)
    assert 0 < taken < 1600
    reader = StreamReader.objects.get()
    assert (reader.taken, reader.waiting) == (taken, 1600 - taken)


def test_what_a_dead_consumer_held_is_taken_over_and_it_is_forgotten(bank, redis):
    send(redis, raw(customer()))
    dead = source()
    assert len(dead.read()) == 1  # and never heard of again
    assert redis.xpending(TOPIC, GROUP)["pending"] == 1
    time.sleep(QUICK.abandoned_seconds)
    drain(redis)
    assert StreamEvent.objects.count() == 1
    forgetful = StreamPolicy(wait_seconds=0.05, forgotten_seconds=0.1)
    time.sleep(0.15)
    last = source(forgetful)
    last.read()
    assert {one["name"].decode() for one in redis.xinfo_consumers(TOPIC, GROUP)} <= {last.name}


def test_a_consumer_that_holds_something_is_never_forgotten(bank, redis):
    send(redis, raw(customer()))
    slow = source()
    held = slow.read()
    time.sleep(0.15)
    other = source(StreamPolicy(wait_seconds=0.05, forgotten_seconds=0.1))
    other.read()
    names = {one["name"].decode() for one in redis.xinfo_consumers(TOPIC, GROUP)}
    assert slow.name in names
    slow.done(held)
    assert not redis.xlen(TOPIC)


# --- what is away ---------------------------------------------------------------------------


def test_a_database_that_is_away_is_waited_for_and_no_event_is_to_blame(bank, redis):
    ada = customer()
    pid = fork_reader()
    try:
        send(redis, raw(ada))
        wait_for(lambda: not redis.xlen(TOPIC))
        connections.close_all()
        with servers.current().connect() as administrator:
            administrator.execute(f'ALTER DATABASE "{bank}" ALLOW_CONNECTIONS false')
            administrator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [bank]
            )
            send(redis, *(raw(ada) for _ in range(50)))
            time.sleep(0.5)
            assert redis.xlen(TOPIC) == 50
            administrator.execute(f'ALTER DATABASE "{bank}" ALLOW_CONNECTIONS true')
        wait_for(lambda: not redis.xlen(TOPIC))
    finally:
        assert end(pid, signal.SIGTERM) == 0
    assert StreamEvent.objects.count() == 51
    assert not DeadLetter.objects.exists()


def test_a_reader_stops_while_its_database_is_away(bank, redis):
    pid = fork_reader()
    connections.close_all()
    with servers.current().connect() as administrator:
        administrator.execute(f'ALTER DATABASE "{bank}" ALLOW_CONNECTIONS false')
        administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [bank]
        )
        time.sleep(0.3)
        assert end(pid, signal.SIGTERM) == 0
        administrator.execute(f'ALTER DATABASE "{bank}" ALLOW_CONNECTIONS true')


@pytest.mark.parametrize("wait_seconds", [0.001, 5], ids=["busy", "waiting"])
def test_after_redis_has_lost_its_memory_the_next_events_are_taken(bank, redis, wait_seconds):
    """A reader that waits is told in other words than one that asks: of some servers, at least."""
    ada = customer()
    pid = fork_reader(replace(QUICK, wait_seconds=wait_seconds))
    try:
        for _ in range(5):
            send(redis, raw(ada))
            wait_for(lambda: redis.exists(TOPIC) and not redis.xlen(TOPIC))
            redis.delete(TOPIC)  # and its group with it
        send(redis, raw(ada))
        wait_for(lambda: not redis.xlen(TOPIC))
    finally:
        assert end(pid, signal.SIGTERM) == 0
    assert StreamEvent.objects.count() == 6


# --- what fails -----------------------------------------------------------------------------

_FAULT = """
    CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.facts->>'amount_minor' = '66600' THEN RAISE EXCEPTION 'a fault of ours'; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER fault BEFORE INSERT ON fraud_decision FOR EACH ROW EXECUTE FUNCTION fault();
"""


def test_an_event_that_cannot_be_judged_is_found_in_its_batch_and_the_rest_goes_on(
    bank, redis, owner_sql
):
    owner_sql(_FAULT)
    ada, bob = customer(), customer("bob@example.com")
    send(redis, raw(ada), raw(bob, amount="666.00"), raw(bob), *(raw(ada) for _ in range(15)))
    consumer = drain(redis, copies_to="dead")
    assert (consumer.reader.taken, consumer.reader.buried) == (16, 2)
    faulty, behind = DeadLetter.objects.order_by("id")
    assert (faulty.reason, faulty.attempts, behind.reason) == ("handler-error", 3, "behind")
    assert "a fault of ours" in faulty.error
    copies = redis.xrange("dead")
    assert [fields[b"reason"] for _, fields in copies] == [b"handler-error", b"behind"]
    assert copies[0][1][EVENT_FIELD] == bytes(faulty.payload)
    # While the fault is there a replay fails as well, and says so.
    assert services.replay(letter=faulty).attempts == 4
    owner_sql("DROP TRIGGER fault ON fraud_decision")
    assert services.replay_many(selectors.poison()) == (1, 0)
    assert StreamEvent.objects.count() == Decision.objects.count() == 18
    assert not DeadLetter.objects.waiting().exists()


def test_what_passes_by_itself_is_tried_again(bank, redis, owner_sql):
    """A deadlock hits one of two: here it is the second try that goes well."""
    owner_sql("CREATE SEQUENCE tries; GRANT USAGE ON tries TO fintrust_app")
    owner_sql("""
        CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('tries') < 3 THEN
                RAISE EXCEPTION USING ERRCODE = 'deadlock_detected';
            END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER fault BEFORE INSERT ON fraud_decision
            FOR EACH ROW EXECUTE FUNCTION fault();
    """)
    send(redis, raw(customer()))
    drain(redis)
    assert StreamEvent.objects.count() == 1
    assert not DeadLetter.objects.exists()


def test_a_database_that_keeps_no_dead_letter_either_is_waited_for(bank, redis, owner_sql):
    owner_sql("REVOKE INSERT ON fraud_deadletter FROM fintrust_app")
    pid = fork_reader()
    try:
        send(redis, b"{")
        time.sleep(0.8)
        assert redis.xlen(TOPIC) == 1
        owner_sql("GRANT INSERT ON fraud_deadletter TO fintrust_app")
        wait_for(lambda: not redis.xlen(TOPIC))
    finally:
        assert end(pid, signal.SIGTERM) == 0
    assert DeadLetter.objects.get().reason == "bad-json"


# --- what it says ---------------------------------------------------------------------------


def test_a_reader_says_how_far_it_is(bank, redis):
    ada = customer()
    send(redis, *(raw(ada, id=f"pay-{n % 8}", at="2026-03-10T12:00:00Z") for n in range(10)), b"{")
    consumer = drain(redis)
    reader = StreamReader.objects.get(name=consumer.reader.name)
    assert (reader.taken, reader.doubled, reader.buried, reader.waiting) == (8, 2, 1, 0)
    figures = selectors.figures()
    assert (figures.readers, figures.waiting) == (1, 0)
    assert (figures.poison, figures.parked) == (1, 0)
