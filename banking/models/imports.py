"""What customers bring along from other banks. None of it is money held here.

A line is written once and goes only with its whole import or account: the application has no
right to change or delete one, and the foreign keys in sql/imports.sql take them along.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from fintrust.core.ids import PublicModel
from fintrust.core.money import Money

NAME_MAX, FILENAME_MAX = 80, 120
COUNTERPARTY_MAX, TEXT_MAX, REFERENCE_MAX = 140, 500, 140


class OutsideAccount(PublicModel):
    """An account that a customer keeps at another bank."""

    prefix: ClassVar[str] = "out"

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="outside_accounts"
    )
    name = models.CharField(max_length=NAME_MAX)
    bank = models.CharField(max_length=NAME_MAX)
    currency = models.CharField(max_length=3)
    opening_minor = models.BigIntegerField(null=True)
    seq = models.BigIntegerField(default=0)  # the number of the newest line
    lines = models.BigIntegerField(default=0)
    # What the lines add up to. Each fits a bigint; a million of them may not.
    total_minor = models.DecimalField(max_digits=30, decimal_places=0, default=0)
    opened_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.name} ({self.currency})"

    @property
    def opening(self) -> Money | None:
        return None if self.opening_minor is None else Money(self.opening_minor, self.currency)

    @property
    def balance(self) -> Money | None:
        """By the opening balance and the lines; nobody here can know more. None without one."""
        if self.opening_minor is None:
            return None
        return Money(self.opening_minor + int(self.total_minor), self.currency)


class Import(PublicModel):
    """One file on its way into an outside account.

    `position` counts what has been read of it and is written with the lines that came of it, so
    whoever goes on after a crash goes on exactly there.
    """

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        OFX = "ofx", "OFX"
        CAMT = "camt", "camt.053"

    class Status(models.TextChoices):
        CHECKING = "checking", "Being read"
        READY = "ready", "Waits for you"
        ADDING = "adding", "Being added"
        DONE = "done", "Added"
        FAILED = "failed", "Could not be read"

    prefix: ClassVar[str] = "imp"
    DUE: ClassVar = (Status.CHECKING, Status.ADDING)

    account = models.ForeignKey(
        OutsideAccount, models.DO_NOTHING, db_constraint=False, related_name="imports"
    )
    filename = models.CharField(max_length=FILENAME_MAX)
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    format = models.CharField(max_length=4, choices=Format)
    status = models.CharField(max_length=10, choices=Status)
    layout = models.JSONField()
    report = models.JSONField(null=True)  # of the last look at the whole file
    revision = models.IntegerField(default=0)  # counts the looks, so that one is confirmed
    position = models.BigIntegerField(default=0)
    added = models.BigIntegerField(default=0)
    duplicates = models.BigIntegerField(default=0)
    problem = models.CharField(max_length=40, blank=True)
    problem_text = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    touched_at = models.DateTimeField()  # when somebody, or the worker, last had it in hand
    ended_at = models.DateTimeField(null=True)

    #: True on an answer that finds the same file there already.
    replayed: bool = False

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["touched_at"],
                name="banking_import_due",
                condition=Q(status__in=["checking", "adding"]),
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status="done", ended_at__isnull=False)
                | (~Q(status="done") & Q(ended_at__isnull=True)),
                name="banking_import_done_has_end",
            ),
            models.CheckConstraint(
                condition=Q(added__gte=0) & Q(added__lte=F("position")),
                name="banking_import_added_was_read",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_due(self) -> bool:
        return self.status in self.DUE


class ImportChunk(models.Model):
    """A piece of a file, where every web process and every worker can reach it."""

    id = models.BigAutoField(primary_key=True)
    of = models.ForeignKey(
        Import, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="chunks"
    )
    number = models.IntegerField()
    data = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["of", "number"], name="banking_import_chunk_once"),
        ]

    def __str__(self) -> str:
        return f"{self.of_id}/{self.number}"


class OutsideEntry(models.Model):
    """One line of a file, as the other bank tells it."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(
        OutsideAccount,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="entries",
    )
    source = models.ForeignKey(
        Import, models.DO_NOTHING, db_constraint=False, related_name="entries"
    )
    number = models.BigIntegerField()  # in the account; what was undone leaves a gap
    booked = models.DateField()
    value_date = models.DateField(null=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    counterparty = models.CharField(max_length=COUNTERPARTY_MAX, blank=True)
    text = models.CharField(max_length=TEXT_MAX, blank=True)
    reference = models.CharField(max_length=REFERENCE_MAX, blank=True)
    key = models.BinaryField(max_length=16)  # what makes it the same line in another file

    class Meta:
        verbose_name_plural = "outside entries"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "key"], name="banking_outside_entry_once"),
            models.UniqueConstraint(
                fields=["account", "booked", "number"], name="banking_outside_entry_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.number}"

    @property
    def amount(self) -> Money:
        """Negative when money left the outside account."""
        return Money(self.amount_minor, self.currency)
