"""Held money is confirmed by PIN, authenticator app or passkey, on the page and by programs."""

import json
import time

import pytest
from allauth.core import context
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.urls import reverse

from audit.models import Record
from banking.care.services import freeze_account
from banking.errors import AccountFrozen
from banking.models import Account, Transfer
from banking.tests.test_api import API, client_of
from banking.tests.test_ledger_concurrency import at_once
from banking.transfers import services
from banking.transfers.errors import TransferNotHeld
from biometrics import pins
from biometrics.errors import CodeLocked, CodeWrong, NoAuthenticator
from biometrics.models import CodeTries
from biometrics.tests.soft_passkey import SoftPasskey
from fintrust.core.errors import NotFound
from fintrust.tests import builders
from fraud.models import Label
from fraud.policy import LABELS

pytestmark = pytest.mark.usefixtures("own_database")
PIN, SECRET, WRONG = "4071", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "000000"


@pytest.fixture
def own_database(request):
    """Commits are commits where something fails afterwards; elsewhere all is rolled back."""
    request.getfixturevalue("bank" if "bank" in request.fixturenames else "db")


def shown() -> str:
    """What the app shows, with time left to send it."""
    while 30 - time.time() % 30 < 3:
        time.sleep(0.2)
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30))


@pytest.fixture
def app(ada):
    TOTP.activate(ada, SECRET)


@pytest.fixture
def held(send):
    transfer = send(900_00)
    assert transfer.is_held
    return transfer


def by_code(transfer, user, code):
    return services.confirm_by_code(transfer=transfer, by=user, code=code)


# --- the verb -------------------------------------------------------------------------------


def test_a_code_sends_it_on_its_way_and_records_and_labels_say_so(app, held, ada, his):
    done = by_code(held, ada, shown())
    assert (done.status, done.settled_by, done.reason) == (
        "posted",
        ada,
        "confirmed by authenticator app",
    )
    his.refresh_from_db()
    assert his.balance_minor == 950_00
    record = Record.objects.get(action="banking.transfer.posted", subject=done.public_id)
    assert record.reason == "confirmed by authenticator app"
    label = Label.objects.get()
    assert (label.fraud, label.source, label.note, label.weight) == (
        False,
        "step_up",
        "confirmed by authenticator app",
        LABELS.step_up_weight,
    )


def test_a_pin_is_named_as_well(app, held, ada, hers):
    pins.set_pin(user=ada, pin=PIN, password_ok=True)
    done = services.confirm_transfer(transfer=held, by=ada, pin=PIN)
    assert (done.reason, Label.objects.get().note) == ("confirmed by PIN", "confirmed by PIN")


def test_wrong_codes_move_nothing_and_say_nothing_until_they_lock(app, held, ada):
    for _ in range(4):
        with pytest.raises(CodeWrong):
            by_code(held, ada, WRONG)
        assert not Label.objects.exists()
    with pytest.raises(CodeLocked):
        by_code(held, ada, WRONG)
    label = Label.objects.get()
    assert (label.fraud, label.note) == (True, "authenticator app locked")
    with pytest.raises(CodeLocked):
        by_code(held, ada, shown())
    held.refresh_from_db()
    assert held.is_held


def test_a_code_and_a_pin_at_once_send_it_once(bank):
    mine, theirs = builders.two_accounts()
    ada, held = mine.owner, builders.held(mine, theirs)
    TOTP.activate(ada, SECRET)
    pins.set_pin(user=ada, pin=PIN, password_ok=True)
    before, code = Account.objects.get(pk=theirs.pk).balance_minor, shown()

    def said(deed):
        try:
            return deed().status
        except TransferNotHeld as problem:
            return problem.code

    answers = at_once(
        lambda: said(lambda: by_code(held, ada, code)),
        lambda: said(lambda: services.confirm_transfer(transfer=held, by=ada, pin=PIN)),
    )
    assert sorted(answers) == ["posted", "transfer-not-held"]
    now = Account.objects.in_bulk([mine.pk, theirs.pk])
    assert now[theirs.pk].balance_minor == before + held.amount_minor
    assert now[mine.pk].held_minor == 0
    assert (
        Record.objects.filter(action="banking.transfer.posted", subject=held.public_id).count() == 1
    )


