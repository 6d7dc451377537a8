"""What is blocked is refused, or looked at by an officer where the bank has set so: both ways."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from banking.models import Transfer
from banking.tests.test_api import API, client_of
from banking.tests.test_lists import put
from banking.tests.test_sharing import PIN
from banking.transfers import services
from banking.transfers.errors import UnderReview
from banking.verify import verify_ledger
from banking.whatif.services import Question, what_if
from biometrics import pins
from fintrust.core.ids import uuid7
from fintrust.core.money import Money
from fraud.models import Label, PaymentFact
from fraud.replay import replay
from fraud.rulebook import services as ruling
from fraud.tests.factories import limit_payments
from fraud.tests.test_lists import RIGHTS
from fraud.tests.test_rulebook import in_force, officer

pytestmark = pytest.mark.django_db
GRAVE = 900_00  # to a stranger, nearly all there is


@pytest.fixture
def hers(hers, ada):
    pins.set_pin(user=ada, pin=PIN, password_ok=True)
    return hers


def by_score():
    ruling.publish(by=None, why="A stricter bank", flagged_from=0.1, blocked_from=0.2)


def by_rule():
    author = officer("author@example.org", "write_rule", "decide_rule")
    second = officer("second@example.org", "write_rule", "decide_rule")
    in_force(author, second, condition="amount > 500", action="block")


@pytest.fixture(params=[by_score, by_rule])
def blocking(request):
    request.param()


@pytest.fixture
def reviewed(blocking, settings):
    settings.FRAUD_BLOCKED_TO_REVIEW = True


@pytest.fixture
def waiting(reviewed, send):
    transfer = send(GRAVE)
    assert (transfer.status, transfer.decision.verdict) == ("held", "BLOCKED")
    return transfer


def asked_by_api(ada, hers, his):
    body = {"source": hers.public_id, "target": his.number, "amount": "900.00", "currency": "EUR"}
    headers = {"HTTP_IDEMPOTENCY_KEY": str(uuid7())}
    return client_of(ada).post(f"{API}/transactions/transfer", body, format="json", **headers)


def page_of(client, user, transfer):
    client.force_login(user)
    return client.get(reverse("transfer", args=[transfer.public_id])).content.decode()


def money(*accounts):
    for account in accounts:
        account.refresh_from_db()
    return [(account.balance_minor, account.held_minor) for account in accounts]


# --- refused, as long as nobody says otherwise ----------------------------------------------------


def test_what_is_blocked_is_refused(blocking, ada, hers, his, client):
    answer = asked_by_api(ada, hers, his)
    told = answer.json()
    assert (answer.status_code, told["status"], told["waits_for"]) == (201, "refused", None)
    assert money(hers, his) == [(1_000_00, 0), (50_00, 0)]
    transfer = Transfer.objects.latest("id")
    assert not transfer.decision.review
    assert "Not sent" in page_of(client, ada, transfer)


# --- held for an officer --------------------------------------------------------------------------


def test_over_the_api_it_is_held_and_no_pin_sends_it_on(reviewed, ada, hers, his):
    answer = asked_by_api(ada, hers, his)
    told = answer.json()
    assert (answer.status_code, told["status"], told["waits_for"]) == (202, "held", "bank")
    assert money(hers, his) == [(1_000_00, GRAVE), (50_00, 0)]
    confirm = f"{API}/transactions/{told['id']}/confirm"
    refused = client_of(ada).post(confirm, {"pin": PIN}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "under-review")
    wrong = client_of(ada).post(confirm, {"pin": "9999"}, format="json")
    assert wrong.json()["code"] == "under-review"  # and no try of the PIN is used up
    assert money(hers, his) == [(1_000_00, GRAVE), (50_00, 0)]


def test_the_page_says_that_somebody_looks_and_asks_for_no_pin(waiting, ada, ben, hers, client):
    page = page_of(client, ada, waiting)
    assert "We are looking at it" in page and "Somebody at the bank looks at this payment" in page
    assert reverse("transfer-confirm", args=[waiting.public_id]) not in page
    assert reverse("transfer-cancel", args=[waiting.public_id]) in page
    confirm = reverse("transfer-confirm", args=[waiting.public_id])
    assert client.post(confirm, {"pin": PIN}).status_code == 422
    assert money(hers) == [(1_000_00, GRAVE)]


def test_a_pin_checked_for_something_else_does_not_send_it_either(waiting, ada):
    with pytest.raises(UnderReview):
        services.confirm_after_pin(transfer=waiting, by=ada)


def test_an_officer_sends_it_on(waiting, olga, hers, his):
    done = services.release_transfer(transfer=waiting, by=olga, reason="called back")
    assert (done.status, done.settled_by) == ("posted", olga)
    assert money(hers, his) == [(100_00, 0), (950_00, 0)]
    assert PaymentFact.objects.filter(subject=done.public_id).exists()
    assert replay(done.decision).same
    verify_ledger()


def test_an_officer_refuses_it(waiting, olga, hers, his):
    done = services.refuse_transfer(transfer=waiting, by=olga, reason="a mule")
    assert done.status == "refused"
    assert money(hers, his) == [(1_000_00, 0), (50_00, 0)]


def test_the_customer_may_still_take_it_back(waiting, ada, hers):
    assert services.cancel_transfer(transfer=waiting, by=ada).status == "cancelled"
    assert money(hers) == [(1_000_00, 0)]


def test_it_returns_when_nobody_has_decided_and_says_nothing_of_the_customer(waiting, hers):
    services.expire_transfers(now=timezone.now() + timedelta(days=30))
    waiting.refresh_from_db()
    assert (waiting.status, waiting.reason) == ("expired", "not decided in time")
    assert money(hers) == [(1_000_00, 0)]
    assert not Label.objects.filter(decision=waiting.decision).exists()


def test_an_own_limit_and_a_list_refuse_all_the_same(reviewed, ada, send, his):
    limit_payments(ada, {"EUR": 800_00})
    refused = send(GRAVE)
    assert (refused.status, refused.decision.forbidden) == ("refused", True)
    put(officer("otto@example.org", *RIGHTS), "block", his.public_id)
    refused = send(700_00)
    assert (refused.status, refused.decision.forbidden) == ("refused", False)


def test_what_asks_the_customer_still_goes_by_pin(settings, send, ada):
    settings.FRAUD_BLOCKED_TO_REVIEW = True
    held = send(GRAVE)
    assert (held.decision.verdict, held.decision.review) == ("FLAGGED", False)
    assert services.confirm_transfer(transfer=held, by=ada, pin=PIN).status == "posted"


def test_switching_it_off_leaves_what_waits_to_officers(waiting, settings, ada, olga):
    settings.FRAUD_BLOCKED_TO_REVIEW = False
    with pytest.raises(UnderReview):
        services.confirm_transfer(transfer=waiting, by=ada, pin=PIN)
    assert services.release_transfer(transfer=waiting, by=olga, reason="called").status == "posted"


@pytest.mark.parametrize("review, outcome", [(True, "held"), (False, "refused")])
def test_what_if_says_which(blocking, settings, review, outcome, ada, hers, his):
    settings.FRAUD_BLOCKED_TO_REVIEW = review
    asked = Question(hers, his, Money(GRAVE, "EUR"))
    assert what_if(asked, by=ada, channel="api").outcome == outcome
