"""Looking again at payments after they moved: swept from rows, so a lost or doubled run is nothing.

A payment is scored once, in the order it was recorded, by the model of the day; see `outliers`.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from fraud import outliers, services
from fraud.facts import Facts
from fraud.features import Snapshot
from fraud.models import AfterScore, Alert, Decision, PaymentFact
from fraud.outliers import Known, Model, Values
from fraud.policy import AFTERWARDS, AfterwardsPolicy
from fraud.verdict import VERIFIED


@dataclass(frozen=True)
class _Kept:
    """The model of this process, and when it was made on its own clock."""

    model: Model
    made_at: float


_kept: _Kept | None = None


def score_afterwards(policy: AfterwardsPolicy = AFTERWARDS) -> int:
    """Score what has moved since the last time, batch by batch. Returns how many were scored."""
    scored = 0
    for _ in range(policy.batches_max):
        batch = score_batch(policy)
        scored += batch
        if batch < policy.batch_payments_max:
            break
    return scored


@transaction.atomic
def score_batch(policy: AfterwardsPolicy = AFTERWARDS) -> int:
    """One batch in one transaction: scores, alerts, records and events stay or go together."""
    if not _alone():
        return 0  # another worker is at it, and will have seen the same rows
    waiting = list(_waiting(policy)[: policy.batch_payments_max])
    model = _model(policy) if waiting else None
    if model is None:
        return 0
    payments = [outliers.values(_known(fact.decision)) for fact in waiting]
    scores = model.scores(payments)
    AfterScore.objects.bulk_create(
        [
            AfterScore(fact=fact, model=model.version, score=score)
            for fact, score in zip(waiting, scores, strict=True)
        ],
        ignore_conflicts=True,
    )
    for fact, payment, score in zip(waiting, payments, scores, strict=True):
        if score >= model.extreme_from:
            _alert(fact.decision, model.reason(payment))
    return len(waiting)


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended('fraud.score_afterwards', 0))"
        )
        return bool(cursor.fetchone()[0])


def _waiting(policy: AfterwardsPolicy) -> "QuerySet[PaymentFact]":
    """Outgoing payments that no forest has looked at, oldest first; what a champion says of them
    is another matter.

    Those from before the newest scored one, less a day, have been seen: a transaction that began
    so long ago has ended. So the read stays short however long the history is.
    """
    scores = AfterScore.objects.filter(model__startswith=outliers.VERSIONS)
    scored = scores.filter(fact=OuterRef("pk"))
    waiting = PaymentFact.objects.filter(~Exists(scored), outgoing=True)
    newest = scores.order_by("-id").values_list("fact__recorded_at", flat=True)
    if last := newest.first():
        waiting = waiting.filter(recorded_at__gte=last - policy.overlap)
    return waiting.select_related("decision").order_by("recorded_at", "id")


def _known(decision: Decision) -> Known:
    return decision.facts_then(), decision.snapshot_then()


def _alert(decision: Decision, reason: str) -> None:
    """Ask a person to look, unless the decision has already called one."""
    if decision.verdict == VERIFIED:
        services.raise_alert(
            decision, kind=Alert.Kind.AFTERWARDS, severity=Alert.Severity.MEDIUM, text=reason
        )


# --- the model of this process ----------------------------------------------------------------


def _model(policy: AfterwardsPolicy) -> Model | None:
    """Fitted once for a while and kept in memory; None while there is too little to learn from."""
    global _kept
    fresh = _kept is not None and time.monotonic() - _kept.made_at < policy.model_hours_max * 3600
    if _kept is not None and fresh:
        return _kept.model
    known = training(policy)
    if len(known) < policy.training_payments_min:
        return None
    _kept = _Kept(outliers.fit(known, policy), time.monotonic())
    return _kept.model


def forget() -> None:
    """Let go of the model, so that the next run makes a new one."""
    global _kept
    _kept = None


def training(policy: AfterwardsPolicy = AFTERWARDS) -> Sequence[Values]:
    """The newest payments as they were known when they were asked for."""
    newest = PaymentFact.objects.filter(outgoing=True).order_by("-recorded_at", "-id")
    stored = newest.values_list("decision__facts", "decision__snapshot")
    return [
        outliers.values((Facts.from_json(facts), Snapshot.from_json(snapshot)))
        for facts, snapshot in stored[: policy.training_payments_max]
    ]
