"""What people change about themselves."""

from django.db import transaction

from audit.services import record
from fintrust.core.models import User


@transaction.atomic
def change_profile(*, user: User, name: str, phone: str, timezone: str) -> User:
    """What customers may change about themselves; the old values stay in the audit record."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    new = {"name": " ".join(name.split()), "phone": phone, "timezone": timezone}
    old = {field: getattr(user, field) for field in new}
    if new == old:
        return user
    for field, value in new.items():
        setattr(user, field, value)
    user.save(update_fields=list(new))
    record(
        "core.user.changed",
        subject=user.public_id,
        by=user,
        owner=user,
        before=old,
        after=new,
    )
    return user
