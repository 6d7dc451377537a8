""" "Was this you?", disputes and what confirmations say, by the doors customers use."""

from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

import fraud.services
from banking.answers import services as answers
from banking.models import Account, Hold, Transfer
from banking.returns.services import return_transfer
from banking.tests.test_api import client_of
from banking.tests.test_ledger_concurrency import at_once
from banking.transfers import services
from banking.transfers.errors import TransferNotHeld
from biometrics import pins
from biometrics.errors import PinLocked, PinWrong
from fintrust.tests import builders
from fraud.models import Alert, Case, Dispute, Label
from fraud.policy import LABELS

pytestmark = pytest.mark.usefixtures("own_database")
PIN, WRONG = "4071", "9753"


@pytest.fixture
def own_database(request):
    """Commits are commits where several come at once; elsewhere all is rolled back."""
    request.getfixturevalue("bank" if "bank" in request.fixturenames else "db")


@pytest.fixture
def hers(hers, ada):
    pins.set_pin(user=ada, pin=PIN, password_ok=True)
    return hers


@pytest.fixture
def online(client, ada):
    client.force_login(ada)
    return client


@pytest.fixture
def hers_by_api(ada):
    return client_of(ada)


@pytest.fixture
def held(send):
    """Most of a young account to somebody new."""
    transfer = send(900_00)
    assert transfer.is_held
    return transfer


@pytest.fixture
def posted(send):
    """A payment that moved, and that the bank wonders about afterwards."""
    transfer = send(10_00)
    fraud.services.raise_alert(
        transfer.decision, kind=Alert.Kind.AFTERWARDS, severity="medium", text="odd"
    )
    return transfer


def say(online, transfer, mine):
    return online.post(reverse("transfer-answer", args=[transfer.public_id]), {"mine": mine})


def told(program, transfer, body):
    url = reverse("api-risk-answer", args=[transfer.decision.public_id])
    return program.post(url, body, format="json")


def page(online, name, *args):
    answer = online.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


# --- questions ------------------------------------------------------------------------------


def test_a_question_stands_on_the_home_page_the_list_and_the_payment(online, posted):
    assert "Was this you?" in page(online, "home")
    assert "€10.00" in page(online, "questions")
    assert "Was this you?" in page(online, "transfer", posted.public_id)
    answer = say(online, posted, "yes")
    assert answer.url == reverse("home")
    assert "Nothing to ask" in page(online, "questions")
    assert "Was this you?" not in page(online, "transfer", posted.public_id)


def test_questions_for_one_reason_stand_below_it_once(online, held, posted, send):
    other = send(11_00)
    fraud.services.raise_alert(other.decision, kind="afterwards", severity="medium", text="odd")
    answer = online.get(reverse("questions"))
    why = held.decision.reasons[0]["text"]
    found = {why: [one.transfer for one in asked] for why, asked in answer.context["asked"]}
    assert found == {why: [held], "": [other, posted]}
    text = answer.content.decode()
    assert text.count(why[1:]) == 1
    assert "Why we ask" not in text


def test_after_one_answer_the_next_question_is_asked(online, posted, send):
    other = send(11_00)
    fraud.services.raise_alert(other.decision, kind="afterwards", severity="medium", text="odd")
    assert say(online, posted, "yes").url == reverse("questions")


def test_no_leads_to_what_can_be_done_at_once_and_freezes_with_one_tap(online, posted, hers):
    answer = say(online, posted, "no")
    assert answer.url == reverse("transfer-denied", args=[posted.public_id])
    text = page(online, "transfer-denied", posted.public_id)
    assert "Freeze" in text and "The money has moved" in text
    online.post(reverse("account-freeze", args=[hers.public_id]))
    hers.refresh_from_db()
    assert hers.status == Account.Status.FROZEN
    assert "This account is frozen" in page(online, "transfer-denied", posted.public_id)
    assert "You told us" in page(online, "transfer", posted.public_id)


def test_no_cancels_what_is_held_and_opens_a_case_at_once(online, held, hers):
    assert "Yes, confirm it" in page(online, "questions")
    say(online, held, "no")
    held.refresh_from_db()
    hers.refresh_from_db()
    assert (held.status, hers.held_minor) == ("cancelled", 0)
    assert Label.objects.get().fraud
    assert Case.objects.get().entries.filter(alert__kind="denied").exists()
    assert "The money stayed" in page(online, "transfer-denied", held.public_id)


def test_what_was_denied_cannot_be_confirmed_by_pin(online, held, ada):
    say(online, held, "no")
    with pytest.raises(TransferNotHeld):
        services.confirm_transfer(transfer=held, by=ada, pin=PIN)


def test_yes_to_held_money_moves_nothing_without_the_pin(online, held):
    say(online, held, "yes")
    held.refresh_from_db()
    assert held.status == "held"
    assert not Label.objects.get().fraud


@pytest.mark.parametrize("mine", ["", "perhaps", "true"])
def test_other_answers_change_nothing(online, posted, mine):
    assert say(online, posted, mine).status_code == 302
    assert not Label.objects.exists()


