"""Looking after an account: open, rename, freeze, thaw, overdraft, close. Each leaves a record."""

from django.db import transaction

from audit.services import record
from banking import ledger
from banking.care import selectors
from banking.care.errors import (
    AccountNameInvalid,
    AccountsExhausted,
    AccountShared,
    BalanceChanged,
    FrozenByBank,
    OverdraftTooLarge,
)
from banking.care.selectors import BANK, OWNER
from banking.errors import AccountClosed, AccountFrozen, AccountNotEmpty, InternalAccount
from banking.models import Account, StatusChange, Transfer
from banking.policy import CARE, STANDARD, CarePolicy, TransferPolicy
from banking.reasons import clean_reason
from banking.sharing.selectors import is_shared
from banking.sharing.services import withdraw_all
from banking.transfers.services import confirm_after_pin, send_transfer
from biometrics import pins
from fintrust.core.errors import NotFound
from fintrust.core.etags import Expected, expect
from fintrust.core.models import User
from fintrust.core.money import CurrencyMismatch, Money

NAME_MAX = 80


@transaction.atomic
def open_account(
    *,
    owner: User,
    product: str,
    currency: str,
    name: str = "",
    policy: TransferPolicy = STANDARD,
) -> Account:
    """A new, empty account. One lock per customer, so that the limit holds for two tabs too."""
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    if owner.accounts.exclude(status=Account.Status.CLOSED).count() >= policy.accounts_max:
        raise AccountsExhausted()
    account = ledger.open_account(owner=owner, product=product, currency=currency, name=name)
    record(
        "banking.account.opened",
        subject=account.public_id,
        by=owner,
        owner=owner,
        after={"product": product, "currency": currency, "name": account.name},
    )
    return account


def _must_own(account: Account, by: User) -> None:
    if account.owner_id != by.pk:
        raise NotFound()


@transaction.atomic
def rename_account(*, account: Account, by: User, name: str, expected: Expected = None) -> Account:
    """Call it something else, if it is still as expected."""
    _must_own(account, by)
    name = " ".join(name.split())
    if not 1 <= len(name) <= NAME_MAX:
        raise AccountNameInvalid()
    [account] = ledger.lock(account)
    expect(selectors.version_of(account), expected)
    if account.name == name:
        return account
    before, account.name = account.name, name
    account.save(update_fields=["name"])
    record(
        "banking.account.renamed",
        subject=account.public_id,
        by=by,
        owner=by,
        before={"name": before},
        after={"name": name},
    )
    return account


# --- freezing and thawing -------------------------------------------------------------------


def freeze_account(*, account: Account, by: User) -> Account:
    """The customer stops everything on it, at once and without being asked for anything."""
    _must_own(account, by)
    return _put(account, side=OWNER, frozen=True, by=by)


def thaw_account(*, account: Account, by: User, pin: str) -> Account:
    """The customer lifts their own freeze, with their PIN; the bank's stays."""
    _must_own(account, by)
    if selectors.frozen_by(account) == {BANK}:
        raise FrozenByBank()
    pins.verify_pin(user=by, pin=pin)  # counts failures in a transaction of its own
    return _put(account, side=OWNER, frozen=False, by=by)


def freeze_for_bank(*, account: Account, by: User, reason: str) -> Account:
    """An officer stops everything on it; only an officer can lift that."""
    return _put(account, side=BANK, frozen=True, by=by, reason=clean_reason(reason))


def thaw_for_bank(*, account: Account, by: User, reason: str) -> Account:
    """An officer lifts the bank's freeze; if the customer froze it too, theirs stays."""
    return _put(account, side=BANK, frozen=False, by=by, reason=clean_reason(reason))


@transaction.atomic
def _put(account: Account, *, side: str, frozen: bool, by: User, reason: str = "") -> Account:
    """One side's word, and what follows from both. Saying it again changes nothing."""
    [account] = ledger.lock(account)
    if account.owner_id is None:
        raise InternalAccount()
    if account.status == Account.Status.CLOSED:
        raise AccountClosed()
    sides = selectors.frozen_by(account)
    if (side in sides) == frozen:
        return account
    word = Account.Status.FROZEN if frozen else Account.Status.ACTIVE
    _write_down(account, side, word, by, reason)
    still = sides | {side} if frozen else sides - {side}
    return ledger.set_status(account, Account.Status.FROZEN if still else Account.Status.ACTIVE)


