"""What the bank cannot do, each with its name. A paragraph for each code is in docs/errors.md."""

from typing import Any

from fintrust.core.errors import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    Problem,
    TooLarge,
    TooMany,
    Unavailable,
    Unprocessable,
)
from fintrust.core.money import AmountTooLarge, CurrencyMismatch, InvalidAmount

# --- the ledger -----------------------------------------------------------------------------


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


class AccountLimitReached(Conflict):
    """The account may not send this much, or this often, in so short a time."""

    code, field = "account-limit-reached", "amount"


class InvalidAccountLimit(Invalid):
    """A limit is a whole number from zero up, or nothing for the product's own."""

    code = "invalid-account-limit"


class ReasonMissing(Invalid):
    """Write the reason, in 3 to 500 characters."""

    code, field = "reason-missing", "reason"


# --- sharing an account ---------------------------------------------------------------------


class ViewOnly(Forbidden):
    """You may see this account, but not send money from it."""

    code, field = "view-only", "source"


class OwnInvitation(Conflict):
    """This is your own address; the account is yours already."""

    code, field = "own-invitation", "email"


class AlreadyShared(Conflict):
    """This person shares the account already."""

    code, field = "already-shared", "email"


class AlreadyInvited(Conflict):
    """This address has been invited already and has not answered yet."""

    code, field = "already-invited", "email"


class SharesExhausted(Conflict):
    """An account can be shared with ten people, those who are invited included."""

    code = "shares-exhausted"


class InvitationsExhausted(TooMany):
    """You have sent as many invitations as one customer may in a day."""

    code = "invitations-exhausted"


class ShareEndInvalid(Invalid):
    """Sharing ends in the future, and within five years."""

    code, field = "share-end-invalid", "until"


class InvitationEnded(Gone):
    """This invitation has been answered, taken back, or has run out."""

    code = "invitation-ended"


class ShareEnded(Conflict):
    """This account is no longer shared with this person."""

    code = "share-ended"


class PeopleOnly(Forbidden):
    """An account is shared with customers, not with staff or programs."""

    code = "people-only"


# --- looking after an account ---------------------------------------------------------------


class FrozenByBank(Forbidden):
    """The bank has frozen this account; only the bank can thaw it."""

    code = "frozen-by-bank"


class AccountShared(Conflict):
    """The account is shared. Stop sharing it first."""

    code = "account-shared"


class BalanceChanged(Conflict):
    """The balance has changed since you looked. Nothing was done; look again."""

    code = "balance-changed"


class AccountNameInvalid(Invalid):
    """An account's name has 1 to 80 characters."""

    code, field = "account-name-invalid", "name"


class OverdraftTooLarge(Unprocessable):
    """An overdraft cannot be this large, or negative."""

    code, field = "overdraft-too-large", "amount"


# --- giving money back ----------------------------------------------------------------------


class NotReturnable(Conflict):
    """Only money that has arrived, in the currency it was sent in, can be returned."""

    code = "not-returnable"


# --- money set aside ------------------------------------------------------------------------


class HoldInUse(Conflict):
    """A transfer waits on this hold; confirm or cancel that."""

    code = "hold-in-use"


class HoldsExhausted(Conflict):
    """As much is set aside on this account, one by one, as may be at once."""

    code = "holds-exhausted"


class HoldTimeInvalid(Invalid):
    """A hold ends in the future, and within its longest time."""

    code, field = "hold-time-invalid", "expires_at"


# --- many at once ---------------------------------------------------------------------------


class LinkedUndone(Conflict):
    """Another transfer that this one is linked to was not posted, so neither was this."""

    code = "linked-undone"


# --- webhooks -------------------------------------------------------------------------------


class WebhookUrlInvalid(Invalid):
    """Webhooks go to a public https address without a user name, a password or a fragment."""

    code, field = "webhook-url-invalid", "url"


class WebhooksExhausted(Conflict):
    """You have as many webhooks as one customer may have."""

    code = "webhooks-exhausted"


class WebhookInactive(Conflict):
    """This webhook is not active; nothing is sent to it."""

    code = "webhook-inactive"


