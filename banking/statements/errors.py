"""Periods and moments nobody can tell about, and formats that are too small."""

from fintrust.core.errors import Invalid, Unprocessable


class PeriodReversed(Invalid):
    """The period ends before it begins."""

    code, field = "period-reversed", "to"


class PeriodInFuture(Invalid):
    """The period ends after today; nobody knows what will be booked."""

    code, field = "period-in-future", "to"


class PeriodTooLong(Invalid):
    """The period is longer than can be asked for at once; ask for several."""

    code, field = "period-too-long", "from"


class BeforeOpening(Invalid):
    """The account was not open yet."""

    code = "before-opening"


class MomentInFuture(Invalid):
    """This moment has not come yet."""

    code, field = "moment-in-future", "at"


class StatementDoesNotFit(Unprocessable):
    """An amount has more digits than this format has room for; another format has."""

    code, field = "statement-does-not-fit", "format"


class StatementTooLong(Unprocessable):
    """There are more lines in the period than this format may have; take a shorter period."""

    code, field = "statement-too-long", "format"
