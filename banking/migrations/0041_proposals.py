import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import fintrust.core.fields
import fintrust.core.ids
from fintrust.core import access


class Migration(migrations.Migration):
    """What one officer proposes and another decides, and checks that are asked for."""

    dependencies = [
        ("banking", "0040_faster_posting"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Adjustment",
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
                ("reason", models.CharField(max_length=500)),
                (
                    "proposed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Waiting"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                            ("expired", "Ran out"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("decision_reason", models.CharField(blank=True, max_length=500)),
                ("narrative", models.CharField(max_length=500)),
                ("value_date", models.DateField(null=True)),
                (
                    "tx",
                    fintrust.core.fields.TxField(
                        db_default=models.Func(function="pg_current_xact_id"), editable=False
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "permissions": [
                    ("propose_adjustment", "Can propose an adjustment"),
                    ("decide_adjustment", "Can approve or reject a colleague's adjustment"),
                ],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="AdjustmentLeg",
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
                ("place", models.SmallIntegerField()),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                (
                    "adjustment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="legs",
                        to="banking.adjustment",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="banking.account",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="banking.account",
                    ),
                ),
            ],
            options={
                "ordering": ["place"],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="CheckRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "asked_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "answer",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="banking.ledgercheck",
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
            ],
            options={
                "default_permissions": ("view", "add"),
            },
        ),
        migrations.CreateModel(
            name="Closing",
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
                ("reason", models.CharField(max_length=500)),
                (
                    "proposed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Waiting"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("withdrawn", "Withdrawn"),
                            ("expired", "Ran out"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("decision_reason", models.CharField(blank=True, max_length=500)),
                ("until_day", models.DateField()),
                (
                    "currency",
                    models.ForeignKey(
                        db_column="currency",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="banking.currency",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "permissions": [
                    ("propose_closing", "Can propose to close a period"),
                    ("decide_closing", "Can confirm or reject a colleague's closing"),
                ],
                "default_permissions": ("view",),
            },
        ),
        migrations.AddIndex(
            model_name="adjustment",
            index=models.Index(
                condition=models.Q(("status", "open")),
                fields=["expires_at"],
                name="banking_adjustment_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="adjustment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("status", "open"),
                        ("decided_at__isnull", True),
                        ("decided_by__isnull", True),
                    ),
                    models.Q(
                        ("status__in", ["approved", "rejected"]),
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by", models.F("proposed_by")),
                        ("status", "withdrawn"),
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", True),
                        ("status", "expired"),
                    ),
                    _connector="OR",
                ),
                name="banking_adjustment_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="adjustmentleg",
            constraint=models.UniqueConstraint(
                fields=("adjustment", "place"), name="banking_leg_place"
            ),
        ),
        migrations.AddConstraint(
            model_name="adjustmentleg",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gt", 0)), name="banking_leg_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="adjustmentleg",
            constraint=models.CheckConstraint(
                condition=models.Q(("source", models.F("target")), _negated=True),
                name="banking_leg_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="checkrequest",
            constraint=models.UniqueConstraint(
                fields=("answer",), name="banking_checkrequest_one_waits", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="closing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("status", "open"),
                        ("decided_at__isnull", True),
                        ("decided_by__isnull", True),
                    ),
                    models.Q(
                        ("status__in", ["approved", "rejected"]),
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by", models.F("proposed_by")),
                        ("status", "withdrawn"),
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", True),
                        ("status", "expired"),
                    ),
                    _connector="OR",
                ),
                name="banking_closing_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="closing",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "open")),
                fields=("currency",),
                name="banking_closing_open_once",
            ),
        ),
        access.read_write(
            "banking_adjustment",
            update=["status", "decided_by_id", "decided_at", "decision_reason"],
            readers=(access.READER,),
        ),
        access.append_only("banking_adjustmentleg"),
        access.read_write(
            "banking_closing",
            update=["status", "decided_by_id", "decided_at", "decision_reason"],
            readers=(access.READER,),
        ),
        access.read_write("banking_checkrequest", update=["answer_id"], readers=(access.READER,)),
        access.sql_file(
            __file__,
            "proposals.sql",
            reverse="DROP TRIGGER banking_leg_comes_with_adjustment ON banking_adjustmentleg;"
            "DROP TRIGGER banking_closing_decided_once ON banking_closing;"
            "DROP TRIGGER banking_adjustment_decided_once ON banking_adjustment;"
            "DROP FUNCTION banking_leg_comes_with_adjustment;"
            "DROP FUNCTION banking_decided_once;",
        ),
    ]
