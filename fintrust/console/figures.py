"""What the console's first page counts. Each figure is one short question to indexed rows."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from banking.models import Transfer
from banking.selectors import held_transfers
from fintrust.core.money import Money
from fraud.models import Decision

DAYS = 14


@dataclass(frozen=True, slots=True)
class Held:
    """Money that waits for an officer or its customer."""

    count: int
    oldest: datetime | None


def held() -> Held:
    waiting = held_transfers()
    oldest = waiting.first()
    return Held(waiting.count(), oldest.asked_at if oldest else None)


def start_of_today() -> datetime:
    """Midnight on the officer's own clock."""
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


def today_by_verdict() -> dict[str, int]:
    """Every verdict, also those nobody got yet."""
    counted = (
        Transfer.objects.filter(asked_at__gte=start_of_today())
        .values_list("decision__verdict")
        .annotate(Count("pk"))
    )
    return dict.fromkeys(Decision.Verdict.values, 0) | dict(counted)


@dataclass(frozen=True, slots=True)
class Day:
    """What was booked on one day: how often, and how much of each currency."""

    day: date
    count: int
    amounts: tuple[Money, ...]


def booked_by_day() -> list[Day]:
    """The last two weeks, quiet days too, oldest first. Currencies are never added up."""
    today = start_of_today().date()
    first = today - timedelta(days=DAYS - 1)
    rows = (
        Transfer.objects.filter(
            status=Transfer.Status.POSTED,
            asked_at__gte=start_of_today() - timedelta(days=DAYS - 1),
        )
        .annotate(day=TruncDate("asked_at"))
        .values("day", "currency")
        .annotate(count=Count("pk"), total=Sum("amount_minor"))
        .order_by("day", "currency")
    )
    found: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["day"]].append(row)
    days = [first + timedelta(days=n) for n in range(DAYS)]
    return [_day(day, found[day]) for day in days]


def _day(day: date, rows: list[dict[str, Any]]) -> Day:
    amounts = tuple(Money(int(row["total"]), row["currency"]) for row in rows)
    return Day(day, sum(row["count"] for row in rows), amounts)
