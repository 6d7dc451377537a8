"""What people ask the bank to move. What the ledger then did is `Movement`."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

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
        REVERSAL = "reversal", "Return"

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
        CONSOLE = "console", "The bank's console"
        SCHEDULE = "schedule", "Scheduled"

    prefix: ClassVar[str] = "trf"

    kind = models.CharField(max_length=10, choices=Kind)
    source = models.ForeignKey(Account, models.PROTECT, related_name="sent", db_index=False)
    target = models.ForeignKey(Account, models.PROTECT, related_name="received", db_index=False)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    fee_minor = models.BigIntegerField(db_default=0, default=0)  # on top of the amount
    # What arrives, when the other side has another currency, and the rate it was reckoned with.
    target_minor = models.BigIntegerField(null=True)
    target_currency = models.CharField(max_length=3, null=True)  # noqa: DJ001
    rate = models.DecimalField(max_digits=24, decimal_places=12, null=True)
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
    # What this one gives back. A settled transfer never changes, so giving back is another one.
    returns = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="returned_by", db_index=False
    )

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
                condition=Q(fee_minor__gte=0), name="banking_transfer_fee_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(
                    target_minor__isnull=True, target_currency__isnull=True, rate__isnull=True
                )
                | (
                    # Said of each: a comparison with NULL would let the row pass.
                    Q(target_minor__isnull=False, target_currency__isnull=False)
                    & Q(rate__isnull=False, rate__gt=0, target_minor__gt=0)
                    & ~Q(target_currency=F("currency"))
                ),
                name="banking_transfer_exchange_whole",
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
            models.CheckConstraint(
                condition=Q(kind="reversal", returns__isnull=False)
                | (~Q(kind="reversal") & Q(returns__isnull=True)),
                name="banking_transfer_reversal_returns",
            ),
            # Once: what was refused or taken back may be tried again, what moved or waits not.
            models.UniqueConstraint(
                fields=["returns"],
                condition=Q(status__in=["posted", "held"]),
                name="banking_transfer_returned_once",
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
            ("reverse_transfer", "Can return a posted transfer"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def fee(self) -> Money:
        return Money(self.fee_minor, self.currency)

    @property
    def cost(self) -> Money:
        """What leaves the source: the amount and the fee."""
        return self.amount + self.fee

    @property
    def arrives(self) -> Money:
        """What reaches the target, in its own currency."""
        if self.target_minor is None or self.target_currency is None:
            return self.amount
        return Money(self.target_minor, self.target_currency)

    @property
    def crosses(self) -> bool:
        """Whether the two sides have different currencies."""
        return self.rate is not None

    @property
    def spends(self) -> bool:
        """Whether it counts against what the account may send; the past does not, nor what an
        officer gives back."""
        officer_or_past = {self.Channel.IMPORT, self.Channel.CONSOLE}
        return self.kind != self.Kind.DEPOSIT and self.channel not in officer_or_past

    @property
    def is_held(self) -> bool:
        return self.status == self.Status.HELD
