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


class InvalidLabel(Invalid):
    """An answer about a payment becomes known after it was asked for, and not in the future."""

    code, field = "invalid-label", "known_at"


class TooFewLabels(Conflict):
    """Too few payments have a known outcome to learn from."""

    code = "too-few-labels"


class ModelDamaged(Conflict):
    """The model's bytes are not the ones that were stored."""

    code = "model-damaged"


class ModelFormatUnknown(Invalid):
    """These bytes are no model of ours; nothing in them was opened."""

    code, field = "model-format-unknown", "model"
