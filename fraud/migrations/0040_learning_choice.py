import django.db.models.deletion
import django.db.models.functions
from django.conf import settings
from django.db import migrations, models

import fintrust.core.fields
from fintrust.core import access


class Migration(migrations.Migration):
    dependencies = [
        ("fraud", "0035_stream"),
        ("core", "0002_access"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LearningChoice",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "tx",
                    fintrust.core.fields.TxField(
                        db_default=models.Func(function="pg_current_xact_id"), editable=False
                    ),
                ),
                ("learns", models.BooleanField(verbose_name="may learn from payments")),
                (
                    "since",
                    models.DateTimeField(null=True, verbose_name="only from payments after"),
                ),
                ("effective_at", models.DateTimeField(verbose_name="judged by from")),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.Now(), editable=False
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "choice about learning",
                "verbose_name_plural": "choices about learning",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        fields=["customer", "-id"],
                        include=("effective_at", "learns", "since"),
                        name="fraud_learning_newest",
                    )
                ],
            },
        ),
        access.append_only("fraud_learningchoice"),
    ]
