import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from fintrust.core import access


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0034_sharing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StatusChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "side",
                    models.CharField(
                        choices=[("owner", "The customer"), ("bank", "The bank")], max_length=8
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("frozen", "Frozen"), ("closed", "Closed")],
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
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
        migrations.AlterModelOptions(
            name="transfer",
            options={
                "permissions": [
                    ("release_transfer", "Can release a held transfer"),
                    ("refuse_transfer", "Can refuse a held transfer"),
                    ("reverse_transfer", "Can return a posted transfer"),
                ]
            },
        ),
        migrations.AddField(
            model_name="transfer",
            name="returns",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="returned_by",
                to="banking.transfer",
            ),
        ),
        migrations.AlterField(
            model_name="transfer",
            name="channel",
            field=models.CharField(
                choices=[
                    ("web", "Online banking"),
                    ("api", "API"),
                    ("import", "Taken over"),
                    ("console", "The bank's console"),
                ],
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="transfer",
            name="kind",
            field=models.CharField(
                choices=[
                    ("transfer", "Transfer"),
                    ("deposit", "Deposit"),
                    ("withdrawal", "Withdrawal"),
                    ("reversal", "Return"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "reversal"), ("returns__isnull", False)),
                    models.Q(
                        models.Q(("kind", "reversal"), _negated=True), ("returns__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="banking_transfer_reversal_returns",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["posted", "held"])),
                fields=("returns",),
                name="banking_transfer_returned_once",
            ),
        ),
        migrations.AddField(
            model_name="statuschange",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="status_changes",
                to="banking.account",
            ),
        ),
        migrations.AddField(
            model_name="statuschange",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="statuschange",
            index=models.Index(fields=["account", "side", "-id"], name="banking_status_newest"),
        ),
        access.append_only("banking_statuschange"),
        access.sql_file(__file__, "floor.sql", reverse="DROP FUNCTION ledger_set_floor;"),
    ]
