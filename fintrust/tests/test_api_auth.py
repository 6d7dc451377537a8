import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core import mail
from rest_framework.settings import api_settings

from audit.models import Record
from fintrust.core import roles
from fintrust.core.models import User
from fintrust.tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db

NEW = {"email": "ada@example.org", "password": "a long way to tipperary", "name": "Ada Byron"}
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def post(api):
    """`post("login", email=…)`: an answer's status and its body."""

    def send(endpoint, **body):
        answer = api.post(f"/api/v1/auth/{endpoint}", body, format="json")
        return answer.status_code, answer.json() if answer.content else None

    return send


@pytest.fixture
def patient(monkeypatch):
    """The door's own limit out of the way, to see the one behind it."""
    rates = api_settings.DEFAULT_THROTTLE_RATES
    monkeypatch.setitem(rates, "sign-in", "100/min")


def sent_code():
    body = mail.outbox[-1].body
    found = re.search(r"^\s*([0-9A-Z]{3,4}-?[0-9A-Z]{3,4})\s*$", body, re.MULTILINE)
    assert found
    return found[1]


def totp_now(steps=0):
    """What the authenticator shows, with time left to send it."""
    while 30 - time.time() % 30 < 3:
        time.sleep(0.2)
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30 + steps))


class TestRegistering:
    def test_a_stranger_becomes_a_customer_who_can_sign_in(self, post, api):
        assert post("register", **NEW)[0] == 202
        assert post("login", email=NEW["email"], password=NEW["password"])[1]["code"] == (
            "email-unconfirmed"
        )
        assert post("confirm-email", email=NEW["email"], code=sent_code()) == (204, None)
        status, tokens = post("login", email=NEW["email"], password=NEW["password"])
        assert status == 200
        api.credentials(HTTP_AUTHORIZATION=f"{tokens['token_type']} {tokens['access']}")
        me = api.get("/api/v1/auth/me").json()
        assert (me["email"], me["name"], me["roles"]) == (NEW["email"], NEW["name"], ["customer"])
        told = set(Record.objects.values_list("action", flat=True))
        assert told >= {"core.user.registered", "core.email.confirmed", "core.user.signed_in"}

    def test_an_address_that_is_taken_gets_the_same_answer_and_its_owner_a_mail(self, post, person):
        fresh = post("register", **NEW)
        person("bob")
        taken = post("register", **NEW | {"email": "bob@example.org"})
        assert taken[0] == fresh[0] == 202
        assert taken[1].keys() == fresh[1].keys()
        assert mail.outbox[-1].to == ["bob@example.org"]
        assert "already" in mail.outbox[-1].body
        assert User.objects.filter(email="bob@example.org").count() == 1

    def test_the_address_is_one_whatever_its_case(self, post):
        post("register", **NEW)
        post("register", **NEW | {"email": "ADA@example.org"})
        assert list(User.objects.values_list("email", flat=True)) == ["ada@example.org"]

    @pytest.mark.parametrize(
        "change, code, field",
        [
            ({"password": "short"}, "password-refused", "password"),
            ({"password": "password12"}, "password-refused", "password"),
            ({"password": "ada@example.org"}, "password-refused", "password"),
            ({"name": "12345"}, "invalid", "name"),
            ({"name": ""}, "invalid", "name"),
            ({"name": "a" * 121}, "invalid", "name"),
            ({"name": 5}, "invalid", "name"),
            ({"email": "nobody"}, "invalid", "email"),
            ({"email": ["a@example.org"]}, "invalid", "email"),
            ({"email": None}, "invalid", "email"),
            ({"is_staff": True}, "unknown-field", "is_staff"),
        ],
    )
    def test_what_is_wrong_is_named_and_nobody_is_made(self, post, change, code, field):
        status, problem = post("register", **NEW | change)
        assert (status, problem["code"], problem["field"]) == (400, code, field)
        assert not User.objects.exists()
        assert not mail.outbox

    def test_a_role_is_given_by_the_bank(self, post):
        post("register", **NEW)
        assert roles.of(User.objects.get()) == {roles.CUSTOMER}

    def test_programs_get_no_session(self, post, api):
        post("register", **NEW)
        post("confirm-email", email=NEW["email"], code=sent_code())
        post("login", email=NEW["email"], password=NEW["password"])
        assert not api.cookies


