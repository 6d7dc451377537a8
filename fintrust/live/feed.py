"""Events as rows of the feed: which ones, in which words. The page and the socket share them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Self

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.template.loader import render_to_string

from banking.models import Transfer
from fintrust.core import live
from fintrust.core.models import Event
from fintrust.core.money import Money
from fintrust.live.policy import STANDARD, FeedPolicy
from fraud.effect import HELD, REFUSED, effect
from fraud.models import Alert, Decision
from fraud.selectors import alerts, decision_for

RAISED, ACKNOWLEDGED = "alert.raised", "alert.acknowledged"
STORY_ROWS_MAX = 50
FAMILIES = {"alert": "Alerts", "case": "Cases", "transfer": "Movements"}
SEVERITIES = {"high": "High", "medium": "Medium", "low": "Low"}
# An alert brings its severity along; a movement is as severe as the verdict about it.
_BY_VERDICT = {
    Decision.Verdict.BLOCKED.value: "high",
    Decision.Verdict.FLAGGED.value: "medium",
    Decision.Verdict.VERIFIED.value: "low",
}
# What is held or refused at once is an alert in the same moment: one row, and the alert has more.
_HELD, _REFUSED = "transfer.held", "transfer.refused"
_TOLD = {_HELD: HELD, _REFUSED: REFUSED}
# `_effect` for the database. Contained or not: an older event without `review` is not unknown.
_REVIEW = Q(data__contains={"review": True})
_TOLD_HELD = Q(kind=_HELD) & (Q(data__verdict=Decision.Verdict.FLAGGED.value) | _REVIEW)
_TOLD_REFUSED = Q(kind=_REFUSED, data__verdict=Decision.Verdict.BLOCKED.value) & ~_REVIEW
TOLD_BY_ALERT = _TOLD_HELD | _TOLD_REFUSED
_SEARCHED = ("from", "to", "transfer", "kind", "text")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a watcher wants to see. The script applies the same rules to rows that arrive."""

    family: str = ""
    severity: str = ""
    text: str = ""
    waiting: bool = False  # only alerts that nobody has acknowledged

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        family, severity = query.get("kind", ""), query.get("severity", "")
        return cls(
            family=family if family in FAMILIES else "",
            severity=severity if severity in SEVERITIES else "",
            text=query.get("q", "").strip().lower()[: STANDARD.text_length_max],
            waiting=query.get("waiting", "") == "1",
        )

    def __bool__(self) -> bool:
        return self != type(self)()


def events(filters: Filters, *, before: live.Cursor | None = None) -> QuerySet[Event]:
    """The events that are rows of the feed, newest first, narrowed."""
    found = live.visible(live.SUPPORT, before=before).exclude(kind=ACKNOWLEDGED)
    found = found.exclude(TOLD_BY_ALERT)
    if filters.family:
        found = found.filter(_of_family(filters.family))
    if filters.severity:
        found = found.filter(_as_severe(filters.severity))
    if filters.waiting:
        found = found.filter(Q(kind=RAISED) & ~Exists(_acknowledgements(OuterRef("subject"))))
    if filters.text:
        found = found.filter(_mentions(filters.text))
    return found.order_by("-tx", "-id")


def shown(arrived: Iterable[Event]) -> list[Event]:
    """Those of the events that come to the feed as rows of their own, or change one."""
    return [one for one in arrived if _TOLD.get(one.kind, "") != _effect(one.data)]


def _effect(data: Mapping[str, Any]) -> str:
    """What became of the payment when it was judged."""
    return effect(data["verdict"], data.get("review", False)) if "verdict" in data else "-"


def bounded(cursor: live.Cursor, policy: FeedPolicy = STANDARD) -> tuple[live.Cursor, int]:
    """Where a screen continues, and how many events it is spared when it is too far behind."""
    if cursor > live.end(live.SUPPORT):
        raise live.InvalidCursor()  # from another database: this feed never gave it out
    behind = live.behind(cursor, live.SUPPORT)
    if behind <= policy.backlog_rows_max:
        return cursor, 0
    newest = live.latest(live.SUPPORT, policy.page_rows_max + 1)
    return newest[0][0], behind - policy.page_rows_max


def _of_family(family: str) -> Q:
    """Movements and cases say what they are; everything else is an alert, damage too."""
    if family in _BY_KIND:
        return Q(kind__startswith=f"{family}.")
    return ~reduce(or_, (_of_family(named) for named in _BY_KIND))


_BY_KIND = ("case", "transfer")


