import django.db.models.deletion
from django.db import migrations, models

from fintrust.core import access

UNDO = """
DROP VIEW banking_waiting;
CREATE OR REPLACE VIEW banking_entry AS
    SELECT debit_id AS account_id, debit_seq AS seq, id AS movement_id, credit_id AS counter_id,
           -amount AS amount, debit_balance + amount AS balance_before, debit_balance AS balance,
           currency, booked_at, value_date, kind, narrative
      FROM banking_movement
    UNION ALL
    SELECT credit_id, credit_seq, id, debit_id,
           amount::bigint, credit_balance - amount, credit_balance,
           currency, booked_at, value_date, kind, narrative
      FROM banking_movement;
DROP FUNCTION ledger_join_queue, ledger_post_queued, ledger_post_set, ledger_fold,
    ledger_set_queued, ledger_balance;
DROP TABLE banking_folded, banking_queue;
DROP SEQUENCE banking_queue_number;
ALTER TABLE banking_movement ALTER debit_balance SET NOT NULL, ALTER credit_balance SET NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("banking", "0004_transfer_indexes")]

    operations = [
        access.sql_file(__file__, "queue.sql", reverse=UNDO),
        # A second time where it ran before: it only makes or replaces.
        access.sql_file(__file__, "move.sql"),
        access.sql_file(__file__, "queue_rights.sql"),
        *[
            access.read_only(table)
            for table in ("banking_queue", "banking_folded", "banking_waiting")
        ],
        migrations.CreateModel(
            name="Queue",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="queue",
                        serialize=False,
                        to="banking.account",
                    ),
                ),
                ("folded", models.BigIntegerField()),
            ],
            options={"db_table": "banking_queue", "managed": False},
        ),
    ]
