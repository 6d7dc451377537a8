"""What was decided, counted. Each question reads one range of one index, or so many of its rows.

Officers see everything by when it was decided, as alerts, matches and times are: what a stream
tells of late counts when it came. A customer's own history goes by when they asked.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from django.db.models import Count, F, FloatField, Func, IntegerField, Max, Q, Sum, Value
from django.db.models.functions import Least, TruncDate, TruncHour, TruncMinute

from fintrust.core.ids import from_public
from fraud.effect import HELD, REFUSED, effect
from fraud.models import (
    Alert,
    Decision,
    DecisionQuerySet,
    DriftCheck,
    Label,
    RuleHit,
    RuleVersion,
)
from fraud.monitoring.policy import MONITORING
from fraud.monitoring.scores import Cell, Scores, Stretch, scores
from fraud.rulebook import selectors as rulebook
from fraud.verdict import BLOCKED, FLAGGED

ASKED, DECIDED = "at", "recorded_at"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def scores_by_day(
    found: DecisionQuerySet, since: date, until: date, zone: tzinfo, *, moment: str = ASKED
) -> Scores:
    """Verdicts and scores of each day from `since` to `until`, on that clock."""
    start, end = midnight(since, zone), midnight(until + timedelta(days=1), zone)
    days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
    return scores(_cells(found, start, end, moment, TruncDate(moment, tzinfo=zone)), days)


def scores_by_hour(since: datetime, until: datetime) -> Scores:
    """The same for each hour of a day or two, everybody's."""
    first = since.replace(minute=0, second=0, microsecond=0)
    hours = [first + HOUR * n for n in range(int((until - first) / HOUR) + 1)]
    when = TruncHour(DECIDED, tzinfo=first.tzinfo)
    return scores(_cells(Decision.objects.all(), first, until, DECIDED, when), hours)


def scores_by_minute(since: datetime, until: datetime) -> tuple[Stretch, ...]:
    """The same for each minute of half an hour, everybody's."""
    first = since.replace(second=0, microsecond=0)
    minutes = [first + MINUTE * n for n in range(int((until - first) / MINUTE) + 1)]
    when = TruncMinute(DECIDED, tzinfo=first.tzinfo)
    return scores(_cells(Decision.objects.all(), first, until, DECIDED, when), minutes).stretches


def bins_between(since: datetime, until: datetime) -> tuple[int, ...]:
    """How the scores of a range are distributed, everybody's."""
    rows = (
        _within(Decision.objects.all(), since, until, DECIDED)
        .order_by()
        .annotate(bin=_bin())
        .values_list("bin")
        .annotate(count=Count("*"))
    )
    found = dict(rows)
    return tuple(found.get(band, 0) for band in range(MONITORING.bins))


def midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, zone)


def _within(
    found: DecisionQuerySet, start: datetime, end: datetime, moment: str
) -> DecisionQuerySet:
    return found.filter(**{f"{moment}__gte": start, f"{moment}__lt": end})


