"""What nobody may do to the books: not the application, and not the owner of the tables either."""

import psycopg
import pytest
from psycopg import errors as pg

from banking import ledger
from banking.tests.ledger_help import account, eur
from banking.verify import verify_ledger
from fintrust.core.ids import uuid7

# Written once. What is said of them here is said by grants and by triggers.
BOOKS = [
    "banking_movement",
    "banking_hold",
    "banking_hold_end",
    "audit_record",
    "fraud_decision",
]
NIL = "'00000000-0000-0000-0000-000000000000'"

ATTACKS = [
    *[f"UPDATE {book} SET tx = tx" for book in BOOKS],
    *[f"DELETE FROM {book}" for book in BOOKS],
    *[f"TRUNCATE {book} CASCADE" for book in BOOKS],
    *[f"ALTER TABLE {book} DISABLE TRIGGER ALL" for book in BOOKS],
    *[f"DROP TRIGGER {book}_no_change ON {book}" for book in BOOKS],
    *[f"ALTER TABLE {book} OWNER TO fintrust_app" for book in BOOKS],
    *[f"DROP TABLE {book} CASCADE" for book in BOOKS],
    *[f"BEGIN; LOCK TABLE {book} IN ACCESS EXCLUSIVE MODE" for book in BOOKS],
    # the ledger's tables are not even to be added to, except through its functions
    f"""INSERT INTO banking_movement (id, debit_id, credit_id, amount, debit_balance,
        credit_balance, debit_seq, credit_seq, value_date, currency, kind, narrative)
        VALUES ({NIL}, 1, 2, 1, 0, 0, 1, 1, now(), 'EUR', 'theft', '')""",
    f"INSERT INTO banking_hold (id, account_id, amount, because) VALUES ({NIL}, 1, 1, '')",
    f"INSERT INTO banking_hold_end (hold_id, outcome, amount) VALUES ({NIL}, 'released', 0)",
    f"""INSERT INTO banking_account (uuid, product, kind, gl_code, name, currency)
        VALUES ({NIL}, 'internal', 'asset', 'mine', 'Mine', 'EUR')""",
    "INSERT INTO banking_currency VALUES ('XTS', 2, 'Mine')",
    "COPY banking_movement FROM STDIN",
    # money from nothing
    "UPDATE banking_account SET balance = balance + 1000000",
    "UPDATE banking_account SET name = name, balance = 1",
    "UPDATE banking_account SET held = 0",
    "UPDATE banking_account SET floor = NULL",
    "UPDATE banking_account SET status = 'active'",
    "UPDATE banking_account SET seq = 0",
    "UPDATE banking_account SET owner_id = NULL, product = 'internal'",
    "DELETE FROM banking_account",
    "TRUNCATE banking_account CASCADE",
    """MERGE INTO banking_account a USING (SELECT 1) s ON true
        WHEN MATCHED THEN UPDATE SET balance = 1""",
    "ALTER TABLE banking_account DROP CONSTRAINT banking_account_funds",
    "ALTER DOMAIN ledger_amount DROP CONSTRAINT ledger_amount_check",
    # the parts behind the doors
    f"SELECT ledger_post({NIL}, 1, 2, 1, 'EUR', 'theft', '', NULL, NULL, NULL, NULL)",
    "SELECT ledger_open_internal('mine', 'asset', 'Mine', 'EUR')",
    f"SELECT ledger_end_hold({NIL}, 'released', NULL)",
    "SELECT setval('banking_account_id_seq', 1)",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
    "ALTER FUNCTION ledger_move SECURITY INVOKER",
    "DROP FUNCTION ledger_move",
    # becoming somebody else, or making the fences blind
    "SET ROLE fintrust_owner",
    "SET SESSION AUTHORIZATION fintrust_owner",
    "SET session_replication_role = replica",
    "ALTER ROLE fintrust_app SUPERUSER",
    "GRANT fintrust_owner TO fintrust_app",
    "CREATE ROLE thief SUPERUSER",
    "ALTER SYSTEM SET session_replication_role = replica",
    "UPDATE pg_trigger SET tgenabled = 'D'",
    "UPDATE pg_class SET relowner = 0",
    "DELETE FROM pg_constraint",
    # standing in the search path of the functions
    "CREATE TABLE public.banking_movement_2 (id uuid)",
    "CREATE SCHEMA thief",
    "CREATE TEMPORARY TABLE banking_account (id bigint)",
    "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'",
    "CREATE RULE thief AS ON INSERT TO banking_movement DO NOTHING",
    "CREATE TRIGGER thief BEFORE INSERT ON banking_movement EXECUTE FUNCTION refuse_change()",
    "CREATE VIEW public.thief AS SELECT 1",
    "COPY (SELECT 1) TO PROGRAM 'true'",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_application_cannot_touch_the_books(app_sql, attack):
    with pytest.raises(pg.InsufficientPrivilege):
        app_sql(attack)


@pytest.mark.parametrize("writing", ["INSERT INTO {} DEFAULT VALUES", "DELETE FROM {}"])
@pytest.mark.parametrize("book", BOOKS)
def test_who_reads_reports_only_reads(reader_sql, book, writing):
    with pytest.raises((pg.InsufficientPrivilege, pg.ReadOnlySqlTransaction)):
        reader_sql(writing.format(book))


def test_what_is_allowed_still_works(bank, app_sql):
    """The fence above would also be perfect if nothing worked at all."""
    payer, payee = account(100), account()
    id = uuid7()
    app_sql("SELECT ledger_move(%s, %s, %s, 40, 'EUR')", id, payer.pk, payee.pk)
    assert app_sql("SELECT amount FROM banking_movement WHERE id = %s", id) == [(40,)]
    app_sql("UPDATE banking_account SET name = 'Holidays' WHERE id = %s", payer.pk)
    assert app_sql("SELECT name, balance FROM banking_account WHERE id = %s", payer.pk) == [
        ("Holidays", 60)
    ]
    assert verify_ledger() == []


def test_a_false_table_in_the_search_path_is_not_the_ledgers(bank, owner_sql, app_sql):
    """`ledger_move` carries no search path of its own: it must not need one."""
    payer, payee = account(100), account()
    owner_sql("""
        CREATE SCHEMA thief;
        CREATE TABLE thief.banking_account AS SELECT * FROM banking_account;
        UPDATE thief.banking_account SET balance = 1000000;
        CREATE TABLE thief.banking_movement (LIKE banking_movement);
        CREATE TABLE thief.banking_journal (LIKE banking_journal);
        CREATE TABLE thief.banking_back_dated (LIKE banking_back_dated);
        CREATE TABLE thief.banking_currency AS SELECT code, NULL::date AS closed_until
            FROM banking_currency;
        CREATE FUNCTION thief.clock_timestamp() RETURNS timestamptz LANGUAGE sql
            AS 'SELECT ''2001-01-01''::timestamptz';
        CREATE FUNCTION thief.ledger_refuse(code text, detail text DEFAULT '') RETURNS void
            LANGUAGE sql AS 'SELECT';
        GRANT ALL ON SCHEMA thief TO fintrust_app;
        GRANT ALL ON ALL TABLES IN SCHEMA thief TO fintrust_app""")
    path = "SET search_path = thief, pg_catalog, public;"
    for minor in (101, 1_000_000):
        with pytest.raises(psycopg.Error, match="the funds do not cover"):
            app_sql(f"{path} SELECT public.ledger_move('{uuid7()}', {payer.pk}, {payee.pk},"
                    f" {minor}, 'EUR')")  # fmt: skip
    app_sql(f"{path} SELECT public.ledger_move('{uuid7()}', {payer.pk}, {payee.pk}, 40, 'EUR')")
    app_sql(f"{path} SELECT public.ledger_move('{uuid7()}', {payer.pk}, {payee.pk}, 1, 'EUR',"
            f" p_value_date => '2020-01-01', p_journal => '{uuid7()}')")  # fmt: skip
    assert app_sql("SELECT balance FROM public.banking_account WHERE id = %s", payee.pk) == [(41,)]
    for table in ("movement", "journal", "back_dated"):
        assert app_sql(f"SELECT count(*) FROM thief.banking_{table}") == [(0,)]
    assert app_sql("SELECT count(*) FROM banking_movement WHERE booked_at < '2020-01-01'") == [(0,)]
    assert verify_ledger() == []


@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE {} SET tx = tx",
        "DELETE FROM {}",
        "TRUNCATE {} CASCADE",
        "SET session_replication_role = replica; DELETE FROM {}",
    ],
)
def test_not_even_the_owner_edits_the_books(bank, owner_sql, deed):
    payer, payee = account(100), account()
    kept, captured = (ledger.hold(uuid7(), payer, eur(10)) for _ in range(2))
    ledger.capture(captured.id, uuid7(), payee)
    for book in ["banking_movement", "banking_hold", "banking_hold_end"]:
        before = owner_sql(f"SELECT count(*) FROM {book}")
        assert before > [(0,)]
        with pytest.raises((pg.IntegrityConstraintViolation, pg.InsufficientPrivilege)):
            owner_sql(deed.format(book))
        assert owner_sql(f"SELECT count(*) FROM {book}") == before
    ledger.release(kept.id)
    assert verify_ledger() == []


def test_an_account_never_goes(bank, owner_sql):
    for deed in ["DELETE FROM banking_account", "TRUNCATE banking_account CASCADE"]:
        with pytest.raises(psycopg.Error, match="is append-only"):
            owner_sql(deed)


def test_an_account_keeps_within_its_bounds_for_the_owner_too(bank, owner_sql):
    opened = account(100)
    for spoiled in [
        "balance = -1",
        "held = 101",
        "held = -1",
        "balance = 4000000000000000001",
        "status = 'sleeping'",
        "currency = 'XXX'",
        "floor = 1000",
    ]:
        with pytest.raises(pg.IntegrityError):
            owner_sql(f"UPDATE banking_account SET {spoiled} WHERE id = %s", opened.pk)
    assert verify_ledger() == []
