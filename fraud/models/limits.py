"""What customers forbid themselves: each version of it, written once."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from fintrust.core.ids import to_public
from fintrust.core.models import User
from fraud.limits.change import Written
from fraud.limits.own import NAMES, CustomerPolicies


class PolicyVersion(models.Model):
    """A customer's own limits from a moment on. The newest row of a customer counts; what it says
    of earlier limits tells what was in force at any moment until the next."""

    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    version = models.PositiveIntegerField()
    asked = models.JSONField("as the customer wrote them")
    earlier = models.JSONField("earlier ones that still hold", default=list)
    stepped_up = models.BooleanField("confirmed by PIN", default=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField("since")

    class Meta:
        default_permissions = ("view",)
        verbose_name = "version of own limits"
        verbose_name_plural = "own limits"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "version"], name="fraud_policies_once"),
            models.CheckConstraint(
                condition=models.Q(version__gt=0), name="fraud_policies_version_positive"
            ),
        ]

    def __str__(self) -> str:
        limited = [name.replace("_", " ") for name in NAMES if name in self.asked]
        return ", ".join(limited) or "no limits"

    @property
    def public_id(self) -> str:
        """People know it by whose it is."""
        return to_public(User.prefix, self.customer_id)

    @property
    def policies(self) -> CustomerPolicies:
        return CustomerPolicies.from_json(self.asked)

    @property
    def written(self) -> Written:
        return Written.from_json(
            {"asked": self.asked, "earlier": self.earlier, "version": self.version}
        )


class LimitsMail(models.Model):
    """A mail that says what waits to get looser, and when it went; due while it has not."""

    version = models.OneToOneField(
        PolicyVersion, on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [
            models.Index(
                fields=["version"],
                condition=models.Q(mailed_at__isnull=True),
                name="fraud_limitsmail_due",
            ),
        ]

    def __str__(self) -> str:
        return f"mail about {self.version}"
