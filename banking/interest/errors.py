"""Interest that cannot be offered."""

from fintrust.core.errors import Conflict, Invalid


class InvalidTerms(Invalid):
    """Interest has tiers from zero up and rates of 0 to 100 per cent with at most six decimals."""

    code = "invalid-terms"


class InterestDayClosed(Conflict):
    """The interest of that day has been counted; terms begin on a later one."""

    code, field = "interest-day-closed", "valid_from"
