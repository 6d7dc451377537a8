from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fraud", "0004_labels"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="paymentfact",
            name="fraud_fact_own",
        ),
        migrations.RemoveIndex(
            model_name="paymentfact",
            name="fraud_fact_payee",
        ),
        migrations.RemoveIndex(
            model_name="paymentfact",
            name="fraud_fact_peers",
        ),
        migrations.AddField(
            model_name="paymentfact",
            name="credited",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(outgoing=True, then="counterparty"), default="account"
                ),
                output_field=models.CharField(max_length=40),
            ),
        ),
        migrations.AddField(
            model_name="paymentfact",
            name="debited",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(outgoing=True, then="account"), default="counterparty"
                ),
                output_field=models.CharField(max_length=40),
            ),
        ),
        migrations.AddField(
            model_name="paymentfact",
            name="device",
            field=models.CharField(blank=True, db_default="", max_length=64),
        ),
        migrations.AddField(
            model_name="paymentfact",
            name="local_weekday",
            field=models.SmallIntegerField(
                null=True, verbose_name="day of the customer's week, 0 is Monday"
            ),
        ),
        migrations.AddField(
            model_name="paymentfact",
            name="unusual",
            field=models.BooleanField(
                db_default=False, verbose_name="out of the customer's habit when made"
            ),
        ),
        migrations.AddIndex(
            model_name="paymentfact",
            index=models.Index(
                fields=["customer", "outgoing", "-at", "-decision"],
                include=(
                    "amount_minor",
                    "currency",
                    "counterparty",
                    "account",
                    "device",
                    "unusual",
                    "local_hour",
                    "local_weekday",
                ),
                name="fraud_fact_habit",
            ),
        ),
        migrations.AddIndex(
            model_name="paymentfact",
            index=models.Index(
                condition=models.Q(("outgoing", True)),
                fields=["customer", "counterparty", "-at", "-decision"],
                include=("amount_minor", "currency"),
                name="fraud_fact_pair",
            ),
        ),
        migrations.AddIndex(
            model_name="paymentfact",
            index=models.Index(
                condition=models.Q(("credited", ""), _negated=True),
                fields=["credited", "-at", "-decision"],
                include=("customer", "outgoing", "debited", "amount_minor", "currency"),
                name="fraud_fact_credited",
            ),
        ),
        migrations.AddIndex(
            model_name="paymentfact",
            index=models.Index(
                condition=models.Q(("device", ""), _negated=True),
                fields=["device", "-at", "-decision"],
                include=("customer",),
                name="fraud_fact_device",
            ),
        ),
        migrations.AddIndex(
            model_name="paymentfact",
            index=models.Index(
                condition=models.Q(("outgoing", True)),
                fields=["currency", "-at", "-decision"],
                include=("amount_minor", "customer"),
                name="fraud_fact_others",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentfact",
            constraint=models.CheckConstraint(
                condition=models.Q(("local_weekday__gte", 0), ("local_weekday__lte", 6)),
                name="fraud_fact_weekday",
            ),
        ),
    ]