def test_one_code_confirms_one_of_two_payments(app, ada, his):
    first, second = (builders.held(builders.account(ada, 1_000_00), his) for _ in range(2))
    code = shown()
    assert by_code(first, ada, code).status == "posted"
    with pytest.raises(CodeWrong):
        by_code(second, ada, code)


def test_a_payment_that_ended_uses_the_code_up_and_counts_nothing(app, held, ada):
    services.cancel_transfer(transfer=held, by=ada)
    code = shown()
    with pytest.raises(TransferNotHeld):
        by_code(held, ada, code)
    assert CodeTries.objects.get(user=ada).failures == 0
    with pytest.raises(CodeWrong):
        by_code(held, ada, code)


def test_a_recovery_code_confirms_no_payment(app, held, ada):
    for code in RecoveryCodes.activate(ada).get_unused_codes()[:1]:
        with pytest.raises(CodeWrong):
            by_code(held, ada, code)


def test_a_strangers_code_is_not_even_looked_at(app, held, ben):
    TOTP.activate(ben, SECRET)
    with pytest.raises(NotFound):
        by_code(held, ben, WRONG)
    assert not CodeTries.objects.exists()


def test_without_an_app_no_code_confirms(held, ada):
    with pytest.raises(NoAuthenticator):
        by_code(held, ada, WRONG)


def test_what_was_tried_stays_counted_when_the_payment_is_rolled_back(bank):
    """The count has a transaction of its own; what fails afterwards does not undo it."""
    mine, theirs = builders.two_accounts()
    TOTP.activate(mine.owner, SECRET)
    transfer = builders.held(mine, theirs)
    with pytest.raises(CodeWrong):
        by_code(transfer, mine.owner, WRONG)
    assert CodeTries.objects.get(user=mine.owner).failures == 1
    freeze_account(account=theirs, by=theirs.owner)
    with pytest.raises(AccountFrozen):
        by_code(transfer, mine.owner, shown())
    tries = CodeTries.objects.get(user=mine.owner)
    assert tries.failures == 0 and tries.used_step
    transfer.refresh_from_db()
    assert transfer.is_held and not Label.objects.exists()


# --- for programs ---------------------------------------------------------------------------


@pytest.fixture
def adas(ada):
    """Signed in before there is an app, so that no code is asked for here."""
    return client_of(ada)


def confirm(client, transfer, **body):
    answer = client.post(f"{API}/transactions/{transfer.public_id}/confirm", body, format="json")
    return answer.status_code, answer.json()


def test_a_program_sends_a_code_once(adas, app, held):
    code = shown()
    assert confirm(adas, held, code=code)[1]["status"] == "posted"
    status, problem = confirm(adas, held, code=code)
    assert (status, problem["code"], problem["tries_left"]) == (403, "code-wrong", 4)


def test_a_program_is_told_when_codes_rest(adas, app, held):
    codes = [confirm(adas, held, code=WRONG)[1]["code"] for _ in range(6)]
    assert codes == ["code-wrong"] * 4 + ["code-locked"] * 2
    status, problem = confirm(adas, held, code=shown())
    assert (status, problem["field"]) == (423, "code")
    assert problem["locked_until"]


@pytest.mark.parametrize("body", [{}, {"pin": PIN, "code": "123456"}])
def test_exactly_one_proof_is_asked_for(adas, app, held, body):
    status, problem = confirm(adas, held, **body)
    assert (status, problem["code"]) == (400, "proof-missing")


@pytest.mark.parametrize("code", ["", None, 123456, ["123456"], "1" * 11])
def test_what_is_no_code_is_not_tried(adas, app, held, code):
    status, problem = confirm(adas, held, code=code)
    assert (status, problem["field"]) == (400, "code")
    assert not CodeTries.objects.exists()


def test_a_program_without_an_app_is_told(adas, held):
    assert confirm(adas, held, code=WRONG)[1]["code"] == "no-authenticator"


# --- on the page ----------------------------------------------------------------------------


@pytest.fixture
def online(client, ada):
    client.force_login(ada)
    return client


