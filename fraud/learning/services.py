"""The verbs of models: ask for one, keep it, try it in the shadow, propose, decide, roll back.

Whoever changes what is in force waits for one lock, looks again, and leaves a record.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.services import record
from fintrust.core.models import User
from fraud.errors import (
    CostsInvalid,
    CostsProposed,
    DriftAlreadySeen,
    ModelInWrongState,
    ModelNotBetter,
    ModelShifted,
    ModelUnproven,
    NothingToRollBack,
    TrainingUnderWay,
)
from fraud.learning import proposals, selectors
from fraud.learning.policy import LEARNING, LearningPolicy
from fraud.learning.proposals import REASON_MAX, may, reasoned, wait_in_line
from fraud.models import CostTable, DriftCheck, ModelVersion, Promotion, TrainingRun
from fraud.rulebook import services as rulebook

if TYPE_CHECKING:
    from fraud.learning.bundle import Bundle
    from fraud.learning.evidence import Evidence

# --- training -----------------------------------------------------------------------------------


@transaction.atomic
def ask_for_training(*, by: User | None) -> TrainingRun:
    """Leave a row for the worker; without `by` it is the schedule that asks."""
    if by is not None:
        may(by, "train_model")
    try:
        with transaction.atomic():
            run = TrainingRun.objects.create(asked_by=by)
    except IntegrityError:
        raise TrainingUnderWay() from None
    record("fraud.training.asked", subject=run, by=by)
    return run


@transaction.atomic
def keep(
    made: "Bundle", *, data_hash: str, run: TrainingRun | None = None, by: User | None = None
) -> ModelVersion:
    """Remember a model as a candidate. The same bytes again are the same model."""
    # Imported here, as where it measures: numpy is large, and the web starts without it.
    from fraud.learning import bundle, card, evidence

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
    """Let a model say beside each decision what it would have said, instead of the one before."""
    may(by, "propose_model")
    reason = reasoned(reason)
    wait_in_line()
    if selectors.state_of(model) in {selectors.SHADOW, selectors.CHAMPION}:
        raise ModelInWrongState("This model is in use already.")
    instead = selectors.shadow()
    rulebook.publish(shadow_model=model.public_id, why=reason, by=by)
    record(
        "fraud.model.shadowed",
        subject=model,
        by=by,
        reason=reason,
        data={"instead": _name(instead)},
    )
    return model


def propose_promotion(
    *, model: ModelVersion, by: User, reason: str, policy: LearningPolicy = LEARNING
) -> Promotion:
    """Ask a colleague to put the shadow in force. Refused unless later payments speak for it."""
    from fraud.learning import evidence

    may(by, "propose_model")
    reason = reasoned(reason)
    if selectors.shadow() != model:
        raise ModelInWrongState("A model is tried in the shadow first.")
    # Measured before the transaction: it takes seconds, and no lock waits for it. Whoever approves
    # looks again whether it was compared with what is in force then.
    found = evidence.of(model, selectors.champion(), policy)
    check(found, policy)
    return _propose(model, found, by, reason, policy)


def _propose(
    model: ModelVersion, found: "Evidence", by: User, reason: str, policy: LearningPolicy
) -> Promotion:
    promotion = Promotion(
        model=model,
        figures=found.to_json(),
        reason=reason,
        proposed_by=by,
        expires_at=timezone.now() + policy.promotion_life,
    )
    return proposals.propose(
        promotion,
        instead=ModelInWrongState("This model waits for a colleague's decision already."),
        said={"model": model.public_id, "figures": _as_text(promotion.figures)},
        model=model,
    )


def check(found: "Evidence", policy: LearningPolicy = LEARNING) -> None:
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
    if found.comparison.low < -policy.loss_max:
        raise ModelNotBetter(
            f"Average precision {found.comparison.candidate:.3f} against "
            f"{found.comparison.champion:.3f}: it may be lower by "
            f"{-found.comparison.low:.3f}, and {policy.loss_max:.3f} is the most allowed."
        )
    if found.shift >= policy.shift_max:
        raise ModelShifted(
            f"“{found.shifted}” has shifted by {found.shift:.2f}, and "
            f"{policy.shift_max:.2f} is another population. Train on newer payments."
        )


@transaction.atomic
def approve_promotion(*, promotion: Promotion, by: User, reason: str = "") -> ModelVersion:
    """Put the model in force, once, if nothing has changed since it was proposed."""
    promotion = proposals.locked(promotion, by)
    model, now = promotion.model, selectors.champion()
    if selectors.shadow() != model or promotion.figures["against"] != _name(now):
        raise ModelInWrongState("It was compared with another model; withdraw, and propose again.")
    said = {"model": model.public_id}
    proposals.decide(promotion, Promotion.Status.APPROVED, by=by, reason=reason, said=said)
    why = reason.strip() or promotion.reason
    rulebook.publish(champion=model.public_id, shadow_model="", why=why, by=by)
    record(
        "fraud.model.promoted",
        subject=model,
        by=by,
        reason=why,
        before={"champion": _name(now)},
        after={"champion": model.public_id},
    )
    return model


def reject_promotion(*, promotion: Promotion, by: User, reason: str) -> Promotion:
    return _turn_down(promotion, Promotion.Status.REJECTED, by, reason)


def withdraw_promotion(*, promotion: Promotion, by: User, reason: str) -> Promotion:
    return _turn_down(promotion, Promotion.Status.WITHDRAWN, by, reason)


def _turn_down(promotion: Promotion, status: str, by: User, reason: str) -> Promotion:
    said = {"model": promotion.model.public_id}
    return proposals.turn_down(promotion, status, by=by, reason=reason, said=said)


@transaction.atomic
def roll_back(*, by: User, reason: str) -> ModelVersion | None:
    """The model before comes back at once; without one, the rules alone decide again.

    One person may: a model that harms must not wait for a colleague to wake up.
    """
    may(by, "roll_back_model")
    reason = reasoned(reason)
    wait_in_line()
    now = selectors.champion()
    if now is None:
        raise NothingToRollBack()
    back = selectors.before(now)
    rulebook.publish(champion=back, why=reason, by=by)
    record(
        "fraud.model.rolled_back",
        subject=now,
        by=by,
        reason=reason,
        before={"champion": now.public_id},
        after={"champion": back or None},
    )
    return selectors.champion()


# --- what mistakes cost ---------------------------------------------------------------------------


def propose_costs(
    *, missed_cents: int, held_cents: int, looking_cents: int, by: User, reason: str,
    policy: LearningPolicy = LEARNING,
) -> CostTable:  # fmt: skip
    """Say what a missed fraud, a customer stopped for nothing and a look at an alert cost, in cents
    of about a euro. In force once a colleague agrees; thresholds follow when they are tuned."""
    may(by, "propose_model")
    amounts = (missed_cents, held_cents, looking_cents)
    if not (missed_cents > 0 and all(0 <= cents <= policy.cost_cents_max for cents in amounts)):
        raise CostsInvalid()
    table = CostTable(
        missed_cents=missed_cents,
        held_cents=held_cents,
        looking_cents=looking_cents,
        reason=reasoned(reason),
        proposed_by=by,
        expires_at=timezone.now() + policy.promotion_life,
    )
    return proposals.propose(table, instead=CostsProposed(), said=_amounts(table))


@transaction.atomic
def approve_costs(*, costs: CostTable, by: User, reason: str = "") -> CostTable:
    table = proposals.locked(costs, by)
    said = _amounts(table)
    proposals.decide(table, CostTable.Status.APPROVED, by=by, reason=reason, said=said)
    return table


def reject_costs(*, costs: CostTable, by: User, reason: str) -> CostTable:
    rejected = CostTable.Status.REJECTED
    return proposals.turn_down(costs, rejected, by=by, reason=reason, said=_amounts(costs))


def withdraw_costs(*, costs: CostTable, by: User, reason: str) -> CostTable:
    withdrawn = CostTable.Status.WITHDRAWN
    return proposals.turn_down(costs, withdrawn, by=by, reason=reason, said=_amounts(costs))


def _amounts(table: CostTable) -> dict[str, int]:
    return {name: getattr(table, name) for name in ("missed_cents", "held_cents", "looking_cents")}


# --- drift --------------------------------------------------------------------------------------


@transaction.atomic
def acknowledge_drift(*, check: DriftCheck, by: User, note: str = "") -> DriftCheck:
    """Somebody has looked at the alarm."""
    may(by, "acknowledge_driftcheck")
    check = DriftCheck.objects.select_for_update().get(pk=check.pk)
    if not check.alarmed or check.seen_at is not None:
        raise DriftAlreadySeen()
    check.seen_by, check.seen_at = by, timezone.now()
    check.save(update_fields=["seen_by", "seen_at"])
    record("fraud.drift.seen", subject=check, by=by, reason=note.strip()[:REASON_MAX])
    return check


# --- what they share ----------------------------------------------------------------------------


def _name(model: ModelVersion | None) -> str | None:
    return None if model is None else model.public_id


def _as_text(figures: Mapping[str, Any]) -> dict[str, str]:
    """A leaf of the log has one spelling of a number."""
    return {name: str(value) for name, value in figures.items()}
