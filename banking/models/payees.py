"""Whom a customer pays by name, and what they were told about names."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from banking.models.ledger import Account
from banking.payees.names import NAME_MAX, Result
from fintrust.core.ids import PublicModel

NICKNAME_MAX = 60


class Check(models.TextChoices):
    """What came of comparing a name with the one on the account."""

    MATCH = Result.MATCH.value, "Name matches"
    CLOSE = Result.CLOSE.value, "Name nearly matches"
    NONE = Result.NONE.value, "Name does not match"
    CANNOT = Result.CANNOT.value, "Name not checked"


class Payee(PublicModel):
    """One line of a customer's address book. Removing it removes the line, never the history."""

    prefix: ClassVar[str] = "pay"

    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="payees", db_index=False
    )
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=NAME_MAX)  # as the customer believes it
    nickname = models.CharField(max_length=NICKNAME_MAX, blank=True)
    check_result = models.CharField(max_length=6, choices=Check)
    checked_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "account"], name="banking_payee_once"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def title(self) -> str:
        """What the customer calls them."""
        return self.nickname or self.name

    @property
    def registered_name(self) -> str:
        """The name on the account, when the customer was near enough to be told."""
        told = self.check_result in {Check.MATCH, Check.CLOSE}
        return self.account.owner.name if told and self.account.owner else ""


class NameCheck(models.Model):
    """One look behind an account number. Written once: what is counted cannot be forgotten."""

    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=NAME_MAX, blank=True)  # as it was typed
    result = models.CharField(max_length=6, choices=Check)
    at = models.DateTimeField()

    class Meta:
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["customer", "-at"], name="banking_namecheck_lately"),
        ]

    def __str__(self) -> str:
        return f"{self.result} {self.at:%Y-%m-%d %H:%M}"
