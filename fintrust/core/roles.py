"""Who may be what. A role is a Django group; its permissions are given by `prepare`."""

from typing import Any

CUSTOMER = "customer"
SUPPORT = "support"
AUDITOR = "auditor"
COMPLIANCE = "compliance"
SENIOR = "senior"  # of the compliance officers: what they escalate comes here
ADMINISTRATOR = "administrator"
PARTNER = "partner"

ALL = (CUSTOMER, SUPPORT, AUDITOR, COMPLIANCE, SENIOR, ADMINISTRATOR, PARTNER)
STAFF = (SUPPORT, AUDITOR, COMPLIANCE, SENIOR, ADMINISTRATOR)


def of(user: Any) -> frozenset[str]:
    """The roles of a user, read once per user object."""
    if not user.is_authenticated:
        return frozenset()
    if not hasattr(user, "_roles"):
        user._roles = frozenset(user.groups.values_list("name", flat=True))
    return user._roles


def has(user: Any, *wanted: str) -> bool:
    return not of(user).isdisjoint(wanted)


def kind_of(user: Any) -> str:
    """What somebody counts as in records: anonymous, customer, partner or staff."""
    if not user.is_authenticated:
        return "anonymous"
    if user.is_staff:
        return "staff"
    return PARTNER if has(user, PARTNER) else CUSTOMER
