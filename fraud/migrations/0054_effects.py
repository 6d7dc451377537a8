"""What became of payments is counted from indexes alone: so they know what an officer decides."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fraud", "0053_decided")]

    operations = [
        migrations.RemoveIndex(model_name="decision", name="fraud_decision_of_customer"),
        migrations.RemoveIndex(model_name="decision", name="fraud_decision_by_time"),
        migrations.RemoveIndex(model_name="decision", name="fraud_decision_recorded"),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(
                fields=["customer", "-at"],
                include=("verdict", "review", "score"),
                name="fraud_decision_of_customer",
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(
                fields=["-at", "-id"],
                include=("verdict", "review", "score"),
                name="fraud_decision_by_time",
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(
                fields=["-recorded_at", "-id"],
                include=("verdict", "review", "score"),
                name="fraud_decision_recorded",
            ),
        ),
    ]
