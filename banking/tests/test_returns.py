"""Money that goes back: once, by who got it or by the bank, and never out of thin air."""

import pytest
from django.db import transaction

from audit.models import Record
from banking import ledger, selectors
from banking.errors import AlreadyReversed, InsufficientFunds, ReversalOfReversal
from banking.models import Movement, Transfer
from banking.reasons import ReasonMissing
from banking.returns import services as returns
from banking.returns.errors import NotReturnable
from banking.transfers import services
from biometrics import pins
from fintrust.core.errors import NotFound
from fintrust.core.ids import uuid7
from fintrust.core.money import Money
from fraud.tests.factories import limit_payments

pytestmark = pytest.mark.django_db
WHY = "paid to the wrong person"


def give_back(transfer, by, **changes):
    request = {"transfer": transfer, "by": by, "request_id": str(uuid7())}
    return returns.return_transfer(**request | changes)


def balances(*accounts):
    for account in accounts:
        account.refresh_from_db()
    return [account.balance.minor for account in accounts]


@pytest.fixture
def sent(send):
    return send(10_00)


def test_the_receiver_gives_all_of_it_back(sent, ada, ben, hers, his):
    back = give_back(sent, ben)
    assert (back.kind, back.status, back.returns) == ("reversal", "posted", sent)
    assert balances(hers, his) == [1_000_00, 50_00]
    assert Movement.objects.get(pk=back.movement_id).reverses_id == sent.movement_id
    assert back.decision.customer == ben
    for person in (ada, ben):
        assert selectors.transfer_for(person, sent.public_id).was_returned
        assert selectors.transfer_for(person, back.public_id) == back
    [seen] = selectors.as_seen_by(ada, [selectors.transfer_for(ada, sent.public_id)])
    assert seen.state == "returned"


def test_it_goes_back_once_whoever_asks(sent, ada, ben, olga):
    back = give_back(sent, ben, request_id="r1")
    assert give_back(sent, ben, request_id="r1").pk == back.pk
    with pytest.raises(AlreadyReversed), transaction.atomic():
        give_back(sent, ben)
    with pytest.raises(AlreadyReversed), transaction.atomic():
        returns.reverse_transfer(transfer=sent, by=olga, reason=WHY)
    for deed in (
        lambda: give_back(back, ada),
        lambda: returns.reverse_transfer(transfer=back, by=olga, reason=WHY),
    ):
        with pytest.raises(ReversalOfReversal), transaction.atomic():
            deed()


def test_only_the_receiver_gives_it_back(sent, ada):
    with pytest.raises(NotFound):
        give_back(sent, ada)


def test_what_the_receiver_has_spent_nobody_takes_back(sent, his, ben, olga):
    ledger.move(uuid7(), his, ledger.internal("clearing", "EUR"), Money(55_00, "EUR"))
    for deed in (
        lambda: give_back(sent, ben),
        lambda: returns.reverse_transfer(transfer=sent, by=olga, reason=WHY),
    ):
        with pytest.raises(InsufficientFunds), transaction.atomic():
            deed()
    assert not Transfer.objects.filter(kind="reversal").exists()


def test_the_receivers_own_limit_holds_and_lets_them_try_again(sent, ben, hers, his):
    limit_payments(ben, {"EUR": 9_99})
    assert give_back(sent, ben).status == Transfer.Status.REFUSED
    assert balances(hers, his) == [990_00, 60_00]
    limit_payments(ben, {}, stepped_up=True)
    assert give_back(sent, ben).status == Transfer.Status.POSTED


def test_a_return_that_is_held_goes_back_by_pin_and_blocks_a_second(send, ada, ben, hers, his):
    pins.set_pin(user=ada, pin="4071", password_ok=True)
    pins.set_pin(user=ben, pin="4071", password_ok=True)
    big = services.confirm_transfer(transfer=send(950_00), by=ada, pin="4071")
    back = give_back(big, ben)
    assert back.is_held, back.decision.reasons
    with pytest.raises(AlreadyReversed), transaction.atomic():
        give_back(big, ben)
    done = services.confirm_transfer(transfer=back, by=ben, pin="4071")
    assert Movement.objects.get(pk=done.movement_id).reverses_id == big.movement_id
    assert balances(hers, his) == [1_000_00, 50_00]
    assert his.held.minor == 0


def test_an_officer_takes_it_back_with_a_reason_whatever_the_customers_limits(
    sent, ben, olga, hers, his
):
    limit_payments(ben, {"EUR": 1_00})
    with pytest.raises(ReasonMissing):
        returns.reverse_transfer(transfer=sent, by=olga, reason="")
    back = returns.reverse_transfer(transfer=sent, by=olga, reason=WHY)
    assert (back.status, back.reason, back.channel) == ("posted", WHY, "console")
    assert balances(hers, his) == [1_000_00, 50_00]
    assert back.decision.customer == hers.owner  # money that arrives
    record = Record.objects.get(subject=back.public_id)
    assert record.after is not None
    assert (record.reason, record.after["returns"]) == (WHY, sent.public_id)
    again = returns.reverse_transfer(transfer=sent, by=olga, reason=WHY)
    assert again.pk == back.pk and again.replayed  # a double click


def test_a_deposit_is_taken_back_by_an_officer_only(hers, ada, olga):
    deposit = Transfer.objects.get(target=hers)
    with pytest.raises(NotReturnable):
        give_back(deposit, ada)
    back = returns.reverse_transfer(transfer=deposit, by=olga, reason=WHY)
    assert (balances(hers), back.decision.customer) == ([0], ada)


def test_what_never_arrived_does_not_go_back(send, olga):
    held = send(950_00)
    with pytest.raises(NotReturnable):
        returns.reverse_transfer(transfer=held, by=olga, reason=WHY)
