from django.db import migrations

from fintrust.core import access


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("core", "0002_access")]

    operations = [
        # A larger row would not fit into an entry of the log and stop the sequencer for ever.
        migrations.RunSQL(
            """
            ALTER TABLE audit_record ADD CONSTRAINT audit_record_fits CHECK (
                coalesce(octet_length(before::text), 0) + coalesce(octet_length(after::text), 0)
                + octet_length(data::text) <= 50000
            )
            """,
            "ALTER TABLE audit_record DROP CONSTRAINT audit_record_fits",
        ),
        access.append_only("audit_record", readers=(access.READER, access.SEQUENCER)),
        access.append_only("audit_verification"),
        *[
            access.append_only(table, writer=access.SEQUENCER, readers=(access.APP, access.READER))
            for table in ("audit_leaf", "audit_tile", "audit_checkpoint")
        ],
    ]
