from django.db import migrations, models

from fintrust.core import access


class Migration(migrations.Migration):
    dependencies = [("banking", "0043_webhooks")]

    operations = [
        access.sql_file(__file__, "stripes.sql"),
        migrations.AddField(  # the table is not Django's, so this only tells it
            model_name="account", name="stripe", field=models.SmallIntegerField(default=0)
        ),
    ]
