"""What accounts earn: the terms of a product, what each day brought, and what was paid.

Interest is counted in whole units of which `UNITS` make a minor unit: one millionth of a year's
rate for one day, in a year of 360 or of 365 days alike. So every day's interest is a whole number,
sums are exact for ever, and what is below a minor unit when interest is paid is carried on.
"""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from banking.models.ledger import Account, Movement
from fintrust.core.fields import TxField

PARTS = 1_000_000  # a rate of 2.25 % a year is 22 500 millionths
UNITS = 26_280 * PARTS  # the least common multiple of 360 and 365


class InterestTerms(models.Model):
    """What a product pays from a day on. Each tier earns its own rate on its own slice."""

    class DayCount(models.TextChoices):
        ACT_365 = "act/365", "actual days over 365"
        ACT_360 = "act/360", "actual days over 360"
        EUROBOND = "30E/360", "months of 30 days over 360"

    product = models.CharField(max_length=32, choices=Account.Product)
    currency = models.CharField(max_length=3)
    valid_from = models.DateField()
    day_count = models.CharField(max_length=8, choices=DayCount)
    tier_from = ArrayField(models.BigIntegerField())  # minor units, ascending, the first is 0
    tier_parts = ArrayField(models.IntegerField())  # millionths a year
    overdraft_parts = models.IntegerField(default=0)  # on what is owed to the bank
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name_plural = "interest terms"
        default_permissions = ("view", "add")
        indexes: ClassVar = [
            models.Index(
                fields=["product", "currency", "-valid_from", "-id"],
                name="banking_interestterms_newest",
            )
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.currency} from {self.valid_from}"

    @property
    def tiers(self) -> list[tuple[int, Decimal]]:
        """From how many minor units on, and the rate of a year there: (0, Decimal("0.0225"))."""
        rates = (Decimal(parts) / PARTS for parts in self.tier_parts)
        return list(zip(self.tier_from, rates, strict=True))


class AccrualRun(models.Model):
    """Days that have been counted, once: from `first` to `last`."""

    last = models.DateField(primary_key=True)
    first = models.DateField()
    horizon = TxField()  # movements of this transaction or later were not all seen
    accruals = models.IntegerField()
    corrections = models.IntegerField()
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


class Accrual(models.Model):
    """What one day brought one account, on its balance of that day by value date."""

    pk: Any = models.CompositePrimaryKey("account_id", "day")
    account = models.ForeignKey(
        Account, models.DO_NOTHING, related_name="accruals", db_index=False, db_constraint=False
    )
    day = models.DateField()
    balance_minor = models.BigIntegerField()
    units = models.DecimalField(max_digits=40, decimal_places=0)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.account_id} {self.day}"


class AccrualCorrection(models.Model):
    """The difference that a movement booked later makes to a day that was counted already."""

    pk: Any = models.CompositePrimaryKey("account_id", "day", "run_id")
    account = models.ForeignKey(
        Account, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    day = models.DateField()
    run = models.ForeignKey(AccrualRun, models.PROTECT, related_name="+", db_index=False)
    balance_minor = models.BigIntegerField()
    units = models.DecimalField(max_digits=40, decimal_places=0)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.account_id} {self.day} again"


class InterestMonth(models.Model):
    """A month whose interest and fees have been booked for everybody."""

    through = models.DateField(primary_key=True)  # its last day
    payments = models.IntegerField()
    fees = models.IntegerField()
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.through:%B %Y}"


class InterestPayment(models.Model):
    """What was due to an account, the whole minor units of it that were paid, and the rest."""

    pk: Any = models.CompositePrimaryKey("account_id", "through")
    account = models.ForeignKey(
        Account, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    through = models.DateField()
    paid_minor = models.BigIntegerField()  # negative when an overdraft was charged
    carried = models.DecimalField(max_digits=40, decimal_places=0)
    movement = models.OneToOneField(Movement, models.DO_NOTHING, db_constraint=False)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.account_id} {self.through}"


def is_month_end(day: date) -> bool:
    return (date.fromordinal(day.toordinal() + 1)).day == 1
