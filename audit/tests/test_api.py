from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from rest_framework.test import APIClient

from audit import services
from audit.models import Record
from fintrust.core import roles
from fintrust.core.models import User

pytestmark = pytest.mark.django_db
EVENTS = "/api/v1/audit/events"


def signed_in(*wanted, **fields):
    user = User.objects.create_user(f"{len(wanted)}{wanted}@example.org", None, name="X", **fields)
    user.groups.add(*Group.objects.filter(name__in=wanted))
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def auditor():
    return signed_in(roles.AUDITOR, is_staff=True)


def subjects(response):
    assert response.status_code == 200, response.json()
    return [event["subject"] for event in response.json()["results"]]


@pytest.mark.parametrize(
    "role, status",
    [
        (roles.AUDITOR, 200),
        (roles.COMPLIANCE, 200),
        (roles.ADMINISTRATOR, 200),
        (roles.SUPPORT, 403),
        (roles.CUSTOMER, 403),
        (roles.PARTNER, 403),
    ],
)
def test_records_are_for_auditors_and_officers(role, status):
    assert signed_in(role).get(EVENTS).status_code == status


def test_a_stranger_signs_in_first():
    assert APIClient().get(EVENTS).status_code == 401


def test_an_event_shows_who_did_what_to_whose_data(auditor):
    ada = User.objects.create_user("ada@example.org", None, name="Ada")
    made = services.record(
        "core.user.renamed",
        subject=ada,
        owner=ada,
        by=ada,
        before={"a": 1},
        after={"a": 2},
        reason="why",
    )
    (event,) = auditor.get(EVENTS, {"subject": ada.public_id}).json()["results"]
    assert event == {
        "id": made.public_id,
        "at": event["at"],
        "action": "core.user.renamed",
        "actor": {"id": ada.public_id, "kind": "customer", "label": ada.public_id},
        "subject": ada.public_id,
        "owner": ada.public_id,
        "before": {"a": 1},
        "after": {"a": 2},
        "data": {},
        "reason": "why",
        "purpose": "",
        "request_id": "",
        "ip": None,
        "session": "",
        "index": None,
    }


def test_reading_the_records_is_a_record(auditor):
    auditor.get(EVENTS, {"action": "core."})
    reading = Record.objects.get(action="audit.records.read")
    assert reading.data == {"door": "api", "query": {"action": "core."}, "records": 0}


def test_filters_narrow_what_is_shown(auditor):
    ada = User.objects.create_user("ada@example.org", None, name="Ada")
    services.record("core.user.renamed", subject="one", owner=ada)
    services.record("core.user.removed", subject="two", by=ada)
    services.record("banking.transfer.posted", subject="three")
    assert subjects(auditor.get(EVENTS, {"action": "core."})) == ["two", "one"]
    assert subjects(auditor.get(EVENTS, {"action": "core.user.renamed"})) == ["one"]
    assert subjects(auditor.get(EVENTS, {"action": "core.user"})) == []
    assert subjects(auditor.get(EVENTS, {"owner": ada.public_id})) == ["one"]
    assert subjects(auditor.get(EVENTS, {"actor": ada.public_id})) == ["two"]
    assert subjects(auditor.get(EVENTS, {"subject": "three"})) == ["three"]
    soon, before = timezone.now() + timedelta(hours=1), timezone.now() - timedelta(hours=1)
    assert subjects(auditor.get(EVENTS, {"action": "core.", "since": soon.isoformat()})) == []
    assert subjects(auditor.get(EVENTS, {"action": "core.", "until": before.isoformat()})) == []


def test_pages_follow_each_other_without_gap_or_repeat(auditor):
    for i in range(7):
        services.record("core.test.done", subject=f"s{i}")
    seen, cursor = [], None
    while True:
        query = {"action": "core.test.done", "limit": 3, **({"cursor": cursor} if cursor else {})}
        page = auditor.get(EVENTS, query).json()
        seen.append([event["subject"] for event in page["results"]])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [["s6", "s5", "s4"], ["s3", "s2", "s1"], ["s0"]]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"}, {"limit": "201"}, {"limit": "x"}, {"cursor": "nonsense"},
        {"actor": "usr_x"},
        {"owner": "acc_00000000000000000000000000"}, {"since": "yesterday"}, {"action": "x" * 81},
        {"unknown": "1"}, {"limit": "٣"},
    ],
)  # fmt: skip
def test_a_query_with_a_mistake_is_refused_by_name(auditor, query):
    response = auditor.get(EVENTS, query)
    assert response.status_code == 400, response.content
    assert response.json()["code"]
    assert response.json()["field"] == next(iter(query))


def test_the_number_of_queries_does_not_grow_with_the_page(auditor, django_assert_num_queries):
    for i in range(20):
        services.record("core.test.done", subject=f"s{i}")
    auditor.get(EVENTS, {"limit": 2})
    counts = []
    for limit in (2, 20):
        with django_assert_num_queries(1) as captured:  # and the prepared record of the look
            auditor.get(EVENTS, {"limit": limit})
        counts.append(len(captured))
    assert counts[0] == counts[1]
