"""What the bank keeps to recognise a person: a sealed PIN."""

from django.conf import settings
from django.db import models


class Pin(models.Model):
    """A person's PIN: its Argon2 hash, sealed, because ten thousand PINs are soon tried.

    Whoever copies the table without the master key has nothing to try them against.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True, related_name="pin"
    )
    sealed_hash = models.BinaryField()
    failures = models.PositiveSmallIntegerField("wrong tries in a row", default=0)
    locked_until = models.DateTimeField(null=True)
    updated_at = models.DateTimeField("set at")

    class Meta:
        verbose_name = "PIN"
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"PIN of {self.user}"
