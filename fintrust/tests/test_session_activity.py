"""The page of devices knows who was here a minute ago, without a write for each page."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from fintrust.core.models import User
from fintrust.middleware import SEEN_EVERY

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client):
    user = User.objects.create_user("ada@example.org", "correct horse battery", name="Ada Byron")
    client.force_login(user)
    return user


def visit(client, **headers) -> int:
    """How many statements wrote the session down."""
    with CaptureQueriesContext(connection) as captured:
        client.get("/healthz", headers=headers)
    writing = ("INSERT INTO", "UPDATE")
    return sum(
        query["sql"].startswith(writing) and "usersessions" in query["sql"] for query in captured
    )


def test_the_first_page_is_written_down_and_the_next_ones_are_not(client, ada):
    assert [visit(client) for _ in range(3)] == [1, 0, 0]
    assert UserSession.objects.filter(user=ada).count() == 1


def test_after_a_minute_it_is_written_again(client, ada):
    visit(client)
    long_ago = timezone.now() - SEEN_EVERY - timedelta(seconds=1)
    UserSession.objects.update(last_seen_at=long_ago)
    assert visit(client) == 1
    assert UserSession.objects.get().last_seen_at > long_ago


def test_another_browser_with_the_same_session_is_written_at_once(client, ada):
    visit(client)
    assert visit(client, user_agent="Stolen/1.0") == 1
    assert UserSession.objects.get().user_agent == "Stolen/1.0"


def test_strangers_are_not_written_down(client):
    assert visit(client) == 0
    assert not UserSession.objects.exists()
