"""Who may read what of the records."""

from typing import Any

from django.db.models import Q, QuerySet

from audit import services
from audit.models import Record
from fintrust.core import roles

READERS = (roles.AUDITOR, roles.COMPLIANCE, roles.SENIOR, roles.ADMINISTRATOR)


def reads_everything(user: Any) -> bool:
    return bool(user.is_active and roles.has(user, *READERS))


def readable_by(user: Any) -> QuerySet[Record]:
    """Everything for those whose work it is; otherwise one's own deeds and one's own data."""
    if reads_everything(user):
        return Record.objects.all()
    return Record.objects.filter(Q(owner=user.pk) | Q(actor_id=user.pk))


def remember_reading(door: str, **what: Any) -> None:
    """Reading the records is itself a record."""
    services.record("audit.records.read", subject="audit.log", data={"door": door, **what})
