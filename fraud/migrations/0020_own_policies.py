from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT, Q

from fintrust.core import access


class Migration(migrations.Migration):
    """Customers' own limits, each version of them written once."""

    dependencies = [
        ("fraud", "0016_learning_access"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("asked", models.JSONField(verbose_name="as the customer wrote them")),
                (
                    "earlier",
                    models.JSONField(default=list, verbose_name="earlier ones that still hold"),
                ),
                (
                    "stepped_up",
                    models.BooleanField(default=False, verbose_name="confirmed by PIN"),
                ),
                ("at", models.DateTimeField(verbose_name="since")),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "version of own limits",
                "verbose_name_plural": "own limits",
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("customer", "version"), name="fraud_policies_once"
                    ),
                    models.CheckConstraint(
                        condition=Q(("version__gt", 0)), name="fraud_policies_version_positive"
                    ),
                ],
            },
        ),
        access.append_only("fraud_policyversion"),
    ]
