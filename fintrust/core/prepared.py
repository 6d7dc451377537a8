"""Statements that PostgreSQL plans once for each connection: for what money waits for.

Django's cursors write every value into the text, so the server reads and plans each anew, which
takes longer than the answer.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection


def ask(
    sql: str, given: Sequence[Any] | Mapping[str, Any] = (), *, binary: bool = True
) -> list[tuple[Any, ...]]:
    """Run it on Django's own connection, in whatever transaction it is in. Django's errors.

    `given` are values as psycopg takes them. Binary answers are read faster; psycopg does not know
    the binary form of every type (`xid8`).
    """
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(sql, given, prepare=True, binary=binary)
        return cursor.fetchall() if cursor.description else []
