"""What customers said about their own money: names for it, never a change of it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

ABOUT_MAX = 80


class CategoryChoice(models.Model):
    """A customer's category for one payment, or for all from and to one counterparty.

    `about` is a payment's public id or a counterparty's key, as `banking.insights.flows` has
    them: a line of an account elsewhere can be chosen for like an entry of our own.
    """

    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="category_choices"
    )
    about = models.CharField(max_length=ABOUT_MAX)
    category = models.CharField(max_length=20)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer", "about"], name="banking_categorychoice_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.about}: {self.category}"
