"""What the bank cannot do, each with its name. A paragraph for each code is in docs/errors.md."""

from fintrust.core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    TooLarge,
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


class ReasonMissing(Invalid):
    """Write the reason, in 3 to 500 characters."""

    code, field = "reason-missing", "reason"


# --- files from other banks -----------------------------------------------------------------


class ImportFileTooLarge(TooLarge):
    """This file is larger than the bank reads."""

    code, field = "import-file-too-large", "file"


class ImportFileEmpty(Invalid):
    """There is nothing in this file."""

    code, field = "import-file-empty", "file"


class ImportFormatUnknown(Unprocessable):
    """This file is neither CSV nor OFX nor a camt.053 statement."""

    code, field = "import-format-unknown", "file"


class ImportFileBroken(Unprocessable):
    """This file cannot be read to its end."""

    code, field = "import-file-broken", "file"


class ImportFileDeclares(Unprocessable):
    """A file that declares a document type of its own is not read."""

    code, field = "import-file-declares", "file"


class ImportTooManyLines(Unprocessable):
    """This file has more lines than one import takes."""

    code, field = "import-too-many-lines", "file"


class ImportsWaiting(Conflict):
    """Too many of your files wait already; finish or remove one."""

    code, field = "imports-waiting", "file"


class ImportNotReady(Conflict):
    """This import is not waiting for your word."""

    code = "import-not-ready"


class ImportChanged(Conflict):
    """The preview has changed since you saw it; look again."""

    code, field = "import-changed", "revision"


class ImportColumnsUnclear(Invalid):
    """The columns do not say yet when and how much."""

    code, field = "import-columns-unclear", "roles"


class OutsideAccountFull(Conflict):
    """This outside account has as many lines as one may have."""

    code = "outside-account-full"


class OutsideAccountsExhausted(Conflict):
    """You have as many outside accounts as one customer may have."""

    code = "outside-accounts-exhausted"


class OutsideNameMissing(Invalid):
    """Write a name of 1 to 80 characters."""

    code, field = "outside-name-missing", "name"


# What a reader of files finds wrong with a whole file, by its code.
BY_FILE_CODE: dict[str, type[Problem]] = {
    kind.code: kind
    for kind in (
        ImportFileBroken,
        ImportFileDeclares,
        ImportFileEmpty,
        ImportFormatUnknown,
        ImportTooManyLines,
    )
}
