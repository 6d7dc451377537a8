"""Looking after an account: opening, names, a freeze's two sides, overdrafts, closing for good."""

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from audit.models import Record
from banking import ledger
from banking.care import selectors
from banking.care import services as care
from banking.care.errors import (
    AccountNameInvalid,
    AccountsExhausted,
    AccountShared,
    BalanceChanged,
    FrozenByBank,
    OverdraftTooLarge,
)
from banking.errors import (
    AccountClosed,
    AccountFrozen,
    AccountNotEmpty,
    InsufficientFunds,
    InternalAccount,
    OverdraftInUse,
    SameAccount,
)
from banking.models import Account, Invitation, StatusChange, Transfer
from banking.policy import TransferPolicy
from banking.reasons import ReasonMissing
from banking.tests.conftest import open_funded
from banking.tests.test_sharing import invite, share
from banking.transfers import services
from biometrics import pins
from biometrics.errors import PinWrong
from fintrust.core.errors import NotFound
from fintrust.core.etags import PreconditionFailed
from fintrust.core.ids import uuid7
from fintrust.core.money import CurrencyMismatch, Money
from fraud.tests.factories import limit_payments

pytestmark = pytest.mark.django_db
PIN = "4071"
WHY = "asked by the police"


@pytest.fixture
def hers(hers, ada):
    pins.set_pin(user=ada, pin=PIN, password_ok=True)
    return hers


def close(account, **changes):
    request = {"account": account, "by": account.owner, "pin": PIN, "request_id": str(uuid7())}
    return care.close_account(**request | changes)


# --- opening --------------------------------------------------------------------------------


def test_a_customer_opens_only_so_many_accounts(ada):
    policy = TransferPolicy(accounts_max=2)
    for _ in range(2):
        care.open_account(owner=ada, product="savings", currency="EUR", policy=policy)
    with pytest.raises(AccountsExhausted), transaction.atomic():
        care.open_account(owner=ada, product="savings", currency="EUR", policy=policy)


# --- names ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name, works", [("x" * 80, True), ("x" * 81, False), (" \t", False)])
def test_a_name_has_one_to_eighty_characters(hers, ada, name, works):
    if works:
        assert care.rename_account(account=hers, by=ada, name=f" {name} ").name == name
        record = Record.objects.get(action="banking.account.renamed")
        assert (record.before, record.after) == ({"name": "Current account"}, {"name": name})
    else:
        with pytest.raises(AccountNameInvalid):
            care.rename_account(account=hers, by=ada, name=name)


def test_an_older_version_renames_nothing(hers, ada):
    version = selectors.version_of(hers)
    care.rename_account(account=hers, by=ada, name="Rent", expected=frozenset({version}))
    with pytest.raises(PreconditionFailed), transaction.atomic():
        care.rename_account(account=hers, by=ada, name="Holiday", expected=frozenset({version}))
    hers.refresh_from_db()
    assert hers.name == "Rent"


# --- two sides of a freeze ------------------------------------------------------------------


def test_a_customer_freezes_at_once_and_thaws_with_their_pin(hers, ada, send):
    assert care.freeze_account(account=hers, by=ada).status == "frozen"
    with pytest.raises(AccountFrozen), transaction.atomic():
        send(1_00)
    with pytest.raises(PinWrong):
        care.thaw_account(account=hers, by=ada, pin="9999")
    assert care.thaw_account(account=hers, by=ada, pin=PIN).status == "active"
    assert send(1_00).status == Transfer.Status.POSTED


def test_held_money_still_comes_back_to_a_frozen_account(hers, ada, send):
    held = send(950_00)
    assert held.is_held
    hers = care.freeze_account(account=hers, by=ada)
    with pytest.raises(AccountFrozen):
        services.confirm_transfer(transfer=held, by=ada, pin=PIN)
    services.cancel_transfer(transfer=held, by=ada)
    hers.refresh_from_db()
    assert (hers.held.minor, hers.status) == (0, "frozen")


