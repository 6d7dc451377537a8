"""Records of what happened, and the log that makes them provable.

All five tables are written once. The application adds records; only the sequencer adds leaves,
tiles and checkpoints; nobody changes or removes a row.
"""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now

from fintrust.core.fields import TxField
from fintrust.core.ids import PublicModel, PublicQuerySet


class RecordQuerySet(PublicQuerySet):
    def about(self, user: Any) -> "RecordQuerySet":
        """What concerns this customer's data, whoever did it."""
        return self.filter(owner=user)

    def waiting(self) -> "RecordQuerySet":
        """Not in the log yet."""
        return self.filter(leaf__isnull=True)


class Record(PublicModel):
    """Something that happened: who did what to whose data, when, why and from where."""

    prefix: ClassVar[str] = "rec"

    tx = TxField()
    at = models.DateTimeField(db_default=Now(), editable=False)
    action = models.CharField(max_length=80)
    actor_id = models.UUIDField(null=True)
    actor_kind = models.CharField(max_length=10)
    actor_label = models.CharField(max_length=80, blank=True)
    subject = models.CharField(max_length=60)
    # No constraint: a record outlives the person, and must not lock the person's row.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    data = models.JSONField(default=dict)
    reason = models.CharField(max_length=1000, blank=True)
    purpose = models.CharField(max_length=120, blank=True)
    request_id = models.CharField(max_length=60, blank=True)
    ip = models.GenericIPAddressField(null=True)
    session = models.CharField(max_length=32, blank=True)

    objects: ClassVar = RecordQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["tx", "id"], name="audit_record_follow"),
            models.Index(fields=["subject", "id"], name="audit_record_subject"),
            models.Index(
                fields=["owner", "id"],
                name="audit_record_owner",
                condition=models.Q(owner__isnull=False),
            ),
            models.Index(
                fields=["actor_id", "id"],
                name="audit_record_actor",
                condition=models.Q(actor_id__isnull=False),
            ),
            BrinIndex(fields=["at"], name="audit_record_at", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


class Leaf(models.Model):
    """A record's place in the log: the bytes that were hashed, and their hash."""

    index = models.BigIntegerField(primary_key=True)
    record = models.OneToOneField(
        Record, on_delete=models.DO_NOTHING, db_constraint=False, related_name="leaf"
    )
    entry = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(index__gte=0), name="audit_leaf_index"),
        ]

    def __str__(self) -> str:
        return f"leaf {self.index}"


class Tile(models.Model):
    """256 hashes of one row of the tree, kept once they are complete, and their common root."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()
    root = models.BinaryField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"tile {self.level}/{self.index}"


class Checkpoint(models.Model):
    """A signed head of the log, and how far the sequencer had read when it signed."""

    size = models.BigIntegerField("tree size", primary_key=True)
    root = models.BinaryField()
    note = models.TextField("signed note")
    at = models.DateTimeField(db_default=Now(), editable=False)
    cursor_tx = models.BigIntegerField()
    cursor_id = models.UUIDField()
    cluster = models.CharField(max_length=20)  # transaction numbers mean something in one cluster

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"checkpoint {self.size}"


class Verification(models.Model):
    """One check of the log against its records, and what it found."""

    at = models.DateTimeField(db_default=Now(), editable=False)
    since = models.BigIntegerField("from tree size", default=0)
    size = models.BigIntegerField("tree size")
    intact = models.BooleanField()
    findings = models.JSONField(default=list)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{'intact' if self.intact else 'DAMAGED'} at {self.size}"
