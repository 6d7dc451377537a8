"""The ledger's tables as Django reads them: `banking/sql` makes, `banking.ledger` writes them.

`debit` and `credit` of the tables are `source` and `target` here: money leaves the one and reaches
the other. Sums in a query use the `_minor` columns; people get `Money`.
"""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from banking.numbers import number_of
from fintrust.core.fields import TxField
from fintrust.core.ids import PublicModel, PublicQuerySet
from fintrust.core.money import Money


class Currency(models.Model):
    """What accounts can be kept in, and how many decimals it has."""

    code = models.CharField(max_length=3, primary_key=True)
    exponent = models.SmallIntegerField()
    name = models.TextField()
    closed_until = models.DateField(null=True)  # nothing may be valued up to this day

    class Meta:
        managed = False
        db_table = "banking_currency"
        ordering: ClassVar = ["code"]
        verbose_name_plural = "currencies"

    def __str__(self) -> str:
        return self.code


class Account(PublicModel):
    """A customer's account, or one of the bank's own (`product` internal, without an owner).

    Only `name` may be changed from here; the rest changes through `banking.ledger`.
    """

    class Product(models.TextChoices):
        SAVINGS = "savings", "Savings"
        CHECKING = "checking", "Current account"
        WALLET = "wallet", "Wallet"
        INTERNAL = "internal", "The bank's own"

    class Kind(models.TextChoices):
        ASSET = "asset", "Asset"
        LIABILITY = "liability", "Liability"
        EQUITY = "equity", "Equity"
        INCOME = "income", "Income"
        EXPENSE = "expense", "Expense"

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        FROZEN = "frozen", "Frozen"
        CLOSED = "closed", "Closed"

    prefix: ClassVar[str] = "acc"
    public_field: ClassVar[str] = "uuid"

    # Small and dense, because every movement names two of them; people see the uuid.
    id: Any = models.BigAutoField(primary_key=True)
    uuid = models.UUIDField(unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="accounts"
    )
    product = models.CharField(max_length=32, choices=Product)
    kind = models.CharField(max_length=32, choices=Kind)
    gl_code = models.CharField("general ledger", max_length=32)
    name = models.CharField(max_length=80)
    currency = models.CharField(max_length=3)
    stripe = models.SmallIntegerField(default=0)  # see `ledger.internal`
    status = models.CharField(max_length=32, choices=Status, default=Status.ACTIVE)
    floor_minor = models.BigIntegerField(null=True, db_column="floor")
    balance_minor = models.BigIntegerField(default=0, db_column="balance")
    held_minor = models.BigIntegerField(default=0, db_column="held")
    seq = models.BigIntegerField(default=0)
    opened_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "banking_account"
        permissions: ClassVar = [
            ("operate_account", "Can send money from a shared account"),
            ("freeze_account", "Can freeze and thaw accounts"),
            ("set_overdraft", "Can set the overdraft of an account"),
        ]

    def __str__(self) -> str:
        stripe = f" {self.stripe}" if self.stripe else ""
        return f"{self.name}{stripe} ({self.currency})"

    @property
    def number(self) -> str:
        return number_of(self.pk)

    @property
    def balance(self) -> Money:
        return Money(self.balance_minor, self.currency)

    @property
    def held(self) -> Money:
        return Money(self.held_minor, self.currency)

    @property
    def overdraft(self) -> Money:
        """How far below zero it may sink."""
        return Money(-(self.floor_minor or 0), self.currency)

    @property
    def available(self) -> Money:
        """What can be spent: the balance without what is held, down to the floor."""
        return Money(
            self.balance_minor - self.held_minor - (self.floor_minor or 0),
            self.currency,
        )


