"""The bank's own lists: what is refused, looked at or trusted whatever the score says.

Entries and the steps about them are written once; what an entry is now follows from its newest
step, its effect and its end.
"""

from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.indexes import SpGistIndex
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, Concat, Now

from fintrust.core.ids import PublicModel, to_public
from fintrust.core.models import User
from fraud.lists import matched


def _person() -> Any:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )


class ListEntry(PublicModel):
    """Something that a payment may have to do with, and what is done then."""

    class Kind(models.TextChoices):
        PAYEE = matched.PAYEE, "Payee"
        ACCOUNT = matched.ACCOUNT, "Paying account"
        CUSTOMER = matched.CUSTOMER, "Customer"
        DEVICE = matched.DEVICE, "Device"
        ADDRESS = matched.ADDRESS, "Address or network"
        PLACE = matched.PLACE, "Place or country"

    class Effect(models.TextChoices):
        BLOCK = matched.BLOCK, "Refuse"
        HOLD = matched.HOLD, "Hold"
        TRUST = matched.TRUST, "Trust"

    prefix: ClassVar[str] = "lst"

    kind = models.CharField(max_length=8, choices=Kind)
    # As facts name it, which decisions keep as well: a hash would hide it from nobody.
    value = models.CharField(max_length=80)
    effect = models.CharField(max_length=5, choices=Effect)
    reason = models.CharField(max_length=500)
    by = _person()
    at = models.DateTimeField("written at", db_default=Now(), editable=False)
    until = models.DateTimeField("until", null=True)
    # What a payment is looked up by.
    key = models.GeneratedField(
        expression=Concat("kind", Value(":"), "value"),
        output_field=models.CharField(max_length=90),
        db_persist=True,
    )
    network = models.GeneratedField(
        expression=models.Case(
            models.When(kind=matched.ADDRESS, then=Cast("value", models.GenericIPAddressField()))
        ),
        output_field=models.GenericIPAddressField(null=True),
        db_persist=True,
    )

    class Meta:
        default_permissions = ("view",)
        verbose_name = "list entry"
        verbose_name_plural = "list entries"
        permissions: ClassVar = [
            ("write_listentry", "Can list what is refused, held or trusted, and ask to lift it"),
            ("decide_listentry", "Can agree to trust, and to lift, what a colleague asks for"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["key"], name="fraud_listentry_key"),
            SpGistIndex(
                fields=["network"],
                name="fraud_listentry_network",
                condition=Q(kind=matched.ADDRESS),
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(effect=matched.TRUST) | Q(until__isnull=False),
                name="fraud_listentry_trust_ends",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("at")),
                name="fraud_listentry_ends_later",
            ),
            models.CheckConstraint(condition=~Q(value=""), name="fraud_listentry_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.get_effect_display()} {self.get_kind_display().lower()} {self.shown}"

    @property
    def shown(self) -> str:
        """The value as people write it."""
        if self.kind == matched.CUSTOMER:
            return to_public(User.prefix, UUID(self.value))
        return self.value


class ListStep(models.Model):
    """Something that was done about an entry. What needs two people names both, and the database
    refuses one who is both."""

    class Step(models.TextChoices):
        APPROVED = "approved", "Agreed to"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"
        ASKED = "asked", "Lifting asked for"
        KEPT = "kept", "Kept"
        LIFTED = "lifted", "Lifted"
        ENDED = "ended", "Trust ended"

    id = models.BigAutoField(primary_key=True)
    entry = models.ForeignKey(ListEntry, models.PROTECT, related_name="steps", db_index=False)
    step = models.CharField(max_length=9, choices=Step)
    asked_by = _person()  # who had asked for what is agreed to here
    by = _person()
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(
                fields=["entry", "-id"], include=["step", "at"], name="fraud_liststep_newest"
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(step__in=["approved", "lifted"]) | ~Q(by=F("asked_by")),
                name="fraud_liststep_two_people",
            ),
        ]

    def __str__(self) -> str:
        return self.get_step_display()
