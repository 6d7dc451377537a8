import django.db.models.deletion
from django.db import migrations, models

import fintrust.core.fields
import fintrust.core.ids
from fintrust.core import access

DROP_JOURNALS = """
DROP FUNCTION ledger_join_journal, ledger_stored_journal, ledger_book_leg, ledger_journal,
    ledger_reverse_journal;
DROP TYPE ledger_booked_leg;
DROP TABLE banking_journal;
"""
DROP_PERIODS = """
DROP FUNCTION ledger_day_verdict, ledger_value, ledger_close, ledger_freeze, ledger_balances,
    ledger_balance_on;
DROP TABLE banking_frozen, banking_close, banking_back_dated;
ALTER TABLE banking_currency DROP COLUMN closed_until;
DROP INDEX banking_movement_tx;
"""
TABLES = ("banking_journal", "banking_back_dated", "banking_close", "banking_frozen")


class Migration(migrations.Migration):
    """Journals, the other time, and closing of periods."""

    dependencies = [("banking", "0004_transfer_indexes")]

    operations = [
        access.sql_file(__file__, "journals.sql", reverse=DROP_JOURNALS),
        access.sql_file(__file__, "periods.sql", reverse=DROP_PERIODS),
        access.sql_file(__file__, "fences_books.sql"),
        *[access.read_only(table) for table in TABLES],
        # The functions that know of them, for banks that have older ones.
        access.sql_file(__file__, "move.sql"),
        access.sql_file(__file__, "chart.sql"),
        migrations.AddField(
            model_name="currency", name="closed_until", field=models.DateField(null=True)
        ),
        migrations.AddField(
            model_name="ledgercheck",
            name="full",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name="ledgercheck",
            name="movements",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="ledgercheck",
            name="checkpoint",
            field=models.JSONField(null=True),
        ),
        migrations.CreateModel(
            name="Journal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=fintrust.core.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("narrative", models.CharField(max_length=500)),
                ("value_date", models.DateField(null=True)),
                ("booked_at", models.DateTimeField()),
                (
                    "reverses",
                    models.OneToOneField(
                        db_column="reverses",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="reversed_by",
                        to="banking.journal",
                    ),
                ),
                (
                    "tx",
                    fintrust.core.fields.TxField(
                        db_default=models.Func(function="pg_current_xact_id"),
                        editable=False,
                    ),
                ),
            ],
            options={"db_table": "banking_journal", "managed": False},
        ),
        migrations.CreateModel(
            name="Close",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "currency_id",
                        "until_day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "currency",
                    models.ForeignKey(
                        db_column="currency",
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="closes",
                        to="banking.currency",
                    ),
                ),
                ("until_day", models.DateField()),
                ("closed_at", models.DateTimeField()),
            ],
            options={"db_table": "banking_close", "managed": False},
        ),
        migrations.CreateModel(
            name="FrozenBalance",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id",
                        "until_day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="frozen_balances",
                        to="banking.account",
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("until_day", models.DateField()),
                ("balance_minor", models.BigIntegerField(db_column="balance")),
            ],
            options={"db_table": "banking_frozen", "managed": False},
        ),
    ]
