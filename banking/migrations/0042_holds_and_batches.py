import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import fintrust.core.ids
from fintrust.core import access


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0041_proposals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=fintrust.core.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("request_id", models.CharField(max_length=100)),
                ("fingerprint", models.CharField(max_length=64)),
                ("linked", models.BooleanField()),
                ("outcomes", models.JSONField()),
                (
                    "asked_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="batches",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "batches",
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("requested_by", "request_id"), name="banking_batch_request_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reservation",
            fields=[
                (
                    "hold",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="reservation",
                        serialize=False,
                        to="banking.hold",
                    ),
                ),
                ("request_id", models.CharField(max_length=100)),
                ("fingerprint", models.CharField(max_length=64)),
                ("release_id", models.CharField(max_length=100, null=True)),
                (
                    "asked_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reservations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        fields=["requested_by", "-hold"], name="banking_reservation_newest"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("requested_by", "request_id"),
                        name="banking_reservation_request_once",
                    ),
                    models.UniqueConstraint(
                        fields=("requested_by", "release_id"),
                        name="banking_reservation_release_once",
                    ),
                ],
            },
        ),
        access.read_write("banking_reservation", update=["release_id"], readers=(access.READER,)),
        access.append_only("banking_batch"),
    ]
