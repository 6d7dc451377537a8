"""What one officer proposes and another decides: journals by hand, and closing a period.

A proposal is written once and decided once. The database refuses that the proposer decides for it,
that anything of it changes, and that legs come later than the adjustment they belong to.
"""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from banking.models.books import Close
from banking.models.checks import LedgerCheck
from banking.models.ledger import Account, Currency
from fintrust.core.fields import TxField
from fintrust.core.ids import PublicModel, PublicQuerySet, uuid7
from fintrust.core.money import Money


class Status(models.TextChoices):
    OPEN = "open", "Waiting"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Ran out"


class ProposalQuerySet(PublicQuerySet):
    def open(self) -> "ProposalQuerySet":
        return self.filter(status=Status.OPEN)

    def due(self, now: datetime) -> "ProposalQuerySet":
        """Nobody has decided in time."""
        return self.open().filter(expires_at__lte=now)


def decided_by_another(name: str) -> models.CheckConstraint:
    """Who proposed may only withdraw; who decides is somebody else; the clock is nobody."""
    undecided = Q(decided_at__isnull=True, decided_by__isnull=True)
    another = Q(decided_at__isnull=False, decided_by__isnull=False) & ~Q(
        decided_by=F("proposed_by")
    )
    return models.CheckConstraint(
        condition=(Q(status=Status.OPEN) & undecided)
        | (Q(status__in=[Status.APPROVED, Status.REJECTED]) & another)
        | Q(status=Status.WITHDRAWN, decided_at__isnull=False, decided_by=F("proposed_by"))
        | Q(status=Status.EXPIRED, decided_at__isnull=False, decided_by__isnull=True),
        name=name,
    )


class Proposal(PublicModel):
    """What both kinds have: who asks and why, until when, and what another said."""

    reason = models.CharField(max_length=500)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=500, blank=True)

    objects: ClassVar = ProposalQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_open(self) -> bool:
        return self.status == Status.OPEN


class Adjustment(Proposal):
    """Movements that officers want booked as one journal. Its id becomes the journal's."""

    prefix: ClassVar[str] = "adj"

    narrative = models.CharField(max_length=500)  # customers read it on their accounts
    value_date = models.DateField(null=True)  # null: the day it is booked
    tx = TxField()

    class Meta:
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("propose_adjustment", "Can propose an adjustment"),
            ("decide_adjustment", "Can approve or reject a colleague's adjustment"),
        ]
        constraints: ClassVar = [decided_by_another("banking_adjustment_two_people")]
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"], condition=Q(status="open"), name="banking_adjustment_open"
            ),
        ]


class AdjustmentLeg(models.Model):
    """One movement of an adjustment. Its id becomes the movement's."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    adjustment = models.ForeignKey(Adjustment, models.PROTECT, related_name="legs")
    place = models.SmallIntegerField()
    source = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    target = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)

    class Meta:
        default_permissions = ("view",)
        ordering: ClassVar = ["place"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["adjustment", "place"], name="banking_leg_place"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="banking_leg_positive"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="banking_leg_two"),
        ]

    def __str__(self) -> str:
        return f"{self.place}: {self.amount}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Closing(Proposal):
    """That a currency's books be closed up to a day. There is no way back from that."""

    prefix: ClassVar[str] = "clo"

    currency = models.ForeignKey(Currency, models.PROTECT, related_name="+", db_column="currency")
    until_day = models.DateField()

    class Meta:
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("propose_closing", "Can propose to close a period"),
            ("decide_closing", "Can confirm or reject a colleague's closing"),
        ]
        constraints: ClassVar = [
            decided_by_another("banking_closing_two_people"),
            models.UniqueConstraint(
                fields=["currency"], condition=Q(status="open"), name="banking_closing_open_once"
            ),
        ]

    @property
    def close(self) -> Close | None:
        """What it led to."""
        if self.status != Status.APPROVED:
            return None
        return Close.objects.filter(currency=self.currency_id, until_day=self.until_day).first()


class CheckRequest(models.Model):
    """An officer wants the books verified now; the sweep does it and says which check it was."""

    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    answer = models.ForeignKey(
        LedgerCheck, models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        default_permissions = ("view", "add")
        constraints: ClassVar = [
            # Impatience must not queue up work: one waits at a time.
            models.UniqueConstraint(
                fields=["answer"], name="banking_checkrequest_one_waits", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"asked at {self.asked_at}"