def seen(online, held, by=""):
    return online.get(reverse("transfer", args=[held.public_id]), {"by": by} if by else {})


def fields_of(page):
    return list(page.context["form"].fields)


def offers_of(page):
    return [way.name for way in page.context["other_ways"]]


@pytest.mark.parametrize(
    "has, by, field, offers",
    [
        ({"pin"}, "", "pin", []),
        ({"code"}, "", "code", []),
        ({"passkey"}, "", "passkey", []),
        ({"pin", "code", "passkey"}, "", "pin", ["code", "passkey"]),
        ({"pin", "code", "passkey"}, "code", "code", ["pin", "passkey"]),
        ({"pin", "code", "passkey"}, "passkey", "passkey", ["pin", "code"]),
        ({"pin"}, "code", "pin", []),
        ({"pin", "code"}, "nonsense", "pin", ["code"]),
    ],
)
def test_one_way_is_shown_and_the_others_offered(online, ada, held, has, by, field, offers):
    if "pin" in has:
        pins.set_pin(user=ada, pin=PIN, password_ok=True)
    if "code" in has:
        TOTP.activate(ada, SECRET)
    if "passkey" in has:
        SoftPasskey().belongs_to(ada)
    page = seen(online, held, by)
    assert (fields_of(page), offers_of(page)) == ([field], offers)


def test_with_neither_the_page_leads_to_setting_a_pin(online, held):
    page = seen(online, held)
    assert reverse("pin") in page.content.decode()
    answer = online.post(reverse("transfer-confirm", args=[held.public_id]), {"by": "code"})
    assert answer.status_code == 422


def test_on_the_page_a_wrong_code_keeps_the_form_and_the_right_one_sends(online, app, held):
    url = reverse("transfer-confirm", args=[held.public_id])
    wrong = online.post(url, {"by": "code", "code": WRONG})
    assert (wrong.status_code, fields_of(wrong)) == (422, ["code"])
    assert "used before" in wrong.content.decode()
    online.post(url, {"by": "code", "code": shown()})
    assert Transfer.objects.get(pk=held.pk).status == "posted"


@pytest.fixture
def passkey(ada, rf):
    with context.request_context(rf.get("/")):
        return SoftPasskey().belongs_to(ada)


def challenge_of(page):
    return page.context["script_data"]["request_options"]


def post_passkey(online, transfer, said):
    url = reverse("transfer-confirm", args=[transfer.public_id])
    return online.post(url, {"by": "passkey", "passkey": said})


def test_a_passkey_sends_it_on_its_way_and_records_and_labels_say_so(online, passkey, held):
    answer = passkey.sign(challenge_of(seen(online, held, "passkey")))
    post_passkey(online, held, json.dumps(answer))
    done = Transfer.objects.get(pk=held.pk)
    assert (done.status, done.reason) == ("posted", "confirmed by passkey")
    assert Label.objects.get().note == "confirmed by passkey"


def test_a_passkey_that_signed_for_one_payment_sends_no_other(online, passkey, held, ada, his):
    other = builders.held(builders.account(ada, 1_000_00), his)
    answer = json.dumps(passkey.sign(challenge_of(seen(online, held, "passkey"))))
    refused = post_passkey(online, other, answer)
    assert refused.status_code == 422 and "not your passkey" in refused.content.decode()
    assert post_passkey(online, held, answer).status_code == 422  # and now it has been used up
    answer = json.dumps(passkey.sign(challenge_of(seen(online, held, "passkey"))))
    assert post_passkey(online, held, answer).status_code == 302


@pytest.mark.parametrize("said", ["", "null", "[]", "{", "{}", "[" * 19_000, "x" * 20_001])
def test_what_is_no_answer_of_a_passkey_is_refused(online, passkey, held, said):
    seen(online, held, "passkey")
    assert post_passkey(online, held, said).status_code == 422
    held.refresh_from_db()
    assert held.is_held


def test_without_a_passkey_none_is_asked_for(online, ada, held):
    pins.set_pin(user=ada, pin=PIN, password_ok=True)
    page = seen(online, held, "passkey")
    assert not page.context["script_data"] and "webauthn" not in page.content.decode()
    assert "passkey-challenge" not in online.session
