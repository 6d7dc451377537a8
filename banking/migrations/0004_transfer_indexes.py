from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT


class Migration(migrations.Migration):
    """Each side of a history in order of time; three indexes that were prefixes of others go."""

    dependencies = [("banking", "0003_ledger_check")]

    operations = [
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["requested_by", "-id"], name="banking_transfer_asked"),
        ),
        migrations.AlterField(
            model_name="transfer",
            name="requested_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=PROTECT,
                related_name="asked",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="transfer",
            name="source",
            field=models.ForeignKey(
                db_index=False, on_delete=PROTECT, related_name="sent", to="banking.account"
            ),
        ),
        migrations.AlterField(
            model_name="transfer",
            name="target",
            field=models.ForeignKey(
                db_index=False, on_delete=PROTECT, related_name="received", to="banking.account"
            ),
        ),
    ]
