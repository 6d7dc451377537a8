import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT, Q

from fintrust.core import access

# What was sent this month before anybody counted.
COUNT = """
INSERT INTO banking_outgoing (account_id, day, count, minor)
SELECT source_id, (asked_at AT TIME ZONE 'UTC')::date, count(*), sum(amount_minor)
  FROM banking_transfer
 WHERE status IN ('posted', 'held') AND kind <> 'deposit' AND channel <> 'import'
 GROUP BY 1, 2;
"""


class Migration(migrations.Migration):
    """What an account may send in a day and in a month, and what it has sent."""

    dependencies = [("banking", "0018_fx")]

    operations = [
        migrations.CreateModel(
            name="AccountLimit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day_minor", models.BigIntegerField(null=True)),
                ("month_minor", models.BigIntegerField(null=True)),
                ("day_count", models.IntegerField(null=True)),
                ("reason", models.CharField(max_length=500)),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=PROTECT,
                        related_name="limits",
                        to="banking.account",
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "default_permissions": ("view", "add"),
                "indexes": [
                    models.Index(fields=["account", "-id"], name="banking_accountlimit_newest")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=(Q(day_minor__isnull=True) | Q(day_minor__gte=0))
                        & (Q(month_minor__isnull=True) | Q(month_minor__gte=0))
                        & (Q(day_count__isnull=True) | Q(day_count__gte=0)),
                        name="banking_accountlimit_not_negative",
                    )
                ],
            },
        ),
        access.append_only("banking_accountlimit"),
        migrations.CreateModel(
            name="Outgoing",
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
                ("count", models.IntegerField()),
                ("minor", models.DecimalField(decimal_places=0, max_digits=30)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=PROTECT,
                        related_name="+",
                        to="banking.account",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(count__gte=0, minor__gte=0),
                        name="banking_outgoing_not_negative",
                    )
                ],
            },
        ),
        access.read_write("banking_outgoing", update=["count", "minor"], readers=(access.READER,)),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
