import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from audit import log, services
from audit.models import Record, Verification
from fintrust.core import roles
from fintrust.core.models import User
from fintrust.core.setup import give_permissions

pytestmark = pytest.mark.usefixtures("bank")
RECORDS = "/admin/audit/record/"


@pytest.fixture
def ada():
    return User.objects.create_user("ada@example.org", None, name="Ada")


@pytest.fixture
def console(client):
    give_permissions()

    def as_(role):
        user = User.objects.create_user(f"{role}@example.org", None, name=role, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client.force_login(user)
        return client

    return as_


def shown(response):
    assert response.status_code == 200
    return [record.subject for record in response.context["cl"].result_list]


def test_an_auditor_reads_records_and_that_is_remembered(console, ada):
    made = services.record(
        "core.user.renamed", subject=ada, owner=ada, after={"name": "<b>Ada</b>"}
    )
    log.seal()
    page = console(roles.AUDITOR).get(RECORDS)
    assert shown(page)[-1] == ada.public_id
    assert reverse("log-proof", args=[made.public_id]) in page.content.decode()
    detail = page.client.get(f"{RECORDS}{made.pk}/change/").content.decode()
    assert "&lt;b&gt;Ada&lt;/b&gt;" in detail and "<b>Ada</b>" not in detail
    assert Record.objects.filter(action="audit.records.read", data__door="console").exists()
    assert Record.objects.filter(action="core.customer.viewed", owner=ada).exists()


@pytest.mark.parametrize("role, status", [(roles.SUPPORT, 403), (roles.COMPLIANCE, 200)])
def test_only_those_whose_work_it_is_see_the_records(console, role, status):
    assert console(role).get(RECORDS).status_code == status


def test_nothing_can_be_added_changed_or_deleted(console, ada):
    made = services.record("core.user.renamed", subject=ada)
    client = console(roles.ADMINISTRATOR)
    assert client.get(f"{RECORDS}add/").status_code == 403
    assert client.post(f"{RECORDS}{made.pk}/change/", {"reason": "x"}).status_code == 403
    assert client.post(f"{RECORDS}{made.pk}/delete/", {"post": "yes"}).status_code == 403


def test_records_are_found_by_what_people_have_in_their_hands(console, ada):
    made = services.record("core.user.renamed", subject="one", owner=ada)
    services.record("banking.transfer.posted", subject="two", by=ada)
    client = console(roles.AUDITOR)
    for text, found in [
        (made.public_id, ["one"]),
        (ada.public_id, ["two", "one"]),
        ("two", ["two"]),
        ("core.user.renamed", ["one"]),
        ("banking", ["two"]),
        ("bank", []),
        ("192.0.2.1", []),
        ("nul%00", []),
    ]:
        assert shown(client.get(RECORDS, {"q": text})) == found, text


def test_filters_narrow_the_list(console, ada):
    services.record("core.user.renamed", subject="one", by=ada)
    log.seal()
    services.record("banking.transfer.posted", subject="two")
    client = console(roles.AUDITOR)
    for query, found in [
        ({"area": "banking"}, ["two"]),
        ({"who": "customer"}, ["one"]),
        ({"area": "banking", "who": "customer"}, []),
        ({"seal": "sealed"}, ["one"]),
        ({"seal": "waiting", "area": "banking"}, ["two"]),
    ]:
        assert shown(client.get(RECORDS, query)) == found, query


def test_a_record_of_someone_who_is_gone_can_still_be_read(console):
    gone = User(name="Gone")
    made = services.record("core.user.erased", subject=gone, owner=gone)
    client = console(roles.AUDITOR)
    assert gone.public_id in shown(client.get(RECORDS))
    assert gone.public_id in client.get(f"{RECORDS}{made.pk}/change/").content.decode()


def test_the_log_is_verified_from_the_console(console, ada, tamper):
    services.record("core.user.renamed", subject=ada)
    log.seal()
    client = console(roles.COMPLIANCE)
    path = "/admin/audit/checkpoint/verify-now/"
    assert client.get(path).status_code == 200
    assert not Verification.objects.exists(), "looking at the question must not answer it"
    done = client.post(path, {"_form_submitted": "True"})
    assert done["HX-Redirect"] == "/admin/audit/verification/"
    assert "intact" in client.get("/admin/audit/verification/").content.decode()
    tamper("audit_record", "UPDATE audit_record SET reason = 'x' WHERE subject = %s", ada.public_id)
    client.post(path, {"_form_submitted": "True"})
    page = client.get("/admin/audit/verification/").content.decode()
    assert "damaged" in page and "changed at 0" in page
    last = Verification.objects.latest("id")
    detail = client.get(f"/admin/audit/verification/{last.pk}/change/").content.decode()
    assert "reason was" in detail


def test_a_checkpoint_shows_its_signed_note(console, ada):
    services.record("core.user.renamed", subject=ada)
    log.seal()
    client = console(roles.AUDITOR)
    assert client.get("/admin/audit/checkpoint/").status_code == 200
    assert "— " in client.get("/admin/audit/checkpoint/1/change/").content.decode()