def test_the_banks_freeze_is_not_the_customers_to_lift(hers, ada, olga):
    hers = care.freeze_for_bank(account=hers, by=olga, reason=WHY)
    with pytest.raises(FrozenByBank):
        care.thaw_account(account=hers, by=ada, pin=PIN)
    hers = care.thaw_for_bank(account=hers, by=olga, reason="the matter is settled")
    assert hers.status == "active"
    said = StatusChange.objects.order_by("id").values_list("side", "status", "by", "reason")
    assert list(said) == [
        ("bank", "frozen", olga.pk, WHY),
        ("bank", "active", olga.pk, "the matter is settled"),
    ]
    reasons = Record.objects.filter(action__startswith="banking.account.", owner=ada)
    assert WHY in reasons.values_list("reason", flat=True)


@pytest.mark.parametrize("first", ["owner", "bank"])
@pytest.mark.parametrize("last", ["owner", "bank"])
def test_each_side_lifts_only_its_own(hers, ada, olga, first, last):
    freeze = {
        "owner": lambda: care.freeze_account(account=hers, by=ada),
        "bank": lambda: care.freeze_for_bank(account=hers, by=olga, reason=WHY),
    }
    thaw = {
        "owner": lambda a: care.thaw_account(account=a, by=ada, pin=PIN),
        "bank": lambda a: care.thaw_for_bank(account=a, by=olga, reason=WHY),
    }
    freeze.pop(first)()
    frozen = next(iter(freeze.values()))()
    earlier = "bank" if last == "owner" else "owner"
    assert thaw[earlier](frozen).status == "frozen"
    assert selectors.frozen_by(Account.objects.get(pk=hers.pk)) == {last}
    assert thaw[last](Account.objects.get(pk=hers.pk)).status == "active"


def test_saying_it_again_writes_nothing(hers, ada):
    for _ in range(3):
        care.freeze_account(account=hers, by=ada)
    assert StatusChange.objects.count() == 1


def test_what_was_frozen_before_anybody_wrote_it_down_is_the_banks(hers, ada, olga):
    frozen = ledger.set_status(hers, "frozen")
    with pytest.raises(FrozenByBank):
        care.thaw_account(account=frozen, by=ada, pin=PIN)
    assert care.thaw_for_bank(account=frozen, by=olga, reason=WHY).status == "active"


def test_an_officer_gives_a_reason_and_the_banks_own_accounts_stay(hers, olga):
    with pytest.raises(ReasonMissing):
        care.freeze_for_bank(account=hers, by=olga, reason="  ")
    with pytest.raises(InternalAccount):
        care.freeze_for_bank(account=ledger.internal("clearing", "EUR"), by=olga, reason=WHY)


