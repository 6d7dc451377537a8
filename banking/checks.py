"""Checking the ledger on a schedule or by hand, remembering the answer, and raising the alarm."""

from dataclasses import asdict

import structlog
from django.db import transaction

from audit.services import record
from banking.models import LedgerCheck
from banking.verify import Finding, verify_ledger
from fintrust.core import live

LEDGER = "banking.ledger"  # the subject of records about the books as a whole
FINDINGS_KEPT_MAX = 100  # what is broken everywhere is known after a hundred

log = structlog.get_logger(__name__)


def check() -> LedgerCheck:
    """Verify, and remember what came out. Damage not known yet is an alert and a record."""
    return _remember(verify_ledger())


@transaction.atomic
def _remember(findings: list[Finding]) -> LedgerCheck:
    before = LedgerCheck.objects.order_by("-id").first()
    kept = [asdict(finding) for finding in findings[:FINDINGS_KEPT_MAX]]
    done = LedgerCheck.objects.create(intact=not findings, findings=kept)
    if findings:
        log.error("ledger_damaged", first=str(findings[0]), findings=len(findings))
        if before is None or before.intact:
            _raise_alarm(findings)
    return done


def _raise_alarm(findings: list[Finding]) -> None:
    facts = {"first": str(findings[0]), "findings": len(findings)}
    record("banking.ledger.found_damaged", subject=LEDGER, data=facts)
    live.publish([live.SUPPORT], "banking.ledger.found_damaged", subject=LEDGER, data=facts)
