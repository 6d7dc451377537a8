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


class NothingToKeep(Conflict):
    """No change to what is learned is waiting to take effect."""

    code = "nothing-to-keep"


class RangeInvalid(Invalid):
    """The days asked for must lie in order, and not too far apart."""

    code, field = "range-invalid", "since"


class InvalidLabel(Invalid):
    """An answer about a payment becomes known after it was asked for, and not in the future."""

    code, field = "invalid-label", "known_at"


class UnknownNumber(Invalid):
    """Only numbers that decisions are made from can be changed, a few at a time."""

    code, field = "unknown-number", "known"
