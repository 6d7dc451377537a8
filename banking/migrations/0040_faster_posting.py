from django.db import migrations

from fintrust.core import access


class Migration(migrations.Migration):
    """A movement costs less, and a batch is one statement."""

    dependencies = [("banking", "0024_imports")]

    operations = [
        # Again, for banks that ran an older one: it only makes or replaces.
        access.sql_file(__file__, "move.sql"),
        access.sql_file(__file__, "posting_rights.sql"),
    ]
