"""The testing ground itself: whose rights tests have, and what they leave behind."""

import psycopg
import pytest
from django.contrib.auth import get_user_model
from django.db import connection


def _people() -> int:
    return get_user_model().objects.count()


@pytest.mark.django_db
def test_tests_connect_as_the_application() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("fintrust_app",)


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_bank_is_fresh_each_time_and_commits(bank: str, app_sql, attempt: int) -> None:
    assert _people() == 0
    get_user_model().objects.create(email="someone@example.com")
    assert app_sql("SELECT current_database(), count(*) FROM core_user") == [(bank, 1)]


def test_the_reader_cannot_write(bank: str, reader_sql) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        reader_sql("CREATE TABLE mine (id int)")


def test_the_application_cannot_make_tables(bank: str, app_sql) -> None:
    for statement in ("CREATE TABLE mine (id int)", "CREATE TEMP TABLE mine (id int)"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app_sql(statement)


@pytest.mark.parametrize("attempt", [1, 2])
def test_redis_is_empty_at_the_start_of_each_test(redis, attempt: int) -> None:
    assert redis.get("left") is None
    redis.set("left", "behind")
