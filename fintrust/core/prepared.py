"""Statements that PostgreSQL plans once for each connection: for what money waits for.

Django's cursors write every value into the text, so the server reads and plans each anew, which
takes longer than the answer.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection
from psycopg import RawCursor

_PLACE = re.compile(r"%(?:\((\w+)\)s|(s)|(%))")


def ask(
    sql: str, given: Sequence[Any] | Mapping[str, Any] = (), *, binary: bool = True
) -> list[tuple[Any, ...]]:
    """Run it on Django's own connection, in whatever transaction it is in. Django's errors.

    `sql` has `%s`, or `%(name)s` for values by name, and `%%` for a percent; `given` are values as
    psycopg takes them. Binary answers are read faster; psycopg does not know the binary form of
    every type (`xid8`).
    """
    text, names = _numbered(sql)
    values = [given[name] for name in names] if isinstance(given, Mapping) else given
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors, RawCursor(connection.connection) as cursor:
        cursor.execute(text, values, prepare=True, binary=binary)
        return cursor.fetchall() if cursor.pgresult and cursor.pgresult.nfields else []


@lru_cache(maxsize=256)
def _numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """With `$1` for the first value, as the server reads it, and the names in that order. Kept:
    psycopg would read a long statement anew each time."""
    names: list[str] = []

    def number(place: re.Match[str]) -> str:
        name, bare, percent = place.groups()
        if percent:
            return "%"
        if bare or name not in names:
            names.append(name or "")
            return f"${len(names)}"
        return f"${names.index(name) + 1}"

    return _PLACE.sub(number, sql), tuple(names)
