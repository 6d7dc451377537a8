"""How decisions and their figures look."""

from datetime import timedelta

from django import template

from fraud.hits import say
from fraud.models import Decision
from fraud.rulebook.selectors import for_staff, meaning, rule_named

register = template.Library()
register.filter("meaning", meaning)
register.filter("rule_named", rule_named)
register.filter("for_staff", for_staff)
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


@register.filter
def asked_amount(decision: Decision) -> str:
    return say(decision.facts["amount_minor"], decision.facts["currency"])


@register.filter
def span(length: timedelta | None) -> str:
    """`3 hours`: the largest unit, rounded; `-` for nothing."""
    if length is None:
        return "-"
    seconds = length.total_seconds()
    unit, size = next((u for u in _UNITS if seconds >= u[1]), _UNITS[-1])
    count = round(seconds / size)
    return f"{count} {unit}{'' if count == 1 else 's'}"


@register.filter
def words(text: str) -> list[str]:
    """`When,Held` as a list, for a table's head."""
    return text.split(",")


@register.filter
def percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


@register.filter
def seconds(milliseconds: int) -> str:
    """`0.2 s`: enough to see whether a page is behind."""
    return f"{milliseconds / 1000:.1f} s"
