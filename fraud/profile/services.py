"""The customer's word about learning: whether, and from when on. Each word is a row."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.services import record
from fintrust.core.models import User
from fraud.errors import NothingToKeep
from fraud.models import LearningChoice
from fraud.profile.policy import PROFILE, ProfilePolicy
from fraud.profile.selectors import Learning, learning_in_force, learning_of


@transaction.atomic
def choose_learning(
    *, customer: User, learn: bool, by: User, policy: ProfilePolicy = PROFILE
) -> Learning:
    """Let the bank learn what is normal, or not. It never learns from what was paid in between."""
    before = _locked(customer)
    if before.learns == learn:
        return before
    now = timezone.now()
    since = now if learn else before.since
    chosen = _choose(customer, learn, since, now + policy.guard)
    _remember("fraud.learning.chosen", customer, by, before, chosen)
    return chosen


@transaction.atomic
def forget_normal(*, customer: User, by: User, policy: ProfilePolicy = PROFILE) -> Learning:
    """Forget what is normal: only payments from now on count. Rows stay, for the books' sake."""
    before = _locked(customer)
    if before.is_pending and before.since is not None:
        return before  # it is being forgotten already
    now = timezone.now()
    chosen = _choose(customer, before.learns, now, now + policy.guard)
    _remember("fraud.profile.reset", customer, by, before, chosen)
    return chosen


@transaction.atomic
def keep_normal(*, customer: User, by: User) -> Learning:
    """Take back what has not taken effect yet, at once: this can only make the bank stricter."""
    before = _locked(customer)
    if not before.is_pending:
        raise NothingToKeep()
    held = learning_in_force(customer)
    chosen = _choose(customer, held.learns, held.since, timezone.now())
    _remember("fraud.profile.kept", customer, by, before, chosen)
    return chosen


def _locked(customer: User) -> Learning:
    # One lock per customer: two tabs at once leave one answer after the other.
    User.objects.select_for_update(no_key=True).get(pk=customer.pk)
    return learning_of(customer)


def _choose(
    customer: User, learns: bool, since: datetime | None, effective_at: datetime
) -> Learning:
    LearningChoice.objects.create(
        customer=customer, learns=learns, since=since, effective_at=effective_at
    )
    return Learning(learns, since, effective_at)


def _remember(action: str, customer: User, by: User, before: Learning, after: Learning) -> None:
    record(
        action,
        subject=customer,
        by=by,
        owner=customer,
        before=_plain(before),
        after=_plain(after),
    )


def _plain(learning: Learning) -> dict[str, Any]:
    return {
        "learns": learning.learns,
        "since": learning.since.isoformat() if learning.since else "",
        "judged_by_from": learning.effective_at.isoformat() if learning.effective_at else "",
    }
