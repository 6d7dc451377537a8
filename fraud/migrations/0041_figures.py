"""Indexes that hold what is counted, so that a year of figures reads no rows."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fraud", "0040_learning_choice"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(model_name="decision", name="fraud_decision_customer"),
        migrations.RemoveIndex(model_name="decision", name="fraud_decision_newest"),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(
                fields=["customer", "-at"],
                include=("verdict", "score"),
                name="fraud_decision_of_customer",
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(
                fields=["-at", "-id"], include=("verdict", "score"), name="fraud_decision_by_time"
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(
                condition=models.Q(("verdict__in", ["FLAGGED", "BLOCKED"])),
                fields=["-at", "-id"],
                name="fraud_decision_stopped",
            ),
        ),
    ]
