from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from audit.models import Record
from banking import ledger
from banking.errors import AccountFrozen, InsufficientFunds, SameAccount
from banking.models import Hold, Movement, Transfer
from banking.payees.errors import UnknownPayee
from banking.reasons import ReasonMissing
from banking.tests.conftest import open_funded
from banking.transfers import services
from banking.transfers.errors import DepositTooLarge, FundingClosed, InTheFuture, TransferNotHeld
from biometrics import pins
from fintrust.core.errors import NotFound
from fintrust.core.idempotency import IdempotencyKeyInvalid, IdempotencyKeyReused
from fintrust.core.models import Event
from fintrust.core.money import CurrencyMismatch, Money
from fraud.models import Decision, PaymentFact
from fraud.tests.factories import limit_payments

pytestmark = pytest.mark.django_db
PIN = "4071"


def balances(*accounts):
    for account in accounts:
        account.refresh_from_db()
    return [account.balance.minor for account in accounts]


def traces():
    """Everything that a request may leave behind."""
    return [model.objects.count() for model in (Transfer, Movement, Hold, Decision, Record, Event)]


@pytest.fixture
def held(send, hers):
    """Most of what Ada has, to somebody she never paid."""
    transfer = send(950_00)
    assert transfer.status == Transfer.Status.HELD, transfer.decision.reasons
    return transfer


# --- one transfer ---------------------------------------------------------------------------


def test_an_ordinary_transfer_is_judged_booked_and_remembered(send, hers, his, ada):
    transfer = send(10_00, note="Lunch")
    assert transfer.status == Transfer.Status.POSTED
    assert balances(hers, his) == [990_00, 60_00]
    assert transfer.decision.verdict == Decision.Verdict.VERIFIED
    assert transfer.movement.amount == Money(10_00, "EUR")
    assert transfer.movement.narrative == "Lunch"
    record = Record.objects.get(subject=transfer.public_id, action="banking.transfer.posted")
    assert record.owner == ada
    assert set(
        Event.objects.filter(subject=transfer.public_id).values_list("topic", flat=True)
    ) == {
        "support",
        f"user:{ada.pk}",
        f"user:{his.owner_id}",
    }
    assert PaymentFact.objects.filter(decision=transfer.decision).exists()


@pytest.mark.parametrize("minor, works", [(1_000_00, True), (1_000_01, False)])
def test_an_account_pays_up_to_its_balance(send, hers, his, minor, works):
    before = traces()
    if works:
        assert send(minor).status in {Transfer.Status.POSTED, Transfer.Status.HELD}
    else:
        with pytest.raises(InsufficientFunds), transaction.atomic():
            send(minor)
        assert traces() == before
        assert balances(hers, his) == [1_000_00, 50_00]


def test_what_never_could_happen_leaves_nothing_behind(send, hers, his, ada, ben):
    dollars = open_funded(ben, 0, "USD")
    frozen = open_funded(ben, 0)
    ledger.set_status(frozen, "frozen")
    clearing = ledger.internal("clearing", "EUR")
    before = traces()
    for problem, changes in [
        (SameAccount, {"target": hers}),
        (CurrencyMismatch, {"target": dollars}),
        (CurrencyMismatch, {"amount": Money(1, "USD")}),
        (AccountFrozen, {"target": frozen}),
        (UnknownPayee, {"target": clearing}),
        (NotFound, {"source": his}),
        (IdempotencyKeyInvalid, {"request_id": "two words"}),
        (IdempotencyKeyInvalid, {"request_id": "x" * 101}),
    ]:
        with pytest.raises(problem), transaction.atomic():
            send(**changes)
        assert traces() == before, problem


# --- the same request again -----------------------------------------------------------------


def test_the_same_request_twice_is_one_transfer(send, hers):
    first = send(10_00, request_id="r1")
    again = send(10_00, request_id="r1")
    assert (again.pk, again.replayed, first.replayed) == (first.pk, True, False)
    assert balances(hers) == [990_00]


@pytest.mark.parametrize("changes", [{"minor": 11_00}, {"note": "other"}])
def test_the_same_request_id_with_other_content_is_refused(send, hers, changes):
    send(10_00, request_id="r1")
    with pytest.raises(IdempotencyKeyReused), transaction.atomic():
        send(**{"minor": 10_00, **changes}, request_id="r1")
    assert balances(hers) == [990_00]


def test_two_people_may_choose_the_same_request_id(send, ben, hers, his):
    send(10_00, request_id="r1")
    transfer = services.send_transfer(
        by=ben, source=his, target=hers, amount=Money(1_00, "EUR"), request_id="r1"
    )
    assert not transfer.replayed


# --- limits and holds -----------------------------------------------------------------------


def test_a_customers_own_limit_refuses_and_nothing_is_learned(send, ada, hers, his):
    limit_payments(ada, {"EUR": 100_00})
    facts = PaymentFact.objects.count()
    assert send(100_00).status == Transfer.Status.POSTED
    refused = send(100_01)
    assert refused.status == Transfer.Status.REFUSED
    assert refused.decision.reasons[0]["text"]
    assert (refused.movement, refused.hold) == (None, None)
    assert balances(hers, his) == [900_00, 150_00]
    assert PaymentFact.objects.count() == facts + 1


