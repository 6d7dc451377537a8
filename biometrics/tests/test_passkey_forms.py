"""Whatever is sent as a passkey's answer to the sign-in pages is wrong, and breaks none of them."""

import json
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from fido2.utils import websafe_encode

from biometrics.tests.soft_passkey import SoftPasskey
from fintrust.core.models import User

pytestmark = pytest.mark.django_db
CLIENT_DATA = websafe_encode(b'{"type": "webauthn.get", "challenge": "AA", "origin": "http://x"}')
#: A good head of authenticator data that promises more than follows, as a map cut off.
CUT_OFF = [
    bytes(32) + flags + bytes(4) + rest
    for flags in (b"\x80", b"\x40", b"\xc1")
    for rest in (b"", b"\xa1", b"\xbf\xff", b"\x9f" * 40, b"\x5b" + b"\xff" * 8, bytes(18))
]


def answer(data: bytes, **changes: object) -> dict[str, object]:
    parts = {"authenticatorData": websafe_encode(data), "clientDataJSON": CLIENT_DATA}
    parts |= {"signature": "AA", "userHandle": "AA", "attestationObject": websafe_encode(data)}
    return {"id": "AA", "rawId": "AA", "type": "public-key", "response": parts} | changes


BODIES = [
    "", "{", "null", "[]", "7", '"x"', "{}", '{"response": 7}', "[" * 10_000, "[" * 70_000,
    *(json.dumps(answer(data)) for data in (b"", b"\xff", *CUT_OFF)),
    json.dumps(answer(b"", id=7, rawId=None)),
    json.dumps(answer(b"", response={"userHandle": "not base64!"})),
    json.dumps(answer(b"", response={"userHandle": "A" * 5000})),
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_strange_answer_signs_nobody_in(client, body):
    page = reverse("mfa_login_webauthn")
    assert client.get(page, headers={"x-requested-with": "XMLHttpRequest"}).json()  # the challenge
    answered = client.post(page, {"credential": body})
    assert answered.status_code in {200, 302}
    if answered.status_code == 302:
        assert urlsplit(answered["Location"]).path == reverse("account_login")
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("view", ["mfa_add_webauthn", "mfa_reauthenticate_webauthn"])
def test_a_strange_answer_adds_and_proves_nothing(client, view, body):
    mia = User.objects.create_user("mia@example.org", "correct horse battery", name="Mia")
    SoftPasskey().belongs_to(mia)
    client.force_login(mia)
    client.get(reverse(view))
    answered = client.post(reverse(view), {"credential": body, "name": "Key"})
    assert answered.status_code in {200, 302}
    assert mia.authenticator_set.count() == 1
