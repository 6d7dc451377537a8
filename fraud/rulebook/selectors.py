"""What officers have ruled, and what is in force."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from fintrust.core.errors import NotFound
from fintrust.core.ids import from_public, to_public
from fraud.errors import ConditionInvalid
from fraud.models import Backtest, RuleHit, Ruleset, RuleStep, RuleVersion
from fraud.policy import STANDARD
from fraud.rulebook.force import NEUTRAL, Force, OfficersRule
from fraud.rulebook.policy import RULEBOOK, RulebookPolicy
from fraud.rulebook.syntax import parse
from fraud.rulebook.writing import english

# For the statement that reads the snapshot: which ruleset is in force, at no further round trip.
CURRENT_ID = "(SELECT id FROM fraud_ruleset ORDER BY number DESC LIMIT 1)"
NOTHING = Force(flagged_from=STANDARD.flagged_from, blocked_from=STANDARD.blocked_from)

# --- in force ---------------------------------------------------------------------------------


def newest() -> Ruleset | None:
    return Ruleset.objects.order_by("-number").first()


def current(id: UUID | None = None) -> Force:
    """What is in force now. `id` is what `CURRENT_ID` read; without it one is asked for."""
    if id is None:
        id = Ruleset.objects.order_by("-number").values_list("id", flat=True).first()
    return NOTHING if id is None else _force(id)


def ruleset(id: str) -> Force:
    """What was in force under this public id, for a replay; an empty id is before all rules."""
    return _force(from_public(Ruleset.prefix, id)) if id else NOTHING


@lru_cache(maxsize=64)
def _force(id: UUID) -> Force:
    """Kept for as long as the process lives: rulesets and versions never change."""
    row = Ruleset.objects.get(pk=id)
    found = RuleVersion.objects.select_related("rule").in_bulk([*row.live, *row.shadow])
    unreadable: list[str] = []
    return Force(
        id=row.public_id,
        number=row.number,
        live=_compiled([found[one] for one in row.live], unreadable),
        shadow=_compiled([found[one] for one in row.shadow], unreadable),
        champion=row.champion,
        shadow_model=row.shadow_model,
        flagged_from=row.flagged_from,
        blocked_from=row.blocked_from,
        unreadable=tuple(unreadable),
    )


def _compiled(versions: Iterable[RuleVersion], unreadable: list[str]) -> tuple[OfficersRule, ...]:
    rules = []
    for version in versions:
        try:
            rules.append(compiled(version))
        except ConditionInvalid:
            unreadable.append(version.public_id)
    return tuple(rules)


def compiled(version: RuleVersion) -> OfficersRule:
    return OfficersRule(
        id=version.public_id,
        name=version.rule.name,
        version=version.number,
        condition=version.condition,
        action=version.action,
        said=version.sentence,
    )


@lru_cache(maxsize=1024)
def rule_named(code: str) -> str:
    """`Rule “Big ones”`, for staff; nothing for a reason that is no rule of theirs. Kept for as
    long as the process lives: a rule keeps its name."""
    try:
        return f"Rule “{RuleVersion.objects.select_related('rule').get_public(code).rule.name}”"
    except NotFound:
        return ""


def for_staff(reason: Mapping[str, Any]) -> str:
    """A reason in words for staff: which rule, where its customer may not know."""
    named, text = rule_named(reason["code"]), str(reason["text"])
    if not named:
        return text
    return named if text == NEUTRAL else f"{named}: {text}"


@lru_cache(maxsize=1024)
def meaning(code: str) -> str:
    """The condition behind a reason, for officers; nothing for a reason that is no rule of theirs.
    Kept for as long as the process lives: versions never change."""
    try:
        condition = RuleVersion.objects.get_public(code).condition
        meant = english(parse(condition))
    except NotFound:
        return ""
    except ConditionInvalid:  # written for another program: as it stands
        meant = condition
    return meant[:1].upper() + meant[1:]


def since(version: RuleVersion) -> datetime | None:
    """When it came into force the last time; None when it is not."""
    without = Ruleset.objects.exclude(live__contains=[version.pk]).order_by("-number")
    after = without.values_list("number", flat=True).first() or 0
    rows = Ruleset.objects.filter(number__gt=after).order_by("number")
    return rows.values_list("at", flat=True).first()


# --- what a version is now --------------------------------------------------------------------
DRAFT, SHADOW, PROPOSED, LIVE, STOPPED, OUT, RETIRED = (
    "Draft", "On trial", "Proposed", "In force", "Stopped", "Out of force", "Retired",
)  # fmt: skip


def versions() -> "QuerySet[Any]":
    """All versions, newest first, each with its newest step as `last_step`."""
    steps = RuleStep.objects.filter(version=OuterRef("pk")).order_by("-id")
    return (
        RuleVersion.objects.select_related("rule", "author")
        .annotate(last_step=Subquery(steps.values("step")[:1]))
        .order_by("-at", "-id")
    )


def state_of(version: RuleVersion, row: Ruleset | None) -> str:
    """What a version is under the newest ruleset `row`."""
    if row is not None and version.pk in row.live:
        return LIVE
    step = last_step(version)
    decided = {
        RuleStep.Step.PROPOSED: PROPOSED,
        RuleStep.Step.STOPPED: STOPPED,
        RuleStep.Step.RETIRED: RETIRED,
    }.get(RuleStep.Step(step)) if step else None  # fmt: skip
    if decided:
        return decided
    if row is not None and version.pk in row.shadow:
        return SHADOW
    was_live = step in (RuleStep.Step.APPROVED, RuleStep.Step.RESTORED)
    return OUT if was_live else DRAFT


def returning(to: Ruleset, row: Ruleset | None) -> tuple[list[UUID], list[UUID]]:
    """What a roll-back from `row` would put in force, and on trial: all that nobody has stopped or
    retired since."""
    found = versions().in_bulk({*to.live, *to.shadow})
    out = {id for id, version in found.items() if state_of(version, row) in (STOPPED, RETIRED)}
    return (
        [id for id in to.live if id not in out],
        [id for id in to.shadow if id not in out],
    )


def last_step(version: RuleVersion) -> str | None:
    if hasattr(version, "last_step"):
        return version.last_step
    return version.steps.order_by("-id").values_list("step", flat=True).first()


def proposals() -> "QuerySet[Any]":
    """What waits for a second person."""
    return versions().filter(last_step=RuleStep.Step.PROPOSED)


def proposer(version: RuleVersion) -> UUID | None:
    """Who asked last that it be put in force."""
    asked = version.steps.filter(step=RuleStep.Step.PROPOSED).order_by("-id")
    return asked.values_list("by_id", flat=True).first()


def fresh_backtest(version: RuleVersion, policy: RulebookPolicy = RULEBOOK) -> Backtest | None:
    """The newest backtest of exactly this version that is young enough to decide on."""
    youngest = version.backtests.filter(status=Backtest.Status.DONE).order_by("-finished_at")
    return youngest.filter(finished_at__gte=timezone.now() - policy.backtest_age_max).first()


# --- hits -------------------------------------------------------------------------------------


def hits_of(version: RuleVersion) -> "QuerySet[RuleHit]":
    return RuleHit.objects.filter(version=version).select_related("decision").order_by("-at")


def public(id: UUID) -> str:
    return to_public(RuleVersion.prefix, id)


def hit_counts(version: RuleVersion) -> dict[str, int]:
    """How often it matched in the last day and the last thirty, in force and on trial."""
    now = timezone.now()

    def within(days: int, live: bool) -> Count:
        return Count("pk", filter=Q(at__gte=now - timedelta(days=days), live=live))

    return RuleHit.objects.filter(version=version).aggregate(
        live_day=within(1, True), live_month=within(30, True),
        trial_day=within(1, False), trial_month=within(30, False),
    )  # fmt: skip


def names_of(ids: Iterable[UUID]) -> str:
    found = RuleVersion.objects.filter(pk__in=list(ids)).select_related("rule")
    return "; ".join(sorted(str(version) for version in found))