@pytest.mark.parametrize("name", ["transfer-answer", "transfer-denied", "transfer-dispute"])
def test_the_other_side_and_strangers_find_no_such_pages(client, ben, olga, posted, name):
    url = reverse(name, args=[posted.public_id])
    for person in (ben, olga):  # paid, and nothing to do with it
        client.force_login(person)
        method = client.post if name == "transfer-answer" else client.get
        assert method(url, {"mine": "no"}).status_code == 404
    assert not Label.objects.exists()


def test_without_an_answer_there_is_no_page_about_it(online, posted):
    assert online.get(reverse("transfer-denied", args=[posted.public_id])).status_code == 404


# --- for programs ---------------------------------------------------------------------------


def test_programs_answer_once_and_again(hers_by_api, posted):
    for _ in range(2):
        answer = told(hers_by_api, posted, {"mine": False})
        assert answer.status_code == 200
        assert answer.json()["mine"] is False
        assert answer.json()["decision"] == posted.decision.public_id
    assert Label.objects.count() == 1
    taken_back = told(hers_by_api, posted, {"mine": True})
    assert (taken_back.status_code, taken_back.json()["code"]) == (409, "already-denied")


def test_programs_cancel_held_money_by_saying_no(hers_by_api, held):
    assert told(hers_by_api, held, {"mine": False}).status_code == 200
    held.refresh_from_db()
    assert held.status == "cancelled"


@pytest.mark.parametrize(
    "body, status",
    [
        ({}, 400),
        ({"mine": "no"}, 400),
        ({"mine": 1}, 400),
        ({"mine": None}, 400),
        ({"mine": True, "more": 1}, 400),
        ([], 400),
    ],
)
def test_a_wrong_body_is_refused_and_changes_nothing(hers_by_api, posted, body, status):
    assert told(hers_by_api, posted, body).status_code == status
    assert not Label.objects.exists()


def test_yes_without_a_question_is_refused(hers_by_api, send):
    answer = told(hers_by_api, send(10_00), {"mine": True})
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing-asked")


def test_nobody_answers_for_another_customer(ben, olga, posted):
    for person in (ben, olga):
        assert told(client_of(person), posted, {"mine": False}).status_code == 404
    assert told(APIClient(), posted, {"mine": False}).status_code == 401
    assert not Label.objects.exists()


# --- disputes -------------------------------------------------------------------------------


def test_a_dispute_is_made_in_ones_own_words_and_followed(online, posted):
    assert "Something is wrong" in page(online, "transfer", posted.public_id)
    url = reverse("transfer-dispute", args=[posted.public_id])
    form = {"reason": "tricked", "text": "They said they were\nmy bank <b>!</b>"}
    assert online.post(url, form).url == url
    text = page(online, "transfer-dispute", posted.public_id)
    assert "Received" in text and "my bank &lt;b&gt;" in text
    assert "Your dispute: received" in page(online, "transfer", posted.public_id)
    online.post(url, {"reason": "mistake", "text": "something else"})
    assert Dispute.objects.get().reason == "tricked"
    assert Case.objects.get().entries.filter(alert__kind="disputed").count() == 1


@pytest.mark.parametrize(
    "form", [{}, {"reason": "tricked", "text": "x"}, {"reason": "bored", "text": "give it back"}]
)
def test_a_dispute_without_a_reason_or_words_is_refused(online, posted, form):
    url = reverse("transfer-dispute", args=[posted.public_id])
    answer = online.post(url, form | {"sent": "1"})
    assert answer.status_code == 422
    assert not Dispute.objects.exists()


def test_what_has_not_moved_has_no_dispute(online, held):
    assert online.get(reverse("transfer-dispute", args=[held.public_id])).status_code == 404


def disputed(program, transfer, **body):
    url = reverse("api-risk-dispute", args=[transfer.decision.public_id])
    return program.post(url, body, format="json")


TRICKED = {"reason": "tricked", "text": "They said they were\nmy bank <b>!</b>"}


def test_programs_dispute_a_payment_and_follow_it(hers_by_api, posted, olga):
    answer = disputed(hers_by_api, posted, **TRICKED)
    made = Dispute.objects.get()
    assert answer.status_code == 200
    assert answer.json() == {
        "id": made.public_id,
        "decision": posted.decision.public_id,
        **TRICKED,
        "at": answer.json()["at"],
        "state": "received",
    }
    assert Label.objects.get().source == "dispute"
    assert Case.objects.get().entries.filter(alert__kind="disputed").exists()
    Case.objects.update(assigned_to=olga)
    assert disputed(hers_by_api, posted, **TRICKED).json()["state"] == "looked_at"


def test_what_a_program_says_again_adds_nothing(hers_by_api, posted):
    disputed(hers_by_api, posted, **TRICKED)
    again = disputed(hers_by_api, posted, reason="mistake", text="something else")
    assert (again.status_code, again.json()["reason"]) == (200, "tricked")
    assert Dispute.objects.count() == Label.objects.count() == 1
    assert Alert.objects.filter(kind="disputed").count() == 1


