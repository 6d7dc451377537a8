"""Journals and closed periods as Django reads them; `banking.ledger` is their door."""

from typing import ClassVar

from django.db import models

from banking.models.ledger import Account, Currency
from fintrust.core.fields import TxField
from fintrust.core.ids import PublicModel
from fintrust.core.money import Money


class Journal(PublicModel):
    """Movements that were made together, in one transaction: its legs name it in `journal_id`."""

    prefix: ClassVar[str] = "jrn"

    narrative = models.CharField(max_length=500)
    value_date = models.DateField(null=True)
    booked_at = models.DateTimeField()
    reverses = models.OneToOneField(
        "self", models.DO_NOTHING, null=True, db_column="reverses", related_name="reversed_by"
    )
    tx = TxField()

    class Meta:
        managed = False
        db_table = "banking_journal"

    def __str__(self) -> str:
        return self.public_id


class Close(models.Model):
    """One currency's books closed up to and including a day."""

    pk = models.CompositePrimaryKey("currency_id", "until_day")
    currency = models.ForeignKey(
        Currency, models.DO_NOTHING, db_column="currency", related_name="closes"
    )
    until_day = models.DateField()
    closed_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "banking_close"

    def __str__(self) -> str:
        return f"{self.currency_id} until {self.until_day}"


class FrozenBalance(models.Model):
    """What an account held at the end of a closed period. Accounts that held nothing have none."""

    pk = models.CompositePrimaryKey("account_id", "until_day")
    account = models.ForeignKey(Account, models.DO_NOTHING, related_name="frozen_balances")
    currency = models.CharField(max_length=3)
    until_day = models.DateField()
    balance_minor = models.BigIntegerField(db_column="balance")

    class Meta:
        managed = False
        db_table = "banking_frozen"

    def __str__(self) -> str:
        return f"{self.account_id} {self.balance}"

    @property
    def balance(self) -> Money:
        return Money(self.balance_minor, self.currency)
