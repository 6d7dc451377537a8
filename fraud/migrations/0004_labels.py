import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import fintrust.core.fields
from fintrust.core import access


class Migration(migrations.Migration):
    dependencies = [
        ("fraud", "0003_recorded_at_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Label",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "tx",
                    fintrust.core.fields.TxField(
                        db_default=models.Func(function="pg_current_xact_id"), editable=False
                    ),
                ),
                ("counterparty", models.CharField(blank=True, max_length=40, verbose_name="payee")),
                ("paid_at", models.DateTimeField(verbose_name="asked at")),
                ("fraud", models.BooleanField()),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("customer", "The customer said so"),
                            ("step_up", "A confirmation passed or failed"),
                            ("officer", "A case was closed"),
                            ("dispute", "A dispute"),
                            ("import", "Another system"),
                        ],
                        max_length=10,
                    ),
                ),
                ("weight", models.FloatField(verbose_name="how far it is believed, 0 to 1")),
                ("note", models.CharField(blank=True, max_length=500)),
                ("known_at", models.DateTimeField()),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="labels",
                        to="fraud.decision",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.AddIndex(
            model_name="label",
            index=models.Index(
                condition=models.Q(("counterparty", ""), _negated=True),
                fields=["counterparty", "-known_at", "-id"],
                include=("decision", "paid_at", "fraud"),
                name="fraud_label_payee",
            ),
        ),
        migrations.AddIndex(
            model_name="label",
            index=models.Index(
                fields=["customer", "-known_at", "-id"],
                include=("decision", "paid_at", "fraud"),
                name="fraud_label_customer",
            ),
        ),
        migrations.AddIndex(
            model_name="label",
            index=models.Index(
                fields=["decision", "-known_at", "-id"], name="fraud_label_decision"
            ),
        ),
        migrations.AddConstraint(
            model_name="label",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight__gt", 0), ("weight__lte", 1)), name="fraud_label_weight"
            ),
        ),
        migrations.AddConstraint(
            model_name="label",
            constraint=models.CheckConstraint(
                condition=models.Q(("known_at__gte", models.F("paid_at"))),
                name="fraud_label_known_after_payment",
            ),
        ),
        access.append_only("fraud_label"),
    ]
