"""What the bank cannot do, each with its name. A paragraph for each code is in docs/errors.md."""

from fintrust.core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    Unavailable,
    Unprocessable,
)
from fintrust.core.money import AmountTooLarge, CurrencyMismatch, InvalidAmount

# --- the ledger -----------------------------------------------------------------------------


class SameAccount(Conflict):
    """Money cannot move from an account to itself."""

    code, field = "same-account", "target"


class IdempotencyConflict(Conflict):
    """This id was used before, for something else."""

    code = "idempotency-conflict"


class UnknownHold(NotFound):
    """There is no such hold."""

    code = "unknown-hold"


class HoldEnded(Conflict):
    """The hold has been captured, released or has expired already."""

    code = "hold-ended"


class HoldExpired(Conflict):
    """The hold ran out before it was captured."""

    code = "hold-expired"


class HoldTooSmall(Conflict):
    """The hold does not cover this amount."""

    code, field = "hold-too-small", "amount"


class HoldNotDue(Conflict):
    """The hold has not run out yet."""

    code = "hold-not-due"


class UnknownMovement(NotFound):
    """There is no such movement."""

    code = "unknown-movement"


class ReversalOfReversal(Conflict):
    """A reversal cannot be reversed; make the movement anew."""

    code = "reversal-of-reversal"


class AlreadyReversed(Conflict):
    """This movement has been reversed already."""

    code = "already-reversed"


class UnknownCurrency(NotFound):
    """The bank keeps no accounts in this currency."""

    code, field = "unknown-currency", "currency"


class UnknownAccount(NotFound):
    """There is no such account."""

    code = "unknown-account"


class AccountClosed(Conflict):
    """The account is closed."""

    code = "account-closed"


class AccountFrozen(Conflict):
    """The account is frozen; nothing moves until it is active again."""

    code = "account-frozen"


class InternalAccount(Conflict):
    """This account is the bank's own."""

    code = "internal-account"


class AccountNotEmpty(Conflict):
    """An account is closed when it is empty and nothing is held on it."""

    code = "account-not-empty"


class AccountNotQueueable(Conflict):
    """Only an account of the bank without a floor can queue."""

    code = "account-not-queueable"


class BalanceTooLarge(Conflict):
    """The balance would become larger than the ledger can count."""

    code, field = "balance-too-large", "amount"


class InsufficientFunds(Conflict):
    """The account cannot cover this amount."""

    code, field = "insufficient-funds", "amount"


# The ledger's refusals by their SQLSTATE, in order of precedence: when several apply, the first is
# told. The numbers are explained in banking/sql/move.sql.
BY_SQLSTATE: dict[str, type[Problem]] = {
    "LG001": InvalidAmount,
    "LG002": AmountTooLarge,
    "LG003": SameAccount,
    "LG010": IdempotencyConflict,
    "LG011": UnknownHold,
    "LG012": HoldEnded,
    "LG013": HoldExpired,
    "LG014": HoldTooSmall,
    "LG015": HoldNotDue,
    "LG016": UnknownMovement,
    "LG017": ReversalOfReversal,
    "LG018": AlreadyReversed,
    "LG019": UnknownCurrency,
    "LG020": UnknownAccount,
    "LG021": CurrencyMismatch,
    "LG022": AccountClosed,
    "LG023": AccountFrozen,
    "LG024": InternalAccount,
    "LG025": AccountNotEmpty,
    "LG026": AccountNotQueueable,
    "LG030": BalanceTooLarge,
    "LG031": InsufficientFunds,
}


class LedgerBusy(Unavailable):
    """Too many movements wait for this account; nothing was moved, try again in a moment."""

    code = "ledger-busy"


# --- the bank around it ---------------------------------------------------------------------


class UnknownPayee(NotFound):
    """There is no such account to pay."""

    code, field = "unknown-payee", "payee"


class AccountsExhausted(Conflict):
    """You have as many accounts as one customer may have."""

    code = "accounts-exhausted"


class FundingClosed(Forbidden):
    """This bank takes no demo deposits."""

    code = "funding-closed"


class DepositTooLarge(Unprocessable):
    """A single deposit cannot be this large."""

    code, field = "deposit-too-large", "amount"


class InTheFuture(Invalid):
    """What has not happened yet cannot be recorded as past."""

    code, field = "in-the-future", "happened_at"


class TransferNotHeld(Conflict):
    """This transfer is no longer waiting; somebody has already decided."""

    code = "transfer-not-held"


class ReasonMissing(Invalid):
    """Write the reason, in 3 to 500 characters."""

    code, field = "reason-missing", "reason"
