"""The verbs of models: ask for one, keep it, try it in the shadow, propose, decide, roll back.

Whoever changes what is in force waits for one lock, looks again, and leaves a record.
"""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.services import record
from fintrust.core.errors import Forbidden
from fintrust.core.models import User
from fraud.errors import (
    DriftAlreadySeen,
    ModelInWrongState,
    ModelNotBetter,
    ModelShifted,
    ModelUnproven,
    NothingToRollBack,
    OwnPromotion,
    PromotionDecided,
    ReasonNeeded,
    TrainingUnderWay,
)
from fraud.learning import bundle, card, evidence, selectors
from fraud.learning.evidence import Evidence
from fraud.learning.policy import LEARNING, LearningPolicy
from fraud.models import DriftCheck, ModelVersion, Promotion, TrainingRun

REASON_MIN, REASON_MAX = 3, 500
Status = ModelVersion.Status


# --- training -----------------------------------------------------------------------------------


@transaction.atomic
def ask_for_training(*, by: User | None) -> TrainingRun:
    """Leave a row for the worker; without `by` it is the schedule that asks."""
    if by is not None:
        _may(by, "train_model")
    try:
        with transaction.atomic():
            run = TrainingRun.objects.create(asked_by=by)
    except IntegrityError:
        raise TrainingUnderWay() from None
    record("fraud.training.asked", subject=run, by=by)
    return run


@transaction.atomic
def keep(
    made: bundle.Bundle, *, data_hash: str, run: TrainingRun | None = None, by: User | None = None
) -> ModelVersion:
    """Remember a model as a candidate. The same bytes again are the same model."""
    content = made.to_bytes()
    sha256 = bundle.digest(content)
    bundle.read(content, sha256)  # what cannot be read again is not worth keeping
    start, end = made.about["window"]
    model, new = ModelVersion.objects.get_or_create(
        sha256=sha256,
        defaults={
            "run": run,
            "content": content,
            "features": list(made.features),
            "window_start": evidence.moment(start),
            "window_end": evidence.moment(end),
            "known_by": evidence.moment(made.about["known_by"]),
            "data_hash": data_hash,
            "code_hash": evidence.code_hash(),
            "metrics": {
                name: made.about[name] for name in ("payments", "frauds", "later", "rules")
            },
            "card": card.write(made),
            "made_by": by,
        },
    )
    if new:
        record("fraud.model.made", subject=model, by=by, data={"sha256": sha256})
    return model


# --- shadow and promotion -----------------------------------------------------------------------


@transaction.atomic
def start_shadow(*, model: ModelVersion, by: User, reason: str) -> ModelVersion:
    """Let a candidate say beside each decision what it would have said."""
    _may(by, "propose_model")
    reason = _reason(reason)
    _lock()
    model.refresh_from_db(fields=["status"])
    if model.status not in {Status.CANDIDATE, Status.RETIRED}:
        raise ModelInWrongState("Only a candidate, or a retired model, can be tried in the shadow.")
    before = selectors.shadow()
    if before is not None:
        _set(before, Status.CANDIDATE)
    _set(model, Status.SHADOW)
    record(
        "fraud.model.shadowed",
        subject=model,
        by=by,
        reason=reason,
        data={"instead": before.public_id if before else None},
    )
    _publish(why=reason, by=by)
    return model


@transaction.atomic
def propose_promotion(
    *, model: ModelVersion, by: User, reason: str, policy: LearningPolicy = LEARNING
) -> Promotion:
    """Ask a colleague to put the shadow in force. Refused unless later payments speak for it."""
    _may(by, "propose_model")
    reason = _reason(reason)
    if model.status != Status.SHADOW:
        raise ModelInWrongState("A model is tried in the shadow first.")
    found = evidence.of(model, selectors.champion(), policy)
    check(found, policy)
    try:
        with transaction.atomic():
            promotion = Promotion.objects.create(
                model=model,
                figures=found.to_json(),
                reason=reason,
                proposed_by=by,
                expires_at=timezone.now() + policy.promotion_life,
            )
    except IntegrityError:
        raise ModelInWrongState("This model waits for a colleague's decision already.") from None
    record(
        "fraud.promotion.proposed",
        subject=promotion,
        by=by,
        reason=reason,
        data={"model": model.public_id, "figures": _as_text(promotion.figures)},
    )
    return promotion


def check(found: Evidence, policy: LearningPolicy = LEARNING) -> None:
    """Whether a model may come into force: proven, not worse, and about today's payments."""
    if (
        found.payments < policy.later_labels_min
        or found.frauds < policy.later_frauds_min
        or found.comparison is None
    ):
        raise ModelUnproven(
            f"Since it was trained, {found.payments:,} payments have a known outcome, "
            f"{found.frauds:,} of them fraud; it takes {policy.later_labels_min:,} and "
            f"{policy.later_frauds_min:,}."
        )
    if found.comparison.worst < -policy.loss_max:
        raise ModelNotBetter(
            f"Average precision {found.comparison.candidate:.3f} against "
            f"{found.comparison.champion:.3f}: it may be lower by "
            f"{-found.comparison.worst:.3f}, and {policy.loss_max:.3f} is the most allowed."
        )
    if found.worst_shift >= policy.shift_max:
        raise ModelShifted(
            f"“{found.worst}” has shifted by {found.worst_shift:.2f}, and "
            f"{policy.shift_max:.2f} is another population. Train on newer payments."
        )


