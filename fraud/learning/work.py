"""What the worker does: train, score history, watch for drift, tune thresholds.

Each sweeps what rows say is due, so a lost or doubled task changes nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from audit.services import record
from fintrust.core import live
from fraud.errors import TooFewLabels, TrainingUnderWay
from fraud.features.moments import micros_of
from fraud.learning import history, registry, selectors, services, thresholds, training
from fraud.learning.policy import LEARNING, LearningPolicy
from fraud.learning.training import Window
from fraud.models import (
    AfterScore,
    Decision,
    DriftCheck,
    Label,
    ModelVersion,
    PaymentFact,
    TrainingRun,
)
from fraud.rulebook import selectors as rulebook_selectors
from fraud.rulebook import services as rulebook

log = structlog.get_logger(__name__)
RunStatus = TrainingRun.Status
DAY = timedelta(days=1)


@contextmanager
def _alone(deed: str) -> Iterator[bool]:
    """Whether no other worker is at the same; held until the transaction ends."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [deed])
        yield bool(cursor.fetchone()[0])


# --- training -----------------------------------------------------------------------------------


def ask_when_due(policy: LearningPolicy = LEARNING) -> TrainingRun | None:
    """Ask for a training once the last one is a while ago and enough has been learned since."""
    last = TrainingRun.objects.order_by("-asked_at", "-id").first()
    if last and timezone.now() - last.asked_at < policy.again_after:
        return None
    labels = Label.objects.filter(weight__gt=0)  # the others teach nothing
    if last:
        labels = labels.filter(known_at__gt=last.asked_at)
    if labels[: policy.again_labels_min].count() < policy.again_labels_min:
        return None
    try:
        return services.ask_for_training(by=None)
    except TrainingUnderWay:  # somebody was quicker
        return None


def train_what_waits(policy: LearningPolicy = LEARNING) -> TrainingRun | None:
    """The training somebody asked for; also one that a worker left unfinished."""
    _give_up_old(policy)
    run = TrainingRun.objects.filter(status=RunStatus.WAITING).first()
    if run is None or not _take(run):
        return None
    try:
        model = _train(run, policy)
    except TooFewLabels as few:
        _end(run, RunStatus.DECLINED, few.message)
    except Exception as problem:
        log.exception("training failed", run=run.public_id)
        _end(run, RunStatus.FAILED, f"{type(problem).__name__}: {problem}")
        raise
    else:
        _end(run, RunStatus.DONE, f"Made {model.public_id}.")
    return run


def _take(run: TrainingRun) -> bool:
    """Of two workers one gets it."""
    waiting = TrainingRun.objects.filter(pk=run.pk, status=RunStatus.WAITING)
    return bool(waiting.update(status=RunStatus.RUNNING, started_at=timezone.now()))


def _give_up_old(policy: LearningPolicy) -> None:
    """A worker that was killed tells nobody; after so long it is not coming back."""
    limit = timezone.now() - policy.training_time_max
    for run in TrainingRun.objects.filter(status=RunStatus.RUNNING, started_at__lt=limit):
        _end(run, RunStatus.FAILED, "The worker was stopped.")


@transaction.atomic
def _end(run: TrainingRun, status: str, outcome: str) -> None:
    running = TrainingRun.objects.filter(pk=run.pk, status=RunStatus.RUNNING)
    percent = 100 if status == RunStatus.DONE else run.percent
    ended = timezone.now()
    if running.update(status=status, outcome=outcome[:500], percent=percent, ended_at=ended):
        record("fraud.training.ended", subject=run, data={"status": status, "why": outcome[:500]})
    run.refresh_from_db()


def _train(run: TrainingRun, policy: LearningPolicy) -> ModelVersion:
    now = timezone.now()
    start = now - policy.window
    decisions = history.between(start, now, newest=policy.payments_max)

    def read(rows: int) -> None:
        _say(run, step="reading decisions", rows_read=rows)

    table = history.stored(decisions, read)
    _say(run, step="reading labels", percent=5, rows_read=len(table.ids))
    labels = history.labels_of(table)
    window = Window(micros_of(start), micros_of(now), micros_of(now))
    made = training.train(
        table, labels, window, policy, lambda step, percent: _say(run, step=step, percent=percent)
    )
    return services.keep(made, data_hash=table.digest(), run=run, by=run.asked_by)


def _say(run: TrainingRun, **progress: object) -> None:
    """Committed at once: people are watching."""
    TrainingRun.objects.filter(pk=run.pk, status=RunStatus.RUNNING).update(**progress)


# --- history ------------------------------------------------------------------------------------


def score_history(policy: LearningPolicy = LEARNING) -> int:
    """What the champion says about payments that moved before it: newest first, in batches."""
    scored = 0
    for _ in range(policy.history_batches_max):
        batch = _score_batch(policy)
        scored += batch
        if batch < policy.history_batch_max:
            break
    return scored


def _score_batch(policy: LearningPolicy) -> int:
    with _alone("fraud.score_history") as alone:
        model = selectors.champion() if alone else None
        scorer = registry.scorer(model.public_id) if model else None
        if model is None or scorer is None:
            return 0
        facts = {fact.decision_id: fact for fact in _unscored(model, policy)}
        table = history.stored(history.decided(list(facts)))
        AfterScore.objects.bulk_create(
            (
                AfterScore(fact=facts[id], model=model.public_id, score=float(score))
                for id, score in zip(table.ids, scorer.scores(table.columns), strict=True)
            ),
            ignore_conflicts=True,
        )
        return len(table.ids)


