"""What accounts have earned."""

from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from django.db import connection
from django.utils import timezone

from banking.models import Account, InterestTerms
from banking.models.interest import UNITS
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
    rates: list[tuple[Money, Decimal]]  # from how much on, and per cent a year
    earned: Money  # since the last payment; negative for an overdraft
    paid_on: date  # when it is paid next


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
        [(Money(start, account.currency), rate * 100) for start, rate in terms.tiers],
        Money(due[0].minor if due else 0, account.currency),
        (today.replace(day=1) + timedelta(days=31)).replace(day=1),
    )