@transaction.atomic
def approve_promotion(*, promotion: Promotion, by: User, reason: str = "") -> ModelVersion:
    """Put the model in force, once, if nothing has changed since it was proposed."""
    promotion = _lock_promotion(promotion, by)
    model = ModelVersion.objects.defer("content").get(pk=promotion.model_id)
    now = selectors.champion()
    if model.status != Status.SHADOW or promotion.figures["against"] != _name(now):
        raise ModelInWrongState("It was compared with another model; withdraw, and propose again.")
    _decide(promotion, Promotion.Status.APPROVED, by, reason)
    if now is not None:
        _set(now, Status.RETIRED)
    model.predecessor = now
    _set(model, Status.CHAMPION)
    why = reason.strip() or promotion.reason
    record(
        "fraud.model.promoted",
        subject=model,
        by=by,
        reason=why,
        before={"champion": _name(now)},
        after={"champion": model.public_id},
    )
    _publish(why=why, by=by)
    return model


def reject_promotion(*, promotion: Promotion, by: User, reason: str) -> Promotion:
    return _end_promotion(promotion, Promotion.Status.REJECTED, by, reason)


def withdraw_promotion(*, promotion: Promotion, by: User, reason: str) -> Promotion:
    return _end_promotion(promotion, Promotion.Status.WITHDRAWN, by, reason)


@transaction.atomic
def _end_promotion(promotion: Promotion, status: str, by: User, reason: str) -> Promotion:
    reason = _reason(reason)
    own = status == Promotion.Status.WITHDRAWN
    promotion = _lock_promotion(promotion, by, own=own)
    _decide(promotion, status, by, reason)
    return promotion


@transaction.atomic
def roll_back(*, by: User, reason: str) -> ModelVersion | None:
    """The model before comes back at once; without one, the rules alone decide again.

    One person may: a model that harms must not wait for a colleague to wake up.
    """
    _may(by, "roll_back_model")
    reason = _reason(reason)
    _lock()
    now = selectors.champion()
    if now is None:
        raise NothingToRollBack()
    back = now.predecessor
    _set(now, Status.RETIRED)
    if back is not None:
        _set(back, Status.CHAMPION)
    record(
        "fraud.model.rolled_back",
        subject=now,
        by=by,
        reason=reason,
        before={"champion": now.public_id},
        after={"champion": _name(back)},
    )
    _publish(why=reason, by=by)
    return back


# --- drift --------------------------------------------------------------------------------------


@transaction.atomic
def acknowledge_drift(*, check: DriftCheck, by: User, note: str = "") -> DriftCheck:
    """Somebody has looked at the alarm."""
    _may(by, "acknowledge_driftcheck")
    check = DriftCheck.objects.select_for_update().get(pk=check.pk)
    if not check.alarmed or check.seen_at is not None:
        raise DriftAlreadySeen()
    check.seen_by, check.seen_at = by, timezone.now()
    check.save(update_fields=["seen_by", "seen_at"])
    record("fraud.drift.seen", subject=check, by=by, reason=note.strip()[:REASON_MAX])
    return check


# --- what they share ----------------------------------------------------------------------------


def _may(by: User, right: str) -> None:
    if not by.has_perm(f"fraud.{right}"):
        raise Forbidden()


def _reason(text: str) -> str:
    text = text.strip()
    if not REASON_MIN <= len(text) <= REASON_MAX:
        raise ReasonNeeded()
    return text


def _lock() -> None:
    """One change of what is in force at a time: two at once would each retire the same model."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('fraud.models', 0))")


def _lock_promotion(promotion: Promotion, by: User, *, own: bool = False) -> Promotion:
    """The proposal as it is now, if this person may end it in this way."""
    _may(by, "propose_model" if own else "decide_model")
    _lock()
    promotion = Promotion.objects.select_for_update().get(pk=promotion.pk)
    if not promotion.is_open(timezone.now()):
        raise PromotionDecided()
    if (promotion.proposed_by_id == by.pk) is not own:
        raise OwnPromotion() if not own else Forbidden()
    return promotion


def _decide(promotion: Promotion, status: str, by: User, reason: str) -> None:
    promotion.status, promotion.decided_by, promotion.decided_at = status, by, timezone.now()
    promotion.decision_reason = reason.strip()[:REASON_MAX]
    promotion.save(update_fields=["status", "decided_by", "decided_at", "decision_reason"])
    record(
        f"fraud.promotion.{status}",
        subject=promotion,
        by=by,
        reason=promotion.decision_reason,
        data={"model": promotion.model.public_id},
    )


def _set(model: ModelVersion, status: str) -> None:
    model.status, model.status_since = status, timezone.now()
    model.save(update_fields=["status", "status_since", "predecessor"])


def _name(model: ModelVersion | None) -> str | None:
    return None if model is None else model.public_id


def _as_text(figures: Mapping[str, Any]) -> dict[str, str]:
    """A leaf of the log has one spelling of a number."""
    return {name: str(value) for name, value in figures.items()}


def _publish(*, why: str, by: User) -> None:
    """Tell the ruleset which models are in force: the one place that knows about rulesets."""