def test_why_it_was_frozen_is_written_once(hers, ada):
    care.freeze_account(account=hers, by=ada)
    for deed in (
        lambda: StatusChange.objects.update(side="bank"),
        lambda: StatusChange.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            deed()


# --- overdraft ------------------------------------------------------------------------------


def allow(account, by, minor, **changes):
    request = {"amount": Money(minor, "EUR"), "reason": "salary comes in"}
    return care.set_overdraft(account=account, by=by, **request | changes)


@pytest.mark.parametrize("minor, works", [(1_050_00, True), (1_050_01, False)])
def test_an_account_sinks_as_far_as_it_may(hers, olga, send, ada, minor, works):
    allow(hers, olga, 50_00)
    if works:
        assert send(minor).status in {"posted", "held"}
    else:
        with pytest.raises(InsufficientFunds), transaction.atomic():
            send(minor)


@pytest.mark.parametrize("minor, works", [(30_00, True), (29_99, False), (0, False)])
def test_what_is_in_use_cannot_be_taken_away(hers, his, olga, minor, works):
    allow(hers, olga, 50_00)
    ledger.move(uuid7(), hers, his, Money(1_030_00, "EUR"))
    if works:
        assert allow(hers, olga, minor).available.minor == 0
    else:
        with pytest.raises(OverdraftInUse), transaction.atomic():
            allow(hers, olga, minor)


def test_an_overdraft_has_bounds_a_reason_and_the_accounts_currency(hers, olga):
    assert allow(hers, olga, 10_000_00).overdraft == Money(10_000_00, "EUR")
    for problem, changes in [
        (OverdraftTooLarge, {"minor": 10_000_01}),
        (OverdraftTooLarge, {"minor": -1}),
        (ReasonMissing, {"minor": 1, "reason": ""}),
        (CurrencyMismatch, {"minor": 1, "amount": Money(1, "USD")}),
    ]:
        with pytest.raises(problem), transaction.atomic():
            allow(hers, olga, **changes)
    with pytest.raises(InternalAccount), transaction.atomic():
        allow(ledger.internal("clearing", "EUR"), olga, 1)
    record = Record.objects.get(action="banking.account.overdraft_set")
    assert (record.before, record.after) == (
        {"overdraft": "0.00 EUR"},
        {"overdraft": "10000.00 EUR"},
    )


def test_only_the_ledgers_function_lowers_a_floor(hers, app_sql):
    with pytest.raises(DatabaseError), transaction.atomic():
        Account.objects.filter(pk=hers.pk).update(floor_minor=-1)


# --- closing --------------------------------------------------------------------------------


def test_the_rest_moves_to_another_own_account_and_it_closes(hers, ada):
    other = open_funded(ada, 0)
    closed, rest = close(hers, move_to=other, expected=Money(1_000_00, "EUR"))
    assert rest.reason == "confirmed by PIN"  # all of it at once would have been held
    other.refresh_from_db()
    assert (closed.status, rest.status, other.balance.minor) == ("closed", "posted", 1_000_00)
    assert close(closed) == (closed, None)  # said again, nothing happens
    with pytest.raises(AccountClosed):
        care.freeze_account(account=closed, by=ada)


@pytest.mark.parametrize(
    "prepare, problem",
    [
        (lambda hers, ada, ben, send: None, AccountNotEmpty),
        (lambda hers, ada, ben, send: send(950_00), AccountNotEmpty),
        (lambda hers, ada, ben, send: care.freeze_account(account=hers, by=ada), AccountFrozen),
        (lambda hers, ada, ben, send: share(hers, ben), AccountShared),
    ],
    ids=["money", "held", "frozen", "shared"],
)
def test_what_stands_in_the_way_is_named_and_nothing_moves(hers, ada, ben, send, prepare, problem):
    prepare(hers, ada, ben, send)
    other = None if problem is AccountNotEmpty else open_funded(ada, 0)
    before = Transfer.objects.count()
    with pytest.raises(problem):
        close(hers, move_to=other)
    assert Transfer.objects.count() == before


def test_money_that_is_set_aside_keeps_it_open_even_with_somewhere_to_go(hers, ada, send):
    send(950_00)
    with pytest.raises(AccountNotEmpty, match="set aside"):
        close(hers, move_to=open_funded(ada, 0))


def test_a_balance_that_changed_since_it_was_shown_closes_nothing(hers, ada, send):
    send(1_00)
    with pytest.raises(BalanceChanged):
        close(hers, move_to=open_funded(ada, 0), expected=Money(1_000_00, "EUR"))


def test_the_rest_goes_to_oneself_only(hers, ada, his):
    with pytest.raises(NotFound):
        close(hers, move_to=his)
    with pytest.raises(SameAccount):
        close(hers, move_to=hers)
    with pytest.raises(CurrencyMismatch):
        close(hers, move_to=open_funded(ada, 0, "USD"))


def test_a_limit_that_refuses_the_rest_is_the_answer_and_it_stays_open(hers, ada):
    limit_payments(ada, {"EUR": 5_00})
    still, rest = close(hers, move_to=open_funded(ada, 0))
    assert (rest.status, Account.objects.get(pk=hers.pk).status) == ("refused", "active")
    assert still.balance.minor == 1_000_00


def test_whoever_was_invited_finds_the_invitation_taken_back(ada, hers):
    empty = open_funded(ada, 0)
    invitation = invite(empty, "later@example.org")
    close(empty)
    invitation.refresh_from_db()
    assert (invitation.status, invitation.is_open) == (Invitation.Status.WITHDRAWN, False)
    assert invitation.settled_at <= timezone.now()