class WebhookSecretsExhausted(Conflict):
    """Too many secrets of this webhook are still good; wait until the oldest has run out."""

    code = "webhook-secrets-exhausted"


# --- statements -----------------------------------------------------------------------------


class PeriodReversed(Invalid):
    """The period ends before it begins."""

    code, field = "period-reversed", "to"


class PeriodInFuture(Invalid):
    """The period ends after today; nobody knows what will be booked."""

    code, field = "period-in-future", "to"


class PeriodTooLong(Invalid):
    """The period is longer than can be asked for at once; ask for several."""

    code, field = "period-too-long", "from"


# --- insights -------------------------------------------------------------------------------


class PeriodInvalid(Invalid):
    """A period begins before it ends, and its days are written 2026-11-30."""

    code, field = "period-invalid", "from"


class PeriodTooBusy(Unprocessable):
    """There are too many entries in this period to sum them at once; ask for a shorter one."""

    code, field = "period-too-busy", "from"


class UnknownCategory(Invalid):
    """There is no such category."""

    code, field = "unknown-category", "category"


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


class BeforeOpening(Invalid):
    """The account was not open yet."""

    code = "before-opening"


class MomentInFuture(Invalid):
    """This moment has not come yet."""

    code, field = "moment-in-future", "at"


class StatementDoesNotFit(Unprocessable):
    """An amount has more digits than this format has room for; another format has."""

    code, field = "statement-does-not-fit", "format"


class StatementTooLong(Unprocessable):
    """There are more lines in the period than this format may have; take a shorter period."""

    code, field = "statement-too-long", "format"


# --- payees ---------------------------------------------------------------------------------


class TooManyLooks(TooMany):
    """You have looked up many accounts; this goes on later."""

    code, field = "too-many-looks", "payee"

    def __init__(self, message: str | None = None, *, wait: int = 3600, **more: Any) -> None:
        self.wait = wait  # becomes Retry-After
        minutes = -(-wait // 60)
        super().__init__(
            message
            or "To keep people's names private, only so many new accounts can be looked up in a"
            f" while. Try again in {minutes} minute{'s' if minutes != 1 else ''}.",
            **more,
        )


class PayeeExists(Conflict):
    """This account is in your address book already."""

    code, field = "payee-exists", "account"


class PayeeIsYou(Conflict):
    """Your own accounts need no entry in your address book."""

    code, field = "payee-is-you", "account"


class PayeesExhausted(Conflict):
    """Your address book is full; remove somebody first."""

    code = "payees-exhausted"


# --- scheduled payments ---------------------------------------------------------------------


class ScheduleInPast(Unprocessable):
    """The first payment cannot be before today, nor on a day that was paid already."""

    code, field = "schedule-in-past", "first_on"


class ScheduleTooFar(Unprocessable):
    """Nobody can plan that far ahead."""

    code, field = "schedule-too-far", "first_on"


class ScheduleWithoutDates(Unprocessable):
    """This plan ends before its first payment."""

    code, field = "schedule-without-dates", "until"


class ScheduleEnded(Conflict):
    """This scheduled payment has ended; make a new one."""

    code = "schedule-ended"


class NotTheNextDate(Conflict):
    """Only the next date can be skipped, and this is another one."""

    code, field = "not-the-next-date", "due_on"


class SchedulesExhausted(Conflict):
    """You have as many scheduled payments as one customer may have."""

    code = "schedules-exhausted"


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


# --- what two officers decide ---------------------------------------------------------------


class OwnProposal(Forbidden):
    """A colleague decides about what you proposed; you can only withdraw it."""

    code = "own-proposal"


class ProposalDecided(Conflict):
    """This has been decided, withdrawn, or has run out already."""

    code = "proposal-decided"


class ProposalExpired(Gone):
    """Nobody decided in time. Propose it again."""

    code = "proposal-expired"


class ClosingProposed(Conflict):
    """A closing of this currency waits for a colleague already."""

    code, field = "closing-proposed", "currency"


class CheckWaits(Conflict):
    """A check has been asked for already and begins within seconds."""

    code = "check-waits"


class MomentOutOfRange(Invalid):
    """What-if looks at most 180 days back and 31 days ahead."""

    code, field = "moment-out-of-range", "at"
