"""Limits in words, for pages. No Django here."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fraud.hits import say
from fraud.limits.change import Written
from fraud.limits.own import NAMES, NOTHING, Amounts, CustomerPolicies

LABELS = {
    "max_transaction_amount": "Largest payment",
    "daily_total": "In one day",
    "daily_payments": "Payments in one day",
    "allowed_locations": "Places",
    "block_unknown_locations": "Unknown places",
    "allowed_time_range": "Hours",
    "allowed_currencies": "Currencies",
    "only_allowed_payees": "Only the payees you chose",
    "allowed_payees": "Payees you chose",
    "new_payee": "New payees",
    "block_withdrawals": "Withdrawals",
    "timezone": "Clock",
}


def limited(policies: CustomerPolicies) -> list[str]:
    """What is limited, by name."""
    return [name for name, _ in held_to(policies)]


def held_to(policies: CustomerPolicies) -> list[tuple[str, str]]:
    """Each limit by name, and as it stands."""
    quiet = {"timezone"} if policies.only_allowed_payees else {"timezone", "allowed_payees"}
    return [
        (LABELS[name], spelled(name, policies))
        for name in NAMES
        if name not in quiet and getattr(policies, name) != getattr(NOTHING, name)
    ]


def spelled(name: str, policies: CustomerPolicies) -> str:
    """One limit as it stands, in a few words."""
    value = getattr(policies, name)
    if name in ("max_transaction_amount", "daily_total"):
        return _amounts(value)
    if name in ("block_unknown_locations", "block_withdrawals"):
        return "refused" if value else "allowed"
    if name == "only_allowed_payees":
        return "yes" if value else "no"
    if name == "allowed_payees":
        return f"{len(value)}" if policies.only_allowed_payees else "everybody"
    if value is None:
        return "no limit"
    if name == "new_payee":
        hours = "hour" if value.hours == 1 else f"{value.hours} hours"
        return f"{_amounts(value.amount)} in the first {hours}"
    if name == "allowed_time_range" and value.start == value.end:
        return "none just now"
    return _names(value) if isinstance(value, tuple) else str(value)


def waiting(
    written: Written, at: datetime, *, spell: Callable[[str, CustomerPolicies], str] = spelled
) -> list[dict[str, Any]]:
    """What gets looser by itself: steps of `at` and `changes`, each (name, until then, after)."""
    steps = written.pending(at)
    before = [written.in_force(at), *(one.policies for one in steps)]
    return [
        {
            "at": one.at,
            "changes": [
                (LABELS[name], spell(name, earlier), spell(name, one.policies))
                for name in one.fields
            ],
        }
        for one, earlier in zip(steps, before, strict=False)
    ]


def _names(names: tuple[str, ...]) -> str:
    return "; ".join(names) or "none just now"


def _amounts(amounts: Amounts) -> str:
    return ", ".join(say(minor, currency) for currency, minor in amounts.items()) or "no limit"
