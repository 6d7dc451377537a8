"""The numbers above the feed: what waits, what happened lately, how much a minute."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.db.models import Count, Q
from django.db.models.functions import TruncMinute
from django.utils import timezone

from banking.selectors import held_transfers
from fintrust.core import live
from fintrust.live import feed
from fintrust.live.policy import RATE_WINDOW
from fraud.effect import HELD, PASSED, REFUSED
from fraud.monitoring.scores import Stretch
from fraud.monitoring.selectors import scores_by_minute
from fraud.selectors import open_alerts

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Minute:
    at: datetime
    alerts: int
    movements: int
    passed: int
    held: int
    refused: int


@dataclass(frozen=True, slots=True)
class Figures:
    alerts_waiting: int
    transfers_held: int
    alerts_hour: int
    movements_hour: int
    decisions_hour: int
    stopped_hour: int
    lag_ms: int  # how old the oldest row is that no screen may show yet
    minutes: list[Minute]

    @property
    def stopped_share(self) -> float | None:
        """Held or refused, of the last hour's decisions."""
        return self.stopped_hour / self.decisions_hour if self.decisions_hour else None

    @property
    def per_minute(self) -> int:
        """Events of the last whole minute: the running one has only begun."""
        return self.minutes[-2].alerts + self.minutes[-2].movements


def figures() -> Figures:
    hour = _minutes(timezone.now())
    total = {
        name: sum(getattr(minute, name) for minute in hour)
        for name in ("alerts", "movements", "passed", "held", "refused")
    }
    stopped = total["held"] + total["refused"]
    return Figures(
        alerts_waiting=open_alerts().count(),
        transfers_held=held_transfers().count(),
        alerts_hour=total["alerts"],
        movements_hour=total["movements"],
        decisions_hour=total["passed"] + stopped,
        stopped_hour=stopped,
        lag_ms=live.waiting(live.SUPPORT).lag_ms,
        minutes=hour[-int(RATE_WINDOW / MINUTE) :],
    )


def _minutes(now: datetime) -> list[Minute]:
    """The last hour by the minute, quiet minutes too, oldest first; the last is the running one."""
    first = now - HOUR
    counted = (
        live.visible(live.SUPPORT)
        .filter(at__gte=first.replace(second=0, microsecond=0))
        .annotate(minute=TruncMinute("at"))
        .values("minute")
        .annotate(
            alerts=Count("id", filter=Q(kind=feed.RAISED)),
            movements=Count("id", filter=Q(kind__startswith="transfer.") & ~feed.TOLD_BY_ALERT),
        )
        .order_by("minute")
    )
    events = {row["minute"]: row for row in counted}
    return [_minute(judged, events.get(judged.at)) for judged in scores_by_minute(first, now)]


def _minute(judged: Stretch, events: Mapping[str, Any] | None) -> Minute:
    return Minute(
        at=cast(datetime, judged.at),
        alerts=events["alerts"] if events else 0,
        movements=events["movements"] if events else 0,
        passed=judged.effects[PASSED],
        held=judged.effects[HELD],
        refused=judged.effects[REFUSED],
    )
