"""Payments that were asked for ahead: the plan, and each date of it that came."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from banking.models.ledger import Account
from banking.models.payees import NICKNAME_MAX
from banking.models.transfers import NOTE_MAX, Transfer
from banking.payees.names import NAME_MAX
from banking.schedules import dates
from banking.schedules.dates import Plan
from fintrust.core.idempotency import KEY_MAX
from fintrust.core.ids import PublicModel
from fintrust.core.money import Money


class Schedule(PublicModel):
    """One payment, or the same one again and again, on days of the customer's own calendar.

    `next_on` is the first date of the plan that has no occurrence yet; nothing when all have.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        ENDED = "ended", "Ended"

    class Rhythm(models.TextChoices):
        ONCE = dates.Rhythm.ONCE.value, "Once"
        WEEKLY = dates.Rhythm.WEEKLY.value, "Weekly"
        MONTHLY = dates.Rhythm.MONTHLY.value, "Monthly"
        MONTH_END = dates.Rhythm.MONTH_END.value, "Last day of every month"
        QUARTERLY = dates.Rhythm.QUARTERLY.value, "Every three months"
        YEARLY = dates.Rhythm.YEARLY.value, "Yearly"

    class Weekend(models.TextChoices):
        SAME = dates.Weekend.SAME.value, "Pay on that day all the same"
        NEXT = dates.Weekend.NEXT.value, "Pay on the Monday after"
        PREVIOUS = dates.Weekend.PREVIOUS.value, "Pay on the Friday before"

    class Ended(models.TextChoices):
        DONE = "done", "All its payments were made"
        CANCELLED = "cancelled", "You cancelled it"
        CLOSED = "account-closed", "An account was closed"

    prefix: ClassVar[str] = "sch"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="schedules", db_index=False
    )
    source = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    target = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=max(NAME_MAX, NICKNAME_MAX))  # as the customer calls them
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    note = models.CharField(max_length=NOTE_MAX, blank=True)
    rhythm = models.CharField(max_length=9, choices=Rhythm)
    every = models.PositiveSmallIntegerField(default=1)
    first_on = models.DateField()
    until = models.DateField(null=True)
    times = models.PositiveSmallIntegerField(null=True)
    weekend = models.CharField(max_length=8, choices=Weekend, default=Weekend.SAME)
    status = models.CharField(max_length=6, choices=Status, default=Status.ACTIVE)
    next_on = models.DateField(null=True)
    next_run_on = models.DateField(null=True)
    request_id = models.CharField(max_length=KEY_MAX)
    fingerprint = models.CharField(max_length=64)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)
    ended_because = models.CharField(max_length=20, choices=Ended, blank=True)

    #: True on an answer that repeats a stored request instead of making a new one.
    replayed: bool = False

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "request_id"], name="banking_schedule_request_once"
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="banking_schedule_amount_positive"
            ),
            models.CheckConstraint(
                condition=Q(every__gte=1, every__lte=dates.EVERY_MAX),
                name="banking_schedule_every_in_bounds",
            ),
            models.CheckConstraint(
                condition=Q(next_on__isnull=True, next_run_on__isnull=True)
                | Q(next_on__isnull=False, next_run_on__isnull=False),
                name="banking_schedule_next_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(status="ended", ended_at__isnull=False, next_on__isnull=True)
                | (~Q(status="ended") & Q(ended_at__isnull=True)),
                name="banking_schedule_ended_has_no_next",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_run_on"],
                name="banking_schedule_due",
                condition=Q(next_run_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def plan(self) -> Plan:
        return Plan(
            self.first_on,
            dates.Rhythm(self.rhythm),
            self.every,
            self.until,
            self.times,
            dates.Weekend(self.weekend),
        )


class Occurrence(PublicModel):
    """One date of a plan, and what came of it. There is one for each date, whoever sweeps."""

    class Status(models.TextChoices):
        WAITING = "waiting", "Tried again today"
        DONE = "done", "Carried out"
        FAILED = "failed", "Failed"
        SKIPPED = "skipped", "Skipped"

    prefix: ClassVar[str] = "occ"

    schedule = models.ForeignKey(
        Schedule, models.PROTECT, related_name="occurrences", db_index=False
    )
    due_on = models.DateField()
    run_on = models.DateField()
    status = models.CharField(max_length=7, choices=Status)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    transfer = models.OneToOneField(Transfer, models.PROTECT, null=True, related_name="occurrence")
    reason = models.CharField(max_length=40, blank=True)  # a code: of an error, or why skipped
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["schedule", "due_on"], name="banking_occurrence_once"),
            models.CheckConstraint(
                condition=Q(status="waiting", next_try_at__isnull=False, settled_at__isnull=True)
                | (~Q(status="waiting") & Q(next_try_at__isnull=True, settled_at__isnull=False)),
                name="banking_occurrence_waiting_is_open",
            ),
            models.CheckConstraint(
                condition=Q(status="done", transfer__isnull=False)
                | (~Q(status="done") & Q(transfer__isnull=True)),
                name="banking_occurrence_done_has_transfer",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_try_at"],
                name="banking_occurrence_waiting",
                condition=Q(status="waiting"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.due_on}"

    @property
    def request_id(self) -> str:
        """The same for whoever carries it out, so that the money moves once."""
        return f"{self.schedule.public_id}:{self.due_on.isoformat()}"

    @property
    def shown_status(self) -> str:
        """What became of the money, when some was asked to move."""
        return str(self.transfer.status if self.transfer else self.status)
