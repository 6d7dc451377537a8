import pytest


def test_the_process_answers(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


def test_ready_means_database_migrations_and_redis(client, db):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["checks"] == {"database": True, "migrations": True, "redis": True}


def test_without_redis_it_is_not_ready_and_says_so(client, db, settings):
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["redis"] is False


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_nobody_keeps_an_old_answer(client, db, path):
    assert "no-store" in client.get(path).headers["Cache-Control"]


def test_the_error_catalogue_is_a_page(client, db):
    page = client.get("/errors/").content.decode()
    assert 'id="insufficient-funds"' in page
