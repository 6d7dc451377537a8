"""What cannot be set aside."""

from fintrust.core.errors import Conflict, Invalid


class HoldInUse(Conflict):
    """A transfer waits on this hold; confirm or cancel that."""

    code = "hold-in-use"


class HoldsExhausted(Conflict):
    """As much is set aside on this account, one by one, as may be at once."""

    code = "holds-exhausted"


class HoldTimeInvalid(Invalid):
    """A hold ends in the future, and within its longest time."""

    code, field = "hold-time-invalid", "expires_at"
