import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import fintrust.core.ids
from fintrust.core import access


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0028_schedules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="OutsideAccount",
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
                ("name", models.CharField(max_length=80)),
                ("bank", models.CharField(max_length=80)),
                ("currency", models.CharField(max_length=3)),
                ("opening_minor", models.BigIntegerField(null=True)),
                ("seq", models.BigIntegerField(default=0)),
                ("lines", models.BigIntegerField(default=0)),
                (
                    "total_minor",
                    models.DecimalField(decimal_places=0, default=0, max_digits=30),
                ),
                (
                    "opened_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outside_accounts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Import",
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
                ("filename", models.CharField(max_length=120)),
                ("bytes", models.BigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "format",
                    models.CharField(
                        choices=[("csv", "CSV"), ("ofx", "OFX"), ("camt", "camt.053")], max_length=4
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("checking", "Being read"),
                            ("ready", "Waits for you"),
                            ("adding", "Being added"),
                            ("done", "Added"),
                            ("failed", "Could not be read"),
                        ],
                        max_length=10,
                    ),
                ),
                ("layout", models.JSONField()),
                ("report", models.JSONField(null=True)),
                ("revision", models.IntegerField(default=0)),
                ("position", models.BigIntegerField(default=0)),
                ("added", models.BigIntegerField(default=0)),
                ("duplicates", models.BigIntegerField(default=0)),
                ("problem", models.CharField(blank=True, max_length=40)),
                ("problem_text", models.CharField(blank=True, max_length=300)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("touched_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="imports",
                        to="banking.outsideaccount",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OutsideEntry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.BigIntegerField()),
                ("booked", models.DateField()),
                ("value_date", models.DateField(null=True)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("counterparty", models.CharField(blank=True, max_length=140)),
                ("text", models.CharField(blank=True, max_length=500)),
                ("reference", models.CharField(blank=True, max_length=140)),
                ("key", models.BinaryField(max_length=16)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="entries",
                        to="banking.outsideaccount",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="entries",
                        to="banking.import",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "outside entries",
            },
        ),
        migrations.CreateModel(
            name="ImportChunk",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.IntegerField()),
                ("data", models.BinaryField()),
                (
                    "of",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="chunks",
                        to="banking.import",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("of", "number"), name="banking_import_chunk_once"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(
                condition=models.Q(("status__in", ["checking", "adding"])),
                fields=["touched_at"],
                name="banking_import_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="import",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", False), ("status", "done")),
                    models.Q(
                        models.Q(("status", "done"), _negated=True), ("ended_at__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="banking_import_done_has_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="import",
            constraint=models.CheckConstraint(
                condition=models.Q(("added__gte", 0), ("added__lte", models.F("position"))),
                name="banking_import_added_was_read",
            ),
        ),
        migrations.AddConstraint(
            model_name="outsideentry",
            constraint=models.UniqueConstraint(
                fields=("account", "key"), name="banking_outside_entry_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="outsideentry",
            constraint=models.UniqueConstraint(
                fields=("account", "booked", "number"), name="banking_outside_entry_order"
            ),
        ),
        access.read_write(
            "banking_outsideaccount", update=["seq", "lines", "total_minor"], delete=True
        ),
        access.read_write(
            "banking_import",
            update=[
                "status",
                "layout",
                "report",
                "revision",
                "position",
                "added",
                "duplicates",
                "problem",
                "problem_text",
                "touched_at",
                "ended_at",
            ],
            delete=True,
        ),
        access.read_write("banking_importchunk", update=[], delete=True),
        access.read_write("banking_outsideentry", update=[]),
        access.sql_file(
            __file__,
            "imports.sql",
            reverse="DROP FUNCTION banking_outside_known;"
            "DROP TRIGGER banking_outsideentry_no_single ON banking_outsideentry;"
            "DROP FUNCTION banking_outsideentry_goes_with_all;",
        ),
    ]
