from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0002_access")]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["topic", "subject"], name="core_event_subject"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["topic", "at"], name="core_event_lately"),
        ),
    ]
