"""What the bank keeps to recognise a person: a sealed PIN, and how they type. Never what."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from fintrust.core.ids import PublicModel


class Guessed(models.Model):
    """What a thief would guess at: how often somebody was wrong, and until when it rests."""

    failures = models.PositiveSmallIntegerField("wrong tries in a row", default=0)
    locked_until = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class Pin(Guessed):
    """A person's PIN: its Argon2 hash, sealed, because ten thousand PINs are soon tried.

    Whoever copies the table without the master key has nothing to try them against.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="pin"
    )
    sealed_hash = models.BinaryField()
    updated_at = models.DateTimeField("set at")

    class Meta:
        verbose_name = "PIN"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"PIN of {self.user}"


class CodeTries(Guessed):
    """Wrong codes of a person's authenticator app. Its secret is the sign-in package's, sealed."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    used_step = models.BigIntegerField("half minute whose code was used last", null=True)

    class Meta:
        verbose_name = "tries of codes"
        verbose_name_plural = "tries of codes"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"codes of {self.user}"


class Rhythm(PublicModel):
    """The timings of one filled-in form. Written once; its id is that of the form it came from."""

    prefix: ClassVar[str] = "rhy"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    session_hash = models.CharField(max_length=32)
    form = models.CharField(max_length=30)
    touch = models.BooleanField("typed on a touch screen")
    pointers = models.PositiveSmallIntegerField("clicks and touches")
    zones = ArrayField(models.SmallIntegerField())
    downs_ms = ArrayField(models.FloatField())
    holds_ms = ArrayField(models.FloatField())
    features = models.JSONField()
    distance = models.FloatField(null=True)
    risk = models.FloatField(null=True)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["user", "-id"], name="biometrics_rhythm_user"),
            models.Index(fields=["session_hash", "-at"], name="biometrics_rhythm_session"),
        ]

    def __str__(self) -> str:
        return self.public_id
