import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import fintrust.core.ids
from fintrust.core import access


class Migration(migrations.Migration):
    dependencies = [
        ("fraud", "0033_disputes_access"),
        ("core", "0002_access"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StreamReader",
            fields=[
                ("name", models.CharField(max_length=120, primary_key=True, serialize=False)),
                (
                    "source",
                    models.CharField(
                        choices=[("redis", "Redis"), ("kafka", "Kafka")], max_length=8
                    ),
                ),
                ("topic", models.CharField(max_length=249)),
                ("started_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("taken", models.BigIntegerField(default=0, verbose_name="events taken")),
                ("doubled", models.BigIntegerField(default=0, verbose_name="known already")),
                ("buried", models.BigIntegerField(default=0, verbose_name="dead letters")),
                ("rate", models.FloatField(default=0, verbose_name="events a second")),
                ("waiting", models.BigIntegerField(default=0, verbose_name="events waiting")),
            ],
            options={
                "verbose_name": "reader of a stream",
                "verbose_name_plural": "readers of streams",
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="StreamEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=fintrust.core.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[("redis", "Redis"), ("kafka", "Kafka")], max_length=8
                    ),
                ),
                ("topic", models.CharField(max_length=249)),
                ("partition", models.IntegerField()),
                ("position", models.CharField(max_length=40)),
                (
                    "name",
                    models.CharField(max_length=64, unique=True, verbose_name="id of the sender"),
                ),
                ("digest", models.BinaryField()),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(
                        autosummarize=True, fields=["recorded_at"], name="fraud_event_lately"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StreamOffset",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("topic", models.CharField(max_length=249)),
                ("partition", models.IntegerField()),
                ("offset", models.BigIntegerField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("topic", "partition"), name="fraud_stream_offset_partition"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DeadLetter",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=fintrust.core.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[("redis", "Redis"), ("kafka", "Kafka")], max_length=8
                    ),
                ),
                ("topic", models.CharField(max_length=249)),
                ("partition", models.IntegerField()),
                ("position", models.CharField(max_length=40)),
                ("key", models.CharField(blank=True, max_length=64)),
                (
                    "name",
                    models.CharField(blank=True, max_length=64, verbose_name="id of the sender"),
                ),
                ("message_key", models.BinaryField(null=True)),
                ("payload", models.BinaryField()),
                ("digest", models.BinaryField(verbose_name="SHA-256 of all that came")),
                ("size", models.BigIntegerField(verbose_name="bytes that came")),
                ("headers", models.JSONField(default=list)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("bad-json", "Not JSON"),
                            ("wrong-schema", "Wrong fields"),
                            ("unknown-version", "Unknown version"),
                            ("too-big", "Too big"),
                            ("unknown-customer", "Unknown customer"),
                            ("id-reused", "Id used before"),
                            ("handler-error", "Could not be judged"),
                            ("behind", "Waits behind another"),
                        ],
                        max_length=20,
                    ),
                ),
                ("error", models.CharField(max_length=1000)),
                ("attempts", models.IntegerField(default=1)),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("replayed", "Replayed"),
                            ("discarded", "Discarded"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("corrected", models.BinaryField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
                ("note", models.CharField(blank=True, max_length=500)),
                (
                    "corrected_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="fraud.streamevent",
                    ),
                ),
            ],
            options={
                "permissions": [
                    ("replay_deadletter", "Can correct, replay and discard dead letters")
                ],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "waiting")),
                        fields=["key", "id"],
                        name="fraud_dead_letter_waiting",
                    ),
                    models.Index(fields=["reason", "-id"], name="fraud_dead_letter_reason"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("topic", "partition", "position", "source", "digest"),
                        name="fraud_dead_letter_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at__isnull", True), ("status", "waiting")),
                            models.Q(
                                models.Q(("status", "waiting"), _negated=True),
                                ("settled_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="fraud_dead_letter_settled_at_a_time",
                    ),
                ],
            },
        ),
        access.append_only("fraud_streamevent"),
        access.read_write(
            "fraud_deadletter",
            # What came, and from where, stays as it was.
            update=[
                "reason",
                "error",
                "attempts",
                "status",
                "corrected",
                "corrected_by_id",
                "settled_at",
                "settled_by_id",
                "note",
                "event_id",
                "name",
            ],
            readers=(access.READER,),
        ),
        access.read_write("fraud_streamoffset", update=["offset", "at"]),
        access.read_write("fraud_streamreader"),
    ]
