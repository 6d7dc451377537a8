from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fraud", "0051_lists")]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="review",
            field=models.BooleanField(db_default=False, verbose_name="an officer decides"),
        ),
    ]
