"""What the bank cannot do, each with its name. A paragraph for each code is in docs/errors.md."""

from fintrust.core.errors import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Problem,
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
    "LG030": BalanceTooLarge,
    "LG031": InsufficientFunds,
}


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


class TransferNotPosted(Conflict):
    """Only a transfer that has moved its money can be reversed."""

    code = "transfer-not-posted"


class AccountLimitReached(Conflict):
    """The account may not send this much, or this often, in so short a time."""

    code, field = "account-limit-reached", "amount"


class InvalidAccountLimit(Invalid):
    """A limit is a whole number from zero up, or nothing for the product's own."""

    code = "invalid-account-limit"


class ReasonMissing(Invalid):
    """Write the reason, in 3 to 500 characters."""

    code, field = "reason-missing", "reason"


# --- across currencies ----------------------------------------------------------------------


class NoRate(Conflict):
    """The bank has no rate between these currencies."""

    code, field = "no-rate", "target"


class RateTooOld(Conflict):
    """The bank's rate between these currencies is too old to be used."""

    code, field = "rate-too-old", "target"


class RateMoved(Conflict):
    """The rate has moved too far since this was agreed; cancel it and ask again."""

    code = "rate-moved"


class QuoteExpired(Gone):
    """This quote has run out. Ask for a new one."""

    code, field = "quote-expired", "quote"


class QuoteMismatch(Conflict):
    """This quote is not ours, or was given for another transfer."""

    code, field = "quote-mismatch", "quote"


class InvalidRate(Invalid):
    """A rate is a positive number with at most twelve decimals."""

    code, field = "invalid-rate", "rate"


# --- interest -------------------------------------------------------------------------------


class InvalidTerms(Invalid):
    """Interest has tiers from zero up and rates of 0 to 100 per cent with at most six decimals."""

    code = "invalid-terms"


class InterestDayClosed(Conflict):
    """The interest of that day has been counted; terms begin on a later one."""

    code, field = "interest-day-closed", "valid_from"
