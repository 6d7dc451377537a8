from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fraud", "0045_backtest_tries"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="promotion",
            name="fraud_promotion_two_people",
        ),
        migrations.AlterField(
            model_name="promotion",
            name="status",
            field=models.CharField(
                choices=[
                    ("open", "Waiting"),
                    ("approved", "Approved"),
                    ("rejected", "Rejected"),
                    ("withdrawn", "Withdrawn"),
                    ("expired", "Ran out"),
                ],
                default="open",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="promotion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at__isnull", True),
                        ("decided_by__isnull", True),
                        ("status__in", ["open", "expired"]),
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("status__in", ["approved", "rejected"]),
                        ("decided_by__isnull", False),
                        models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by", models.F("proposed_by")),
                        ("status", "withdrawn"),
                    ),
                    _connector="OR",
                ),
                name="fraud_promotion_two_people",
            ),
        ),
    ]
