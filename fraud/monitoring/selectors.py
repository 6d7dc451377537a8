"""What was decided, counted. Each question reads one range of an index that holds its answer."""

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from django.db.models import Count, F, FloatField, Func, IntegerField, Max, Sum, Value
from django.db.models.functions import Least, TruncDate

from fraud.models import DecisionQuerySet
from fraud.monitoring.policy import MONITORING
from fraud.monitoring.scores import Cell, Scores, scores


def scores_by_day(found: DecisionQuerySet, since: date, until: date, zone: tzinfo) -> Scores:
    """Verdicts and scores of each day from `since` to `until`, on that clock."""
    start, end = _midnight(since, zone), _midnight(until + timedelta(days=1), zone)
    days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
    return scores(_cells(found, start, end, TruncDate("at", tzinfo=zone)), days)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, zone)


def _cells(found: DecisionQuerySet, start: datetime, end: datetime, when: Any) -> list[Cell]:
    rows = (
        found.filter(at__gte=start, at__lt=end)
        .order_by()
        .annotate(when=when, bin=_bin())
        .values_list("when", "verdict", "bin")
        .annotate(count=Count("*"), sum=Sum("score"), largest=Max("score"))
    )
    return [Cell(*row) for row in rows]


def _bin() -> Any:
    """Which band a score is in, from 0; a score of 1 is in the last."""
    bucket = Func(
        F("score"),
        Value(0.0, FloatField()),
        Value(1.0, FloatField()),
        Value(MONITORING.bins),
        function="width_bucket",
        output_field=IntegerField(),
    )
    return Least(bucket, MONITORING.bins) - 1
