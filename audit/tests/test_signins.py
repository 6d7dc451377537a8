"""What the sign-in packages tell becomes a record; driven through the real pages."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_login_failed

from audit.models import Record
from fintrust.core import context
from fintrust.core.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "a long way to tipperary"


@pytest.fixture
def ada():
    user = User.objects.create_user("ada@example.org", PASSWORD, name="Ada")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def told(action):
    return Record.objects.filter(action=action).order_by("-id").first()


def sign_in(client, password=PASSWORD, email="ada@example.org"):
    return client.post("/account/login/", {"login": email, "password": password})


def test_signing_in_and_out_is_remembered_with_the_session(client, ada):
    assert sign_in(client).status_code == 302
    entered = told("core.user.signed_in")
    assert (entered.subject, entered.owner, entered.actor_id) == (ada.public_id, ada, ada.pk)
    assert entered.actor_kind == "customer"
    assert entered.session == context.session_hash(client.session.session_key)
    assert entered.ip == "127.0.0.1"
    client.post("/account/logout/")
    left = told("core.user.signed_out")
    assert (left.actor_id, left.session) == (ada.pk, entered.session)


def test_a_wrong_password_is_remembered_under_the_person_and_nobody_is_the_actor(client, ada):
    assert sign_in(client, "wrong").status_code == 200
    tried = told("core.sign_in.failed")
    assert (tried.subject, tried.owner, tried.actor_id) == (ada.public_id, ada, None)
    assert tried.actor_kind == "anonymous"
    assert "wrong" not in str(tried.data)


def test_an_unknown_address_is_counted_but_not_kept(client, ada):
    sign_in(client, email="nobody@example.org")
    tried = told("core.sign_in.failed")
    assert (tried.subject, tried.owner) == ("sign-in", None)
    assert "nobody" not in str(list(Record.objects.filter(pk=tried.pk).values()))


@pytest.mark.parametrize("name", ["a\x00b@example.org", "", None, 7])
def test_a_strange_name_does_not_break_the_record(ada, name):
    user_login_failed.send("a backend", credentials={"email": name}, request=None)
    assert told("core.sign_in.failed").subject == "sign-in"


def test_signing_out_without_having_signed_in_is_nothing(client):
    client.post("/account/logout/")
    assert told("core.user.signed_out") is None


def test_a_changed_password_is_remembered_and_not_repeated(client, ada):
    sign_in(client)
    other = "another long way to tipperary"
    form = {"oldpassword": PASSWORD, "password1": other, "password2": other}
    assert client.post("/account/password/change/", form).status_code == 302
    changed = told("core.password.changed")
    assert (changed.owner, changed.actor_id) == (ada, ada.pk)
    assert "tipperary" not in str(list(Record.objects.values()))


def test_registration_is_remembered(client):
    form = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD, "name": "New"}
    assert client.post("/account/signup/", form).status_code == 302
    user = User.objects.get(email="new@example.org")
    assert told("core.user.registered").owner == user


@pytest.mark.parametrize(
    "signal, action, by_the_person",
    [
        (mfa.authenticator_added, "core.factor.added", True),
        (mfa.authenticator_removed, "core.factor.removed", True),
        (mfa.authenticator_reset, "core.factor.reset", True),
        (mfa.authenticator_used, "core.factor.used", True),
        (mfa.authentication_failed, "core.factor.refused", False),
    ],
)
def test_second_factors_are_remembered_by_their_kind(rf, ada, signal, action, by_the_person):
    factor = Authenticator(user=ada, type=Authenticator.Type.TOTP, data={"secret": "sealed"})
    signal.send(Authenticator, request=rf.get("/"), user=ada, authenticator=factor)
    made = told(action)
    assert (made.owner, made.data) == (ada, {"factor": "totp"})
    assert made.actor_id == (ada.pk if by_the_person else None)
