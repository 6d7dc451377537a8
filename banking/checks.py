"""Checking the ledger on a schedule or by hand, remembering the answer, and raising the alarm."""

from dataclasses import asdict

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.services import record
from banking.models import CheckRequest, LedgerCheck
from banking.policy import BOOKS
from banking.verify import Checked, Checkpoint, Finding, check_ledger
from fintrust.core import live
from fintrust.core.errors import Conflict, Forbidden
from fintrust.core.models import User

LEDGER = "banking.ledger"  # the subject of records about the books as a whole
FINDINGS_KEPT_MAX = 100  # what is broken everywhere is known after a hundred

log = structlog.get_logger(__name__)


class CheckWaits(Conflict):
    """A check has been asked for already and begins within seconds."""

    code = "check-waits"


def check() -> LedgerCheck:
    """Verify all, and remember what came out. Damage not known yet is an alert and a record."""
    return _remember(check_ledger(), full=True)


def check_on_schedule() -> LedgerCheck:
    """What is new since the last good check, and once a day all of it.

    Whatever the short check finds, the long one has the word: a checkpoint may be wrong too.
    """
    since = _due_since()
    if since is not None and not (checked := check_ledger(since=since)).findings:
        return _remember(checked, full=False)
    return check()


def ask_check(*, by: User) -> CheckRequest:
    """Have the books verified now, whole. The sweep does it: it may last, and a page may not."""
    if not by.has_perm("banking.add_checkrequest"):
        raise Forbidden()
    try:
        with transaction.atomic():
            asked = CheckRequest.objects.create(asked_by=by)
            record("banking.ledger.check_asked", subject=LEDGER, by=by)
            return asked
    except IntegrityError:  # the database lets one wait at a time
        raise CheckWaits() from None


def answer_asked() -> int:
    """Verify the books if somebody has asked for it."""
    waiting = CheckRequest.objects.filter(answer=None).first()
    if waiting is None:
        return 0
    # A second hand that does the same costs a check and changes nothing: the first answer stays.
    return CheckRequest.objects.filter(pk=waiting.pk, answer=None).update(answer=check())


def _due_since() -> Checkpoint | None:
    newest = LedgerCheck.objects.order_by("-id").first()
    whole = LedgerCheck.objects.filter(
        full=True, intact=True, at__gt=timezone.now() - BOOKS.full_check_every
    )
    # Damaged books are read whole until they are good again.
    if newest is None or not newest.intact or not whole.exists():
        return None
    return Checkpoint.from_json(newest.checkpoint)


@transaction.atomic
def _remember(checked: Checked, *, full: bool) -> LedgerCheck:
    before = LedgerCheck.objects.order_by("-id").first()
    findings = checked.findings
    kept = [asdict(finding) for finding in findings[:FINDINGS_KEPT_MAX]]
    done = LedgerCheck.objects.create(
        intact=not findings,
        findings=kept,
        full=full,
        movements=checked.movements,
        checkpoint=None if findings else checked.checkpoint.to_json(),
    )
    if findings:
        log.error("ledger_damaged", first=str(findings[0]), findings=len(findings))
        if before is None or before.intact:
            _raise_alarm(findings)
    return done


def _raise_alarm(findings: list[Finding]) -> None:
    facts = {"first": str(findings[0]), "findings": len(findings)}
    record("banking.ledger.found_damaged", subject=LEDGER, data=facts)
    live.publish([live.SUPPORT], "banking.ledger.found_damaged", subject=LEDGER, data=facts)
