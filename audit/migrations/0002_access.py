from django.db import migrations

from fintrust.core import access


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("core", "0002_access")]

    operations = [
        access.append_only("audit_record", readers=(access.READER, access.SEQUENCER)),
        access.append_only("audit_verification"),
        *[
            access.append_only(table, writer=access.SEQUENCER, readers=(access.APP, access.READER))
            for table in ("audit_leaf", "audit_tile", "audit_checkpoint")
        ],
    ]
