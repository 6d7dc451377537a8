"""Guesses at what proves who somebody is: counted, so that nobody gets many."""

from datetime import datetime

from audit import services as audit
from biometrics.models import Guessed
from biometrics.policy import GuessPolicy
from fintrust.core.models import User

FAILURES_COUNTED_MAX = 30_000  # the column's own bound; the lock has long been at its longest


def rests(row: Guessed, now: datetime) -> bool:
    return row.locked_until is not None and row.locked_until > now


def forgive(row: Guessed) -> None:
    if row.failures or row.locked_until:
        row.failures, row.locked_until = 0, None
        row.save(update_fields=["failures", "locked_until"])


def count_failure(
    row: Guessed, *, user: User, now: datetime, policy: GuessPolicy, what: str
) -> None:
    """One more, in the log as `biometrics.{what}.failed`; the last one allowed locks it."""
    row.failures = min(row.failures + 1, FAILURES_COUNTED_MAX)
    rest = policy.lock_after(row.failures)
    row.locked_until = now + rest if rest else None
    row.save(update_fields=["failures", "locked_until"])
    after: dict[str, object] = {"failures": row.failures}
    audit.record(f"biometrics.{what}.failed", subject=user, by=user, owner=user, after=after)
    if row.locked_until is not None:
        after = {"locked_until": row.locked_until.isoformat()}
        audit.record(f"biometrics.{what}.locked", subject=user, by=user, owner=user, after=after)
