"""Who may touch which table: migration operations that write grants and append-only fences.

Deny first. Our own tables give no rights until a migration says so; third-party tables
(sessions, sign-in, permissions) are opened to the application after each migrate.
The fences are plain SQL triggers: no session variable of the application can silence them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connections
from django.db.migrations import RunSQL

APP, READER, SEQUENCER = "fintrust_app", "fintrust_reader", "fintrust_sequencer"
OURS = {"core", "audit", "biometrics", "fraud", "banking", "consent"}

REFUSE = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""


def _grant(table: str, rights: str, role: str) -> str:
    return f'GRANT {rights} ON "{table}" TO {role};'


def _reads(table: str, readers: Sequence[str]) -> str:
    return "".join(_grant(table, "SELECT", role) for role in readers)


def _undo(table: str, roles: Sequence[str]) -> str:
    return "".join(f'REVOKE ALL ON "{table}" FROM {role};' for role in roles)


def _operation(table: str, sql: str, roles: Sequence[str], undo: str = "") -> RunSQL:
    return RunSQL(f'REVOKE ALL ON "{table}" FROM PUBLIC;' + sql, undo + _undo(table, roles))


def read_only(table: str, *, readers: Sequence[str] = (APP, READER)) -> RunSQL:
    """Written only by SQL functions of the owner, or by migrations."""
    return _operation(table, _reads(table, readers), readers)


def read_write(
    table: str,
    *,
    update: Sequence[str] | None = None,
    delete: bool | None = None,
    writer: str = APP,
    readers: Sequence[str] = (),
) -> RunSQL:
    """Rows the application edits. With `update`, only those columns, and no delete unless asked."""
    columns = "" if update is None else " (" + ", ".join(f'"{name}"' for name in update) + ")"
    may_delete = update is None if delete is None else delete
    rights = "SELECT, INSERT" + (", DELETE" if may_delete else "") + f", UPDATE{columns}"
    if update is not None and not update:
        rights = "SELECT, INSERT" + (", DELETE" if may_delete else "")
    return _operation(table, _grant(table, rights, writer) + _reads(table, readers), (writer,))


def append_only(table: str, *, writer: str = APP, readers: Sequence[str] = (READER,)) -> RunSQL:
    """Rows that are written once: no change, delete or truncate, for the owner neither."""
    fence = f"""
    CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON "{table}"
        FOR EACH ROW EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON "{table}"
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {table}_no_change;
    ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER {table}_no_truncate;
    """
    undo = f"""
    DROP TRIGGER {table}_no_change ON "{table}"; DROP TRIGGER {table}_no_truncate ON "{table}";
    """
    sql = fence + _grant(table, "SELECT, INSERT", writer) + _reads(table, readers)
    return _operation(table, sql, (writer, *readers), undo)


def sql_file(beside: str, name: str, *, reverse: str = "") -> RunSQL:
    """The statements of `../sql/name`, as seen from the migration file `beside`."""
    path = Path(beside).resolve().parent.parent / "sql" / name
    return RunSQL(path.read_text(), reverse or RunSQL.noop)


def open_third_party_tables(using: str) -> None:
    """The application's rights on the tables of installed packages, after their migrations."""
    with connections[using].cursor() as cursor:
        cursor.execute(f"GRANT SELECT ON django_migrations TO {APP}")
        for model in apps.get_models(include_auto_created=True):
            if _is_ours(model):
                continue
            table = model._meta.db_table
            cursor.execute(_grant(table, "SELECT, INSERT, UPDATE, DELETE", APP))


def _is_ours(model: Any) -> bool:
    return model._meta.app_label in OURS
