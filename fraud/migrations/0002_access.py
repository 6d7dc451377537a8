from django.db import migrations

from fintrust.core import access

READER = (access.READER,)


class Migration(migrations.Migration):
    dependencies = [("fraud", "0001_initial"), ("core", "0002_access")]

    operations = [
        access.append_only("fraud_decision"),
        access.append_only("fraud_paymentfact"),
        access.append_only("fraud_afterscore"),
        access.read_write("fraud_customerlimit", readers=READER),
        access.read_write(
            "fraud_alert",
            update=["status", "acknowledged_by_id", "acknowledged_at", "note"],
            readers=READER,
        ),
    ]
