"""What the ledger cannot do, each with its name. A topic's own errors are in its folder."""

from fintrust.core.errors import (
    Conflict,
    Invalid,
    NotFound,
    Problem,
    Unavailable,
)
from fintrust.core.money import AmountTooLarge, CurrencyMismatch, InvalidAmount


class SameAccount(Conflict):
    """Money cannot move from an account to itself."""

    code, field = "same-account", "target"


class JournalEmpty(Invalid):
    """A journal has at least one leg."""

    code = "journal-empty"


class JournalTooLarge(Invalid):
    """A journal has more legs than can be booked at once."""

    code = "journal-too-large"


class UnknownJournal(NotFound):
    """There is no such journal."""

    code = "unknown-journal"


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


class JournalLeg(Conflict):
    """This movement is a leg of a journal, and is reversed with all of it."""

    code = "journal-leg"


class OverdraftInUse(Conflict):
    """More of the overdraft is in use than this would leave."""

    code, field = "overdraft-in-use", "amount"


class BalanceTooLarge(Conflict):
    """The balance would become larger than the ledger can count."""

    code, field = "balance-too-large", "amount"


class InsufficientFunds(Conflict):
    """The account cannot cover this amount."""

    code, field = "insufficient-funds", "amount"


class ValueDateInTheFuture(Invalid):
    """Money cannot count from a day that has not come."""

    code, field = "value-date-in-the-future", "value_date"


class PeriodClosed(Conflict):
    """The books of that day are closed."""

    code, field = "period-closed", "value_date"


class JournalComplete(Conflict):
    """A journal is booked as a whole; nothing can be added to it."""

    code = "journal-complete"


class PeriodNotOver(Conflict):
    """Only days that are over can be closed."""

    code = "period-not-over"


class NarrativeTooLong(Invalid):
    """A narrative has at most 500 characters."""

    code, field = "narrative-too-long", "narrative"


class LedgerBusy(Unavailable):
    """Others keep these accounts busy; nothing was changed, try again in a moment."""

    code = "ledger-busy"


# The ledger's refusals by their SQLSTATE, in order of precedence: when several apply, the first is
# told. The numbers are explained in banking/sql/move.sql.
BY_SQLSTATE: dict[str, type[Problem]] = {
    "LG001": InvalidAmount,
    "LG002": AmountTooLarge,
    "LG003": SameAccount,
    "LG004": JournalEmpty,
    "LG005": JournalTooLarge,
    "LG006": UnknownJournal,
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
    "LG027": JournalLeg,
    "LG028": OverdraftInUse,
    "LG030": BalanceTooLarge,
    "LG031": InsufficientFunds,
    "LG040": ValueDateInTheFuture,
    "LG041": PeriodClosed,
    "LG042": JournalComplete,
    "LG043": PeriodNotOver,
}