class Movement(PublicModel):
    """What the ledger did: one row, both sides. The id is the idempotency key."""

    prefix: ClassVar[str] = "mov"

    journal_id = models.UUIDField(null=True)
    source = models.ForeignKey(
        Account, models.DO_NOTHING, db_column="debit_id", related_name="movements_out"
    )
    target = models.ForeignKey(
        Account, models.DO_NOTHING, db_column="credit_id", related_name="movements_in"
    )
    amount_minor = models.BigIntegerField(db_column="amount")
    source_balance_minor = models.BigIntegerField(db_column="debit_balance")
    target_balance_minor = models.BigIntegerField(db_column="credit_balance")
    source_seq = models.BigIntegerField(db_column="debit_seq")
    target_seq = models.BigIntegerField(db_column="credit_seq")
    booked_at = models.DateTimeField()
    value_date = models.DateField()
    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=32)
    narrative = models.CharField(max_length=500)
    reverses = models.OneToOneField(
        "self",
        models.DO_NOTHING,
        null=True,
        db_column="reverses",
        related_name="reversed_by",
    )
    hold = models.ForeignKey("Hold", models.DO_NOTHING, null=True, related_name="movements")
    tx = TxField()

    class Meta:
        managed = False
        db_table = "banking_movement"

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Entry(models.Model):
    """What one account felt of a movement. Ask by account, in `seq` order: that is indexed."""

    pk = models.CompositePrimaryKey("account_id", "seq")
    account = models.ForeignKey(Account, models.DO_NOTHING, related_name="entries")
    seq = models.BigIntegerField()
    movement = models.ForeignKey(Movement, models.DO_NOTHING, related_name="entries")
    counter = models.ForeignKey(Account, models.DO_NOTHING, related_name="+")
    amount_minor = models.BigIntegerField(db_column="amount")
    balance_before_minor = models.BigIntegerField(db_column="balance_before")
    balance_minor = models.BigIntegerField(db_column="balance")
    currency = models.CharField(max_length=3)
    booked_at = models.DateTimeField()
    value_date = models.DateField()
    kind = models.CharField(max_length=32)
    narrative = models.CharField(max_length=500)

    class Meta:
        managed = False
        db_table = "banking_entry"
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"{self.account_id}/{self.seq} {self.amount}"

    @property
    def amount(self) -> Money:
        """Negative when money left the account."""
        return Money(self.amount_minor, self.currency)

    @property
    def balance(self) -> Money:
        return Money(self.balance_minor, self.currency)

    @property
    def balance_before(self) -> Money:
        return Money(self.balance_before_minor, self.currency)


class HoldQuerySet(PublicQuerySet):
    def open(self) -> "HoldQuerySet":
        return self.filter(end__isnull=True)


class Hold(PublicModel):
    """Money set aside on an account until it is captured, released or expires."""

    prefix: ClassVar[str] = "hld"

    account = models.ForeignKey(Account, models.DO_NOTHING, related_name="holds")
    amount_minor = models.BigIntegerField(db_column="amount")
    expires_at = models.DateTimeField(null=True)
    placed_at = models.DateTimeField()
    because = models.CharField(max_length=500)
    tx = TxField()

    objects: ClassVar = HoldQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "banking_hold"

    def __str__(self) -> str:
        return self.public_id

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.account.currency)


class HoldEnd(models.Model):
    """How a hold ended, once. `amount_minor` is what was captured; the rest went back."""

    class Outcome(models.TextChoices):
        CAPTURED = "captured", "Captured"
        RELEASED = "released", "Released"
        EXPIRED = "expired", "Expired"

    hold = models.OneToOneField(Hold, models.DO_NOTHING, primary_key=True, related_name="end")
    outcome = models.CharField(max_length=32, choices=Outcome)
    amount_minor = models.BigIntegerField(db_column="amount")
    movement = models.OneToOneField(Movement, models.DO_NOTHING, null=True, related_name="hold_end")
    at = models.DateTimeField()
    tx = TxField()

    class Meta:
        managed = False
        db_table = "banking_hold_end"

    def __str__(self) -> str:
        return f"{self.hold_id} {self.outcome}"
