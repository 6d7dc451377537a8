import hashlib

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from audit import log, merkle, notes, proofs, services, signing
from audit.models import Leaf, Record
from fintrust.core import roles
from fintrust.core.models import User

pytestmark = pytest.mark.usefixtures("bank")


def person(name, *wanted, **fields):
    user = User.objects.create_user(f"{name}@example.org", None, name=name, **fields)
    user.groups.add(*Group.objects.filter(name__in=wanted))
    return user


@pytest.fixture
def ada():
    return person("ada", roles.CUSTOMER)


@pytest.fixture
def auditor():
    return person("olga", roles.AUDITOR, is_staff=True)


def test_the_checkpoint_opens_with_the_published_key(client, records):
    assert client.get("/log/checkpoint").status_code == 404
    records(3)
    log.seal()
    keys = notes.parse_vkeys(client.get("/log/key").content.decode())
    response = client.get("/log/checkpoint")
    head = notes.open_checkpoint(response.content, keys)
    assert (head.size, response["Content-Type"]) == (3, "text/plain; charset=utf-8")
    assert "max-age=1" in response["Cache-Control"].split(", ")


def test_a_stranger_can_rebuild_the_root_from_the_tiles(client, records):
    records(600)
    log.seal()
    head = notes.open_checkpoint(client.get("/log/checkpoint").content, signing.verifiers())
    paths = ["0/000", "0/001", "0/002.p/88"]
    hashes = b"".join(client.get(f"/log/tile/{path}").content for path in paths)
    leaves = [hashes[i : i + 32] for i in range(0, len(hashes), 32)]
    assert merkle.root(leaves) == head.root
    above = client.get("/log/tile/1/000.p/2")
    assert above.content == merkle.root(leaves[:256]) + merkle.root(leaves[256:512])
    assert "immutable" in above["Cache-Control"]
    assert above["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    "path",
    [
        "0/000",
        "0/000.p/4",
        "0/001.p/1",
        "1/000.p/1",
        "64/000.p/1",
        "x/000",
        "0/000.p/0",
        "0/../0/000",
    ],
)
def test_a_tile_the_log_does_not_have_is_not_there(client, records, path):
    records(3)
    log.seal()
    assert client.get(f"/log/tile/{path}").status_code == 404


def test_the_log_only_answers_reading(client):
    for path in ("checkpoint", "key", "tile/0/000", "proof/rec_x"):
        assert client.post(f"/log/{path}").status_code in (403, 405)


def test_entries_are_for_auditors_and_their_reading_is_remembered(client, records, ada, auditor):
    records(2)
    log.seal()
    size = Leaf.objects.count()
    path = f"/log/tile/entries/000.p/{size}"
    assert client.get(path).status_code == 403
    client.force_login(ada)
    assert client.get(path).status_code == 403
    client.force_login(auditor)
    bundle = client.get(path).content
    length = int.from_bytes(bundle[:2])
    assert hashlib.sha256(b"\0" + bundle[2 : 2 + length]).digest() == bytes(
        Leaf.objects.get(index=0).hash
    )
    reading = Record.objects.get(action="audit.records.read")
    assert (reading.actor_id, reading.data["door"]) == (auditor.pk, "entries")


def test_the_owner_of_the_data_and_the_actor_and_auditors_get_a_proof(client, ada, auditor):
    made = services.record("core.user.renamed", subject=ada, owner=ada, by=auditor)
    path = reverse("log-proof", args=[made.public_id])
    stranger = person("eve", roles.CUSTOMER)
    assert log.seal().leaves == 1
    for user, status in [(ada, 200), (auditor, 200), (stranger, 404)]:
        client.force_login(user)
        response = client.get(path)
        assert response.status_code == status, user
        if status == 200:
            proven = proofs.verify(response.content.decode(), signing.verifiers())
            assert str(made.pk) in proven.entry.decode()
            assert f"{made.public_id}.tlog-proof" in response["Content-Disposition"]
    assert Record.objects.filter(action="audit.records.read", actor_id=auditor.pk).count() == 1


def test_a_proof_of_what_waits_is_a_conflict(client, ada):
    made = services.record("core.user.renamed", subject=ada, owner=ada)
    client.force_login(ada)
    response = client.get(
        reverse("log-proof", args=[made.public_id]), headers={"Accept": "application/json"}
    )
    assert (response.status_code, response.json()["code"]) == (409, "audit-record-not-sealed")


def test_a_proof_asks_who_you_are_first(client):
    response = client.get("/log/proof/rec_x")
    assert (response.status_code, response["Location"]) == (
        302,
        "/account/login/?next=/log/proof/rec_x",
    )