@pytest.mark.parametrize(
    "body, code",
    [
        ({}, "invalid"),
        (TRICKED | {"reason": "bored"}, "invalid"),
        (TRICKED | {"more": 1}, "unknown-field"),
        (TRICKED | {"text": 7}, "invalid"),
        (TRICKED | {"text": ""}, "words-missing"),
        (TRICKED | {"text": " \n "}, "words-missing"),
        (TRICKED | {"text": "ab"}, "words-missing"),
        (TRICKED | {"text": "a" * 2_001}, "words-too-long"),
        (TRICKED | {"text": "\x00abc"}, "nul-character"),
    ],
)
def test_a_program_without_a_reason_or_with_too_few_or_many_words_is_refused(
    hers_by_api, posted, body, code
):
    answer = disputed(hers_by_api, posted, **body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not Dispute.objects.exists()


@pytest.mark.parametrize("text", ["abc", "a" * 2_000])
def test_a_program_may_say_so_much(hers_by_api, posted, text):
    assert disputed(hers_by_api, posted, reason="mistake", text=text).json()["text"] == text
    assert not Label.objects.exists()  # a wrong amount is no fraud


def test_a_program_cannot_dispute_what_never_moved(hers_by_api, held):
    answer = disputed(hers_by_api, held, **TRICKED)
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing-moved")
    assert not Dispute.objects.exists()


def test_nobody_disputes_for_another_customer(ben, olga, posted):
    for person in (ben, olga):  # he was paid, and she may read decisions in the console
        assert disputed(client_of(person), posted, **TRICKED).status_code == 404
    assert disputed(APIClient(), posted, **TRICKED).status_code == 401
    assert not Dispute.objects.exists()


def test_what_gave_money_back_is_no_payment_to_dispute(ben, hers_by_api, posted):
    back = return_transfer(transfer=posted, by=ben, request_id="back")
    answer = disputed(client_of(ben), back, **TRICKED)
    assert (answer.status_code, answer.json()["code"]) == (409, "not-your-payment")


def test_after_thirteen_months_it_is_too_late_for_a_program(ada, posted):
    with time_machine.travel(timezone.now() + timedelta(days=LABELS.dispute_days_max + 1)):
        answer = disputed(client_of(ada), posted, **TRICKED)
    assert (answer.status_code, answer.json()["code"]) == (410, "too-late-to-dispute")


# --- what confirmations say -----------------------------------------------------------------


def confirm(transfer, ada, pin):
    return services.confirm_transfer(transfer=transfer, by=ada, pin=pin)


def test_a_right_pin_is_a_weak_sign_that_it_was_them(ada, hers, his, send):
    transfer = send(900_00)
    confirm(transfer, ada, PIN)
    label = Label.objects.get()
    assert (label.fraud, label.source, label.decision_id) == (
        False,
        "step_up",
        transfer.decision_id,
    )


def test_a_wrong_pin_says_nothing_until_it_locks(ada, hers, his, send):
    transfer = send(900_00)
    for _ in range(4):
        with pytest.raises(PinWrong):
            confirm(transfer, ada, WRONG)
        assert not Label.objects.exists()
    with pytest.raises(PinLocked):
        confirm(transfer, ada, WRONG)
    label = Label.objects.get()
    assert (label.fraud, label.source) == (True, "step_up")
    transfer.refresh_from_db()
    assert transfer.is_held


def test_money_that_nobody_confirms_in_time_is_a_weak_sign_of_fraud(held):
    due = Hold.objects.get(pk=held.hold_id).expires_at
    assert due is not None
    services.expire_transfers(now=due + timedelta(seconds=1))
    label = Label.objects.get()
    assert (label.fraud, label.source, label.note) == (True, "step_up", "not confirmed in time")


def test_changing_ones_mind_says_nothing(held, ada):
    services.cancel_transfer(transfer=held, by=ada)
    assert not Label.objects.exists()
    assert Transfer.objects.get(pk=held.pk).status == "cancelled"


# --- at the same moment ---------------------------------------------------------------------


def test_no_and_the_pin_at_once_move_the_money_or_keep_it(bank):
    """Whichever comes first; the bank looks into it either way."""
    ada, bob = builders.two_accounts()
    pins.set_pin(user=ada.owner, pin=PIN, password_ok=True)
    transfer = builders.held(ada, bob)

    def confirm():
        with suppress(TransferNotHeld):
            services.confirm_transfer(transfer=transfer, by=ada.owner, pin=PIN)

    def deny():
        answers.answer(decision=transfer.decision, by=ada.owner, mine=False)

    at_once(confirm, deny)
    transfer.refresh_from_db()
    ada.refresh_from_db()
    moved = transfer.status == "posted"
    assert moved or transfer.status == "cancelled"
    assert ada.balance_minor == (100_00 if moved else 1_000_00)
    assert Label.objects.order_by("-known_at", "-id").first().fraud
    assert Case.objects.get().entries.filter(alert__kind="denied").exists()
