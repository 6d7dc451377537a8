"""The numbers above the feed: what waits, what happened lately, how much a minute."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.db.models.functions import TruncMinute
from django.utils import timezone

from banking.selectors import held_transfers
from fintrust.core import live
from fintrust.live import feed
from fintrust.live.policy import RATE_WINDOW
from fraud.selectors import open_alerts

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Minute:
    at: datetime
    alerts: int
    movements: int


@dataclass(frozen=True, slots=True)
class Figures:
    alerts_waiting: int
    transfers_held: int
    alerts_hour: int
    movements_hour: int
    minutes: list[Minute]

    @property
    def per_minute(self) -> int:
        """Events of the last whole minute: the running one has only begun."""
        return self.minutes[-2].alerts + self.minutes[-2].movements


def figures() -> Figures:
    since = timezone.now() - HOUR
    lately = live.visible(live.SUPPORT).filter(at__gte=since)
    hour = lately.aggregate(
        alerts=Count("id", filter=Q(kind=feed.RAISED)),
        movements=Count("id", filter=Q(kind__startswith="transfer.")),
    )
    return Figures(
        alerts_waiting=open_alerts().count(),
        transfers_held=held_transfers().count(),
        alerts_hour=hour["alerts"],
        movements_hour=hour["movements"],
        minutes=_minutes(),
    )


def _minutes() -> list[Minute]:
    """One entry a minute, quiet minutes too, oldest first; the last is the running one."""
    running = timezone.now().replace(second=0, microsecond=0)
    first = running - RATE_WINDOW + MINUTE
    counted = (
        live.visible(live.SUPPORT)
        .filter(at__gte=first)
        .annotate(minute=TruncMinute("at"))
        .values("minute")
        .annotate(
            alerts=Count("id", filter=Q(kind=feed.RAISED)),
            movements=Count("id", filter=Q(kind__startswith="transfer.")),
        )
        .order_by("minute")
    )
    found = {row["minute"]: row for row in counted}
    quiet = {"alerts": 0, "movements": 0}
    moments = [first + MINUTE * n for n in range(int(RATE_WINDOW / MINUTE))]
    return [
        Minute(at, found.get(at, quiet)["alerts"], found.get(at, quiet)["movements"])
        for at in moments
    ]
