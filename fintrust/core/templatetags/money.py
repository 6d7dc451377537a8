"""`{{ money|money }}` and `{{ minor|minor:currency }}` in templates."""

from django import template

from fintrust.core.money import Money

register = template.Library()


@register.filter
def money(value: Money) -> str:
    return value.format()


@register.filter
def signed(value: Money) -> str:
    """With its sign always shown: +£12.50, −£3.00 (a real minus, so screen readers say it)."""
    sign = "−" if value.minor < 0 else "+"
    return sign + Money(abs(value.minor), value.currency).format()


@register.filter
def minor(value: int, currency: str) -> Money:
    return Money(value, currency)