def test_a_held_transfer_leaves_the_payee_untouched_and_sets_money_aside(held, hers, his, send):
    assert balances(hers, his) == [1_000_00, 50_00]
    assert hers.available.minor == 50_00
    with pytest.raises(InsufficientFunds), transaction.atomic():
        send(50_01)


def test_a_pin_sends_held_money_on_its_way(held, ada, hers, his):
    pins.set_pin(user=ada, pin=PIN, password_ok=True)
    done = services.confirm_transfer(transfer=held, by=ada, pin=PIN)
    assert done.status == Transfer.Status.POSTED
    assert balances(hers, his) == [50_00, 1_000_00]
    assert hers.held.minor == 0
    assert done.settled_by == ada


def test_a_wrong_pin_moves_nothing(held, ada, hers):
    pins.set_pin(user=ada, pin=PIN, password_ok=True)
    with pytest.raises(pins.PinWrong):
        services.confirm_transfer(transfer=held, by=ada, pin="9999")
    assert balances(hers) == [1_000_00]


def test_only_who_asked_may_confirm_or_cancel(held, ben):
    for verb in (
        lambda: services.confirm_transfer(transfer=held, by=ben, pin=PIN),
        lambda: services.cancel_transfer(transfer=held, by=ben),
    ):
        with pytest.raises(NotFound):
            verb()


@pytest.mark.parametrize("verb", ["cancel", "refuse", "expire"])
def test_money_that_is_not_sent_stays(held, ada, olga, hers, his, verb):
    if verb == "cancel":
        services.cancel_transfer(transfer=held, by=ada)
    elif verb == "refuse":
        services.refuse_transfer(transfer=held, by=olga, reason="the payee is a known mule")
    else:
        assert services.expire_transfers(now=held.hold.expires_at) == 1
    assert balances(hers, his) == [1_000_00, 50_00]
    assert hers.held.minor == 0
    assert not PaymentFact.objects.filter(decision=held.decision).exists()


def test_a_hold_does_not_expire_a_moment_too_early(held):
    moment = timedelta(microseconds=1)
    assert services.expire_transfers(now=held.hold.expires_at - moment) == 0
    assert services.expire_transfers(now=held.hold.expires_at) == 1
    assert services.expire_transfers(now=held.hold.expires_at) == 0


def test_what_is_settled_is_settled(held, ada, olga):
    services.release_transfer(transfer=held, by=olga, reason="called back, it was her")
    for verb in (
        lambda: services.release_transfer(transfer=held, by=olga, reason="again"),
        lambda: services.refuse_transfer(transfer=held, by=olga, reason="on second thought"),
        lambda: services.cancel_transfer(transfer=held, by=ada),
    ):
        with pytest.raises(TransferNotHeld), transaction.atomic():
            verb()


@pytest.mark.parametrize("reason", ["", "  ", "ok", "x" * 501])
def test_an_officer_gives_a_reason(held, olga, reason):
    with pytest.raises(ReasonMissing), transaction.atomic():
        services.release_transfer(transfer=held, by=olga, reason=reason)


def test_the_database_keeps_a_settled_transfer_and_what_was_asked(send):
    transfer = send(10_00)
    for change in ({"status": "held"}, {"reason": "other"}, {"amount_minor": 1}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Transfer.objects.filter(pk=transfer.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        transfer.delete()


# --- deposits, accounts, the past -----------------------------------------------------------


def test_a_deposit_comes_from_clearing_and_is_bounded(ada, hers, settings):
    euro = lambda major: Money(major * 100, "EUR")  # noqa: E731
    deposit = lambda amount: services.deposit(  # noqa: E731
        by=ada, account=hers, amount=amount, request_id=f"d{amount}".replace(" ", "")
    )
    assert deposit(euro(25_000)).status == Transfer.Status.POSTED
    with pytest.raises(DepositTooLarge):
        deposit(euro(25_001))
    settings.DEMO_FUNDING = False
    with pytest.raises(FundingClosed):
        deposit(euro(1))


def test_nobody_withdraws_from_or_deposits_to_an_account_of_somebody_else(ada, his):
    for verb in (services.withdraw, services.deposit):
        with pytest.raises(NotFound):
            verb(by=ada, account=his, amount=Money(1, "EUR"), request_id="r")


def test_a_withdrawal_leaves_through_clearing(ada, hers):
    clearing = ledger.internal("clearing", "EUR", beside=hers)
    before = clearing.balance.minor
    services.withdraw(by=ada, account=hers, amount=Money(5_00, "EUR"), request_id="w")
    assert balances(hers, clearing) == [995_00, before + 5_00]


def test_the_past_is_judged_and_valued_as_of_then(ada, hers, his):
    then = timezone.now() - timedelta(days=40)
    request = {
        "kind": Transfer.Kind.TRANSFER,
        "by": ada,
        "source": hers,
        "target": his,
        "amount": Money(5_00, "EUR"),
        "request_id": "old",
    }
    transfer = services.record_past(**request, happened_at=then)
    assert (transfer.asked_at, transfer.movement.value_date) == (then, then.date())
    assert transfer.movement.booked_at > then
    with pytest.raises(InTheFuture):
        services.record_past(**request, happened_at=timezone.now() + timedelta(minutes=1))
