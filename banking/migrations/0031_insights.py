import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from fintrust.core import access


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0035_care_and_returns"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CategoryChoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("about", models.CharField(max_length=80)),
                ("category", models.CharField(max_length=20)),
                (
                    "at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="category_choices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "about"), name="banking_categorychoice_once"
                    )
                ],
            },
        ),
        access.read_write("banking_categorychoice", update=["category", "at"], delete=True),
        access.sql_file(
            __file__,
            "insights.sql",
            reverse="DROP FUNCTION banking_seq_before(bigint, timestamptz)",
        ),
    ]
