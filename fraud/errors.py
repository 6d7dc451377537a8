"""What can go wrong around decisions, limits and alerts."""

from fintrust.core.errors import Conflict, Invalid


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


class InvalidLabel(Invalid):
    """An answer about a payment becomes known after it was asked for, and not in the future."""

    code, field = "invalid-label", "known_at"
