from django.db import migrations

from fintrust.core import access


class Migration(migrations.Migration):
    dependencies = [("biometrics", "0003_rhythm")]

    operations = [access.append_only("biometrics_rhythm", readers=())]
