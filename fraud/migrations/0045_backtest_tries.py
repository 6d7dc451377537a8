from django.db import migrations, models

from fintrust.core.access import APP


class Migration(migrations.Migration):
    dependencies = [("fraud", "0044_alert_kinds")]

    operations = [
        migrations.AddField(
            model_name="backtest",
            name="tries",
            field=models.PositiveSmallIntegerField(db_default=0),
        ),
        migrations.RunSQL(
            f"GRANT UPDATE (tries) ON fraud_backtest TO {APP};",
            f"REVOKE UPDATE (tries) ON fraud_backtest FROM {APP};",
        ),
    ]
