"""What can go wrong around the record of what happened."""

from fintrust.core.errors import Conflict, Invalid, TooLarge, Unavailable


class ReasonTooLong(Invalid):
    """The reason is longer than the bank keeps."""

    code, field = "audit-reason-too-long", "reason"


class RecordTooLarge(TooLarge):
    """This is more than one audit record may hold."""

    code = "audit-record-too-large"


class RecordNotSealed(Conflict):
    """This record is not in the log yet; it will be in a moment."""

    code = "audit-record-not-sealed"


class LogDamaged(Unavailable):
    """The log does not continue from its last signed checkpoint, so nothing more is signed."""

    code = "audit-log-damaged"
