"""What accounts have earned."""

from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from django.db import connection
from django.utils import timezone

from banking.models import Account, InterestTerms
from banking.models.interest import PARTS, UNITS
from fintrust.core.money import Money

_DUE = (Path(__file__).parents[1] / "sql" / "interest_due.sql").read_text()


@dataclass(frozen=True, slots=True)
class Due:
    """What an account has earned and not been paid: exactly, and in whole minor units."""

    account_id: int
    uuid: UUID
    currency: str
    units: int

    @property
    def minor(self) -> int:
        """Towards zero: neither side pays what is not whole yet."""
        return abs(self.units) // UNITS * (1 if self.units > 0 else -1)


def due_to(accounts: list[int], through: date) -> list[Due]:
    """What these accounts have earned up to this day, without what was paid before."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"accounts": accounts, "through": through})
        return [
            Due(id, uuid, currency, int(units)) for id, uuid, currency, units in cursor.fetchall()
        ]


@dataclass(frozen=True, slots=True)
class Earning:
    """What the owner of an account is told about its interest."""

    terms: InterestTerms
    earned: Money  # since the last payment; negative for an overdraft
    paid_on: date  # when it is paid next

    @property
    def rate(self) -> str:
        """Of the first tier."""
        return _percent(self.terms.tiers[0][1])

    @property
    def tiers(self) -> str:
        """The rates further up, and what an overdraft costs."""
        currency = self.terms.currency
        more = [
            f"{_percent(rate)} from {Money(start, currency).format()}"
            for start, rate in self.terms.tiers[1:]
        ]
        if self.terms.overdraft_parts:
            more.append(f"{_percent(Decimal(self.terms.overdraft_parts) / PARTS)} on an overdraft")
        return ", ".join(more)

    @property
    def label(self) -> str:
        return "Overdraft interest so far" if self.earned.minor < 0 else "Earned, not yet paid"


def _percent(rate: Decimal) -> str:
    return f"{(rate * 100).normalize():f}%"


def earning(account: Account) -> Earning | None:
    """The interest of an account; None when its product has none."""
    today = timezone.now().astimezone(UTC).date()
    terms = (
        InterestTerms.objects.filter(
            product=account.product, currency=account.currency, valid_from__lte=today
        )
        .order_by("-valid_from", "-id")
        .first()
    )
    if terms is None or not (any(terms.tier_parts) or terms.overdraft_parts):
        return None
    due = due_to([account.pk], today)
    return Earning(
        terms,
        Money(due[0].minor if due else 0, account.currency),
        (today.replace(day=1) + timedelta(days=31)).replace(day=1),
    )
