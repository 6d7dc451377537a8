"""Rates of exchange as they were set, each once."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class FxRate(models.Model):
    """So many units of `quote` for one of `base`, from a moment on. The newest valid one counts."""

    base = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=24, decimal_places=12)
    source = models.CharField(max_length=60)
    valid_from = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = "exchange rate"
        default_permissions = ("view", "add")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(rate__gt=0), name="banking_fxrate_positive"),
            models.CheckConstraint(condition=~Q(base=F("quote")), name="banking_fxrate_two"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["base", "quote", "-valid_from", "-id"], name="banking_fxrate_newest"
            ),
        ]

    def __str__(self) -> str:
        return f"1 {self.base} = {self.rate.normalize():f} {self.quote}"
