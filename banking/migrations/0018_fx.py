import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT, F, Q

from fintrust.core import access


class Migration(migrations.Migration):
    """Rates of exchange, what a transfer costs and brings, and the bank's side of each currency."""

    dependencies = [("banking", "0031_insights")]

    operations = [
        migrations.CreateModel(
            name="FxRate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("base", models.CharField(max_length=3)),
                ("quote", models.CharField(max_length=3)),
                ("rate", models.DecimalField(decimal_places=12, max_digits=24)),
                ("source", models.CharField(max_length=60)),
                ("valid_from", models.DateTimeField()),
                (
                    "recorded_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "exchange rate",
                "default_permissions": ("view", "add"),
                "constraints": [
                    models.CheckConstraint(condition=Q(rate__gt=0), name="banking_fxrate_positive"),
                    models.CheckConstraint(
                        condition=~Q(base=F("quote")), name="banking_fxrate_two"
                    ),
                ],
                "indexes": [
                    models.Index(
                        fields=["base", "quote", "-valid_from", "-id"],
                        name="banking_fxrate_newest",
                    )
                ],
            },
        ),
        access.append_only("banking_fxrate"),
        migrations.AddField(
            model_name="transfer",
            name="fee_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="transfer", name="target_minor", field=models.BigIntegerField(null=True)
        ),
        migrations.AddField(
            model_name="transfer",
            name="target_currency",
            field=models.CharField(max_length=3, null=True),
        ),
        migrations.AddField(
            model_name="transfer",
            name="rate",
            field=models.DecimalField(decimal_places=12, max_digits=24, null=True),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=Q(fee_minor__gte=0), name="banking_transfer_fee_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=Q(
                    target_minor__isnull=True, target_currency__isnull=True, rate__isnull=True
                )
                | (
                    Q(target_minor__isnull=False, target_currency__isnull=False)
                    & Q(rate__isnull=False, rate__gt=0, target_minor__gt=0)
                    & ~Q(target_currency=F("currency"))
                ),
                name="banking_transfer_exchange_whole",
            ),
        ),
        access.sql_file(
            __file__,
            "exchange.sql",
            reverse="DROP TRIGGER banking_transfer_terms ON banking_transfer;",
        ),
        access.sql_file(__file__, "chart_fx.sql"),
    ]
