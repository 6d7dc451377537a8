"""How fast one process judges events that come by a stream, every row written, and what dies.

    python -m benchmarks.stream [--events 10000] [--customers 500] [--history 20] [--profile]

Events are read from Redis, judged one after the other by the whole `assess`, and stored with
decision, payment fact, audit record and event row, a batch a commit, on a disk that is waited for.
Beside it, in the same run: reading and acknowledging alone, and bare inserts of as many rows.
Then two readers are killed ten times with SIGKILL while they work.
"""

import argparse
import cProfile
import json
import os
import pstats
import random
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import redis

from benchmarks import floor, processes
from benchmarks.floor import Bank

KILLS = 10
TOPIC, GROUP = "benchmark", "benchmark"


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.stream", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--customers", type=int, default=500)
    parser.add_argument("--history", type=int, default=20, help="payments of each before")
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    with floor.bank() as bank:
        stream = Stream(bank, options.customers)
        stream.send(options.customers * options.history)
        drain()
        bank.execute("VACUUM ANALYZE")
        bank.execute("CHECKPOINT")
        floor.environment(bank)
        figures: dict[str, float] = {"floor_read_ack_per_s": read_and_acknowledge(stream)}
        figures["floor_bare_inserts_per_s"] = bare_inserts(bank)
        stream.send(options.events)
        used = Used()
        seconds = timed(drain, options.profile)
        figures |= used.figures(options.events)
        figures["events_per_s"] = options.events / seconds
        figures["ratio_to_bare_inserts"] = (
            figures["events_per_s"] / figures["floor_bare_inserts_per_s"]
        )
        figures["catch_up_s"] = seconds
        figures |= killed(stream, options.events)
    floor.report(**figures)


class Stream:
    """Sends payments of customers who exist, each under an id of its own."""

    def __init__(self, bank: Bank, customers: int) -> None:
        from fintrust.core.ids import to_public
        from fintrust.core.models import User

        bank.execute(f"""
            INSERT INTO core_user (id, email, name, phone, timezone, kyc, is_staff, is_active,
                                   is_superuser, password)
            SELECT gen_random_uuid(), n || '@example.org', 'n', '', 'Europe/London', 'verified',
                   false, true, false, '!'
              FROM generate_series(1, {customers}) n""")
        people = User.objects.order_by("email").values_list("pk", flat=True)
        self.customers = [to_public(User.prefix, pk) for pk in people]
        self.sent, self._chance = 0, random.Random(7)
        self._clock = datetime.now(UTC) - timedelta(days=30)
        self.redis = redis.Redis.from_url(os.environ["REDIS_URL"])

    def send(self, events: int) -> None:
        for start in range(0, events, 1000):
            with self.redis.pipeline(transaction=False) as commands:
                for _ in range(min(1000, events - start)):
                    commands.xadd(TOPIC, {"event": self._event()})
                commands.execute()

    def _event(self) -> bytes:
        self.sent += 1
        self._clock += timedelta(seconds=20)
        who = self._chance.randrange(len(self.customers))
        values = {
            "v": 1,
            "id": f"pay-{self.sent}",
            "customer": self.customers[who],
            "account": f"acc_{who}",
            "counterparty": f"acc_{who}_{int(self._chance.paretovariate(1.2)) % 40}",
            "kind": "transfer",
            "amount": f"{self._chance.lognormvariate(3.5, 0.6):.2f}",
            "currency": "EUR",
            "at": self._clock.isoformat(),
            "device": f"phone-{who}",
            "place": "Lisbon, PT",
        }
        return json.dumps(values).encode()


def source():
    from fraud.stream.policy import StreamPolicy
    from fraud.stream.redis_source import RedisSource

    policy = StreamPolicy(abandoned_seconds=3, claim_seconds=0.5)
    return RedisSource(os.environ["REDIS_URL"], TOPIC, group=GROUP, policy=policy)


def drain() -> None:
    """One reader in this process, until nothing waits."""
    from fraud.stream.consumer import Consumer

    stop, client = threading.Event(), redis.Redis.from_url(os.environ["REDIS_URL"])

    def watch() -> None:
        while client.xlen(TOPIC) and not stop.wait(0.01):
            pass
        stop.set()

    watcher = threading.Thread(target=watch)
    consumer = Consumer(source(), stop=stop)
    watcher.start()
    consumer.run()
    watcher.join()


class Used:
    """CPU time of this process and of its own backend: what a machine that is busy with other
    things cannot change much."""

    def __init__(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (self.backend,) = cursor.fetchone()
        self.before = self._now()

    def _now(self) -> tuple[float, float]:
        return time.process_time(), processes.cpu_seconds(self.backend)

    def figures(self, events: int) -> dict[str, float]:
        ours, theirs = (
            1000 * (now - then) / events for now, then in zip(self._now(), self.before, strict=True)
        )
        return {"reader_cpu_ms": ours, "database_cpu_ms": theirs}


def timed(deed: Callable[[], None], profiled: bool = False) -> float:
    profile = cProfile.Profile(time.process_time)
    begun = time.perf_counter()
    if profiled:
        profile.runcall(deed)
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)
    else:
        deed()
    return time.perf_counter() - begun


def read_and_acknowledge(stream: Stream, events: int = 20_000) -> float:
    reader = source()

    def deed() -> None:
        left = events
        while left:
            if messages := reader.read():
                reader.done(messages)
                left -= len(messages)

    stream.send(events)
    return events / timed(deed)


def bare_inserts(bank: Bank, batches: int = 20, size: int = 500) -> float:
    """Events a second, if all there was to do were four plain rows an event, a commit a batch."""
    bank.execute("CREATE TABLE bare_row (id uuid PRIMARY KEY, body jsonb NOT NULL)")
    body = json.dumps({"facts": "x" * 700, "values": list(range(120))})
    insert = """INSERT INTO bare_row SELECT gen_random_uuid(), %s::jsonb
                FROM generate_series(1, %s)"""
    with psycopg.connect(bank.administrator) as connection:

        def deed() -> None:
            for _ in range(batches):
                for _ in range(4):
                    connection.execute(insert, [body, size])
                connection.commit()

        return batches * size / timed(deed)


def killed(stream: Stream, events: int) -> dict[str, float]:
    """Two readers, one of them killed again and again; what is there afterwards, and how often."""
    from django.db import connections

    from fraud.models import Decision, StreamEvent

    known, first = StreamEvent.objects.count(), stream.sent
    decisions = Decision.objects.count()
    connections.close_all()
    stream.send(events)
    readers = [fork_reader(), fork_reader()]
    for kill in range(1, KILLS + 1):
        while stream.redis.xlen(TOPIC) > events * (1 - kill / (KILLS + 2)):
            time.sleep(0.005)
        victim = readers.pop(0)
        os.kill(victim, signal.SIGKILL)
        os.waitpid(victim, 0)
        readers.append(fork_reader())
    while stream.redis.xlen(TOPIC):
        time.sleep(0.05)
    for reader in readers:
        os.kill(reader, signal.SIGTERM)
        os.waitpid(reader, 0)
    sent = stream.sent - first
    stored, judged = StreamEvent.objects.count() - known, Decision.objects.count() - decisions
    subjects = Decision.objects.values("subject").distinct().count() - decisions
    return {"kills": KILLS, "lost": sent - stored, "doubled": judged - subjects + judged - stored}


def fork_reader() -> int:
    from fraud.stream.consumer import Consumer

    if pid := os.fork():
        return pid
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    Consumer(source(), stop=stop).run()
    os._exit(0)


if __name__ == "__main__":
    main()
