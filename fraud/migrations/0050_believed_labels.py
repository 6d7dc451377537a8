from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fraud", "0049_label_habit"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(model_name="label", name="fraud_label_payee"),
        migrations.RemoveIndex(model_name="label", name="fraud_label_customer"),
        migrations.AddIndex(
            model_name="label",
            index=models.Index(
                condition=models.Q(
                    models.Q(("counterparty", ""), _negated=True), ("weight__gte", 0.5)
                ),
                fields=["counterparty", "-known_at", "-id"],
                include=("decision", "paid_at", "fraud", "unusual"),
                name="fraud_label_payee",
            ),
        ),
        migrations.AddIndex(
            model_name="label",
            index=models.Index(
                condition=models.Q(("weight__gte", 0.5)),
                fields=["customer", "-known_at", "-id"],
                include=("decision", "paid_at", "fraud"),
                name="fraud_label_customer",
            ),
        ),
        migrations.RemoveConstraint(model_name="label", name="fraud_label_weight"),
        migrations.AddConstraint(
            model_name="label",
            constraint=models.CheckConstraint(
                condition=models.Q(("weight__gte", 0), ("weight__lte", 1)),
                name="fraud_label_weight",
            ),
        ),
    ]
