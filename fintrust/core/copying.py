"""Many rows at once, as PostgreSQL likes them best."""

from collections.abc import Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models


def copy_in(rows: Sequence[models.Model]) -> None:
    """Insert new rows of one model by COPY: a third of what their INSERT would cost.

    What the database fills in itself is left to it, and not read back.
    """
    if not rows:
        return
    meta, real = rows[0]._meta, connections[DEFAULT_DB_ALIAS]  # not asked for once a value
    fields = [field for field in meta.concrete_fields if not _is_the_databases(field)]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    statement = f"COPY {quote(meta.db_table)} ({columns}) FROM STDIN"
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,  # of psycopg's own cursor
    ):
        for row in rows:
            values = ((field, getattr(row, field.attname)) for field in fields)
            copy.write_row([field.get_db_prep_save(value, real) for field, value in values])


def _is_the_databases(field: Any) -> bool:
    return field.has_db_default() or field.generated or field is field.model._meta.auto_field
