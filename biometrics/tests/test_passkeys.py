"""Passkeys that confirm: one's own, for just this, in this session, once, and with a finger."""

import random
from datetime import timedelta

import pytest
from allauth.core import context
from allauth.mfa.models import Authenticator
from django.contrib.sessions.backends.cache import SessionStore
from django.utils import timezone
from fido2.utils import websafe_decode, websafe_encode

from audit.models import Record
from biometrics import passkeys
from biometrics.errors import PasskeyRefused
from biometrics.tests.soft_passkey import SoftPasskey
from fintrust.core.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_bank")]
ABOUT = "trf_one"


@pytest.fixture
def at_the_bank(rf):
    """The sign-in package asks the request for the host that passkeys belong to."""
    with context.request_context(rf.get("/")):
        yield


@pytest.fixture
def mia():
    return User.objects.create_user("mia@example.org", "correct horse battery", name="Mia Example")


@pytest.fixture
def key(mia):
    return SoftPasskey().belongs_to(mia)


@pytest.fixture
def session():
    return SessionStore()


def asked(mia, session, about=ABOUT):
    return passkeys.challenge(user=mia, session=session, about=about)


def answered(mia, session, answer, about=ABOUT):
    try:
        passkeys.verify_passkey(user=mia, session=session, about=about, answer=answer)
    except PasskeyRefused:
        return False
    return True


def test_who_has_one(mia, key):
    other = User.objects.create_user("noah@example.org", "correct horse battery", name="Noah")
    assert passkeys.has_passkey(mia) and not passkeys.has_passkey(other)


def test_it_signs_and_the_use_is_remembered(mia, key, session):
    assert answered(mia, session, key.sign(asked(mia, session)))
    assert Authenticator.objects.get(user=mia).last_used_at


def test_only_their_own_keys_are_asked_for_and_a_finger_is_required(mia, key, session):
    SoftPasskey().belongs_to(User.objects.create_user("noah@example.org", "correct horse battery"))
    options = asked(mia, session)["publicKey"]
    assert [one["id"] for one in options["allowCredentials"]] == [websafe_encode(key.id)]
    assert options["userVerification"] == "required"


def test_it_is_good_once(mia, key, session):
    answer = key.sign(asked(mia, session))
    assert answered(mia, session, answer)
    assert not answered(mia, session, answer)


def test_a_wrong_answer_uses_the_challenge_up_and_is_recorded(mia, key, session):
    options = asked(mia, session)
    assert not answered(mia, session, {})
    assert not answered(mia, session, key.sign(options))
    assert Record.objects.filter(action="biometrics.passkey.failed", owner=mia).count() == 2


def test_it_is_for_one_payment(mia, key, session):
    assert not answered(mia, session, key.sign(asked(mia, session)), about="trf_two")


def test_the_page_that_was_opened_last_counts(mia, key, session):
    first, _ = asked(mia, session), asked(mia, session)
    assert not answered(mia, session, key.sign(first))
    second = asked(mia, session)
    assert answered(mia, session, key.sign(second))


def test_it_is_for_one_session(mia, key, session):
    options = asked(mia, session)
    other = SessionStore()
    assert not answered(mia, other, key.sign(options))
    asked(mia, other)
    assert not answered(mia, other, key.sign(options))


def test_what_was_signed_for_signing_in_confirms_nothing(mia, key, session, rf):
    request = rf.get("/")
    request.session = session
    with context.request_context(request):
        options = passkeys.auth.begin_authentication(mia)
        assert not answered(mia, session, key.sign(options))


@pytest.mark.parametrize(
    "seconds, works", [(0, True), (300, True), (300.1, False)], ids=["now", "just", "late"]
)
def test_it_is_good_for_five_minutes(mia, key, session, time_machine, seconds, works):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    options = asked(mia, session)
    time_machine.move_to(start + timedelta(seconds=seconds), tick=False)
    assert answered(mia, session, key.sign(options)) is works


def test_a_touch_without_a_finger_or_code_is_not_enough(mia, key, session):
    assert not answered(mia, session, key.sign(asked(mia, session), verified=False))


def test_somebody_elses_key_signs_nothing(mia, key, session):
    noah = User.objects.create_user("noah@example.org", "correct horse battery", name="Noah")
    theirs = SoftPasskey().belongs_to(noah)
    assert not answered(mia, session, theirs.sign(asked(mia, session)))


def test_another_key_under_the_same_name_signs_nothing(mia, key, session):
    forged = SoftPasskey()
    forged.id = key.id
    assert not answered(mia, session, forged.sign(asked(mia, session)))


def test_an_answer_to_another_question_is_none(mia, key, session):
    assert not answered(mia, session, key.sign(asked(mia, session), kind="webauthn.create"))


def test_one_that_was_removed_signs_nothing(mia, key, session):
    options = asked(mia, session)
    Authenticator.objects.filter(user=mia).delete()
    assert not answered(mia, session, key.sign(options))


def test_in_production_the_page_must_be_the_banks(mia, key, session, settings):
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
    answer = key.sign(asked(mia, session), origin="https://fintrust.example.com.evil.example")
    assert not answered(mia, session, answer)
    assert answered(mia, session, key.sign(asked(mia, session)))


def test_nothing_that_can_be_sent_breaks_it(mia, key, session):
    """Every member replaced by something else, and every text cut or changed in one place."""
    chance = random.Random(7)
    for _ in range(300):
        answer = key.sign(asked(mia, session))
        part = answer if chance.random() < 0.4 else answer["response"]
        name = chance.choice(list(part))
        if name in ("clientExtensionResults", "type"):
            continue  # they say nothing that is signed
        if chance.random() < 0.5 and isinstance(part[name], str):
            at = chance.randrange(
                len(part[name]) - 1
            )  # the last one may carry bits that say nothing
            letter = chance.choice([c for c in "AbZ0-_é\x00" if c != part[name][at]])
            part[name] = chance.choice(
                [part[name][:at], part[name][:at] + letter + part[name][at + 1 :]]
            )
        else:
            part[name] = chance.choice([None, 7, "", [], {}, ["x"], True, "é", "A" * 5000])
        assert not answered(mia, session, answer), (name, part[name])


@pytest.mark.parametrize(
    "extensions", [b"\x81" * 10_000, b"\x9b" + b"\xff" * 8, b"\xbf", b"\xa1\x81", b"\x1b\x00"]
)
def test_bytes_that_no_browser_sends_are_refused(mia, key, session, extensions):
    answer = key.sign(asked(mia, session))
    data = bytearray(websafe_decode(answer["response"]["authenticatorData"]))
    data[32] |= 0x80  # says that extensions follow
    answer["response"]["authenticatorData"] = websafe_encode(bytes(data) + extensions)
    assert not answered(mia, session, answer)