def _mentions(text: str) -> Q:
    mentioned = Q(subject__icontains=text)
    for key in _SEARCHED:
        mentioned |= Q(**{f"data__{key}__icontains": text})
    transfer = KeyTextTransform("transfer", OuterRef("data"))
    sides = Q(data__from__icontains=text) | Q(data__to__icontains=text)
    of_its_movement = Q(Exists(_movements(subject=transfer).filter(sides)))
    return mentioned | (Q(kind=RAISED) & of_its_movement)


def _movements(**of: Any) -> QuerySet[Event]:
    return Event.objects.filter(topic=live.SUPPORT, kind__startswith="transfer.", **of)


def _as_severe(severity: str) -> Q:
    verdicts = [verdict for verdict, name in _BY_VERDICT.items() if name == severity]
    judged = Q(data__severity__isnull=True, data__verdict__in=verdicts)
    damage = Q(kind__in=_DAMAGE) if severity == "high" else Q()
    return Q(data__severity=severity) | judged | damage


def _acknowledgements(subject: Any) -> QuerySet[Event]:
    # Not bound by the horizon: whoever acknowledged an alert must see it acknowledged at once.
    return Event.objects.filter(topic=live.SUPPORT, subject=subject, kind=ACKNOWLEDGED)


# --- one row --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One event in the words of the feed."""

    id: int
    cursor: live.Cursor
    at: datetime
    kind: str
    subject: str
    severity: str
    amount: Money | None
    data: Mapping[str, Any]
    acknowledged: Mapping[str, Any] | None = None
    is_update: bool = False  # a row that was there before, as it is now

    @property
    def family(self) -> str:
        first = self.kind.partition(".")[0]
        return first if first in _BY_KIND else "alert"

    @property
    def is_alert(self) -> bool:
        return self.kind == RAISED

    @property
    def is_waiting(self) -> bool:
        return self.is_alert and self.acknowledged is None

    @property
    def title(self) -> str:
        if self.kind in _DAMAGE:
            return _DAMAGE[self.kind]
        if self.family == "case":
            return _CASES[self.kind]
        thing = str(self.data.get("kind", "transfer")).capitalize()
        if self.is_alert:
            return _alerted(thing, self.data)
        return f"{thing} {self.kind.partition('.')[2]}"

    @property
    def text(self) -> str:
        said = str(self.data.get("text") or self.data.get("first", ""))
        return ", ".join(part for part in (_doer(self.data), said) if part)

    @property
    def parties(self) -> str:
        return " → ".join(str(self.data[side]) for side in ("from", "to") if self.data.get(side))

    @property
    def handled(self) -> str:
        return f"Acknowledged by {self.acknowledged['by']}" if self.acknowledged else ""

    @property
    def severity_word(self) -> str:
        return SEVERITIES[self.severity]

    @property
    def severity_tone(self) -> str:
        return {"high": "error", "medium": "warning"}.get(self.severity, "neutral")

    @property
    def icon(self) -> str:
        return _ICONS.get(self.kind, "activity")

    @property
    def tone(self) -> str:
        if self.is_alert:
            return self.severity_tone if self.is_waiting else "neutral"
        return _TONES.get(self.kind, "info")

    @property
    def searched(self) -> str:
        """What the text filter looks at, for the script: the same fields as `_mentions`."""
        found = [self.subject, *(str(self.data.get(key, "")) for key in _SEARCHED)]
        return " ".join(found).lower()


def _alerted(thing: str, data: Mapping[str, Any]) -> str:
    """What was noticed, and what became of the payment; elsewhere that is not ours to say."""
    named = _ALERTS.get(str(data.get("alert")))
    if named:
        return named.format(thing)
    blocked = data.get("verdict") == Decision.Verdict.BLOCKED
    if not str(data.get("transfer", "")).startswith(f"{Transfer.prefix}_"):
        return f"{thing} elsewhere {'blocked' if blocked else 'flagged'}"
    return f"{thing} {_effect(data)}"


_ALERTS = {
    Alert.Kind.LIMIT.value: "{} refused by own limit",
    Alert.Kind.AFTERWARDS.value: "{} unlike others",
    Alert.Kind.RULE.value: "Rule stopped by its budget",
    Alert.Kind.DENIED.value: "{} was not the customer",
    Alert.Kind.DISPUTED.value: "{} disputed by the customer",
}


def _doer(data: Mapping[str, Any]) -> str:
    """Of a case: who did it, for whom, and with which outcome."""
    by, officer = data.get("by", ""), data.get("officer", "")
    who = f"{by} to {officer}" if officer and officer != by else by
    return ": ".join(str(part) for part in (who, data.get("outcome", "")) if part)


