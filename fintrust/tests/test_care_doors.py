"""Looking after accounts through the console and the API: who may, and what a program meets."""

import pytest
from django.urls import reverse

from audit.models import Record
from banking.care import services as care
from banking.models import Account, Right, Transfer
from banking.sharing import services as sharing
from banking.tests.conftest import open_funded
from biometrics import pins
from fintrust.core import roles
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import Money
from fintrust.tests import builders
from fintrust.tests.test_console import address
from fintrust.tests.test_console import signed_in as console

pytestmark = pytest.mark.django_db
PIN = "4071"


# --- officers -------------------------------------------------------------------------------


@pytest.fixture
def two():
    return builders.two_accounts()


def deed(row, name):
    model = row._meta.model_name
    return reverse(f"admin:banking_{model}_{name}", args=[row.pk])


@pytest.fixture
def officer(two):
    return console(roles.COMPLIANCE, "Olga Fisher")


def test_an_officer_freezes_with_a_reason_and_thaws(officer, two):
    account = two[0]
    page = deed(account, "freeze")
    assert officer.post(page, {"reason": ""}).status_code == 200  # asked again
    officer.post(page, {"reason": "asked by the police"})
    account.refresh_from_db()
    assert account.status == "frozen"
    assert officer.post(page, {"reason": "once more"}).status_code == 403  # it is frozen
    officer.post(deed(account, "thaw"), {"reason": "settled"})
    account.refresh_from_db()
    assert account.status == "active"
    reasons = Record.objects.filter(subject=account.public_id).values_list("reason", flat=True)
    assert {"asked by the police", "settled"} <= set(reasons)


@pytest.mark.parametrize(
    "amount, minor",
    [("50", 50_00), ("0", 0), ("0.00", 0), ("", 10_00), ("-1", 10_00), ("10000.01", 10_00),
     ("x", 10_00), ("1" * 31, 10_00)],
)  # fmt: skip
def test_an_officer_sets_an_overdraft_within_bounds(officer, two, amount, minor):
    care.set_overdraft(
        account=two[0],
        by=User.objects.get(name="Olga Fisher"),
        amount=Money(10_00, "EUR"),
        reason="for a start",
    )
    answer = officer.post(deed(two[0], "overdraft"), {"amount": amount, "reason": "salary"})
    assert answer.status_code in {200, 302}
    assert Account.objects.get(pk=two[0].pk).overdraft.minor == minor


def test_an_officer_returns_a_transfer_once(officer, two):
    transfer = builders.send(two[0], two[1], 5_00)
    officer.post(deed(transfer, "reverse"), {"reason": "paid to the wrong person"})
    back = Transfer.objects.get(kind="reversal")
    assert (back.returns, back.status) == (transfer, "posted")
    assert officer.get(address(back)).status_code == 200
    assert officer.post(deed(transfer, "reverse"), {"reason": "again"}).status_code == 403


def test_what_the_receiver_has_spent_is_said_to_the_officer(officer, two):
    transfer = builders.send(two[0], two[1], 5_00)
    care.freeze_account(account=two[1], by=two[1].owner)
    answer = officer.post(deed(transfer, "reverse"), {"reason": "paid to the wrong person"})
    assert "frozen" in answer.content.decode()
    assert not Transfer.objects.filter(kind="reversal").exists()


@pytest.mark.parametrize("role", [roles.AUDITOR, roles.ADMINISTRATOR, roles.SUPPORT])
def test_other_staff_only_look(two, role):
    transfer = builders.send(two[0], two[1], 5_00)
    client = console(role)
    for page in (
        deed(two[0], "freeze"),
        deed(two[0], "thaw"),
        deed(two[0], "overdraft"),
        deed(transfer, "reverse"),
    ):
        assert client.post(page, {"reason": "because", "amount": "5"}).status_code == 403
    assert Account.objects.get(pk=two[0].pk).status == "active"
    assert not Transfer.objects.filter(kind="reversal").exists()


# --- programs -------------------------------------------------------------------------------


@pytest.fixture
def alice(person):
    alice = person("alice")
    pins.set_pin(user=alice, pin=PIN, password_ok=True)
    return alice


@pytest.fixture
def mine(alice):
    return open_funded(alice, 100_00)


@pytest.fixture
def client(signed_in, alice):
    return signed_in(alice)


def at(account, deed=""):
    return f"/api/v1/accounts/{account.public_id}{deed}"


def codes(answer):
    return answer.status_code, answer.json().get("code")


def keyed():
    return {"HTTP_IDEMPOTENCY_KEY": str(uuid7()), "format": "json"}


