"""What people ask the bank to move. What the ledger then did is `Movement`."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from banking.models.ledger import Account, Hold, Movement
from fintrust.core.idempotency import KEY_MAX
from fintrust.core.ids import PublicModel
from fintrust.core.money import Money
from fraud.models import Decision

NOTE_MAX = 140


class Transfer(PublicModel):
    """One request to move money: judged once, then posted, held or refused.

    Held is the only status that is not final; the database refuses to leave another one.
    """

    class Kind(models.TextChoices):
        TRANSFER = "transfer", "Transfer"
        DEPOSIT = "deposit", "Deposit"
        WITHDRAWAL = "withdrawal", "Withdrawal"

    class Status(models.TextChoices):
        POSTED = "posted", "Done"
        HELD = "held", "Waiting"
        REFUSED = "refused", "Refused"
        CANCELLED = "cancelled", "Cancelled"
        EXPIRED = "expired", "Expired"

    class Channel(models.TextChoices):
        WEB = "web", "Online banking"
        API = "api", "API"
        IMPORT = "import", "Taken over"
        SCHEDULE = "schedule", "Scheduled"

    prefix: ClassVar[str] = "trf"

    kind = models.CharField(max_length=10, choices=Kind)
    source = models.ForeignKey(Account, models.PROTECT, related_name="sent", db_index=False)
    target = models.ForeignKey(Account, models.PROTECT, related_name="received", db_index=False)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    note = models.CharField(max_length=NOTE_MAX, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="asked", db_index=False
    )
    request_id = models.CharField(max_length=KEY_MAX)
    fingerprint = models.CharField(max_length=64)
    channel = models.CharField(max_length=8, choices=Channel)
    decision = models.OneToOneField(Decision, models.PROTECT, related_name="transfer")
    status = models.CharField(max_length=10, choices=Status)
    hold = models.OneToOneField(Hold, models.PROTECT, null=True, related_name="transfer")
    movement = models.OneToOneField(Movement, models.PROTECT, null=True, related_name="transfer")
    asked_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="settled"
    )
    reason = models.CharField(max_length=500, blank=True)

    #: True on an answer that repeats a stored request instead of making a new one.
    replayed: bool = False

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["requested_by", "request_id"],
                name="banking_transfer_request_once",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="banking_transfer_amount_positive"
            ),
            models.CheckConstraint(
                condition=Q(status="posted", movement__isnull=False)
                | (~Q(status="posted") & Q(movement__isnull=True)),
                name="banking_transfer_posted_has_movement",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["held", "cancelled", "expired"]) | Q(hold__isnull=False),
                name="banking_transfer_waiting_has_hold",
            ),
            models.CheckConstraint(
                condition=Q(status="held", settled_at__isnull=True)
                | (~Q(status="held") & Q(settled_at__isnull=False)),
                name="banking_transfer_held_is_open",
            ),
        ]
        indexes: ClassVar = [
            # The sides from which `selectors.Transfers` reads, each in order of time.
            models.Index(fields=["requested_by", "-id"], name="banking_transfer_asked"),
            models.Index(fields=["source", "-id"], name="banking_transfer_source"),
            models.Index(fields=["target", "-id"], name="banking_transfer_target"),
            models.Index(fields=["id"], name="banking_transfer_held", condition=Q(status="held")),
            models.Index(fields=["-asked_at"], name="banking_transfer_newest"),
        ]
        permissions: ClassVar = [
            ("release_transfer", "Can release a held transfer"),
            ("refuse_transfer", "Can refuse a held transfer"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def is_held(self) -> bool:
        return self.status == self.Status.HELD
