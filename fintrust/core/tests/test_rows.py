import pytest
from django.db import IntegrityError, transaction

from fintrust.core.ids import uuid7
from fintrust.core.models import Event, User
from fintrust.core.rows import copy_in, insert

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


def test_one_row_goes_in_as_the_orm_would_have_written_it(django_assert_num_queries):
    person = User(id=uuid7(), email="ada@example.com", name="Ada", password="!")
    insert(person)
    insert(event := Event(topic="support", kind="a", subject="s", data={"é": [1, None]}))
    saved = Event.objects.create(topic="support", kind="a", subject="s", data={"é": [1, None]})
    # What the database fills in comes back, and is of the type that a read would give.
    for name in ("tx", "at", "id"):
        assert type(getattr(event, name)) is type(getattr(saved, name))
    assert event.pk and (event.tx, event.data) == (saved.tx, saved.data)
    assert Event.objects.get(pk=event.pk).at == event.at
    assert User.objects.get().date_joined == person.date_joined
    with django_assert_num_queries(1):
        person.name = "Ada L."
        person.save(update_fields=["name"])  # it is known to be there


def test_several_rows_go_in_together_and_each_gets_its_own_back(django_assert_num_queries):
    person = User(id=uuid7(), email="ada@example.com", name="Ada", password="!")
    events = [Event(topic="support", kind=kind, subject="s", data={}) for kind in "ab"]
    insert(person, *events)
    assert [event.pk for event in events] == [
        Event.objects.get(kind=kind).pk for kind in "ab"
    ] and events[0].pk != events[1].pk
    assert User.objects.get() == person and not person._state.adding
    insert(*(User(id=uuid7(), email=f"{n}@example.com", name="N", password="!") for n in "12"))
    assert User.objects.count() == 3  # also when the database answers nothing


def test_of_rows_that_go_in_together_none_does_when_one_cannot():
    twins = [User(id=uuid7(), email="ada@example.com", name="Ada", password="!") for _ in "ab"]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(*twins, Event(topic="support", kind="a", subject="s", data={}))
    assert not User.objects.exists() and not Event.objects.exists()


def test_a_row_that_cannot_be_is_djangos_error_and_its_transaction_must_end():
    twins = [User(id=uuid7(), email="ada@example.com", name="Ada", password="!") for _ in "ab"]
    with pytest.raises(IntegrityError), transaction.atomic():
        for twin in twins:
            insert(twin)
    assert not User.objects.exists()
    with transaction.atomic():
        insert(twins[0])
        with pytest.raises(IntegrityError), transaction.atomic(savepoint=False):
            insert(twins[1])
        with pytest.raises(transaction.TransactionManagementError):
            User.objects.exists()
        transaction.set_rollback(True)