class TestConfirming:
    def test_a_wrong_code_is_refused_three_times_then_the_right_one_too(self, post):
        post("register", **NEW)
        right = sent_code()
        for _ in range(3):
            status, problem = post("confirm-email", email=NEW["email"], code="XXX-XXX")
            assert (status, problem["code"], problem["field"]) == (400, "email-code-wrong", "code")
        assert (
            post("confirm-email", email=NEW["email"], code=right)[1]["code"] == "email-code-wrong"
        )
        assert not EmailAddress.objects.get().verified

    def test_the_third_try_may_be_right(self, post):
        post("register", **NEW)
        right = sent_code()
        for _ in range(2):
            post("confirm-email", email=NEW["email"], code="XXX-XXX")
        assert post("confirm-email", email=NEW["email"].upper(), code=right.lower())[0] == 204

    def test_a_code_works_once_and_for_its_address(self, post, person):
        person("bob", confirmed=False)
        post("register", **NEW)
        assert post("confirm-email", email="bob@example.org", code=sent_code())[0] == 400
        assert post("confirm-email", email=NEW["email"], code=sent_code())[0] == 204
        assert post("confirm-email", email=NEW["email"], code=sent_code())[0] == 400

    def test_a_code_that_was_lost_is_sent_again_at_sign_in(self, post, person):
        person("bob", confirmed=False)
        status, problem = post("login", email="bob@example.org", password=PASSWORD)
        assert (status, problem["code"]) == (403, "email-unconfirmed")
        assert post("confirm-email", email="bob@example.org", code=sent_code())[0] == 204

    def test_codes_are_not_sent_to_order(self, post, person):
        person("bob", confirmed=False)
        for _ in range(3):
            post("login", email="bob@example.org", password=PASSWORD)
        assert len(mail.outbox) == 1

    def test_only_who_knows_the_password_gets_a_code_sent(self, post, person):
        person("bob", confirmed=False)
        assert post("login", email="bob@example.org", password="wrong")[1]["code"] == (
            "credentials-wrong"
        )
        assert not mail.outbox


class TestSigningIn:
    def test_the_wrong_password_and_a_stranger_look_the_same(self, post, person):
        person("alice")
        wrong = post("login", email="alice@example.org", password="not this one")
        stranger = post("login", email="nobody@example.org", password="not this one")
        for answer in (wrong, stranger):
            answer[1].pop("request_id")
        assert wrong == stranger
        assert (wrong[0], wrong[1]["code"]) == (401, "credentials-wrong")
        assert Record.objects.filter(action="core.sign_in.failed").count() == 2

    def test_guessing_ends_also_for_the_right_password(self, post, person, patient):
        person("alice")
        person("bob")
        for _ in range(5):
            assert post("login", email="alice@example.org", password="wrong")[0] == 401
        status, problem = post("login", email="alice@example.org", password=PASSWORD)
        assert (status, problem["code"]) == (429, "too-many-sign-ins")
        assert post("login", email="bob@example.org", password=PASSWORD)[0] == 200

    def test_a_closed_sign_in_says_so_only_after_the_password(self, post, person):
        person("alice", is_active=False)
        assert post("login", email="alice@example.org", password="wrong")[1]["code"] == (
            "credentials-wrong"
        )
        status, problem = post("login", email="alice@example.org", password=PASSWORD)
        assert (status, problem["code"]) == (403, "sign-in-closed")

    def test_a_stale_token_does_not_close_the_door(self, post, person, api):
        person("alice")
        api.credentials(HTTP_AUTHORIZATION="Bearer stale")
        assert post("login", email="alice@example.org", password=PASSWORD)[0] == 200

    def test_a_passwords_spaces_count(self, post, person):
        person("alice")
        assert post("login", email="alice@example.org", password=f"{PASSWORD} ")[0] == 401

    def test_too_many_requests_say_when_to_come_back(self, api, person):
        person("alice")
        for _ in range(11):
            answer = api.post(
                "/api/v1/auth/login", {"email": "x@example.org", "password": "x"}, format="json"
            )
        assert answer.status_code == 429
        assert 1 <= int(answer["Retry-After"]) <= 61
        assert answer["RateLimit"].startswith('"sign-in";r=0;t=')
        assert answer["RateLimit-Policy"] == '"sign-in";q=10;w=60'