def test_a_name_is_changed_by_who_has_seen_the_newest_version(client, mine):
    etag = client.get(at(mine))["ETag"]
    change = lambda **more: client.patch(at(mine), {"name": "Rent"}, format="json", **more)  # noqa: E731
    assert codes(change()) == (428, "precondition-required")
    assert codes(change(HTTP_IF_MATCH='"older"')) == (412, "precondition-failed")
    done = change(HTTP_IF_MATCH=etag)
    assert (done.status_code, done.json()["name"]) == (200, "Rent")
    assert done["ETag"] != etag
    assert codes(change(HTTP_IF_MATCH=etag)) == (412, "precondition-failed")
    assert change(HTTP_IF_MATCH="*").status_code == 200
    wrong = client.patch(at(mine), {"status": "closed"}, format="json", HTTP_IF_MATCH="*")
    assert codes(wrong) == (400, "unknown-field")


def test_a_program_freezes_thaws_and_closes(client, alice, mine):
    other = open_funded(alice, 0)
    assert client.post(at(mine, "/freeze")).json()["status"] == "frozen"
    wrong = client.post(at(mine, "/thaw"), {"pin": "9999"}, format="json")
    assert wrong.json()["code"] == "pin-wrong"
    assert client.post(at(mine, "/thaw"), {"pin": PIN}, format="json").json()["status"] == "active"
    body = {"pin": PIN}
    assert codes(client.post(at(mine, "/close"), body, **keyed())) == (409, "account-not-empty")
    missing = client.post(at(mine, "/close"), body, format="json")
    assert codes(missing) == (400, "idempotency-key-missing")
    body["move_to"] = other.public_id
    key = keyed()
    first = client.post(at(mine, "/close"), body, **key).json()
    assert (first["account"]["status"], first["rest"]["status"]) == ("closed", "posted")
    assert client.post(at(mine, "/close"), body, **key).status_code == 200
    assert Account.objects.get(pk=other.pk).balance.minor == 100_00


def test_the_banks_freeze_is_told_to_a_program(client, mine):
    care.freeze_for_bank(account=mine, by=builders.person(roles.COMPLIANCE), reason="a warrant")
    answer = client.post(at(mine, "/thaw"), {"pin": PIN}, format="json")
    assert codes(answer) == (403, "frozen-by-bank")


@pytest.mark.parametrize("right", [None, Right.VIEW, Right.OPERATE])
def test_a_shared_account_is_read_or_used_as_far_as_it_is_shared(
    client, alice, person, signed_in, right
):
    bob = person("bob")
    theirs, his = open_funded(bob, 50_00), open_funded(alice, 0)
    if right:
        invitation = sharing.invite_after_pin(
            account=theirs, by=bob, email=alice.email, right=right
        )
        sharing.accept(invitation=invitation, by=alice)
    reads = 200 if right else 404
    for path in (at(theirs), at(theirs, "/balance")):
        assert client.get(path).status_code == reads
    listed = client.get("/api/v1/transactions/", {"account": theirs.public_id})
    assert listed.status_code == reads
    body = {"source": theirs.public_id, "target": his.number, "amount": "1", "currency": "EUR"}
    sent = client.post("/api/v1/transactions/transfer", body, **keyed())
    expected = {None: 404, Right.VIEW: 403, Right.OPERATE: 201}[right]
    assert sent.status_code == expected
    for refused in (
        client.post(at(theirs, "/freeze")),
        client.post(at(theirs, "/close"), {"pin": PIN}, **keyed()),
        client.patch(at(theirs), {"name": "Mine"}, format="json", HTTP_IF_MATCH="*"),
    ):
        assert refused.status_code == 404
    if right:
        shown = {row["id"]: row for row in client.get("/api/v1/accounts/").json()["results"]}
        assert shown[theirs.public_id]["access"] == right
        assert shown[theirs.public_id]["owner"] == "Bob"
    if right == Right.OPERATE:
        seen = signed_in(bob).get(f"/api/v1/transactions/{sent.json()['id']}").json()
        assert (seen["asked_by"], seen["direction"]) == ("Alice", "out")


def test_a_program_returns_what_it_was_sent(client, alice, mine, person, signed_in):
    bob = person("bob")
    theirs = open_funded(bob, 50_00)
    sent = builders.send(theirs, mine, 5_00)
    path = f"/api/v1/transactions/{sent.public_id}/return"
    assert signed_in(bob).post(path, **keyed()).status_code == 404
    key = keyed()
    back = client.post(path, **key)
    assert (back.status_code, back.json()["returns"]) == (201, sent.public_id)
    again = client.post(path, **key)
    assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
    assert codes(client.post(path, **keyed())) == (409, "already-reversed")
    history = client.get("/api/v1/transactions/").json()["results"]
    assert {row["id"]: row["returned"] for row in history}[sent.public_id] is True
