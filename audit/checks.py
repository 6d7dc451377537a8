"""Checking the log on a schedule or by hand, remembering the answer, and raising the alarm."""

from dataclasses import asdict
from datetime import timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from audit import services
from audit.models import Verification
from audit.verify import Outcome, verify
from fintrust.core import live

LOG = "audit.log"  # the subject of records about the log itself
FULL_EVERY = timedelta(hours=24)

log = structlog.get_logger(__name__)


def check(*, since: int = 0, against: str | None = None) -> Outcome:
    """Verify, and remember what came out. Damage not known yet is an alert and a record."""
    outcome = verify(since=since, against=against)
    _remember(outcome)
    return outcome


def check_on_schedule() -> Outcome:
    """What came since the last good check, and once a day all of it."""
    return check(since=_due_since())


def _due_since() -> int:
    good = Verification.objects.filter(intact=True)
    if not good.filter(since=0, at__gt=timezone.now() - FULL_EVERY).exists():
        return 0
    newest = good.order_by("-id").first()
    return newest.size if newest else 0


@transaction.atomic
def _remember(outcome: Outcome) -> None:
    before = Verification.objects.order_by("-id").first()
    Verification.objects.create(
        since=outcome.since,
        size=outcome.size,
        intact=outcome.intact,
        findings=[asdict(finding) for finding in outcome.findings],
    )
    if outcome.first is None:
        return
    log.error("audit_log_damaged", first=str(outcome.first), findings=len(outcome.findings))
    if before is None or before.intact:
        facts = {"first": str(outcome.first), "findings": len(outcome.findings)}
        services.record("audit.log.found_damaged", subject=LOG, data=facts)
        live.publish([live.SUPPORT], "audit.log.found_damaged", subject=LOG, data=facts)
