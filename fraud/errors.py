"""What can go wrong around decisions, limits, alerts and cases."""

from fintrust.core.errors import Conflict, Forbidden, Gone, Invalid, TooLarge


class InvalidLimit(Invalid):
    """The limit must be a positive amount in a currency of the bank, or nothing for no limit."""

    code, field = "invalid-limit", "max_transaction_amount"


class LimitsMissing(Invalid):
    """Name at least one limit. To have none any more, send one of them empty or null."""

    code = "limits-missing"


class TooManyPendingChanges(Conflict):
    """Several looser limits are waiting already. Tighter ones are taken at any time."""

    code = "too-many-pending-changes"


class ForbiddenByOwnLimit(Conflict):
    """The customer's own limit forbids this payment; nothing outweighs it."""

    code = "forbidden-by-own-limit"


class AlertAlreadyAcknowledged(Conflict):
    """Somebody has already acknowledged this alert."""

    code = "alert-already-acknowledged"


class NoteTooLong(Invalid):
    """The note is longer than the bank keeps."""

    code, field = "note-too-long", "note"


class DeadLetterSettled(Conflict):
    """Somebody has already replayed or discarded this dead letter."""

    code = "dead-letter-settled"


class DeadLetterBehind(Conflict):
    """An earlier dead letter of the same key still waits; deal with that one first."""

    code = "dead-letter-behind"


class DeadLetterCut(Conflict):
    """The message was too large to be kept whole; correct or discard it."""

    code = "dead-letter-cut"


class CorrectionRefused(Invalid):
    """The corrected copy is no event of the schema either."""

    code, field = "correction-refused", "corrected"


class DiscardNeedsReason(Invalid):
    """Say why this event may be left out: 3 to 500 characters."""

    code, field = "discard-needs-reason", "note"


class NothingToKeep(Conflict):
    """No change to what is learned is waiting to take effect."""

    code = "nothing-to-keep"


class RangeInvalid(Invalid):
    """The days asked for must lie in order, and not too far apart."""

    code, field = "range-invalid", "since"


class ConditionInvalid(Invalid):
    """The condition of a rule cannot be read."""

    code, field = "condition-invalid", "condition"

    def __init__(
        self, message: str | None = None, *, at: int = 0, instead: str | None = None
    ) -> None:
        """`at` is the place of the first wrong character, from 0; `instead` what was meant."""
        meant = f" Did you mean `{instead}`?" if instead else ""
        super().__init__(f"{message or self.title}{meant}", position=at, suggestion=instead)
        self.at = at


class ListValueInvalid(Invalid):
    """This cannot be listed as it is written."""

    code, field = "list-value-invalid", "value"


class ListEntryInvalid(Invalid):
    """Something about the entry is missing or out of bounds."""

    code = "list-entry-invalid"


class AlreadyListed(Conflict):
    """This is listed with the same effect already, or waits for a colleague."""

    code, field = "already-listed", "value"


class ListEntryNotReady(Conflict):
    """The entry is not in the state that this step begins from."""

    code = "list-entry-not-ready"


class OwnListEntry(Forbidden):
    """You asked for this, or it is about you, so a colleague decides."""

    code = "own-list-entry"


class InvalidLabel(Invalid):
    """An answer about a payment becomes known after it was asked for, and not in the future."""

    code, field = "invalid-label", "known_at"


class UnknownNumber(Invalid):
    """Only numbers that decisions are made from can be changed, a few at a time."""

    code, field = "unknown-number", "known"


class RuleInvalid(Invalid):
    """Something about the rule is missing or out of bounds."""

    code = "rule-invalid"


class RuleNameTaken(Conflict):
    """Another rule has this name already."""

    code, field = "rule-name-taken", "name"


class RuleNotReady(Conflict):
    """The rule is not in the state that this step begins from."""

    code = "rule-not-ready"


class BacktestMissing(Conflict):
    """A rule goes into force on a backtest of exactly this version that is not too old."""

    code = "backtest-missing"


class OwnRule(Conflict):
    """A rule is put in force by somebody who neither wrote nor proposed it."""

    code = "own-rule"


class RulebookFull(Conflict):
    """As many rules are in force, or on trial, as the bank allows."""

    code = "rulebook-full"


class BacktestRunning(Conflict):
    """A backtest of this version is under way already."""

    code = "backtest-running"


class TooFewLabels(Conflict):
    """Too few payments have a known outcome to learn from."""

    code = "too-few-labels"


class ModelDamaged(Conflict):
    """The model's bytes are not the ones that were stored."""

    code = "model-damaged"


class ModelFormatUnknown(Invalid):
    """These bytes are no model of ours; nothing in them was opened."""

    code, field = "model-format-unknown", "model"


class TrainingUnderWay(Conflict):
    """A model is being trained, or waits to be; ask again when that has ended."""

    code = "training-under-way"


class ModelUnproven(Conflict):
    """Too few later payments with a known outcome to say that this model is not worse."""

    code = "model-unproven"


class ModelNotBetter(Conflict):
    """On later payments this model may well be worse than what is in force."""

    code = "model-not-better"


class ModelShifted(Conflict):
    """Payments have moved away from those this model learned from."""

    code = "model-shifted"


class ModelInWrongState(Conflict):
    """This is not possible with a model in this state."""

    code = "model-in-wrong-state"


class PromotionDecided(Conflict):
    """This proposal has been decided, or has run out."""

    code = "promotion-decided"


class OwnPromotion(Forbidden):
    """Who proposes something does not decide about it."""

    code = "own-promotion"


class CostsInvalid(Invalid):
    """No cost is below nothing, and a missed fraud costs something."""

    code, field = "costs-invalid", "missed"


class CostsProposed(Conflict):
    """What mistakes cost waits for a colleague's decision already."""

    code = "costs-proposed"


class NothingToRollBack(Conflict):
    """No model is in force."""

    code = "nothing-to-roll-back"


class DriftAlreadySeen(Conflict):
    """Somebody has seen this alarm, or there was none."""

    code = "drift-already-seen"


class ModelMissing(Conflict):
    """The model that a decision was made with cannot be read any more."""

    code = "model-missing"


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
