"""What keeps a payment from being planned, and a plan from being changed."""

from fintrust.core.errors import Conflict, Unprocessable


class ScheduleInPast(Unprocessable):
    """The first payment cannot be before today, nor on a day that was paid already."""

    code, field = "schedule-in-past", "first_on"


class ScheduleTooFar(Unprocessable):
    """Nobody can plan that far ahead."""

    code, field = "schedule-too-far", "first_on"


class ScheduleWithoutDates(Unprocessable):
    """This plan ends before its first payment."""

    code, field = "schedule-without-dates", "until"


class ScheduleEnded(Conflict):
    """This scheduled payment has ended; make a new one."""

    code = "schedule-ended"


class NotTheNextDate(Conflict):
    """Only the next date can be skipped, and this is another one."""

    code, field = "not-the-next-date", "due_on"


class SchedulesExhausted(Conflict):
    """You have as many scheduled payments as one customer may have."""

    code = "schedules-exhausted"
