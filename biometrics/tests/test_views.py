"""The pages and the API of this app."""

import json
import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from biometrics import pins
from biometrics.models import Pin, Rhythm
from fintrust.core.models import User

PASSWORD = "correct horse battery"
API = "/api/v1/users/me/pin"


@pytest.fixture
def mia(db):
    return User.objects.create_user("mia@example.org", PASSWORD, name="Mia Example")


@pytest.fixture
def web(client, mia):
    """Through the front door, so that the session knows when the person proved who they are."""
    EmailAddress.objects.create(user=mia, email=mia.email, verified=True, primary=True)
    client.post(reverse("account_login"), {"login": mia.email, "password": PASSWORD})
    _prove(client)
    return client


def _prove(client: Client) -> None:
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


# --- PIN -----------------------------------------------------------------------------------------


def test_a_pin_is_set_on_its_page(web, mia):
    assert b"Set a PIN" in web.get(reverse("pin")).content
    answer = web.post(reverse("pin"), {"pin": "7391", "again": "7391"})
    assert answer["Location"] == reverse("security")
    pins.verify_pin(user=mia, pin="7391")
    assert b"Change your PIN" in web.get(reverse("pin")).content


@pytest.mark.parametrize(
    ("pin", "again", "field"),
    [
        ("1234", "1234", "pin"),
        ("739", "739", "pin"),
        ("٧٣٩١", "٧٣٩١", "pin"),
        (" 7391", " 7391", "pin"),
        ("739152648", "739152648", "pin"),
        ("7391", "7392", "again"),
        ("", "", "pin"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_never_repeated(web, mia, pin, again, field):
    answer = web.post(reverse("pin"), {"pin": pin, "again": again})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not pins.has_pin(mia)
    assert not pin or f'value="{pin}"' not in answer.content.decode()


def test_a_pin_needs_a_proof_of_the_last_five_minutes(web, mia, time_machine):
    time_machine.move_to(timezone.now() + timedelta(seconds=301))
    answer = web.get(reverse("pin"))
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    late = web.post(reverse("pin"), {"pin": "7391", "again": "7391"})
    assert late["Location"] == reverse("pin")
    assert not pins.has_pin(mia)
    _prove(web)
    web.post(reverse("pin"), {"pin": "7391", "again": "7391"})
    assert pins.has_pin(mia)


def test_a_late_pin_does_not_rest_in_the_session(web, time_machine):
    time_machine.move_to(timezone.now() + timedelta(seconds=301))
    web.post(reverse("pin"), {"pin": "7391", "again": "7391"})
    # Not beside other digits: a moment may hold the same four.
    assert not re.search(r"(?<!\d)7391(?!\d)", json.dumps(dict(web.session)))


def test_a_stranger_signs_in_first(client, db):
    for name in ("pin", "rhythm-notice"):
        assert client.get(reverse(name))["Location"].startswith(reverse("account_login"))


@pytest.fixture
def api(mia):
    client = APIClient()
    client.force_authenticate(mia)
    return client


def test_the_api_sets_a_pin_for_the_password_and_changes_it_for_the_pin(api, mia):
    assert api.put(API, {"pin": "7391", "password": PASSWORD}, format="json").status_code == 204
    changed = api.put(API, {"pin": "8520", "current_pin": "7391"}, format="json")
    assert changed.status_code == 204
    pins.verify_pin(user=mia, pin="8520")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"pin": "7391"}, 403, "reauthentication-needed"),
        ({"pin": "7391", "password": "wrong"}, 403, "reauthentication-needed"),
        ({"pin": "7391", "current_pin": "8520"}, 403, "reauthentication-needed"),
        ({"pin": "1234", "password": PASSWORD}, 400, "pin-too-simple"),
        ({"pin": "12", "password": PASSWORD}, 400, "pin-invalid"),
        ({"pin": "٧٣٩١", "password": PASSWORD}, 400, "pin-invalid"),
        ({"pin": 7391, "password": PASSWORD}, 400, "invalid"),
        ({"password": PASSWORD}, 400, "invalid"),
        ({"pin": "7391", "password": PASSWORD, "user": "somebody"}, 400, "unknown-field"),
        (["7391"], 400, "wrong-shape"),
    ],
)
def test_the_api_refuses_by_name(api, mia, body, status, code):
    answer = api.put(API, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not pins.has_pin(mia)


def test_guessing_the_current_pin_over_the_api_locks_it(api, mia):
    pins.set_pin(user=mia, pin="7391", password_ok=True)
    body = {"pin": "8520", "current_pin": "6417"}
    codes = [api.put(API, body, format="json").json()["code"] for _ in range(6)]
    assert codes == ["pin-wrong"] * 4 + ["pin-locked"] * 2
    assert Pin.objects.get(user=mia).failures == 5


# --- rhythm --------------------------------------------------------------------------------------


def _drawn(client: Client, user) -> str:
    request = RequestFactory().get("/send/")
    request.user, request.session = user, client.session
    page = Template("{% load rhythm %}{% rhythm_capture %}")
    return page.render(Context({"request": request}))


def _token(html: str) -> str:
    found = re.search(r'data-rhythm="([^"]+)"', html)
    assert found
    return found[1]


def _capture(token: str, **changes) -> str:
    body = {"token": token, "zones": [1, 2, 3], "downs": [0, 100.5, 250], "holds": [80, 90, 70]}
    return json.dumps(body | {"pointers": 1, "touch": 0} | changes)


def _send(client: Client, body: str, **headers):
    return client.post(
        reverse("rhythm"), body, content_type="application/json", HTTP_ACCEPT="application/json"
    )


def test_a_form_that_is_drawn_can_be_captured_once(web, mia):
    html = _drawn(web, mia)
    assert 'type="module"' in html
    assert "onclick" not in html and "<style" not in html
    body = _capture(_token(html))
    assert _send(web, body).status_code == 204
    again = _send(web, body)
    assert (again.status_code, again.json()["code"]) == (409, "rhythm-reused")
    assert Rhythm.objects.get().user == mia


def test_what_is_more_than_timings_is_refused_and_not_stored(web, mia):
    body = _capture(_token(_drawn(web, mia)), keys=["m", "i", "a"])
    answer = _send(web, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "rhythm-invalid")
    assert not Rhythm.objects.exists()


def test_a_capture_needs_the_forms_own_csrf_token(mia):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(mia)
    assert _send(strict, _capture(_token(_drawn(strict, mia)))).status_code == 403
    assert not Rhythm.objects.exists()


def test_a_stranger_sends_nothing(client, db):
    assert _send(client, "{}").status_code == 302


def test_a_large_body_is_refused(web, mia):
    answer = _send(web, _capture("x" * 33_000))
    assert (answer.status_code, answer.json()["code"]) == (413, "rhythm-too-large")


def test_the_page_tells_what_is_measured_and_what_is_held(web, mia):
    empty = web.get(reverse("rhythm-notice")).content.decode()
    assert "Never measured" in empty and "Nothing yet" in empty
    _send(web, _capture(_token(_drawn(web, mia))))
    assert "3 keys, no letters" in web.get(reverse("rhythm-notice")).content.decode()


def test_nobody_signed_in_nothing_drawn(client, db):
    assert "data-rhythm" not in _drawn(client, AnonymousUser())