def _unscored(model: ModelVersion, policy: LearningPolicy) -> "QuerySet[PaymentFact]":
    seen = AfterScore.objects.filter(fact=OuterRef("pk"), model=model.public_id)
    since = timezone.now() - policy.window
    waiting = PaymentFact.objects.filter(
        ~Exists(seen), outgoing=True, decision__forbidden=False, recorded_at__gte=since
    )
    return waiting.order_by("-recorded_at", "-id")[: policy.history_batch_max]


# --- drift --------------------------------------------------------------------------------------


def watch_drift(policy: LearningPolicy = LEARNING) -> DriftCheck | None:
    """Look at the newest payments, when so many are new or a day has passed."""
    with _alone("fraud.watch_drift") as alone:
        model = selectors.champion() or selectors.shadow() if alone else None
        if model is None or not (until := _due(model, policy)):
            return None
        scorer = registry.scorer(model.public_id)
        if scorer is None:
            return None
        table = history.stored(history.newest_payments(policy.drift_payments))
        scores = scorer.scores(table.columns)
        shifts = scorer.bundle.reference.shifts(table.columns | {training.SCORE: scores})
        return _remember(model, shifts, len(table.ids), until, policy)


def _due(model: ModelVersion, policy: LearningPolicy) -> int | None:
    """The newest payment, if it is time to look again."""
    moved = PaymentFact.objects.filter(outgoing=True).order_by("-id").values_list("id", flat=True)
    last = DriftCheck.objects.filter(model=model).order_by("-id").first()
    since = last.until if last else 0
    fresh = list(moved.filter(id__gt=since)[: policy.drift_payments])
    tired = last is None or last.at <= timezone.now() - DAY
    enough = policy.drift_payments_min if tired else policy.drift_payments
    return fresh[0] if len(fresh) >= enough else None


def _remember(
    model: ModelVersion,
    shifts: dict[str, float],
    payments: int,
    until: int,
    policy: LearningPolicy,
) -> DriftCheck:
    worst = max(shifts, key=lambda name: shifts[name])
    alarmed = shifts[worst] >= policy.shift_max
    check = DriftCheck.objects.create(
        model=model,
        payments=payments,
        until=until,
        shifts={name: round(shift, 6) for name, shift in shifts.items()},
        worst=worst,
        worst_shift=shifts[worst],
        alarmed=alarmed,
    )
    if alarmed:
        told = {"model": model.public_id, "feature": worst, "shift": f"{shifts[worst]:.3f}"}
        record("fraud.drift.alarmed", subject=check, data=told)
        text = f"“{worst}” is no longer what the model learned from"
        live.publish(
            [live.SUPPORT],
            "fraud.drift.alarmed",
            subject=check.public_id,
            data={**told, "kind": "drift", "severity": "high", "text": text},
        )
    return check


# --- thresholds ---------------------------------------------------------------------------------


def tune(policy: LearningPolicy = LEARNING) -> float | None:
    """One step of the threshold towards where asking is worth what it costs, as far as officers can
    look at the alerts; as a new ruleset when that is another one.

    None while there are too few scores of the champion to go by.
    """
    model, now = selectors.champion(), timezone.now()
    if model is None:
        return None
    rows = _scored(model, now, policy)
    if len(rows) < policy.tuning_payments_min:
        return None
    days = (now - min(moment for _, moment in rows)) / DAY
    if days < policy.tuning_days_min:
        return None
    force = rulebook_selectors.current()
    wanted, why = _wanted([score for score, _ in rows], days, force.flagged_from, policy)
    wanted = thresholds.within(wanted, least=policy.threshold_min, most=policy.threshold_max)
    step = thresholds.step(force.flagged_from, wanted, share_max=policy.retune_share_max)
    flagged_from = min(step, force.blocked_from - policy.threshold_gap)
    if flagged_from != force.flagged_from:
        rulebook.publish(flagged_from=flagged_from, why=why, by=None)
    return flagged_from


def _scored(
    model: ModelVersion, now: datetime, policy: LearningPolicy
) -> list[tuple[float, datetime]]:
    """What the champion said of payments, and when: of those that moved, and of those that it
    stopped for good or that wait, whose alerts officers had to look at as well."""
    since = now - policy.tuning_time
    moved = AfterScore.objects.filter(
        model=model.public_id, fact__at__gte=since, fact__at__lt=now
    ).values_list("score", "fact__at")
    fact = PaymentFact.objects.filter(decision=OuterRef("pk"))
    stopped = Decision.objects.filter(
        ~Exists(fact), champion=model.public_id, forbidden=False, at__gte=since, at__lt=now
    ).values_list("score", "at")
    return [*moved[: policy.payments_max], *stopped[: policy.payments_max]]


def _wanted(
    scores: list[float], days: float, now: float, policy: LearningPolicy
) -> tuple[float, str]:
    """What is worth asking, and without costs what is asked now; officers' time is a cap on both.

    A budget that is not used up lowers nothing: a small bank would end up asking everybody.
    """
    cap = thresholds.by_budget(scores, days=days, alerts_a_day=policy.alerts_a_day)
    table = selectors.costs()
    worth, why = (
        (now, "as it was")
        if table is None
        else (table.costs.threshold, f"what mistakes cost, {table.public_id}")
    )
    if worth >= cap:
        return worth, why
    return cap, f"{policy.alerts_a_day:g} alerts a day, as officers can look at"
