"""What officers watch goes by when it was decided, and so do the indexes of their figures."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fraud", "0052_review")]

    operations = [
        migrations.RemoveIndex(model_name="decision", name="fraud_decision_stopped"),
        migrations.RemoveIndex(model_name="decision", name="fraud_decision_degraded"),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(
                fields=["-recorded_at", "-id"],
                include=("verdict", "score"),
                name="fraud_decision_recorded",
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(
                condition=models.Q(("verdict__in", ["FLAGGED", "BLOCKED"])),
                fields=["-recorded_at", "-id"],
                name="fraud_decision_stopped",
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(
                condition=models.Q(("degraded", []), _negated=True),
                fields=["-recorded_at"],
                name="fraud_decision_degraded",
            ),
        ),
    ]