_CASES = {
    "case.opened": "Case opened",
    "case.taken": "Case taken",
    "case.handed": "Case handed over",
    "case.released": "Case put back",
    "case.escalated": "Case escalated",
    "case.proposed": "Outcome of a case proposed",
    "case.returned": "Outcome of a case returned",
    "case.closed": "Case closed",
    "case.reopened": "Case reopened",
}

# About the bank itself: its books or log contradict themselves, or a model is out of date.
_DAMAGE = {
    "banking.ledger.found_damaged": "The ledger is damaged",
    "audit.log.found_damaged": "The audit log is damaged",
    "fraud.drift.alarmed": "Payments have changed; the model has not",
}
_ICONS = {
    **dict.fromkeys(_DAMAGE, "triangle-alert"),
    RAISED: "shield-alert",
    **dict.fromkeys(_CASES, "inbox"),
    "transfer.posted": "check",
    _HELD: "hourglass",
    _REFUSED: "ban",
    "transfer.cancelled": "x",
    "transfer.expired": "clock",
}
_TONES = {
    **dict.fromkeys(_DAMAGE, "error"),
    "transfer.posted": "success",
    _HELD: "warning",
    _REFUSED: "error",
    "transfer.cancelled": "neutral",
    "transfer.expired": "neutral",
}


def row_of(event: Event) -> Row:
    data = event.data
    judged = "high" if event.kind in _DAMAGE else _BY_VERDICT.get(data.get("verdict", ""), "low")
    return Row(
        id=event.id,
        cursor=live.Cursor.of(event),
        at=event.at,
        kind=event.kind,
        subject=event.subject,
        severity=data.get("severity") or judged,
        amount=Money(data["amount_minor"], data["currency"]) if "amount_minor" in data else None,
        data=data,
    )


def rows_of(found: Iterable[Event]) -> list[Row]:
    """Rows in the order of the events. An acknowledgement is its alert's row, as it is now."""
    given = list(found)
    alerts = {event.subject for event in given if event.kind in (RAISED, ACKNOWLEDGED)}
    acknowledged = {
        event.subject: {"at": event.at, **event.data} for event in _acknowledgements_of(alerts)
    }
    raised = _raised(given)
    sides = _sides_of([*given, *raised.values()])
    rows = []
    for event in given:
        origin = raised.get(event.subject) if event.kind == ACKNOWLEDGED else event
        if origin is not None:
            row = row_of(origin)
            row = replace(row, data={**sides.get(str(row.data.get("transfer")), {}), **row.data})
            handled, known = acknowledged.get(row.subject), origin is not event
            rows.append(replace(row, acknowledged=handled, is_update=known))
    return rows


def _sides_of(given: list[Event]) -> dict[str, dict[str, str]]:
    """From whom and to whom, by transfer, masked: an alert does not know, its movement does."""
    transfers = {event.data.get("transfer") for event in given if event.kind == RAISED} - {None}
    if not transfers:
        return {}
    return {
        event.subject: {side: event.data[side] for side in ("from", "to") if side in event.data}
        for event in _movements(subject__in=transfers)
    }


def _acknowledgements_of(alerts: set[str]) -> Iterable[Event]:
    if not alerts:
        return ()
    return Event.objects.filter(topic=live.SUPPORT, subject__in=alerts, kind=ACKNOWLEDGED)


def _raised(given: list[Event]) -> dict[str, Event]:
    """The alerts that were acknowledged in these events."""
    subjects = {event.subject for event in given if event.kind == ACKNOWLEDGED}
    if not subjects:
        return {}
    found = Event.objects.filter(topic=live.SUPPORT, subject__in=subjects, kind=RAISED)
    return {event.subject: event for event in found}


def html_of(rows: list[Row], *, may_acknowledge: bool, request: Any = None) -> str:
    """The rows as the page draws them, newest first."""
    context = {"rows": rows[::-1], "may_acknowledge": may_acknowledge}
    return render_to_string("live/_rows.html", context, request)


# --- one event in detail --------------------------------------------------------------------


def decision_of(row: Row) -> Decision | None:
    """The judgement behind an event."""
    return decision_for(str(row.data.get("transfer", row.subject)))


def story_of(row: Row) -> list[Row]:
    """Everything the feed knows about the same transfer, oldest first."""
    transfer = str(row.data.get("transfer", row.subject))
    about = [transfer, *(alert.public_id for alert in alerts().filter(decision__subject=transfer))]
    related = live.visible(live.SUPPORT).filter(subject__in=about).exclude(kind=ACKNOWLEDGED)
    related = related.exclude(TOLD_BY_ALERT)
    return rows_of(related.order_by("tx", "id")[:STORY_ROWS_MAX])