class TestSecondFactor:
    @pytest.fixture
    def alice(self, person):
        user = person("alice")
        TOTP.activate(user, SECRET)
        return user

    @pytest.fixture
    def login(self, post, alice):
        return lambda **more: post("login", email=alice.email, password=PASSWORD, **more)

    def test_it_is_asked_for_after_the_password(self, post, login):
        status, problem = login()
        assert (status, problem["code"], problem["field"]) == (
            401,
            "second-factor-required",
            "code",
        )
        assert (
            post("login", email="alice@example.org", password="wrong", code=totp_now())[1]["code"]
            == "credentials-wrong"
        )

    def test_the_authenticators_code_opens_once(self, login):
        code = totp_now()
        assert login(code=code)[0] == 200
        assert login(code=code)[1]["code"] == "second-factor-wrong"
        assert Record.objects.filter(action="core.factor.used").count() == 1

    def test_a_wrong_code_does_not_open_and_is_remembered(self, login):
        wrong = "000000" if totp_now() != "000000" else "000001"
        assert login(code=wrong)[1]["code"] == "second-factor-wrong"
        assert Record.objects.filter(action="core.factor.refused").count() == 1

    def test_codes_cannot_be_guessed_for_long(self, login, patient):
        answers = [login(code="999999")[1]["code"] for _ in range(6)]
        assert answers == ["second-factor-wrong"] * 5 + ["too-many-sign-ins"]
        assert login(code=totp_now())[1]["code"] == "too-many-sign-ins"

    def test_a_recovery_code_opens_once(self, login, alice):
        code = RecoveryCodes.activate(alice).get_unused_codes()[0]
        assert login(code=code)[0] == 200
        assert login(code=code)[1]["code"] == "second-factor-wrong"

    @pytest.mark.parametrize("code", ["٣٣٣٣٣٣", "12345６", "🔑"])
    def test_digits_of_other_scripts_are_no_code(self, login, code):
        assert login(code=code)[1]["code"] == "second-factor-wrong"


class TestProfile:
    def test_it_changes_what_is_sent_and_keeps_the_rest(self, person, signed_in):
        alice = person("alice")
        client = signed_in(alice)
        answer = client.patch(
            "/api/v1/users/me",
            {"phone": "+44 7700 900123", "timezone": "Asia/Tokyo"},
            format="json",
        )
        assert answer.status_code == 200
        me = client.get("/api/v1/users/me").json()
        assert (me["name"], me["phone"], me["timezone"]) == ("Alice", "+447700900123", "Asia/Tokyo")
        record = Record.objects.get(action="core.user.changed")
        assert record.actor_id == alice.pk
        assert record.before
        assert record.before["timezone"] == "Europe/London"

    @pytest.mark.parametrize(
        "body, code, field",
        [
            ({"email": "eve@example.org"}, "unknown-field", "email"),
            ({"kyc": "verified"}, "unknown-field", "kyc"),
            ({"name": "  "}, "invalid", "name"),
            ({"name": "123"}, "name-invalid", "name"),
            ({"phone": "call me"}, "phone-invalid", "phone"),
            ({"phone": "+٤٤٧٧٠٠٩٠٠١٢٣"}, "phone-invalid", "phone"),
            ({"phone": 447700900123}, "invalid", "phone"),
            ({"timezone": "Mars/Olympus"}, "timezone-unknown", "timezone"),
            ({"timezone": "../../etc/passwd"}, "timezone-unknown", "timezone"),
            ([], "wrong-shape", None),
            ("name", "wrong-shape", None),
        ],
    )
    def test_what_is_wrong_is_named_and_changes_nothing(self, person, signed_in, body, code, field):
        alice = person("alice")
        answer = signed_in(alice).patch("/api/v1/users/me", body, format="json")
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert answer.json().get("field") == field
        alice.refresh_from_db()
        assert (alice.name, alice.phone, alice.timezone) == ("Alice", "", "Europe/London")
        assert not Record.objects.filter(action="core.user.changed").exists()
