from django.db import migrations

from fintrust.core import access

READER = (access.READER,)


class Migration(migrations.Migration):
    dependencies = [("fraud", "0030_cases")]

    operations = [
        access.read_write(
            "fraud_case",
            update=[
                "status",
                "severity",
                "loss_minor",
                "due_at",
                "assigned_to_id",
                "assigned_at",
                "escalated_by_id",
                "escalated_at",
                "outcome",
                "reason",
                "proposed_by_id",
                "closed_by_id",
                "closed_at",
            ],
            readers=READER,
        ),
        access.append_only("fraud_caseentry"),
        access.append_only("fraud_evidencefile"),
        # What a report says is written once; only whether somebody signed it comes later.
        access.read_write(
            "fraud_suspicionreport", update=["status", "signed_by_id", "signed_at"], readers=READER
        ),
    ]
