"""What the running bank cannot do to its own memory, statement by statement."""

import psycopg
import pytest
from django.db import IntegrityError

from audit import log, services
from audit.models import Record

ATTACKS = [
    "UPDATE audit_record SET reason = 'never happened'",
    "UPDATE audit_record SET at = now() - interval '1 year'",
    "UPDATE ONLY audit_record SET actor_id = NULL",
    "DELETE FROM audit_record",
    "DELETE FROM audit_record WHERE false",
    "TRUNCATE audit_record",
    "TRUNCATE audit_record, audit_leaf CASCADE",
    "INSERT INTO audit_record TABLE audit_record ON CONFLICT (id) DO UPDATE SET reason = 'x'",
    "MERGE INTO audit_record r USING audit_record s ON r.id = s.id WHEN MATCHED THEN DELETE",
    "WITH gone AS (DELETE FROM audit_record RETURNING *) SELECT * FROM gone",
    "SELECT * FROM audit_record FOR UPDATE",
    "BEGIN; LOCK TABLE audit_record IN ACCESS EXCLUSIVE MODE; COMMIT",
    "ALTER TABLE audit_record DISABLE TRIGGER ALL",
    "ALTER TABLE audit_record DISABLE TRIGGER audit_record_no_change",
    "DROP TRIGGER audit_record_no_change ON audit_record",
    "DROP TABLE audit_record CASCADE",
    "ALTER TABLE audit_record RENAME TO old_record",
    "ALTER TABLE audit_record OWNER TO fintrust_app",
    "CREATE RULE silent AS ON INSERT TO audit_record DO INSTEAD NOTHING",
    "CREATE TRIGGER silent BEFORE INSERT ON audit_record EXECUTE FUNCTION refuse_change()",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE sql AS ''",
    "DROP FUNCTION refuse_change() CASCADE",
    "GRANT ALL ON audit_record TO fintrust_app; UPDATE audit_record SET reason = 'x'",
    "SET ROLE fintrust_owner",
    "SET SESSION AUTHORIZATION fintrust_owner",
    "SET session_replication_role = replica",
    "COPY audit_record FROM PROGRAM 'true'",
    "INSERT INTO audit_leaf (index, record_id, entry, hash) VALUES (9, gen_random_uuid(), '', '')",
    "INSERT INTO audit_tile (level, index, hashes, root) VALUES (0, 9, '', '')",
    "INSERT INTO audit_checkpoint TABLE audit_checkpoint",
    "UPDATE audit_leaf SET hash = ''",
    "DELETE FROM audit_leaf",
    "UPDATE audit_tile SET root = ''",
    "UPDATE audit_checkpoint SET note = ''",
    "DELETE FROM audit_checkpoint",
    "TRUNCATE audit_checkpoint",
    "UPDATE audit_verification SET intact = true",
    "DELETE FROM audit_verification",
]  # fmt: skip
REFUSALS = (psycopg.errors.InsufficientPrivilege, psycopg.errors.IntegrityConstraintViolation)


@pytest.fixture
def sealed(bank):
    services.record("core.test.done", subject="x")
    assert log.seal().leaves == 1


def allowed(run, statements):
    """Those of the statements that were not refused."""

    def refused(statement):
        try:
            run(statement)
        except REFUSALS:
            return True
        return False

    return [statement for statement in statements if not refused(statement)]


def test_every_attack_by_the_application_is_refused(sealed, app_sql):
    before = app_sql("SELECT * FROM audit_record")
    assert allowed(app_sql, ATTACKS) == []
    assert app_sql("SELECT * FROM audit_record") == before
    services.record("core.test.done", subject="y")
    assert app_sql("SELECT subject FROM audit_record ORDER BY id") == [("x",), ("y",)]


def test_the_owner_of_the_tables_is_refused_too(sealed, owner_sql):
    changes = ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"]
    columns = {
        "audit_record": "reason",
        "audit_leaf": "hash",
        "audit_tile": "root",
        "audit_checkpoint": "note",
        "audit_verification": "intact",
    }
    statements = [
        change.format(table, column, column)
        for table, column in columns.items()
        for change in changes
    ]
    empty = {"audit_tile", "audit_verification"}  # no row there, so nothing for a row's trigger
    expected = [s for s in statements if any(t in s for t in empty) and "TRUNCATE" not in s]
    assert allowed(owner_sql, statements) == expected


def test_the_sequencer_only_adds_to_the_log(sealed, sequencer_sql):
    forgery = (
        "INSERT INTO audit_record (id, action, actor_kind, actor_label, subject, data, reason,"
        " purpose, request_id, session)"
        " VALUES (gen_random_uuid(), 'a.b', '', '', '', '{}', '', '', '', '')"
    )
    attacks = [
        forgery,
        "UPDATE audit_leaf SET hash = ''",
        "UPDATE audit_record SET reason = 'x'",
        "DELETE FROM audit_checkpoint",
        "TRUNCATE audit_tile",
        "SELECT * FROM core_user",
    ]
    assert allowed(sequencer_sql, attacks) == []


def test_the_reader_reads_and_nothing_else(sealed, reader_sql):
    tables = ["record", "leaf", "tile", "checkpoint", "verification"]
    for table in tables:
        assert reader_sql(f"SELECT count(*) FROM audit_{table}")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        reader_sql("DELETE FROM audit_record")


def test_values_too_large_for_an_entry_are_refused_by_the_database(bank):
    """Or one row, written past the services, would stop the sequencer for ever."""
    huge = Record(action="a.b", actor_kind="system", subject="x", data={"a": "x" * 60_000})
    with pytest.raises(IntegrityError, match="audit_record_fits"):
        huge.save()
