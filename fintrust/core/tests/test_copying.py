import pytest
from django.db import IntegrityError, transaction

from fintrust.core.copying import copy_in
from fintrust.core.ids import uuid7
from fintrust.core.models import Event, User

pytestmark = pytest.mark.django_db


def test_rows_go_in_as_they_are_and_the_database_adds_its_own():
    data = {"text": 'tab\t, "quote", \\n and é', "none": None, "list": [1, 2.5, True]}
    copy_in([Event(topic="support", kind="a\\b", subject=f"s{n}", data=data) for n in range(3)])
    found = list(Event.objects.order_by("id"))
    assert [event.subject for event in found] == ["s0", "s1", "s2"]
    assert all(event.data == data and event.kind == "a\\b" for event in found)
    assert all(event.tx and event.at and event.pk for event in found)


def test_nothing_is_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        copy_in([])


def test_what_the_database_refuses_is_djangos_error_and_leaves_nothing():
    twins = [User(id=uuid7(), email="ada@example.com", name="Ada", password="!") for _ in "ab"]
    with pytest.raises(IntegrityError), transaction.atomic():
        copy_in(twins)
    assert not User.objects.exists()
