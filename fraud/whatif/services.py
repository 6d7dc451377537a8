"""What would be decided. Nothing is booked, learned or alerted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.utils import timezone

from audit.services import record
from fintrust.core.models import User
from fraud import selectors
from fraud.counterfactual import Change, passing
from fraud.errors import UnknownNumber
from fraud.facts import Facts
from fraud.features import AGGREGATES, Snapshot
from fraud.verdict import Verdict, decide

CHANGES_MAX = 12  # more at once, and nobody can say what made the difference
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Tried:
    """A movement that does not happen, and all that its verdict was made from."""

    facts: Facts
    snapshot: Snapshot
    verdict: Verdict
    passing: tuple[Change, ...]  # the smallest changes with which it would pass


def ask(facts: Facts, *, by: User, changes: Mapping[str, int] | None = None) -> Tried:
    """The verdict about a movement that does not happen; with changes, as if those were known.

    A customer who asks about themselves leaves nothing; an officer has looked at a customer's
    data, and that is remembered like every look.
    """
    if by.pk != facts.customer_id:
        record(
            "core.customer.viewed",
            subject=facts.account,
            by=by,
            owner=facts.customer_id,
            purpose="what-if",
            data={"amount_minor": facts.amount_minor, "currency": facts.currency},
        )
    # What waits now will be in force by then. Of the past only the limits of now are known.
    limits_at = max(facts.at, timezone.now())
    snapshot, officers = selectors.known_for(facts, limits_at=limits_at)
    snapshot = changed(snapshot, changes or {})
    ruleset = selectors.ruleset_in_force(officers)
    models = selectors.models_of(ruleset)
    verdict = decide(facts, snapshot, ruleset, models, explain=True)
    if by.pk == facts.customer_id and selectors.ruled(hit.code for hit in verdict.reasons):
        return Tried(facts, snapshot, verdict, ())  # as `selectors.changes_to_tell`
    return Tried(facts, snapshot, verdict, passing(facts, snapshot, ruleset, models))


def changed(snapshot: Snapshot, changes: Mapping[str, int]) -> Snapshot:
    """What was known, had these numbers been others."""
    if len(changes) > CHANGES_MAX:
        raise UnknownNumber(f"At most {CHANGES_MAX} numbers can be changed at once.")
    for name, value in changes.items():
        if name not in AGGREGATES:
            raise UnknownNumber(f"{name[:60]!r} is not a number that decisions know.")
        if not -_LARGEST <= value <= _LARGEST:
            raise UnknownNumber(f"{name} cannot be that large.")
    return replace(snapshot, values={**snapshot.values, **changes})
