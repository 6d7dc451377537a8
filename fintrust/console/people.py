"""What an administrator may do about people: their roles, their state, what we know of them."""

from collections.abc import Collection

from django.contrib.auth.models import Group
from django.db import transaction

from audit.services import record
from fintrust.core import roles
from fintrust.core.errors import Forbidden, ReasonNeeded
from fintrust.core.models import User

REASON_MIN, REASON_MAX = 3, 500


class OwnAccess(Forbidden):
    """Nobody changes their own access; ask another administrator."""

    code = "own-access"


@transaction.atomic
def change_person(
    *, person: User, by: User, kyc: str, is_active: bool, role_names: Collection[str], reason: str
) -> User:
    """Set a person's state and roles. Who works here may enter the console, nobody else."""
    if person.pk == by.pk:
        raise OwnAccess()
    reason = " ".join(reason.split())
    if not REASON_MIN <= len(reason) <= REASON_MAX:
        raise ReasonNeeded()
    person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
    before = _described(person)
    person.kyc, person.is_active = kyc, is_active
    person.is_staff = not set(role_names).isdisjoint(roles.STAFF)
    person.save(update_fields=["kyc", "is_active", "is_staff"])
    person.groups.set(Group.objects.filter(name__in=role_names))
    record(
        "core.user.changed",
        subject=person,
        by=by,
        owner=person,
        before=before,
        after=_described(person),
        reason=reason,
    )
    return person


def _described(person: User) -> dict[str, object]:
    names = person.groups.order_by("name").values_list("name", flat=True)
    return {"kyc": person.kyc, "active": person.is_active, "roles": list(names)}
