from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fraud", "0041_figures")]

    operations = [
        migrations.AddIndex(
            model_name="label",
            index=models.Index(
                fields=["-known_at"], include=("paid_at", "source"), name="fraud_label_newest"
            ),
        ),
    ]
