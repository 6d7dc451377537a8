from django.db import migrations


class Migration(migrations.Migration):
    """What it held is in the versions now."""

    dependencies = [("fraud", "0021_take_over_limits")]

    operations = [migrations.DeleteModel("CustomerLimit")]
