"""The owner's own limits hold at every door that money leaves by, and nobody sends on what they
forbid."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from audit.models import Record
from banking.care import services as care
from banking.fx.services import set_rate
from banking.holds.services import place_hold
from banking.models import Payee, Transfer
from banking.payees.selectors import book_of
from banking.returns.services import return_transfer
from banking.schedules.services import run_due
from banking.tests.conftest import open_funded
from banking.tests.test_api import API, client_of
from banking.tests.test_schedules import make
from banking.tests.test_sharing import PIN, pay, share
from banking.transfers import services
from banking.verify import verify_ledger
from biometrics import pins
from fintrust.core.ids import from_public, uuid7
from fintrust.core.money import Money
from fraud.limits.own import CustomerPolicies, NewPayee, TimeRange
from fraud.limits.services import set_policies
from fraud.models import Decision, PaymentFact

pytestmark = pytest.mark.django_db
REALLY = datetime.now(UTC)
# Nine o'clock on the Monday to come. The database reads its own clock, which is behind it.
NINE = datetime.combine(REALLY.date() + timedelta(7 - REALLY.weekday()), time(9), UTC)


@pytest.fixture(autouse=True)
def now():
    with time_machine.travel(NINE, tick=False) as found:
        yield found


@pytest.fixture
def hers(hers, ada):
    pins.set_pin(user=ada, pin=PIN, password_ok=True)
    return hers


def limit(person, stepped_up=False, **own):
    asked = CustomerPolicies(**own)
    set_policies(customer=person, asked=asked, by=person, stepped_up=stepped_up)


# --- every door -----------------------------------------------------------------------------

AMOUNT = 10_00


def by_transfer(hers, his):
    return pay(hers.owner, hers, his)


def by_api(hers, his):
    body = {"source": hers.public_id, "target": his.number, "amount": "10.00", "currency": "EUR"}
    headers = {"HTTP_IDEMPOTENCY_KEY": str(uuid7())}
    answer = client_of(hers.owner).post(
        f"{API}/transactions/transfer", body, format="json", **headers
    )
    return Transfer.objects.get(pk=from_public("trf", answer.json()["id"]))


def by_batch(hers, his):
    item = {"source": hers.public_id, "target": his.number, "amount": "10.00", "currency": "EUR"}
    headers = {"HTTP_IDEMPOTENCY_KEY": str(uuid7())}
    client_of(hers.owner).post(
        f"{API}/transactions/batch", {"transfers": [item]}, format="json", **headers
    )
    return Transfer.objects.latest("id")


def by_linked_batch(hers, his):
    item = {"source": hers.public_id, "target": his.number, "amount": "10.00", "currency": "EUR"}
    headers = {"HTTP_IDEMPOTENCY_KEY": str(uuid7())}
    body = {"transfers": [item], "linked": True}
    client_of(hers.owner).post(f"{API}/transactions/batch", body, format="json", **headers)
    return Transfer.objects.latest("id")


def by_schedule(hers, his):
    schedule = make(hers, his, AMOUNT, first=NINE.date())
    run_due()
    return schedule.occurrences.get().transfer


def by_capture(hers, his):
    money = Money(AMOUNT, "EUR")
    hold = place_hold(
        by=hers.owner, account=hers, amount=money, request_id=str(uuid7()), reason="Room 12"
    )
    return services.capture_hold(
        by=hers.owner, hold=hold.hold, target=his, amount=money, request_id=str(uuid7())
    )


def by_operator(hers, his):
    ben = his.owner
    share(hers, ben)
    return pay(ben, hers, his)


def by_withdrawal(hers, his):
    return services.withdraw(
        by=hers.owner, account=hers, amount=Money(AMOUNT, "EUR"), request_id=str(uuid7())
    )


PAYMENTS = (
    *(by_transfer, by_api, by_batch, by_linked_batch, by_schedule, by_capture, by_operator),
)
LIMITS = {
    "largest_amount": {"max_transaction_amount": {"EUR": AMOUNT - 1}},
    "daily_total": {"daily_total": {"EUR": AMOUNT - 1}},
    "place_unknown": {"block_unknown_locations": True},
    "outside_hours": {"allowed_time_range": TimeRange(9 * 60 + 1, 9 * 60)},
    "currency_not_allowed": {"allowed_currencies": ("GBP",)},
    "payee_not_allowed": {"only_allowed_payees": True},
    "new_payee_cooling_off": {"new_payee": NewPayee(1, {"EUR": AMOUNT - 1})},
}
WITHDRAWALS = {name: own for name, own in LIMITS.items() if name != "new_payee_cooling_off"} | {
    "withdrawals_blocked": {"block_withdrawals": True}
}
DOORS = [
    *((door, code, own) for door in PAYMENTS for code, own in LIMITS.items()),
    *((by_withdrawal, code, own) for code, own in WITHDRAWALS.items()),
]


@pytest.mark.parametrize("door", [*PAYMENTS, by_withdrawal])
def test_without_limits_every_door_is_open(door, hers, his):
    transfer = door(hers, his)
    assert transfer.status == Transfer.Status.POSTED


@pytest.mark.parametrize(
    "door, code, own", DOORS, ids=[f"{door.__name__}-{code}" for door, code, _ in DOORS]
)
def test_no_door_lets_through_what_the_owner_forbids(door, code, own, hers, his, ada):
    limit(ada, **own)
    learned = PaymentFact.objects.count()
    transfer = door(hers, his)
    assert (transfer.status, transfer.decision.forbidden) == (Transfer.Status.REFUSED, True)
    assert [reason["code"] for reason in transfer.decision.reasons] == [code]
    assert transfer.decision.customer == ada
    hers.refresh_from_db()
    assert hers.balance_minor == 1_000_00
    assert PaymentFact.objects.count() == learned
    assert Record.objects.filter(
        action="fraud.decision.made", subject=transfer.decision.public_id
    ).exists()


def test_the_number_of_payments_in_a_day_counts_over_all_doors(hers, his, ada):
    limit(ada, daily_payments=2)
    assert by_transfer(hers, his).status == "posted"
    assert by_withdrawal(hers, his).status == "posted"
    for door in (*PAYMENTS, by_withdrawal):
        assert door(hers, his).status == "refused", door.__name__


def test_a_batch_is_counted_item_by_item(hers, his, ada):
    limit(ada, daily_total={"EUR": 25_00})
    item = {"source": hers.public_id, "target": his.number, "amount": "10.00", "currency": "EUR"}
    answer = client_of(ada).post(
        f"{API}/transactions/batch",
        {"transfers": [item] * 4},
        format="json",
        HTTP_IDEMPOTENCY_KEY="once",
    )
    statuses = [row["transfer"]["status"] for row in answer.json()["results"]]
    assert statuses == ["posted", "posted", "refused", "refused"]


def test_what_is_given_back_is_held_to_the_limits_of_who_gives(send, ben, his):
    sent = send(10_00)
    limit(ben, only_allowed_payees=True)
    back = return_transfer(transfer=sent, by=ben, request_id="back")
    assert back.status == "refused" and back.decision.forbidden


def test_the_rest_of_an_account_goes_to_ones_own_within_a_list_of_payees(hers, ada):
    limit(ada, only_allowed_payees=True, daily_total={"EUR": 1})
    closed, rest = care.close_account(
        account=hers, by=ada, pin=PIN, request_id="close", move_to=open_funded(ada, 0)
    )
    assert (closed.status, rest.status) == ("closed", "posted")


def test_a_payee_on_the_list_is_paid_at_that_account_only(hers, his, ada, ben):
    limit(ada, only_allowed_payees=True, allowed_payees=(his.public_id,))
    assert pay(ada, hers, his).status == "posted"
    assert pay(ada, hers, open_funded(ben, 0)).status == "refused"


def test_neither_side_of_an_exchange_leaves_the_currencies(hers, ada, ben, treasurer):
    set_rate(base="EUR", quote="USD", rate=Decimal("1.10"), source="test", by=treasurer)
    dollars = open_funded(ben, 0, "USD")
    limit(ada, allowed_currencies=("EUR",))
    refused = pay(ada, hers, dollars, target_currency="USD")
    assert [reason["code"] for reason in refused.decision.reasons] == ["currency_not_allowed"]
    limit(ada, allowed_currencies=("EUR", "USD"), stepped_up=True)
    assert pay(ada, hers, dollars, target_currency="USD").status == "posted"


# --- what waits -----------------------------------------------------------------------------


@pytest.fixture
def held(send, hers):
    transfer = send(900_00)
    assert transfer.is_held, transfer.decision.reasons
    return transfer


FORBIDS = {
    name: LIMITS[name] for name in ("largest_amount", "daily_total", "payee_not_allowed")
} | {"outside_hours": {"allowed_time_range": TimeRange(10 * 60, 11 * 60)}}


@pytest.mark.parametrize("code", FORBIDS)
@pytest.mark.parametrize("who", ["customer", "officer"])
def test_neither_pin_nor_officer_sends_on_what_the_owner_forbids_by_then(
    held, code, who, ada, olga, hers, his
):
    first = held.decision
    limit(ada, **FORBIDS[code])
    if who == "customer":
        done = services.confirm_transfer(transfer=held, by=ada, pin=PIN)
    else:
        done = services.release_transfer(transfer=held, by=olga, reason="called back")
    done.refresh_from_db()
    assert (done.status, done.movement) == ("refused", None)
    assert done.decision.forbidden and done.decision != first
    assert done.decision.reasons[0]["code"] == code
    assert Decision.objects.filter(subject=done.public_id).count() == 2
    hers.refresh_from_db()
    his.refresh_from_db()
    assert (hers.balance_minor, hers.held_minor, his.balance_minor) == (1_000_00, 0, 50_00)
    assert not PaymentFact.objects.filter(subject=done.public_id).exists()
    assert Record.objects.filter(action="banking.transfer.refused", subject=done.public_id).exists()


def test_a_held_transfer_within_the_limits_of_now_goes(held, ada):
    limit(ada, max_transaction_amount={"EUR": 900_00}, daily_total={"EUR": 900_00})
    done = services.confirm_transfer(transfer=held, by=ada, pin=PIN)
    assert (done.status, done.decision) == ("posted", held.decision)
    verify_ledger()


def test_it_is_the_limits_in_force_that_count_not_those_that_wait(held, ada, now):
    limit(ada, max_transaction_amount={"EUR": 5_00})
    limit(ada, max_transaction_amount={"EUR": 1_000_00})
    now.shift(timedelta(hours=24) - timedelta(seconds=1))
    assert services.confirm_transfer(transfer=held, by=ada, pin=PIN).status == "refused"


def test_held_payments_cannot_be_collected_and_sent_on_one_day(send, ada, hers, now):
    """Each of them alone is within the limit, and was so on the day it was asked for."""
    now.move_to(REALLY - timedelta(days=1))
    waiting = [send(500_00), send(500_00)]
    for transfer in waiting:
        assert transfer.is_held, transfer.decision.reasons
    # Midday by the clock of the limits, so that the database is on the same day.
    limit(ada, daily_total={"EUR": 600_00}, timezone=f"Etc/GMT{REALLY.hour - 12:+}")
    now.move_to(REALLY)
    ends = [
        services.confirm_transfer(transfer=transfer, by=ada, pin=PIN).status for transfer in waiting
    ]
    assert ends == ["posted", "refused"]


def test_the_one_who_asked_cannot_confirm_past_the_owners_limits(hers, his, ada, ben):
    share(hers, ben)
    pins.set_pin(user=ben, pin="8305", password_ok=True)
    transfer = pay(ben, hers, his, 900_00)
    assert transfer.is_held
    limit(ada, max_transaction_amount={"EUR": 5_00})
    assert services.confirm_transfer(transfer=transfer, by=ben, pin="8305").status == "refused"


def test_the_page_tells_which_limit_stopped_it(held, ada, client):
    limit(ada, max_transaction_amount={"EUR": 5_00})
    client.force_login(ada)
    page = client.post(
        reverse("transfer-confirm", args=[held.public_id]), {"pin": PIN}, follow=True
    ).content.decode()
    assert "€900.00 is over your own limit of €5.00 a payment" in page
    assert "Why it was refused" in page and reverse("limits") in page
    assert "on its way" not in page


def test_the_decision_of_a_transfer_changes_only_when_it_is_refused(held):
    with pytest.raises(Exception, match="append-only"):
        other = Decision.objects.exclude(pk=held.decision_id).earliest("id")
        Transfer.objects.filter(pk=held.pk).update(decision=other)


# --- whom one may choose --------------------------------------------------------------------


def test_the_payees_to_choose_from_are_the_address_book_and_whom_one_paid(hers, his, ada, ben, now):
    pay(ada, hers, his)
    other = open_funded(ben, 0)
    Payee.objects.create(
        customer=ada, account=other, name="Ben Okri", nickname="Landlord",
        check_result="match", checked_at=NINE,
    )  # fmt: skip
    assert dict(book_of(ada)) == {
        his.public_id: f"Ben Okri, {his.number}",
        other.public_id: f"Landlord, {other.number}",
    }
    assert book_of(ben) == []
