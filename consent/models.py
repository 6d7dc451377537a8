"""Who may see what of whom, until when; and what left the bank under it."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from banking.models import Account
from fintrust.core.ids import PublicModel, PublicQuerySet


class Scope(models.TextChoices):
    """A cluster of data; its fields and masks are in `consent.masking`."""

    BALANCE = "balance", "Balance"
    TRANSACTIONS = "transactions", "Transactions"
    DETAILS = "details", "Account details"


class Purpose(models.TextChoices):
    """What the data is for. A purpose is chosen, so that it means the same to everybody."""

    BUDGETING = "budgeting", "Help you plan your spending"
    LENDING = "lending", "Decide about a loan"
    ACCOUNTING = "accounting", "Keep your books"
    VERIFICATION = "verification", "Confirm that the account is yours"


def _scopes() -> Any:
    return ArrayField(models.CharField(max_length=20, choices=Scope))


class PartnerQuerySet(PublicQuerySet):
    def active(self) -> "PartnerQuerySet":
        return self.filter(status=Partner.Status.ACTIVE)


class Partner(PublicModel):
    """A firm that may ask for shared data, and the login of its program."""

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        SUSPENDED = "suspended", "Suspended"

    prefix: ClassVar[str] = "prt"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="partner", verbose_name="API login"
    )
    name = models.CharField("registered name", max_length=120)
    trading_name = models.CharField(max_length=80)
    contact = models.CharField(max_length=254, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    scopes = _scopes()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[Any] = PartnerQuerySet.as_manager()

    class Meta:
        default_permissions = ("view", "add", "change")

    def __str__(self) -> str:
        return self.trading_name

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE


class ConsentQuerySet(PublicQuerySet):
    def alive(self, at: datetime) -> "ConsentQuerySet":
        """Under which data may leave at this moment, as far as time and the customer go."""
        return self.filter(status=Consent.Status.GRANTED, starts_at__lte=at, ends_at__gt=at)

    def overdue(self, at: datetime) -> "ConsentQuerySet":
        """Ended by themselves, and not marked yet. A read is refused with or without the mark."""
        return self.filter(status=Consent.Status.GRANTED, ends_at__lte=at)


class Consent(PublicModel):
    """One customer, one partner, one account, some clusters, one purpose, until a moment.

    Written once, except for the status, which leaves `granted` once: the database sees to both.
    """

    class Status(models.TextChoices):
        GRANTED = "granted", "Sharing"
        REVOKED = "revoked", "Stopped"
        EXPIRED = "expired", "Expired"

    prefix: ClassVar[str] = "cns"

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="consents")
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="consents")
    account = models.ForeignKey(Account, models.PROTECT, related_name="consents")
    scopes = _scopes()
    purpose = models.CharField(max_length=20, choices=Purpose)
    starts_at = models.DateTimeField("granted at")
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status, default=Status.GRANTED)

    objects: ClassVar[Any] = ConsentQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        constraints: ClassVar = [
            # One answer to "may they?": two open consents could contradict each other.
            models.UniqueConstraint(
                fields=["partner", "account"],
                condition=Q(status="granted"),
                name="consent_consent_one_open",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("starts_at")), name="consent_consent_ends_later"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "-id"], name="consent_consent_customer"),
            models.Index(fields=["partner", "account", "-id"], name="consent_consent_newest"),
            models.Index(
                fields=["ends_at"], name="consent_consent_due", condition=Q(status="granted")
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    def is_alive(self, at: datetime) -> bool:
        granted = self.status == self.Status.GRANTED
        return granted and self.starts_at <= at < self.ends_at

    @property
    def state(self) -> str:
        """The status as it is now, whether or not a sweep has passed since it ended."""
        if self.status == self.Status.GRANTED and not self.is_alive(timezone.now()):
            return self.Status.EXPIRED
        return self.status

    @property
    def last_moment(self) -> datetime:
        """Still inside; its day is the last day, as people say it."""
        return self.ends_at - timedelta(seconds=1)

    @property
    def clusters(self) -> list[str]:
        """The scopes in words."""
        return [Scope(scope).label for scope in self.scopes]

    @property
    def clusters_in_words(self) -> str:
        """As one phrase: Balance, transactions and account details."""
        *most, last = self.clusters
        return f"{', '.join(most)} and {last}".capitalize() if most else last


class ConsentEvent(models.Model):
    """What happened to a consent, written once each."""

    class Kind(models.TextChoices):
        GRANTED = "granted", "Granted"
        REVOKED = "revoked", "Stopped by the customer"
        EXPIRED = "expired", "Ran out"

    consent = models.ForeignKey(Consent, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.consent_id} {self.kind}"


class Disclosure(PublicModel):
    """What left the bank: to whom, which fields, masked how. Written once, with the answer."""

    prefix: ClassVar[str] = "dsc"

    consent = models.ForeignKey(Consent, models.PROTECT, related_name="disclosures")
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="disclosures")
    account = models.ForeignKey(Account, models.PROTECT, related_name="disclosures")
    scope = models.CharField(max_length=20, choices=Scope)
    masks = models.JSONField("fields and how they were masked")
    rows = models.PositiveIntegerField()
    request_id = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["consent", "-id"], name="consent_disclosure_consent"),
        ]

    def __str__(self) -> str:
        return self.public_id


class Refusal(PublicModel):
    """A partner asked for data and was turned away. It happened, so it is remembered."""

    prefix: ClassVar[str] = "rfs"

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="refusals")
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="refusals")
    consent = models.ForeignKey(Consent, models.PROTECT, null=True, related_name="refusals")
    scope = models.CharField(max_length=20, choices=Scope)
    code = models.CharField(max_length=40)
    request_id = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["consent", "-id"], name="consent_refusal_consent"),
        ]

    def __str__(self) -> str:
        return f"{self.public_id} {self.code}"
