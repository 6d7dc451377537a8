import django.db.models.functions.datetime
from django.db import migrations, models

from fintrust.core import access


class Migration(migrations.Migration):
    dependencies = [("banking", "0002_transfers")]

    operations = [
        migrations.CreateModel(
            name="LedgerCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("intact", models.BooleanField()),
                ("findings", models.JSONField(default=list)),
            ],
            options={"default_permissions": ("view",)},
        ),
        access.append_only("banking_ledgercheck"),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["-asked_at"], name="banking_transfer_newest"),
        ),
    ]
