from django.db import migrations

from fintrust.core import access


class Migration(migrations.Migration):
    dependencies = [("fraud", "0032_disputes")]

    operations = [access.append_only("fraud_dispute")]
