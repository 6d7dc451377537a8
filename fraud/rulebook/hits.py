"""What rules matched, remembered with the decision, and the look at their budgets afterwards."""

from collections.abc import Iterable

from django.db import transaction

from fintrust.core.ids import from_public
from fraud.models import Decision, RuleHit, RuleVersion
from fraud.rulebook.force import WATCH
from fraud.verdict import OfficersRule


def remember(
    decision: Decision, *, live: Iterable[OfficersRule], shadow: Iterable[OfficersRule] = ()
) -> None:
    """All hits of a decision in one statement, in its transaction. After the commit those that
    stopped the payment are counted against their budgets."""
    matched = [(rule, True) for rule in live] + [(rule, False) for rule in shadow]
    if not matched:
        return
    RuleHit.objects.bulk_create(
        RuleHit(
            version_id=from_public(RuleVersion.prefix, rule.id), decision=decision, live=is_live
        )
        for rule, is_live in matched
    )
    stopping = [rule.id for rule, is_live in matched if is_live and rule.action != WATCH]
    if stopping:
        # Robust: the money has moved or not; a failing look is repeated by the sweep.
        transaction.on_commit(lambda: _look(stopping), robust=True)


def _look(ids: list[str]) -> None:
    from fraud.rulebook import breaker  # it raises alerts, whose module judges payments by this one

    breaker.look_at(from_public(RuleVersion.prefix, id) for id in ids)
