"""The verbs of judging: assess, judge, observe, set limits, acknowledge."""

from collections.abc import Mapping

import psycopg
from babel.numbers import is_currency
from django.db import connection, transaction
from django.utils import timezone
from psycopg.types.json import Jsonb

from audit.services import record
from fintrust.core import live
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import MINOR_MAX, Money
from fraud import features, selectors
from fraud.errors import AlertAlreadyAcknowledged, ForbiddenByOwnLimit, InvalidLimit, NoteTooLong
from fraud.facts import Facts
from fraud.features import Snapshot, aggregates
from fraud.models import Alert, CustomerLimit, Decision, PaymentFact
from fraud.rulebook.hits import remember as remember_hits
from fraud.travel import services as travel
from fraud.verdict import BLOCKED, CRITICAL, FLAGGED, VERIFIED, Ruleset, Verdict, decide

NOTE_MAX = 500

# --- judging --------------------------------------------------------------------------------


def judge(facts: Facts, *, ruleset: Ruleset | None = None) -> Verdict:
    """What the verdict would be. Nothing is written: a preview, a what-if."""
    return _judged(facts, ruleset)[1]


def _judged(facts: Facts, ruleset: Ruleset | None) -> tuple[Snapshot, Verdict]:
    snapshot, officers = selectors.known_for(facts)
    ruleset = ruleset or selectors.ruleset_in_force(officers)
    return snapshot, decide(facts, snapshot, ruleset, selectors.models_of(ruleset))


@transaction.atomic(savepoint=False)
def assess(facts: Facts, *, ruleset: Ruleset | None = None) -> Decision:
    """Judge a movement before it is booked, and remember it with all that it was made from.

    Belongs into the transaction of the money: decision, alert, records and event stay or go with
    it. Ask for it after taking the locks, so that what it reads is what will be moved. Without a
    ruleset the one in force decides.
    """
    snapshot, verdict = _judged(facts, ruleset)
    decision = Decision.made(facts, snapshot, verdict)
    _remember(decision)
    travel.learn_after_commit(
        facts,
        snapshot,
        trusted=verdict.verdict == VERIFIED,
        refused=verdict.verdict == BLOCKED,
    )
    return decision


def keep(decision: Decision) -> None:
    """Remember a decision whose first writing was undone together with its movement."""
    _remember(decision)


def _remember(decision: Decision) -> None:
    _insert(decision)
    _record_decision(decision)
    remember_hits(decision, live=decision.matched, shadow=decision.matched_in_shadow)
    if decision.verdict != VERIFIED:
        _alert_about(decision)


_COLUMNS = (
    "id", "subject", "customer_id", "verdict", "score", "risk_level", "forbidden", "reasons",
    "facts", "snapshot", "ruleset", "officers", "champion", "shadow_model", "contributions",
    "shadow", "degraded", "at",
)  # fmt: skip
_INSERT = (
    f"INSERT INTO fraud_decision ({', '.join(_COLUMNS)})"
    f" VALUES ({', '.join(['%s'] * len(_COLUMNS))}) RETURNING recorded_at"
)


def _insert(decision: Decision) -> None:
    """As `save` would, prepared: the money waits for it."""
    values = [getattr(decision, name) for name in _COLUMNS]
    written = [Jsonb(one) if isinstance(one, dict | list) else one for one in values]
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_INSERT, written, prepare=True)
        row = cursor.fetchone()
    assert row is not None  # RETURNING answers, or it was an error
    decision.recorded_at = row[0]
    decision._state.adding, decision._state.db = False, connection.alias


def _record_decision(decision: Decision) -> None:
    record(
        "fraud.decision.made",
        subject=decision,
        owner=decision.customer_id,
        data={
            "subject": decision.subject,
            "verdict": decision.verdict,
            "score": str(decision.score),  # text: a leaf of the log has one spelling of a number
            "reasons": [reason["code"] for reason in decision.reasons],
            "ruleset": decision.ruleset,
            **({"officers": decision.officers} if decision.officers else {}),
            **({"model": decision.champion} if decision.champion else {}),
            **({"degraded": decision.degraded} if decision.degraded else {}),
        },
    )


def observe(decision: Decision) -> PaymentFact:
    """The money really moved: from now on it belongs to the customer's normal.

    Belongs into the transaction that moves it. What the customer's own limit forbids can never be
    learned from, and so can never move: this refuses, and the caller's movement with it.
    """
    if decision.forbidden:
        raise ForbiddenByOwnLimit()
    facts, snapshot = decision.facts_then(), decision.snapshot_then()
    clock = features.local(facts.at, facts.timezone)
    return PaymentFact.objects.create(
        decision=decision,
        subject=facts.subject,
        kind=facts.kind,
        customer_id=facts.customer_id,
        account=facts.account,
        counterparty=facts.counterparty,
        outgoing=facts.outgoing,
        amount_minor=facts.amount_minor,
        currency=facts.currency,
        local_hour=clock.hour,
        local_weekday=clock.weekday(),
        device=facts.device or "",
        unusual=aggregates.unusual(facts.amount_minor, snapshot.payments, snapshot.get("own_high")),
        at=facts.at,
    )


# --- the customer's own limits --------------------------------------------------------------


