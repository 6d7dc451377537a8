"""`manage.py stream`: judge payments that happened elsewhere, as a stream tells of them."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from fraud.stream.consumer import Consumer, patient
from fraud.stream.messages import KAFKA, REDIS, Source
from fraud.stream.selectors import offsets_of


class Command(BaseCommand):
    help = "Take payments from Redis Streams or Kafka until asked to stop; run as many as needed."
    requires_system_checks: list[str] = []  # they load every page of the bank, for good

    def add_arguments(self, parser: Any) -> None:
        usual = KAFKA if settings.KAFKA_URL else REDIS
        parser.add_argument("--source", choices=[REDIS, KAFKA], default=usual)

    def handle(self, *args: Any, source: str, **options: Any) -> None:
        stop = threading.Event()
        for kind in (signal.SIGTERM, signal.SIGINT):
            signal.signal(kind, lambda *_: stop.set())
        Consumer(self._source(source, stop), stop=stop).run()

    def _source(self, kind: str, stop: threading.Event) -> Source:
        if kind == REDIS:
            from fraud.stream.redis_source import RedisSource

            return RedisSource(
                settings.REDIS_URL,
                settings.STREAM_TOPIC,
                group=settings.STREAM_GROUP,
                copies_to=settings.STREAM_DEAD_TOPIC,
            )
        if not settings.KAFKA_URL:
            raise CommandError("Name the brokers in KAFKA_URL, as host:port,host:port.")
        # Only here: whoever reads Redis needs no librdkafka in memory.
        from fraud.stream.kafka_source import KafkaSource

        return KafkaSource(
            settings.KAFKA_URL,
            settings.STREAM_TOPIC,
            group=settings.STREAM_GROUP,
            offsets=patient(stop, offsets_of),
            options=settings.KAFKA_OPTIONS,
            copies_to=settings.STREAM_DEAD_TOPIC,
        )
