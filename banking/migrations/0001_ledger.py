import django.db.models.deletion
from django.db import migrations, models

import fintrust.core.fields
import fintrust.core.ids
from fintrust.core import access

# The models below are unmanaged: Django keeps their state, and banking/sql makes the tables,
# because no model can say what they promise.
TABLES = (
    "banking_currency",
    "banking_account",
    "banking_movement",
    "banking_entry",
    "banking_hold",
    "banking_hold_end",
)
DROP_FUNCTIONS = """
DROP FUNCTION ledger_refuse, ledger_verdict, ledger_stored, ledger_post, ledger_move, ledger_check,
    ledger_move_many, ledger_reverse, ledger_balance_at;
DROP TYPE ledger_moved;
"""
DROP_HOLDS = """
DROP FUNCTION ledger_hold, ledger_stored_hold, ledger_capture, ledger_end_hold, ledger_release,
    ledger_expire;
DROP TYPE ledger_hold_state;
"""
DROP_ACCOUNTS = "DROP FUNCTION ledger_open, ledger_open_internal, ledger_set_status;"
DROP_TABLES = """
DROP VIEW banking_entry;
DROP TABLE banking_hold_end, banking_movement, banking_hold, banking_account, banking_currency;
DROP DOMAIN ledger_amount, ledger_balance, ledger_held, ledger_word, ledger_text, ledger_status,
    ledger_kind, ledger_product, ledger_outcome;
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [("core", "0002_access")]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("uuid", models.UUIDField(editable=False, unique=True)),
                (
                    "product",
                    models.CharField(
                        choices=[
                            ("savings", "Savings"),
                            ("checking", "Current account"),
                            ("wallet", "Wallet"),
                            ("internal", "The bank's own"),
                        ],
                        max_length=32,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("asset", "Asset"),
                            ("liability", "Liability"),
                            ("equity", "Equity"),
                            ("income", "Income"),
                            ("expense", "Expense"),
                        ],
                        max_length=32,
                    ),
                ),
                (
                    "gl_code",
                    models.CharField(max_length=32, verbose_name="general ledger"),
                ),
                ("name", models.CharField(max_length=80)),
                ("currency", models.CharField(max_length=3)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("active", "Active"),
                            ("frozen", "Frozen"),
                            ("closed", "Closed"),
                        ],
                        default="active",
                        max_length=32,
                    ),
                ),
                ("floor_minor", models.BigIntegerField(db_column="floor", null=True)),
                (
                    "balance_minor",
                    models.BigIntegerField(db_column="balance", default=0),
                ),
                ("held_minor", models.BigIntegerField(db_column="held", default=0)),
                ("seq", models.BigIntegerField(default=0)),
                ("opened_at", models.DateTimeField()),
            ],
            options={
                "db_table": "banking_account",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Currency",
            fields=[
                (
                    "code",
                    models.CharField(max_length=3, primary_key=True, serialize=False),
                ),
                ("exponent", models.SmallIntegerField()),
                ("name", models.TextField()),
            ],
            options={
                "verbose_name_plural": "currencies",
                "db_table": "banking_currency",
                "ordering": ["code"],
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "account_id",
                        "seq",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("seq", models.BigIntegerField()),
                ("amount_minor", models.BigIntegerField(db_column="amount")),
                (
                    "balance_before_minor",
                    models.BigIntegerField(db_column="balance_before"),
                ),
                ("balance_minor", models.BigIntegerField(db_column="balance")),
                ("currency", models.CharField(max_length=3)),
                ("booked_at", models.DateTimeField()),
                ("value_date", models.DateField()),
                ("kind", models.CharField(max_length=32)),
                ("narrative", models.CharField(max_length=500)),
            ],
            options={
                "verbose_name_plural": "entries",
                "db_table": "banking_entry",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Hold",
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
                ("amount_minor", models.BigIntegerField(db_column="amount")),
                ("expires_at", models.DateTimeField(null=True)),
                ("placed_at", models.DateTimeField()),
                ("because", models.CharField(max_length=500)),
                (
                    "tx",
                    fintrust.core.fields.TxField(
                        db_default=models.Func(function="pg_current_xact_id"),
                        editable=False,
                    ),
                ),
            ],
            options={
                "db_table": "banking_hold",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Movement",
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
                ("journal_id", models.UUIDField(null=True)),
                ("amount_minor", models.BigIntegerField(db_column="amount")),
                (
                    "source_balance_minor",
                    models.BigIntegerField(db_column="debit_balance"),
                ),
                (
                    "target_balance_minor",
                    models.BigIntegerField(db_column="credit_balance"),
                ),
                ("source_seq", models.BigIntegerField(db_column="debit_seq")),
                ("target_seq", models.BigIntegerField(db_column="credit_seq")),
                ("booked_at", models.DateTimeField()),
                ("value_date", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("kind", models.CharField(max_length=32)),
                ("narrative", models.CharField(max_length=500)),
                (
                    "tx",
                    fintrust.core.fields.TxField(
                        db_default=models.Func(function="pg_current_xact_id"),
                        editable=False,
                    ),
                ),
            ],
            options={
                "db_table": "banking_movement",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="HoldEnd",
            fields=[
                (
                    "hold",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="end",
                        serialize=False,
                        to="banking.hold",
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("captured", "Captured"),
                            ("released", "Released"),
                            ("expired", "Expired"),
                        ],
                        max_length=32,
                    ),
                ),
                ("amount_minor", models.BigIntegerField(db_column="amount")),
                ("at", models.DateTimeField()),
                (
                    "tx",
                    fintrust.core.fields.TxField(
                        db_default=models.Func(function="pg_current_xact_id"),
                        editable=False,
                    ),
                ),
            ],
            options={
                "db_table": "banking_hold_end",
                "managed": False,
            },
        ),
        access.sql_file(__file__, "tables.sql", reverse=DROP_TABLES),
        access.sql_file(__file__, "move.sql", reverse=DROP_FUNCTIONS),
        access.sql_file(__file__, "holds.sql", reverse=DROP_HOLDS),
        access.sql_file(__file__, "accounts.sql", reverse=DROP_ACCOUNTS),
        *[access.read_only(table) for table in TABLES],
        access.sql_file(__file__, "rights.sql"),
        access.sql_file(__file__, "seed.sql"),
    ]
