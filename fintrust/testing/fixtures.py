"""Fixtures on the servers of `fintrust.testing.servers`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import redis as redis_package

from fintrust.testing import browser_program, servers

Rows = list[tuple[Any, ...]]
Statement = Callable[..., Rows]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None) -> Iterator[None]:
    """This process's clone of the template, instead of Django's own test databases."""
    run, database = servers.current(), servers.current_database()
    run.clone(database)
    yield
    _close_connections()
    run.drop(database)


@pytest.fixture
def bank(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any
) -> Iterator[str]:
    """A fresh clone where commits are commits. Every Django connection goes there meanwhile."""
    if request.node.get_closest_marker("django_db") or "db" in request.fixturenames:
        pytest.fail("`db` rolls back what `bank` is to keep: ask for one of them.", pytrace=False)
    run, usual = servers.current(), servers.current_database()
    database = run.database(f"{servers.process_name()}_bank{next(_numbers)}")
    run.clone(database)
    _use(database)
    try:
        with django_db_blocker.unblock():
            yield database
            _close_connections()
    finally:
        _use(usual)
        run.drop(database)


def _use(database: str) -> None:
    from django.db import connections

    _close_connections()
    servers.point_at(database)
    for alias in connections:
        # The dictionary that connections of every thread are made from.
        connections.settings[alias]["NAME"] = database


def _close_connections() -> None:
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()


# --- Statements as a role ------------------------------------------------------------------------


def _statement(variable: str) -> Statement:
    def run(statement: str, *parameters: Any) -> Rows:
        url = servers.current().addresses(servers.current_database())[variable]
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def owner_sql(django_db_setup: None) -> Statement:
    """`owner_sql(statement, *parameters)` as the owner of every table. Use it with `bank`."""
    return _statement("DATABASE_OWNER_URL")


@pytest.fixture
def app_sql(django_db_setup: None) -> Statement:
    """As the running application."""
    return _statement("DATABASE_URL")


@pytest.fixture
def reader_sql(django_db_setup: None) -> Statement:
    """As the one who reads reports."""
    return _statement("DATABASE_READER_URL")


@pytest.fixture
def sequencer_sql(django_db_setup: None) -> Statement:
    """As the sequencer of the audit log."""
    return _statement("DATABASE_SEQUENCER_URL")


# --- Redis and the browser -----------------------------------------------------------------------


@pytest.fixture(scope="session")
def redis_server() -> Iterator[redis_package.Redis]:
    with servers.redis_client() as client:
        yield client


@pytest.fixture(autouse=True)
def redis(redis_server: redis_package.Redis) -> redis_package.Redis:
    """This process's Redis database, empty at the start of each test."""
    servers.empty(redis_server)
    return redis_server


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, with a camera that films a test picture and asks nobody."""
    return browser_type_launch_args | {
        "executable_path": browser_program(),
        "args": [
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
        ],
    }
