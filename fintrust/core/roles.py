"""Who may be what. A role is a Django group; its permissions are given by `prepare`."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from fintrust.core.ids import PublicQuerySet

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
    if not hasattr(user, "role_names"):
        user.role_names = list(user.groups.values_list("name", flat=True))
    return frozenset(user.role_names)


def read_with(users: PublicQuerySet) -> PublicQuerySet:
    """The same users, each with their roles, in the one statement."""
    groups = users.model.groups.through.objects.filter(user=OuterRef("pk"))
    return users.annotate(role_names=ArraySubquery(groups.values("group__name")))


def has(user: Any, *wanted: str) -> bool:
    return not of(user).isdisjoint(wanted)


def kind_of(user: Any) -> str:
    """What somebody counts as in records: anonymous, customer, partner or staff."""
    if not user.is_authenticated:
        return "anonymous"
    if user.is_staff:
        return "staff"
    return PARTNER if has(user, PARTNER) else CUSTOMER
