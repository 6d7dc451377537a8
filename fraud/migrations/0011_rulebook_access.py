from django.db import migrations

from fintrust.core import access

# A step names the author of its version, so that one row says that two people agreed; the pair
# is checked against the version itself.
SAME_AUTHOR = """
ALTER TABLE fraud_rulestep ADD CONSTRAINT fraud_rulestep_author
    FOREIGN KEY (version_id, author_id) REFERENCES fraud_ruleversion (id, author_id);
"""


class Migration(migrations.Migration):
    dependencies = [("fraud", "0010_rulebook"), ("core", "0002_access")]

    operations = [
        access.append_only("fraud_rule"),
        access.append_only("fraud_ruleversion"),
        access.append_only("fraud_rulestep"),
        access.append_only("fraud_ruleset"),
        access.append_only("fraud_rulehit"),
        access.read_write(
            "fraud_backtest",
            update=[
                "ruleset_id",
                "status",
                "progress",
                "result",
                "error",
                "started_at",
                "finished_at",
            ],
            readers=(access.READER,),
        ),
        migrations.RunSQL(
            SAME_AUTHOR, "ALTER TABLE fraud_rulestep DROP CONSTRAINT fraud_rulestep_author;"
        ),
    ]
