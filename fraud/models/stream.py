"""Events that came by a stream: what was taken, how far, what could not be, and who reads."""

from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now

from fintrust.core.ids import PublicModel, PublicQuerySet
from fraud.stream import schema
from fraud.stream.messages import KAFKA, REDIS, Message

SOURCES = [(REDIS, "Redis"), (KAFKA, "Kafka")]


class Origin(models.Model):
    """Where a message came from, exactly."""

    source = models.CharField(max_length=8, choices=SOURCES)
    topic = models.CharField(max_length=249)  # as long as Kafka lets one be
    partition = models.IntegerField()
    position = models.CharField(max_length=40)

    class Meta:
        abstract = True


class StreamEvent(PublicModel, Origin):
    """An event whose effect is here, under the id its sender gave it: once, for ever."""

    prefix: ClassVar[str] = "evt"

    name = models.CharField("id of the sender", max_length=64, unique=True)
    digest = models.BinaryField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        indexes: ClassVar = [
            BrinIndex(fields=["recorded_at"], name="fraud_event_lately", autosummarize=True)
        ]

    def __str__(self) -> str:
        return self.name


class DeadLetterQuerySet(PublicQuerySet):
    def waiting(self) -> Self:
        return self.filter(status=DeadLetter.Status.WAITING)

    def blocking(self) -> Self:
        """Those that later events of their key wait for. An id that came back saying something
        else is no missing payment: nobody waits for it."""
        return self.waiting().exclude(key="").exclude(reason=schema.ID_REUSED)


class DeadLetter(PublicModel, Origin):
    """A message that could not be taken, as it came, until somebody has dealt with it."""

    class Reason(models.TextChoices):
        BAD_JSON = schema.BAD_JSON, "Not JSON"
        WRONG_SCHEMA = schema.WRONG_SCHEMA, "Wrong fields"
        UNKNOWN_VERSION = schema.UNKNOWN_VERSION, "Unknown version"
        TOO_BIG = schema.TOO_BIG, "Too big"
        UNKNOWN_CUSTOMER = schema.UNKNOWN_CUSTOMER, "Unknown customer"
        ID_REUSED = schema.ID_REUSED, "Id used before"
        HANDLER_ERROR = schema.HANDLER_ERROR, "Could not be judged"
        BEHIND = schema.BEHIND, "Waits behind another"

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        REPLAYED = "replayed", "Replayed"
        DISCARDED = "discarded", "Discarded"

    prefix: ClassVar[str] = "dlt"

    key = models.CharField(max_length=64, blank=True)  # whose order it is part of
    name = models.CharField("id of the sender", max_length=64, blank=True)
    message_key = models.BinaryField(null=True)
    payload = models.BinaryField()
    digest = models.BinaryField("SHA-256 of all that came")
    size = models.BigIntegerField("bytes that came")
    headers = models.JSONField(default=list)  # pairs of name and hexadecimal value
    reason = models.CharField(max_length=20, choices=Reason)
    error = models.CharField(max_length=1000)
    attempts = models.IntegerField(default=1)
    at = models.DateTimeField(db_default=Now(), editable=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    corrected = models.BinaryField(null=True)
    corrected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    note = models.CharField(max_length=500, blank=True)
    event = models.ForeignKey(
        StreamEvent, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    objects: ClassVar = DeadLetterQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("replay_deadletter", "Can correct, replay and discard dead letters")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["key", "id"],
                condition=models.Q(status="waiting"),
                name="fraud_dead_letter_waiting",
            ),
            models.Index(fields=["reason", "-id"], name="fraud_dead_letter_reason"),
        ]
        constraints: ClassVar = [
            # Delivered again after a crash, it is the same letter. The bytes are part of it: a
            # topic that was made anew counts from nothing again.
            models.UniqueConstraint(
                fields=["topic", "partition", "position", "source", "digest"],
                name="fraud_dead_letter_once",
            ),
            models.CheckConstraint(
                condition=models.Q(status="waiting", settled_at__isnull=True)
                | (~models.Q(status="waiting") & models.Q(settled_at__isnull=False)),
                name="fraud_dead_letter_settled_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.get_reason_display()

    @property
    def cut(self) -> bool:
        """Too large to be kept whole."""
        return self.size > len(self.payload)

    @property
    def value(self) -> bytes:
        """What a replay takes: the corrected copy, or what came."""
        return bytes(self.payload if self.corrected is None else self.corrected)

    def message(self) -> Message:
        """As if it came once more. Where it came from does not move again."""
        key = None if self.message_key is None else bytes(self.message_key)
        return Message(
            source=self.source,
            topic=self.topic,
            partition=self.partition,
            position=self.position,
            value=self.value,
            key=key,
        )


class StreamOffset(models.Model):
    """The next offset of a partition: everything before it has been taken, in the same commit."""

    topic = models.CharField(max_length=249)
    partition = models.IntegerField()
    offset = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["topic", "partition"], name="fraud_stream_offset_partition"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition} from {self.offset}"


class StreamReader(models.Model):
    """A process that reads a stream, as it last described itself."""

    name = models.CharField(max_length=120, primary_key=True)
    source = models.CharField(max_length=8, choices=SOURCES)
    topic = models.CharField(max_length=249)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    taken = models.BigIntegerField("events taken", default=0)
    doubled = models.BigIntegerField("known already", default=0)
    buried = models.BigIntegerField("dead letters", default=0)
    rate = models.FloatField("events a second", default=0)
    waiting = models.BigIntegerField("events waiting", default=0)

    class Meta:
        default_permissions = ("view",)
        verbose_name = "reader of a stream"
        verbose_name_plural = "readers of streams"

    def __str__(self) -> str:
        return self.name
