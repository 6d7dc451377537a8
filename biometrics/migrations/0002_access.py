from django.db import migrations

from fintrust.core import access


class Migration(migrations.Migration):
    dependencies = [("biometrics", "0001_initial"), ("core", "0002_access")]

    operations = [
        access.read_write(
            "biometrics_pin", update=["sealed_hash", "failures", "locked_until", "updated_at"]
        ),
    ]