def _write_down(account: Account, side: str, status: str, by: User, reason: str) -> None:
    StatusChange.objects.create(account=account, side=side, status=status, by=by, reason=reason)
    deeds = {"frozen": "frozen", "active": "thawed", "closed": "closed"}
    record(
        f"banking.account.{deeds[status]}",
        subject=account.public_id,
        by=by,
        owner=account.owner_id,
        data={"side": side},
        reason=reason,
    )


# --- overdraft ------------------------------------------------------------------------------


@transaction.atomic
def set_overdraft(
    *, account: Account, by: User, amount: Money, reason: str, policy: CarePolicy = CARE
) -> Account:
    """How far below zero an account may sink, as an officer allows it."""
    reason = clean_reason(reason)
    if not 0 <= amount.decimal <= policy.overdraft_major_max:
        raise OverdraftTooLarge()
    [account] = ledger.lock(account)
    if amount.currency != account.currency:
        raise CurrencyMismatch()
    before = account.overdraft
    account = ledger.set_floor(account, amount)
    record(
        "banking.account.overdraft_set",
        subject=account.public_id,
        by=by,
        owner=account.owner_id,
        before={"overdraft": str(before)},
        after={"overdraft": str(account.overdraft)},
        reason=reason,
    )
    return account


# --- closing --------------------------------------------------------------------------------


def close_account(
    *,
    account: Account,
    by: User,
    pin: str,
    request_id: str,
    move_to: Account | None = None,
    expected: Money | None = None,
    channel: str = Transfer.Channel.WEB,
) -> tuple[Account, Transfer | None]:
    """Close it for good, after moving the rest to another account of the customer's.

    The rest is judged like any transfer. What would be held is confirmed by the PIN of this step;
    what is refused is the answer, and the account stays open. `expected` is the balance that the
    customer was shown.
    """
    _must_own(account, by)
    pins.verify_pin(user=by, pin=pin)  # counts failures in a transaction of its own
    return _move_and_close(account, by, request_id, move_to, expected, channel)


@transaction.atomic
def _move_and_close(
    account: Account,
    by: User,
    request_id: str,
    move_to: Account | None,
    expected: Money | None,
    channel: str,
) -> tuple[Account, Transfer | None]:
    account = Account.objects.get(pk=account.pk)
    if account.status == Account.Status.CLOSED:
        return account, None
    _check_closable(account)
    if expected is not None and account.balance != expected:
        raise BalanceChanged()
    rest = None
    if account.balance_minor and move_to is not None:
        rest = _move_rest(account, by, move_to, request_id, channel)
        if rest.status != Transfer.Status.POSTED:
            return account, rest
    return _close(account, by), rest


def _check_closable(account: Account) -> None:
    if account.status == Account.Status.FROZEN:
        raise AccountFrozen()
    if is_shared(account):
        raise AccountShared()
    for obstacle in selectors.obstacles_to_closing(account):
        raise AccountNotEmpty(obstacle)


def _move_rest(
    account: Account, by: User, move_to: Account, request_id: str, channel: str
) -> Transfer:
    _must_own(move_to, by)
    rest = send_transfer(
        by=by,
        source=account,
        target=move_to,
        amount=account.balance,
        request_id=request_id,
        note="Account closed",
        channel=channel,
    )
    return confirm_after_pin(transfer=rest, by=by) if rest.is_held else rest


def _close(account: Account, by: User) -> Account:
    """Under the lock, look again: something may have arrived, or a twin may have closed it."""
    [account] = ledger.lock(account)
    if account.status == Account.Status.CLOSED:
        return account
    _check_closable(account)
    closed = ledger.set_status(account, Account.Status.CLOSED)
    withdraw_all(closed)
    _write_down(closed, OWNER, Account.Status.CLOSED, by, "")
    return closed
