import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import fintrust.core.ids
from fintrust.core import access


class Migration(migrations.Migration):
    dependencies = [
        ("fraud", "0046_proposals_run_out"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CostTable",
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
                (
                    "missed_cents",
                    models.PositiveIntegerField(verbose_name="a fraud that goes through"),
                ),
                (
                    "held_cents",
                    models.PositiveIntegerField(verbose_name="a customer stopped for nothing"),
                ),
                ("looking_cents", models.PositiveIntegerField(verbose_name="looking at an alert")),
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
                "verbose_name": "cost table",
                "abstract": False,
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        models.Value(1),
                        condition=models.Q(("status", "open")),
                        name="fraud_costtable_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("missed_cents__gt", 0)),
                        name="fraud_costtable_missed_costs",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", True),
                                ("decided_by__isnull", True),
                                ("status__in", ["open", "expired"]),
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("status__in", ["approved", "rejected"]),
                                ("decided_by__isnull", False),
                                models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by", models.F("proposed_by")),
                                ("status", "withdrawn"),
                            ),
                            _connector="OR",
                        ),
                        name="fraud_costtable_two_people",
                    ),
                ],
            },
        ),
        access.read_write(
            "fraud_costtable",
            update=["status", "decided_by_id", "decided_at", "decision_reason"],
            readers=(access.READER,),
        ),
    ]
