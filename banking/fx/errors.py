"""What keeps money from changing its currency."""

from fintrust.core.errors import Conflict, Gone, Invalid


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
