"""When more ask than the bank has connections: a named refusal and a hint when to come back."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, connections
from django.test import Client

from fintrust.core.models import User

PAGE, API = "/accounts/", "/api/v1/accounts/"


@pytest.fixture
def jam(bank):
    """A pool of one connection, which somebody keeps."""
    person = User.objects.create_user("ada@example.org", "correct horse battery", name="Ada")
    client = Client(raise_request_exception=False)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    options = connections.settings["default"]["OPTIONS"]
    usual = options.get("pool")
    connection.close()
    options["pool"] = {"min_size": 1, "max_size": 1, "timeout": 0.3, "max_waiting": 2}
    taken, over = Event(), Event()

    def keep():
        try:
            connection.ensure_connection()
            taken.set()
            assert over.wait(30)
        finally:
            connection.close()

    try:
        with ThreadPoolExecutor(1) as threads:
            threads.submit(keep)
            assert taken.wait(30)
            try:
                yield client
            finally:
                over.set()
        # Whoever comes when it is over is served.
        assert client.get(PAGE).status_code == 200
    finally:
        connection.close()
        connection.close_pool()
        if usual is None:
            options.pop("pool", None)
        else:
            options["pool"] = usual


def ask(client: Client, path: str, accept: str):
    try:
        return client.get(path, headers={"accept": accept})
    finally:
        connection.close()


@pytest.mark.parametrize(
    "path, accept", [(PAGE, "text/html"), (PAGE, "application/json"), (API, "application/json")]
)
def test_who_finds_no_connection_is_told_to_come_back(jam, path, accept):
    answer = ask(jam, path, accept)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert "The bank is busy" in answer.content.decode()


def test_a_crowd_is_turned_away_at_once_and_nobody_gets_a_500(jam):
    def visit(_):
        return ask(jam, PAGE, "text/html").status_code

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(visit, range(16))) == {503}
