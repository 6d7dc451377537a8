"""The circuit breaker: a rule that stops more than its budget is taken out of force at once.

Looked at after the commit of each hit, and by a sweep, should that look have been lost. Only hits
since the rule came into force the last time count: who puts it back gives it its budget anew.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from fraud.models import Alert, Decision, RuleHit, RuleVersion
from fraud.rulebook import selectors, services
from fraud.rulebook.force import WATCH
from fraud.rulebook.policy import RULEBOOK, RulebookPolicy
from fraud.services import raise_alert


def sweep() -> int:
    """Look at every rule in force; how many were stopped."""
    row = selectors.newest()
    return look_at(row.live if row else [])


def look_at(ids: Iterable[UUID]) -> int:
    versions = RuleVersion.objects.filter(pk__in=list(ids)).exclude(action=WATCH)
    return sum(_look_at(version) for version in versions.select_related("rule"))


@transaction.atomic
def _look_at(version: RuleVersion) -> bool:
    why = over_budget(version)
    if why is None or services.stop(version=version, why=why) is None:
        return False
    last = RuleHit.objects.filter(version=version, live=True).order_by("-at", "-id").first()
    assert last is not None  # a budget is a positive number of hits
    raise_alert(
        last.decision, kind=Alert.Kind.RULE, severity=Alert.Severity.HIGH,
        text=f"{version} is out of force: {why}",
    )  # fmt: skip
    return True


def over_budget(
    version: RuleVersion, *, now: datetime | None = None, policy: RulebookPolicy = RULEBOOK
) -> str | None:
    """Which budget it has exceeded, in words; None when none, or when it is not in force."""
    since = selectors.since(version)
    if since is None:
        return None
    now = now or timezone.now()
    for hours, most in ((1, version.hour_max), (24, version.day_max)):
        if _stopped(version, max(since, now - timedelta(hours=hours)), most) > most:
            return f"it stopped more than {most} payments within {hours} hour{'s' * (hours > 1)}"
    if _of_newest(version, since, policy.hundred) > version.hundred_max:
        return f"it stopped more than {version.hundred_max} of the newest {policy.hundred} payments"
    return None


def _stopped(version: RuleVersion, since: datetime, most: int) -> int:
    """How often since then; counting ends where it is too often."""
    hits = RuleHit.objects.filter(version=version, live=True, at__gte=since)
    return hits[: most + 1].count()


def _of_newest(version: RuleVersion, since: datetime, newest: int) -> int:
    # By when they were decided: what streams bring late happened long ago.
    decisions = Decision.objects.order_by("-id").values("pk")[:newest]
    hits = RuleHit.objects.filter(version=version, live=True, at__gte=since)
    return hits.filter(decision__in=decisions).count()
