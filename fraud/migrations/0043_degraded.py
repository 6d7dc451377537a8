from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fraud", "0042_label_age")]

    operations = [
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(
                condition=models.Q(("degraded", []), _negated=True),
                fields=["-at"],
                name="fraud_decision_degraded",
            ),
        ),
    ]
