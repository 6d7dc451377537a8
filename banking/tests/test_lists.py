"""The bank's own lists at the doors that money leaves by; frozen accounts come before them."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from banking.care import services as care
from banking.errors import AccountFrozen
from banking.models import Transfer
from banking.tests.test_own_limits import PAYMENTS, now  # noqa: F401 - the clock of its doors
from banking.tests.test_sharing import PIN
from banking.transfers import services
from banking.verify import verify_ledger
from biometrics import pins
from fraud.errors import OwnListEntry
from fraud.lists import services as listing
from fraud.models import Decision, PaymentFact
from fraud.tests.test_lists import RIGHTS, WHY
from fraud.tests.test_rulebook import officer

pytestmark = pytest.mark.django_db


@pytest.fixture
def hers(hers, ada):
    pins.set_pin(user=ada, pin=PIN, password_ok=True)
    return hers


@pytest.fixture
def otto(db):
    return officer("otto@example.org", *RIGHTS, "release_transfer", "refuse_transfer")


def put(otto, effect, value, kind="payee", **more):
    return listing.write_entry(kind=kind, value=value, effect=effect, reason=WHY, by=otto, **more)


@pytest.mark.parametrize("door", PAYMENTS)
def test_no_door_pays_whom_the_bank_refuses(door, hers, his, otto):
    put(otto, "block", his.public_id)
    learned = PaymentFact.objects.count()
    transfer = door(hers, his)
    assert (transfer.status, transfer.decision.forbidden) == (Transfer.Status.REFUSED, False)
    hers.refresh_from_db()
    assert hers.balance_minor == 1_000_00
    assert PaymentFact.objects.count() == learned
    verify_ledger()


def test_what_is_held_goes_on_by_pin(send, ada, his, otto):
    put(otto, "hold", his.public_id)
    held = send(10_00)
    assert held.is_held
    assert services.confirm_transfer(transfer=held, by=ada, pin=PIN).status == "posted"


@pytest.mark.parametrize("who", ["customer", "officer"])
def test_nobody_sends_on_what_the_bank_refuses_by_then(send, ada, hers, his, otto, who):
    held = send(900_00)
    assert held.is_held
    put(otto, "block", his.public_id)
    if who == "customer":
        done = services.confirm_transfer(transfer=held, by=ada, pin=PIN)
    else:
        done = services.release_transfer(transfer=held, by=otto, reason="called back")
    assert (done.status, done.reason) == ("refused", "stopped by the bank")
    assert Decision.objects.filter(subject=done.public_id).count() == 2
    hers.refresh_from_db()
    assert (hers.balance_minor, hers.held_minor) == (1_000_00, 0)
    verify_ledger()


def test_trust_lets_a_large_payment_go_once_two_have_agreed(send, his, otto, olga):
    until = timezone.now() + timedelta(days=30)
    entry = put(otto, "trust", his.public_id, until=until)
    with pytest.raises(OwnListEntry):
        listing.approve(entry=entry, by=otto)
    assert send(500_00).is_held
    second = officer("second@example.org", *RIGHTS)
    listing.approve(entry=entry, by=second)
    sent = send(500_00)
    assert (sent.status, sent.decision.verdict) == ("posted", "VERIFIED")
    assert sent.decision.score >= 0.3


def test_the_customer_is_told_whom_to_ask_and_nothing_of_a_list(hers, his, send, otto, client, ada):
    entry = put(otto, "block", his.public_id)
    transfer = send(10_00)
    client.force_login(ada)
    page = client.get(reverse("transfer", args=[transfer.public_id])).content.decode()
    assert "This payment cannot be made. Please contact us" in page
    for hidden in (entry.public_id, WHY, "listed", "on the list"):
        assert hidden not in page


# --- frozen accounts ----------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_frozen_account_is_refused_before_anybody_judges(send, hers, his, olga, side):
    """It never happened: no decision, no alert, nothing for a list to say."""
    account = hers if side == "source" else his
    care.freeze_for_bank(account=account, by=olga, reason="court order 17")
    judged = Decision.objects.count()
    with pytest.raises(AccountFrozen), transaction.atomic():
        send(10_00)
    assert Decision.objects.count() == judged
