from django.db import migrations

from fintrust.core import access

READER = (access.READER,)


class Migration(migrations.Migration):
    dependencies = [("fraud", "0015_learning")]

    operations = [
        access.read_write(
            "fraud_trainingrun",
            update=["status", "step", "percent", "rows_read", "started_at", "ended_at", "outcome"],
            readers=READER,
        ),
        # What a model is can never change; whether it is in use can.
        access.read_write(
            "fraud_modelversion",
            update=["status", "status_since", "predecessor_id"],
            readers=READER,
        ),
        access.read_write(
            "fraud_promotion",
            update=["status", "decided_by_id", "decided_at", "decision_reason"],
            readers=READER,
        ),
        access.read_write("fraud_driftcheck", update=["seen_by_id", "seen_at"], readers=READER),
    ]
