"""What can go wrong around decisions, limits, alerts and cases."""

from fintrust.core.errors import Conflict, Forbidden, Gone, Invalid, TooLarge


class InvalidLimit(Invalid):
    """The limit must be a positive amount in a currency of the bank, or nothing for no limit."""

    code, field = "invalid-limit", "max_transaction_amount"


class ForbiddenByOwnLimit(Conflict):
    """The customer's own limit forbids this payment; nothing outweighs it."""

    code = "forbidden-by-own-limit"


class AlertAlreadyAcknowledged(Conflict):
    """Somebody has already acknowledged this alert."""

    code = "alert-already-acknowledged"


class NoteTooLong(Invalid):
    """The note is longer than the bank keeps."""

    code, field = "note-too-long", "note"


class InvalidLabel(Invalid):
    """An answer about a payment becomes known after it was asked for, and not in the future."""

    code, field = "invalid-label", "known_at"


# --- cases ----------------------------------------------------------------------------------


class CaseClosed(Conflict):
    """The case is closed."""

    code = "case-closed"


class CaseNotClosed(Conflict):
    """The case is still open."""

    code = "case-not-closed"


class CaseTaken(Conflict):
    """Somebody else works on this case."""

    code = "case-taken"


class CaseNotYours(Conflict):
    """You do not work on this case; take it first."""

    code = "case-not-yours"


class CaseMoved(Conflict):
    """Something joined this case since you looked; look again, then decide."""

    code = "case-moved"


class CaseInReview(Conflict):
    """A colleague decides about the proposed outcome first."""

    code = "case-in-review"


class CaseNotInReview(Conflict):
    """No outcome is proposed for this case."""

    code = "case-not-in-review"


class CaseFull(Conflict):
    """The case holds as much as a case can; close it and open the next."""

    code = "case-full"


class CustomerHasOpenCase(Conflict):
    """Another case of this customer is open; go on there."""

    code = "customer-has-open-case"


class CaseEscalated(Forbidden):
    """The case was escalated: a senior officer goes on with it."""

    code = "case-escalated"


class CaseAlreadyEscalated(Conflict):
    """The case was escalated before."""

    code = "case-already-escalated"


class OwnEscalation(Forbidden):
    """You handed this case upwards, so somebody else decides it."""

    code = "own-escalation"


class OwnFinding(Forbidden):
    """You proposed this outcome, so a colleague decides about it."""

    code = "own-finding"


class CaseAboutYou(Forbidden):
    """This case is about you."""

    code = "case-about-you"


class ColleagueCannot(Invalid):
    """This person may not work on the case."""

    code, field = "colleague-cannot", "to"


class WordsMissing(Invalid):
    """Say it in 3 characters or more."""

    code, field = "words-missing", "text"


class WordsTooLong(Invalid):
    """This is longer than the bank keeps."""

    code, field = "words-too-long", "text"


class EvidenceTooLarge(TooLarge):
    """A file of evidence has at most 750,000 bytes."""

    code, field = "evidence-too-large", "file"


class EvidenceUnknown(Invalid):
    """Evidence is a PDF, a PNG or JPEG picture, or plain text."""

    code, field = "evidence-unknown", "file"


class ReportNotDraft(Conflict):
    """The report is no draft any more."""

    code = "report-not-draft"


class OwnReport(Forbidden):
    """You wrote this report, so a colleague signs it."""

    code = "own-report"


# --- what customers say ---------------------------------------------------------------------


class NothingAsked(Conflict):
    """The bank has not asked about this payment, or not any more."""

    code = "nothing-asked"


class AlreadyDenied(Conflict):
    """This payment was said not to be the customer's; only the bank can take that back."""

    code = "already-denied"


class AlreadyDecided(Conflict):
    """The bank has looked into this payment; dispute it if you see it otherwise."""

    code = "already-decided"


class NothingMoved(Conflict):
    """No money moved, so there is nothing to dispute."""

    code = "nothing-moved"


class NotYourPayment(Conflict):
    """Only money that left your account can be denied or disputed."""

    code = "not-your-payment"


class TooLateToDispute(Gone):
    """A payment can be disputed for thirteen months."""

    code = "too-late-to-dispute"
