import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.datetime
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import fintrust.core.ids
from fintrust.core import access


class Migration(migrations.Migration):
    dependencies = [
        ("fraud", "0050_believed_labels"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ListEntry",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("payee", "Payee"),
                            ("account", "Paying account"),
                            ("customer", "Customer"),
                            ("device", "Device"),
                            ("address", "Address or network"),
                            ("place", "Place or country"),
                        ],
                        max_length=8,
                    ),
                ),
                ("value", models.CharField(max_length=80)),
                (
                    "effect",
                    models.CharField(
                        choices=[("block", "Refuse"), ("hold", "Hold"), ("trust", "Trust")],
                        max_length=5,
                    ),
                ),
                ("reason", models.CharField(max_length=500)),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="written at",
                    ),
                ),
                ("until", models.DateTimeField(null=True, verbose_name="until")),
                (
                    "key",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Concat(
                            "kind", models.Value(":"), "value"
                        ),
                        output_field=models.CharField(max_length=90),
                    ),
                ),
                (
                    "network",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(
                                kind="address",
                                then=django.db.models.functions.comparison.Cast(
                                    "value", models.GenericIPAddressField()
                                ),
                            )
                        ),
                        output_field=models.GenericIPAddressField(null=True),
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "list entry",
                "verbose_name_plural": "list entries",
                "permissions": [
                    (
                        "write_listentry",
                        "Can list what is refused, held or trusted, and ask to lift it",
                    ),
                    (
                        "decide_listentry",
                        "Can agree to trust, and to lift, what a colleague asks for",
                    ),
                ],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="ListStep",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("approved", "Agreed to"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                            ("asked", "Lifting asked for"),
                            ("kept", "Kept"),
                            ("lifted", "Lifted"),
                            ("ended", "Trust ended"),
                        ],
                        max_length=9,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="fraud.listentry",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.AddIndex(
            model_name="listentry",
            index=models.Index(fields=["key"], name="fraud_listentry_key"),
        ),
        migrations.AddIndex(
            model_name="listentry",
            index=django.contrib.postgres.indexes.SpGistIndex(
                condition=models.Q(("kind", "address")),
                fields=["network"],
                name="fraud_listentry_network",
            ),
        ),
        migrations.AddConstraint(
            model_name="listentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("effect", "trust"), _negated=True),
                    ("until__isnull", False),
                    _connector="OR",
                ),
                name="fraud_listentry_trust_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="listentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until__isnull", True), ("until__gt", models.F("at")), _connector="OR"
                ),
                name="fraud_listentry_ends_later",
            ),
        ),
        migrations.AddConstraint(
            model_name="listentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("value", ""), _negated=True),
                name="fraud_listentry_of_something",
            ),
        ),
        migrations.AddIndex(
            model_name="liststep",
            index=models.Index(
                fields=["entry", "-id"], include=("step", "at"), name="fraud_liststep_newest"
            ),
        ),
        migrations.AddConstraint(
            model_name="liststep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("step__in", ["approved", "lifted"]), _negated=True),
                    models.Q(("by", models.F("asked_by")), _negated=True),
                    _connector="OR",
                ),
                name="fraud_liststep_two_people",
            ),
        ),
        access.append_only("fraud_listentry"),
        access.append_only("fraud_liststep"),
    ]
