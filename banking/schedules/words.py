"""Plans and what came of them, as people say it. Pure."""

from django.utils.dateformat import format as written

from banking.schedules.dates import Plan, Rhythm, Weekend

_WEEKENDS = {
    Weekend.SAME: "",
    Weekend.NEXT: "on weekends the Monday after",
    Weekend.PREVIOUS: "on weekends the Friday before",
}
_REASONS = {
    "insufficient-funds": "There was not enough money on the account",
    "account-frozen": "An account is frozen",
    "account-closed": "An account was closed",
    "balance-too-large": "The other account cannot hold that much",
    "customer-inactive": "Your sign-in is not active",
    "paused": "It was paused",
    "asked": "You skipped it",
    "cancelled": "You cancelled it",
    "missed": "It came up while we were away, too long ago to be paid late",
}


def rhythm_of(plan: Plan) -> str:
    """“Every 2 weeks on Friday”."""
    day = _ordinal(plan.first.day)
    match plan.rhythm:
        case Rhythm.ONCE:
            return f"Once, on {written(plan.first, 'j F Y')}"
        case Rhythm.WEEKLY:
            often = "Every week" if plan.every == 1 else f"Every {plan.every} weeks"
            return f"{often} on {written(plan.first, 'l')}"
        case Rhythm.MONTHLY:
            return f"Every month on the {day}{_or_last(plan)}"
        case Rhythm.MONTH_END:
            return "On the last day of every month"
        case Rhythm.QUARTERLY:
            return f"Every three months on the {day}{_or_last(plan)}"
        case Rhythm.YEARLY:
            return f"Every year on {written(plan.first, 'j F')}"


def in_words(plan: Plan) -> str:
    """The rhythm, what happens on weekends, and when it ends."""
    parts = [rhythm_of(plan), _WEEKENDS[plan.weekend]]
    if plan.rhythm != Rhythm.ONCE:
        if plan.until:
            parts.append(f"until {written(plan.until, 'j F Y')}")
        if plan.times:
            parts.append("one time" if plan.times == 1 else f"{plan.times} times")
    return ", ".join(part for part in parts if part)


def reason_of(code: str) -> str:
    """Why a date failed or was skipped; nothing when there is nothing to say."""
    return _REASONS.get(code, "It could not be carried out" if code else "")


def _or_last(plan: Plan) -> str:
    return ", or the last day of a shorter month" if plan.first.day > 28 else ""


def _ordinal(day: int) -> str:
    ending = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"
