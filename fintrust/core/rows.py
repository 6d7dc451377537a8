"""New rows as PostgreSQL likes them best: few by a prepared statement, many by COPY.

For what money waits for: a model's statement is written once, and planned once for each connection.
Signals are not sent; nobody here listens.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.models.expressions import DatabaseDefault

from fintrust.core import prepared


def insert(*rows: models.Model) -> None:
    """As `row.save(force_insert=True)` would; what the database fills in comes back with it.

    Several rows go in by one statement, in one round trip: all of them or none. Their triggers see
    the tables as they were before it.
    """
    given = [(type(row), _given(row)) for row in rows]
    statement, returned = _insert(
        tuple((model, tuple(field.attname for field in fields)) for model, fields in given)
    )
    real = connections[DEFAULT_DB_ALIAS]  # not asked for once a value
    values = [_sent(field, value, real) for _, fields in given for field, value in fields.items()]
    with transaction.mark_for_rollback_on_error():
        (answer,) = prepared.ask(statement, values, binary=False) or ((),)
    for (place, field), value in zip(returned, answer, strict=True):
        setattr(rows[place], field.attname, _read(field, value))
    for row in rows:
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


#: What Django, too, hands to the driver as it is, after a dozen questions.
_AS_IT_IS: dict[type, type] = {
    models.CharField: str,
    models.TextField: str,
    models.UUIDField: UUID,
    models.BooleanField: bool,
    models.FloatField: float,
}


def _sent(field: Any, value: Any, real: Any) -> Any:
    """Of these fields themselves only: what is made from one may keep its values otherwise."""
    if type(value) is _AS_IT_IS.get(type(field)):
        return value
    return field.get_db_prep_save(value, real)


def _given(row: models.Model) -> dict[Any, Any]:
    """Its values by field, without those that the database fills in."""
    held = ((field, field.pre_save(row, True)) for field in _written(type(row)))
    return {field: value for field, value in held if not _is_left_out(field, value)}


@lru_cache
def _written(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not field.generated]


def _is_left_out(field: Any, value: Any) -> bool:
    return isinstance(value, DatabaseDefault) or (
        value is None and field is field.model._meta.auto_field
    )


Columns = tuple[type[models.Model], tuple[str, ...]]


@lru_cache
def _insert(parts: tuple[Columns, ...]) -> tuple[str, list[tuple[int, Any]]]:
    """The statement that writes these columns, and whose fields it answers with."""
    inserts: list[str] = []
    answers: list[tuple[int, Any]] = []
    for place, (model, names) in enumerate(parts):
        fields = {field.attname: field for field in model._meta.concrete_fields}
        returned = [field for name, field in fields.items() if name not in names]
        answers += [(place, field) for field in returned]
        inserts.append(
            f"INSERT INTO {_quoted(model._meta.db_table)}"
            f" ({_columns(fields[name] for name in names)})"
            f" VALUES ({', '.join(['%s'] * len(names))})"
            + (f" RETURNING {_columns(returned)}" if returned else "")
        )
    if len(inserts) == 1:
        return inserts[0], answers
    named = ", ".join(f"row_{place} AS ({insert})" for place, insert in enumerate(inserts))
    asked = dict.fromkeys(place for place, _ in answers)
    columns = ", ".join(f"row_{place}.{_quoted(str(field.column))}" for place, field in answers)
    tables = ", ".join(f"row_{place}" for place in asked)
    return f"WITH {named} SELECT {columns}" + (f" FROM {tables}" if tables else ""), answers


def _read(field: Any, value: Any) -> Any:
    for convert in [*connection.ops.get_db_converters(field), *field.get_db_converters(connection)]:
        value = convert(value, field, connection)
    return value


def copy_in(rows: Sequence[models.Model]) -> None:
    """Insert new rows of one model by COPY: a third of what their INSERT would cost.

    What the database fills in itself is left to it, and not read back.
    """
    if not rows:
        return
    meta, real = rows[0]._meta, connections[DEFAULT_DB_ALIAS]
    fields = [field for field in meta.concrete_fields if not _is_the_databases(field)]
    statement = f"COPY {_quoted(meta.db_table)} ({_columns(fields)}) FROM STDIN"
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,  # of psycopg's own cursor
    ):
        for row in rows:
            values = ((field, getattr(row, field.attname)) for field in fields)
            copy.write_row([_sent(field, value, real) for field, value in values])


def _is_the_databases(field: Any) -> bool:
    return field.has_db_default() or field.generated or field is field.model._meta.auto_field


def _columns(fields: Iterable[Any]) -> str:
    return ", ".join(_quoted(str(field.column)) for field in fields)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
