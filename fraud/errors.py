"""What can go wrong around decisions, limits and alerts."""

from fintrust.core.errors import Conflict, Forbidden, Invalid


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


class ConditionInvalid(Invalid):
    """The condition of a rule cannot be read."""

    code, field = "condition-invalid", "condition"

    def __init__(self, message: str, *, at: int, instead: str | None = None) -> None:
        """`at` is the place of the first wrong character, from 0; `instead` what was meant."""
        meant = f" Did you mean `{instead}`?" if instead else ""
        super().__init__(message + meant, position=at, suggestion=instead)
        self.at = at


class InvalidLabel(Invalid):
    """An answer about a payment becomes known after it was asked for, and not in the future."""

    code, field = "invalid-label", "known_at"


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
    """Who proposes a model does not decide about it."""

    code = "own-promotion"


class NothingToRollBack(Conflict):
    """No model is in force."""

    code = "nothing-to-roll-back"


class DriftAlreadySeen(Conflict):
    """Somebody has seen this alarm, or there was none."""

    code = "drift-already-seen"


class ReasonNeeded(Invalid):
    """Say why, in 3 to 500 characters: it stays beside the deed."""

    code, field = "reason-needed", "reason"


class ModelMissing(Conflict):
    """The model that a decision was made with cannot be read any more."""

    code = "model-missing"
