"""The people of the bank, the keys it signs with, and the events its pages follow."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower, Now

from fintrust.core.fields import TxField
from fintrust.core.ids import PublicModel, PublicQuerySet


class UserManager(BaseUserManager["User"].from_queryset(PublicQuerySet)):  # type: ignore[misc]
    use_in_migrations = False

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email=(email or "").lower())


class User(PublicModel, AbstractBaseUser, PermissionsMixin):
    """A person or a partner's program that can sign in, by e-mail."""

    class Kyc(models.TextChoices):
        PENDING = "pending", "Not checked yet"
        VERIFIED = "verified", "Identity checked"
        REJECTED = "rejected", "Identity could not be confirmed"

    prefix: ClassVar[str] = "usr"

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=120)
    phone = models.CharField(max_length=24, blank=True)
    timezone = models.CharField(max_length=40, default="Europe/London")
    kyc = models.CharField("KYC status", max_length=10, choices=Kyc, default=Kyc.PENDING)
    is_staff = models.BooleanField("may enter the console", default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="core_user_email_is_lower_case"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]


class SigningKey(PublicModel):
    """A key pair the bank signs with. The private half is sealed; old public halves stay
    readable until everything they signed has run out."""

    prefix: ClassVar[str] = "key"

    purpose = models.CharField(max_length=20)
    sealed_private = models.BinaryField()
    public_pem = models.TextField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    retires_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["purpose", "-created_at"], name="core_key_newest")
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.public_id}"


class Event(models.Model):
    """Something a page may follow. Written once; ordered by (tx, id); see `core.live`."""

    id = models.BigAutoField(primary_key=True)
    topic = models.CharField(max_length=60)
    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=40)
    data = models.JSONField()
    at = models.DateTimeField(db_default=Now(), editable=False)
    tx = TxField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["topic", "tx", "id"], name="core_event_feed"),
            models.Index(fields=["topic", "subject"], name="core_event_subject"),
            models.Index(fields=["topic", "at"], name="core_event_lately"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
