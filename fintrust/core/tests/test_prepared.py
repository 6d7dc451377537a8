import pytest
from django.db import DataError, ProgrammingError, connection

from fintrust.core import prepared

pytestmark = pytest.mark.django_db


def test_values_go_by_place_or_by_name():
    assert prepared.ask("SELECT %s::int, %s::text", [1, "a%s"]) == [(1, "a%s")]
    by_name = "SELECT %(b)s::int, %(a)s::int, %(b)s::int, 7 %% 4, 'a%%'"
    assert prepared.ask(by_name, {"a": 1, "b": 2, "more": 3}) == [(2, 1, 2, 3, "a%")]
    assert prepared.ask("SELECT 1") == [(1,)]


def test_what_gives_no_rows_answers_with_none():
    assert prepared.ask("SELECT 1 WHERE false") == []
    into = "INSERT INTO core_event (topic, kind, subject, data) VALUES (%s, 'k', 's', '{}')"
    assert prepared.ask(into, ["a"]) == []
    assert prepared.ask(into + " RETURNING topic", ["b"]) == [("b",)]


def test_it_is_planned_once():
    sql = "SELECT %s::int + 40"
    for n in (1, 2):
        assert prepared.ask(sql, [n]) == [(n + 40,)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%::int + 40'"
        )
        assert cursor.fetchone() == (1,)


@pytest.mark.parametrize("sql, error", [("SELECT 1/0", DataError), ("SELEC 1", ProgrammingError)])
def test_errors_are_djangos(sql, error):
    with pytest.raises(error):
        prepared.ask(sql)
