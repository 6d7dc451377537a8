from django.db import migrations

from fintrust.core import access


class Migration(migrations.Migration):
    """Money that waited is held to its owner's limits of the moment it would go."""

    dependencies = [("banking", "0044_stripes")]

    operations = [
        access.sql_file(
            __file__,
            "judged_again.sql",
            reverse="DROP TRIGGER banking_transfer_judged ON banking_transfer;"
            "REVOKE UPDATE (decision_id) ON banking_transfer FROM fintrust_app;",
        ),
    ]
