import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import fintrust.core.fields
from fintrust.core import access


class Migration(migrations.Migration):
    """What accounts earn: terms, what each day brought, and what was paid."""

    dependencies = [
        ("banking", "0019_limits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AccrualRun",
            fields=[
                ("last", models.DateField(primary_key=True, serialize=False)),
                ("first", models.DateField()),
                (
                    "horizon",
                    fintrust.core.fields.TxField(
                        db_default=models.Func(function="pg_current_xact_id"), editable=False
                    ),
                ),
                ("accruals", models.IntegerField()),
                ("corrections", models.IntegerField()),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="InterestMonth",
            fields=[
                ("through", models.DateField(primary_key=True, serialize=False)),
                ("payments", models.IntegerField()),
                ("fees", models.IntegerField()),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Accrual",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id",
                        "day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("day", models.DateField()),
                ("balance_minor", models.BigIntegerField()),
                ("units", models.DecimalField(decimal_places=0, max_digits=40)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="accruals",
                        to="banking.account",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="AccrualCorrection",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id",
                        "day",
                        "run_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("day", models.DateField()),
                ("balance_minor", models.BigIntegerField()),
                ("units", models.DecimalField(decimal_places=0, max_digits=40)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="banking.account",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="banking.accrualrun",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="InterestPayment",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id",
                        "through",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("through", models.DateField()),
                ("paid_minor", models.BigIntegerField()),
                ("carried", models.DecimalField(decimal_places=0, max_digits=40)),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="banking.account",
                    ),
                ),
                (
                    "movement",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="banking.movement",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="InterestTerms",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "product",
                    models.CharField(
                        choices=[
                            ("savings", "Savings"),
                            ("checking", "Current account"),
                            ("wallet", "Wallet"),
                            ("internal", "The bank's own"),
                        ],
                        max_length=32,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("valid_from", models.DateField()),
                (
                    "day_count",
                    models.CharField(
                        choices=[
                            ("act/365", "actual days over 365"),
                            ("act/360", "actual days over 360"),
                            ("30E/360", "months of 30 days over 360"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "tier_from",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                (
                    "tier_parts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), size=None
                    ),
                ),
                ("overdraft_parts", models.IntegerField(default=0)),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "interest terms",
                "default_permissions": ("view", "add"),
                "indexes": [
                    models.Index(
                        fields=["product", "currency", "-valid_from", "-id"],
                        name="banking_interestterms_newest",
                    )
                ],
            },
        ),
        access.append_only("banking_accrualrun"),
        access.append_only("banking_accrual"),
        access.append_only("banking_accrualcorrection"),
        access.append_only("banking_interestmonth"),
        access.append_only("banking_interestpayment"),
        access.append_only("banking_interestterms"),
        access.sql_file(
            __file__,
            "interest.sql",
            reverse="DROP INDEX banking_movement_booked; DROP FUNCTION interest_day_30e;",
        ),
    ]
