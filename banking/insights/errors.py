"""What cannot be summed up."""

from fintrust.core.errors import Invalid, Unprocessable


class PeriodInvalid(Invalid):
    """A period begins before it ends, and its days are written 2026-11-30."""

    code, field = "period-invalid", "from"


class PeriodTooBusy(Unprocessable):
    """There are too many entries in this period to sum them at once; ask for a shorter one."""

    code, field = "period-too-busy", "from"


class UnknownCategory(Invalid):
    """There is no such category."""

    code, field = "unknown-category", "category"
