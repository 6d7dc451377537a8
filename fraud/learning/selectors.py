"""What is in force, what has become of each model, and what waits for an officer.

Without numpy: the console asks on every page, and a web process needs no model for that.
"""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from fintrust.core.ids import PublicQuerySet
from fraud.models import CostTable, DriftCheck, ModelVersion, Promotion, Proposed, Ruleset

CANDIDATE, SHADOW, CHAMPION, RETIRED = "candidate", "shadow", "champion", "retired"


def champion() -> ModelVersion | None:
    """The newest ruleset names it: there is no other word on what is in force."""
    return _named("champion")


def shadow() -> ModelVersion | None:
    return _named("shadow_model")


def _named(part: str) -> ModelVersion | None:
    name = Ruleset.objects.order_by("-number").values_list(part, flat=True).first()
    return described().get_public(name) if name else None


def before(model: ModelVersion) -> str:
    """The champion that this one replaced when it first came into force; empty for none.

    Where rolling back leads: always further back, never to and fro.
    """
    rows = Ruleset.objects.order_by("number").values_list("number", "champion")
    first = rows.filter(champion=model.public_id).first()
    if first is None:
        return ""
    replaced = rows.filter(number__lt=first[0]).order_by("-number").first()
    return replaced[1] if replaced else ""


def states() -> dict[str, str]:
    """What has become of each model that was ever tried or in force, by its public id."""
    found = dict.fromkeys(Ruleset.objects.values_list("champion", flat=True).distinct(), RETIRED)
    newest = Ruleset.objects.order_by("-number").first()
    if newest is not None:
        found[newest.shadow_model] = SHADOW
        found[newest.champion] = CHAMPION
    return found


def state_of(model: ModelVersion) -> str:
    return states().get(model.public_id, CANDIDATE)


def described() -> PublicQuerySet:
    """Without the bytes, which only the registry needs."""
    found: PublicQuerySet = ModelVersion.objects.defer("content")
    return found


def costs() -> CostTable | None:
    """What mistakes cost, by the newest word of two officers."""
    agreed = CostTable.objects.filter(status=Proposed.Status.APPROVED)
    return agreed.order_by("-decided_at", "-id").first()


# --- what waits ---------------------------------------------------------------------------------


def open_promotions() -> "QuerySet[Promotion]":
    return waiting(Promotion)


def open_costs() -> "QuerySet[CostTable]":
    return waiting(CostTable)


def waiting(kind: type[Proposed]) -> "QuerySet[Any]":
    """Proposals that somebody can still decide."""
    return kind._default_manager.filter(status=Proposed.Status.OPEN, expires_at__gt=timezone.now())


def open_drift_alarms() -> "QuerySet[DriftCheck]":
    return DriftCheck.objects.filter(alarmed=True, seen_at__isnull=True)
