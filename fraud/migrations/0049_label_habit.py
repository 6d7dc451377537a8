from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fraud", "0048_limits_mail")]

    operations = [
        migrations.AddField(
            model_name="label",
            name="unusual",
            field=models.BooleanField(
                db_default=False, verbose_name="out of the customer's habit when made"
            ),
        ),
        migrations.RemoveIndex(model_name="label", name="fraud_label_payee"),
        migrations.AddIndex(
            model_name="label",
            index=models.Index(
                condition=models.Q(("counterparty", ""), _negated=True),
                fields=["counterparty", "-known_at", "-id"],
                include=("decision", "paid_at", "fraud", "unusual"),
                name="fraud_label_payee",
            ),
        ),
    ]