def _cells(
    found: DecisionQuerySet, start: datetime, end: datetime, moment: str, when: Any
) -> list[Cell]:
    rows = (
        _within(found, start, end, moment)
        .order_by()
        .annotate(when=when, bin=_bin())
        .values_list("when", "verdict", "review", "bin")
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


# --- what was held or refused ----------------------------------------------------------------


def stopped(since: datetime, until: datetime) -> DecisionQuerySet:
    """What was held or refused, newest first."""
    found = _within(Decision.objects.all(), since, until, DECIDED)
    return found.filter(verdict__in=[FLAGGED, BLOCKED]).order_by("-recorded_at", "-id")


def held(since: datetime, until: datetime) -> DecisionQuerySet:
    """What waited for its customer or for an officer, newest first."""
    return stopped(since, until).filter(Q(verdict=FLAGGED) | Q(review=True))


@dataclass(frozen=True, slots=True)
class RuleHits:
    """How often a reason was given, among decisions that stopped a payment."""

    name: str  # in words
    held: int
    refused: int

    @property
    def total(self) -> int:
        return self.held + self.refused


def top_reasons(since: datetime, until: datetime) -> list[RuleHits]:
    """The reasons given most, among the newest stopped decisions."""
    rows = stopped(since, until).values_list("verdict", "review", "reasons")
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for verdict, review, reasons in rows[: MONITORING.stopped_rows_max]:
        for code in {reason["code"] for reason in reasons}:
            counts[code][effect(verdict, review)] += 1
    names = _rule_names(counts)
    found = [
        RuleHits(names.get(code) or code.replace("_", " ").capitalize(), by[HELD], by[REFUSED])
        for code, by in counts.items()
    ]
    return sorted(found, key=lambda one: (-one.total, one.name))[: MONITORING.rules_shown]


def _rule_names(codes: Iterable[str]) -> dict[str, str]:
    """The names of officers' rules, by the code they give as a reason."""
    ids = [
        from_public(RuleVersion.prefix, code)
        for code in codes
        if code.startswith(f"{RuleVersion.prefix}_")
    ]
    versions = RuleVersion.objects.filter(pk__in=ids).select_related("rule") if ids else ()
    return {version.public_id: version.rule.name for version in versions}


@dataclass(frozen=True, slots=True)
class OfficersHits:
    """How often a rule of the officers' matched."""

    name: str
    live: bool
    hits: int


def officers_hits(since: datetime, until: datetime) -> list[OfficersHits]:
    """Of each rule that is in force or on trial now, in that state."""
    ruleset = rulebook.newest()
    if ruleset is None:
        return []
    states = [(True, ruleset.live), (False, ruleset.shadow)]
    versions = RuleVersion.objects.select_related("rule").in_bulk([*ruleset.live, *ruleset.shadow])
    return [
        OfficersHits(
            versions[version].rule.name,
            live,
            RuleHit.objects.filter(version=version, live=live, at__gte=since, at__lt=until).count(),
        )
        for live, chosen in states
        for version in chosen
    ]


def degraded_between(since: datetime, until: datetime) -> int:
    """Decisions that could not ask something: Redis, a model, a rule."""
    return _within(Decision.objects.all(), since, until, DECIDED).filter(~Q(degraded=[])).count()


def newest_drift() -> DriftCheck | None:
    """How far the payments of late are from those that the model learned from."""
    return DriftCheck.objects.order_by("-at", "-id").first()


# --- how soon somebody answered ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spans:
    """How long something took, of those it did not take for ever."""

    name: str
    ended: int
    waiting: int
    median: timedelta | None
    slow: timedelta | None  # nine in ten were quicker


def alert_answers(since: datetime, until: datetime) -> list[Spans]:
    """How soon alerts were acknowledged, the gravest first."""
    rows = (
        Alert.objects.filter(at__gte=since, at__lt=until)
        .order_by("-at", "-id")
        .values_list("severity", "at", "acknowledged_at")[: MONITORING.alerts_max]
    )
    times: dict[str, list[timedelta | None]] = defaultdict(list)
    for severity, raised, acknowledged in rows:
        times[severity].append(acknowledged - raised if acknowledged else None)
    labels = [(Alert.Severity(value).label, value) for value in ("high", "medium", "low")]
    return [_spans(label, times[value]) for label, value in labels if times[value]]


def label_ages(since: datetime, until: datetime) -> list[Spans]:
    """How old payments were when it became known what they were, by who said so."""
    rows = (
        Label.objects.filter(known_at__gte=since, known_at__lt=until)
        .order_by("-known_at")
        .values_list("source", "paid_at", "known_at")[: MONITORING.alerts_max]
    )
    times: dict[str, list[timedelta | None]] = defaultdict(list)
    for source, paid, known in rows:
        times[source].append(known - paid)
    return [_spans(Label.Source(source).label, ages) for source, ages in sorted(times.items())]


def _spans(name: str, times: Sequence[timedelta | None]) -> Spans:
    ended = sorted(time for time in times if time is not None)
    return Spans(name, len(ended), len(times) - len(ended), _at(ended, 0.5), _at(ended, 0.9))


def _at(ordered: Sequence[timedelta], share: float) -> timedelta | None:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else None
