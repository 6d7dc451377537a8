r"""
Who may do what on the database server: the roles, their limits, and the rights on a database.

One place for every kind of server: the embedded one, an external one by DATABASE_URL, and the
ones that tests throw away. Everything here can be run again and changes nothing.

    DATABASE_URL=<the administrator's> FINTRUST_PASSWORDS='{"fintrust_app": …}' \
        python -m fintrust.stack.roles

The supervisor runs it as a process of its own, so that it need not carry a database driver.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from fintrust.stack.urls import APP, OWNER, READER, SEQUENCER, with_login

# What a role brings to each connection. A connection may lower them for itself.
SETTINGS: dict[str, dict[str, str]] = {
    # A migration that waits behind a long transaction makes everybody else wait behind it.
    OWNER: {"lock_timeout": "30s"},
    # A request waits at most this long for a row, and never keeps one while it does nothing.
    APP: {"lock_timeout": "10s", "idle_in_transaction_session_timeout": "60s"},
    READER: {
        "default_transaction_read_only": "on",
        "statement_timeout": "10s",
        "idle_in_transaction_session_timeout": "60s",
    },
    SEQUENCER: {"lock_timeout": "10s", "idle_in_transaction_session_timeout": "60s"},
}
ROLES = tuple(SETTINGS)
CLIENTS = (APP, READER, SEQUENCER)

Connection = psycopg.Connection[tuple[object, ...]]


def ensure_roles(connection: Connection, passwords: Mapping[str, str]) -> None:
    """Create the four logins if they are missing; set their password (if any) and settings."""
    existing = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    for role in ROLES:
        name = sql.Identifier(role)
        if role not in existing:
            connection.execute(sql.SQL("CREATE ROLE {}").format(name))
        connection.execute(
            sql.SQL("ALTER ROLE {} LOGIN NOCREATEDB NOCREATEROLE INHERIT").format(name)
        )
        if role in passwords:
            connection.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(passwords[role]))
            )
        for setting, value in SETTINGS[role].items():
            connection.execute(
                sql.SQL("ALTER ROLE {} SET {} = {}").format(
                    name, sql.Identifier(setting), sql.Literal(value)
                )
            )
    _refuse_superusers(connection)
    _join_owner(connection)


def _refuse_superusers(connection: Connection) -> None:
    """A role of ours that can do everything would make every refusal in this house a decoration."""
    found = connection.execute(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)"
        " AND (rolsuper OR rolbypassrls OR rolreplication)",
        [list(ROLES)],
    ).fetchall()
    if found:
        names = ", ".join(str(name) for (name,) in found)
        raise SystemExit(f"These roles have rights of a superuser, which they must not: {names}")


def _join_owner(connection: Connection) -> None:
    """An administrator who is no superuser (a managed server) may act for the owner as a member."""
    member = connection.execute("SELECT pg_has_role(%s, 'MEMBER')", [OWNER]).fetchone()
    if member != (True,):
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(OWNER)))


def ensure_database(connection: Connection, database: str, *, template: str | None = None) -> None:
    """Create the database for the owner, and close its doors to everybody not named here."""
    name = sql.Identifier(database)
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
    if found.fetchone() is None:
        source = sql.Identifier(template or "template1")
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                name, sql.Identifier(OWNER), source
            )
        )
    clients = sql.SQL(", ").join(map(sql.Identifier, CLIENTS))
    # Neither strangers' connections, nor temporary tables that could shadow ours. A clone does not
    # inherit these from its template, so they are said for each database.
    for statement in (
        sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, sql.Identifier(OWNER)),
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name),
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, clients),
    ):
        connection.execute(statement)


def ensure_schema(connection: Connection) -> None:
    """Only the owner creates in schema public. Run inside the database in question."""
    owner = sql.Identifier(OWNER)
    clients = sql.SQL(", ").join(map(sql.Identifier, CLIENTS))
    for statement in (
        sql.SQL("ALTER SCHEMA public OWNER TO {}").format(owner),
        sql.SQL("REVOKE ALL ON SCHEMA public FROM PUBLIC"),
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(clients),
    ):
        connection.execute(statement)


def ensure(url: str, passwords: Mapping[str, str]) -> None:
    """Roles, database and schema on the server of this administrator's URL."""
    database = urlsplit(url).path.lstrip("/")
    with psycopg.connect(with_login(url, database="postgres"), autocommit=True) as connection:
        ensure_roles(connection, passwords)
        ensure_database(connection, database)
    with psycopg.connect(url, autocommit=True) as connection:
        ensure_schema(connection)


def main() -> None:
    try:
        passwords = json.loads(os.environ.get("FINTRUST_PASSWORDS", "{}"))
        ensure(os.environ["DATABASE_URL"], passwords)
    except psycopg.Error as error:
        raise SystemExit(f"The database server refused to be set up: {error}") from error


if __name__ == "__main__":
    main()