@transaction.atomic
def set_limits(
    *, customer: User, largest_minor: Mapping[str, int | None], by: User
) -> list[CustomerLimit]:
    """The largest payment in each given currency; None lifts the limit, others stay as they are.

    Takes effect at once. Returns all limits that the customer has now.
    """
    for currency, minor in largest_minor.items():
        _check_limit(currency, minor)
    # One lock per customer: two tabs at once leave one of the two answers, not a mixture.
    User.objects.select_for_update(no_key=True).get(pk=customer.pk)
    before = _as_text(customer)
    for currency, minor in largest_minor.items():
        _set_limit(customer, currency, minor)
    after = _as_text(customer)
    if before != after:
        record(
            "fraud.limits.changed",
            subject=customer,
            by=by,
            owner=customer,
            before=before,
            after=after,
        )
    return list(selectors.limits_of(customer))


def limit_in(currency: str, amount: str | None) -> int | None:
    """A limit as it is typed, in minor units; None for none."""
    _check_currency(currency)
    return None if amount is None else Money.parse(amount, currency).minor


def _check_currency(currency: str) -> None:
    if not is_currency(currency):
        raise InvalidLimit(f"{currency[:10]!r} is not a currency.")


def _check_limit(currency: str, minor: int | None) -> None:
    _check_currency(currency)
    if minor is not None and not 0 < minor <= MINOR_MAX:
        raise InvalidLimit()


def _set_limit(customer: User, currency: str, minor: int | None) -> None:
    mine = CustomerLimit.objects.filter(customer=customer, currency=currency)
    if minor is None:
        mine.delete()
    elif not mine.filter(largest_minor=minor).exists():
        CustomerLimit.objects.update_or_create(
            customer=customer,
            currency=currency,
            defaults={"largest_minor": minor, "since": timezone.now()},
        )


def _as_text(customer: User) -> dict[str, str]:
    return {limit.currency: str(limit.largest) for limit in selectors.limits_of(customer)}


# --- alerts ---------------------------------------------------------------------------------


def raise_alert(decision: Decision, *, kind: str, severity: str, text: str) -> Alert | None:
    """Ask a person to look, once for each kind of reason; None when they were asked before."""
    alert = Alert(id=uuid7(), decision=decision, kind=kind, severity=severity, text=text[:500])
    Alert.objects.bulk_create([alert], ignore_conflicts=True)
    if not Alert.objects.filter(pk=alert.pk).exists():
        return None
    record(
        "fraud.alert.raised",
        subject=alert,
        owner=decision.customer_id,
        data={"decision": decision.public_id, "kind": kind, "severity": severity},
    )
    live.publish(
        [live.SUPPORT], "alert.raised", subject=alert.public_id, data=_told(alert, decision)
    )
    return alert


def _alert_about(decision: Decision) -> None:
    kind = Alert.Kind.LIMIT if decision.forbidden else Alert.Kind.PAYMENT
    text = "; ".join(reason["text"] for reason in decision.reasons)
    raise_alert(decision, kind=kind, severity=_severity(decision), text=text)


def _severity(decision: Decision) -> str:
    """By the score: a customer stopped by their own limit is no emergency."""
    if decision.risk_level == CRITICAL:
        return Alert.Severity.HIGH
    if decision.forbidden:
        return Alert.Severity.LOW
    return Alert.Severity.HIGH if decision.verdict == BLOCKED else Alert.Severity.MEDIUM


def _told(alert: Alert, decision: Decision) -> dict[str, object]:
    """What the feed shows of an alert: the case, not the person."""
    facts = decision.facts_then()
    return {
        "alert": alert.kind,
        "severity": alert.severity,
        "text": alert.text,
        "kind": facts.kind,
        "transfer": decision.subject,
        "decision": decision.public_id,
        "amount_minor": facts.amount_minor,
        "currency": facts.currency,
        # What a model noticed afterwards is a flag of its own: the decision was VERIFIED.
        "verdict": FLAGGED if decision.verdict == VERIFIED else decision.verdict,
        "score": decision.score,
        "channel": facts.channel,
        "reasons": decision.reasons or [{"code": alert.kind, "text": alert.text}],
    }


@transaction.atomic
def acknowledge_alert(*, alert: Alert, by: User, note: str = "") -> Alert:
    """Somebody has looked at it, and says what they saw."""
    note = note.strip()
    if len(note) > NOTE_MAX:
        raise NoteTooLong(f"A note has at most {NOTE_MAX} characters.")
    alert = Alert.objects.select_for_update().get(pk=alert.pk)
    if alert.status != Alert.Status.OPEN:
        raise AlertAlreadyAcknowledged()
    alert.status, alert.note = Alert.Status.ACKNOWLEDGED, note
    alert.acknowledged_by, alert.acknowledged_at = by, timezone.now()
    alert.save(update_fields=["status", "note", "acknowledged_by", "acknowledged_at"])
    record(
        "fraud.alert.acknowledged",
        subject=alert,
        by=by,
        owner=alert.decision.customer_id,
        reason=note,
    )
    live.publish(
        [live.SUPPORT],
        "alert.acknowledged",
        subject=alert.public_id,
        data={"by": by.get_full_name(), "note": note, "decision": alert.decision.public_id},
    )
    return alert
