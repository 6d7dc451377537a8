"""What the bank asks about risk. `snapshot_for` is the only read of a verdict: one statement."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

import fraud.limits.selectors as limits
import fraud.lists.selectors as lists
from biometrics.selectors import SESSION_RISK
from fintrust.core import prepared
from fintrust.core.models import User
from fraud import features
from fraud.counterfactual import Change, passing
from fraud.errors import ModelMissing
from fraud.facts import Facts
from fraud.features import AGGREGATES, Snapshot
from fraud.features.statement import Statement, parameters, statement
from fraud.models import Alert, Decision, DecisionQuerySet, RuleVersion
from fraud.rulebook import selectors as rulebook
from fraud.rulebook.closures import readable
from fraud.travel import presence
from fraud.travel import services as travel
from fraud.verdict import (
    CURRENT,
    REVIEWING,
    VERIFIED,
    Models,
    Ruleset,
    Scorer,
    decide,
    of_its_time,
    reviewing,
    under,
)

# What other topics want to know travels with the features, so that PostgreSQL is asked once.
_RIDERS = {
    "own": limits.WRITTEN,
    # How the session typed is its own app's to answer.
    "session_risk": SESSION_RISK,
    "officers": rulebook.CURRENT_ID,
    "listed": lists.MATCHED,
}


@lru_cache
def _statement() -> Statement:
    return statement(AGGREGATES.values(), _RIDERS)


def snapshot_for(facts: Facts) -> Snapshot:
    """What was known about this customer just before these facts."""
    return known_for(facts)[0]


def known_for(
    facts: Facts, asked: Statement | None = None, *, limits_at: datetime | None = None
) -> tuple[Snapshot, UUID | None]:
    """The same, and which of the officers' rulesets is in force, in one round trip. Another
    statement asks with other bounds. The customer's own limits are those in force now, or at that
    moment: `facts.at` is what somebody says, and must not choose them."""
    asked = asked or _statement()
    with travel.looking(presence.of(facts)) as looked:  # Redis answers while PostgreSQL does
        (row,) = prepared.ask(asked.sql, _parameters(facts))  # aggregates always answer
        return _known(facts, asked, row, looked(), limits_at)


def known_for_all(payments: Sequence[Facts]) -> list[tuple[Snapshot, UUID | None]]:
    """The same of each of these, asked together; none of them knows the others."""
    given = [_parameters(facts) for facts in payments]
    columns = {name: [one[name] for one in given] for name in _TYPES}
    rows = prepared.ask(_many(), columns)
    return [
        _known(facts, _statement(), row, travel.look(facts))
        for facts, row in zip(payments, rows, strict=True)
    ]


_TYPES = {
    "customer": "uuid",
    "outgoing": "boolean",
    "account": "text",
    "counterparty": "text",
    "currency": "text",
    "device": "text",
    "at": "timestamptz",
    "session": "text",
    **lists.PARAMETER_TYPES,
}


@lru_cache
def _many() -> str:
    """The same statement once for each row of its parameters."""
    arrays = ", ".join(f"%({name})s::{kind}[]" for name, kind in _TYPES.items())
    one = re.sub(r"%\((\w+)\)s", r"asked.\1", _statement().sql)
    return (
        f"SELECT found.* FROM unnest({arrays}) WITH ORDINALITY AS asked({', '.join(_TYPES)}, place)"
        f" CROSS JOIN LATERAL ({one}) AS found ORDER BY asked.place"
    )


def _parameters(facts: Facts) -> dict[str, Any]:
    return parameters(facts) | {"session": facts.session_hash} | lists.parameters(facts)


def _known(
    facts: Facts,
    asked: Statement,
    row: Sequence[Any],
    looked: travel.Looked,
    limits_at: datetime | None = None,
) -> tuple[Snapshot, UUID | None]:
    *counted, written, risk, officers, listed = row
    clock = features.local(facts.at, facts.timezone)
    own = limits.in_force(written, at=limits_at)
    snapshot = Snapshot(
        local_hour=clock.hour,
        local_minute=clock.minute,
        local_weekday=clock.weekday(),
        values=asked.values(counted),
        own=own,
        standing=limits.standing_for(facts, own),
        session_risk=risk,
        travel=looked.travel,
        around=looked.around,
        listed=lists.matched(listed),
        degraded=looked.degraded,
    )
    return snapshot, officers


# --- what decides ---------------------------------------------------------------------------


def ruleset_in_force(officers: UUID | None) -> Ruleset:
    """The house's rules under what officers have put in force; these never change."""
    return _in_force(officers, settings.FRAUD_BLOCKED_TO_REVIEW)


@lru_cache(maxsize=64)
def _in_force(officers: UUID | None, review: bool) -> Ruleset:
    force = rulebook.NOTHING if officers is None else rulebook.current(officers)
    ruleset = under(force, readable)
    return reviewing(ruleset) if review else ruleset


def ruleset_of(decision: Decision) -> Ruleset:
    """What a stored decision was made under, with those of the house's rules that there were, as
    this program has them."""
    ruleset = CURRENT
    if decision.officers:
        ruleset = under(rulebook.ruleset(decision.officers), readable)
    ruleset = of_its_time(ruleset, decision.ruleset)
    return reviewing(ruleset) if decision.ruleset.endswith(REVIEWING) else ruleset


def models_of(ruleset: Ruleset) -> Models:
    """Its models, as far as they can be had."""
    return Models(_scorer(ruleset.champion), _scorer(ruleset.shadow_model))


def models_then(decision: Decision) -> Models:
    """Those that a stored decision was made with. Raises ModelMissing for one that is gone."""
    models = Models(_scorer(decision.champion), _scorer(decision.shadow_model))
    for id, scorer in (
        (decision.champion, models.champion),
        (decision.shadow_model, models.shadow),
    ):
        if id and scorer is None:
            raise ModelMissing(f"The model {id} cannot be read.")
    return models


def _scorer(model: str) -> Scorer | None:
    if not model:
        return None
    # Imported here: numpy is large, and a bank without models never needs it.
    from fraud.learning import registry

    return registry.scorer(model)


def contributions_of(decision: Decision) -> Mapping[str, float]:
    """What the model's score is made of. It is kept of what did not pass, and made again for
    whoever asks about the rest; nothing when the score does not come out the same any more."""
    if decision.contributions or not decision.champion:
        return decision.contributions
    facts, snapshot = decision.facts_then(), decision.snapshot_then()
    try:
        models = models_then(decision)
    except ModelMissing:
        return {}
    again = decide(facts, snapshot, ruleset_of(decision), models, explain=True)
    return again.contributions if again.score == decision.score else {}


def changes_that_pass(decision: Decision) -> tuple[Change, ...]:
    """The same for a page: nothing when it passed, or when nobody can tell any more."""
    if decision.verdict == VERIFIED:
        return ()
    try:
        return what_would_have_passed(decision) or ()
    except ModelMissing:  # the decision stands on its page without it
        return ()


def changes_to_tell(decision: Decision) -> tuple[Change, ...]:
    """The same for its customer. How far below the border of an officers' rule one may stay is not
    told: whoever stole the account would stay there."""
    codes = [reason["code"] for reason in decision.reasons]
    return () if ruled(codes) else changes_that_pass(decision)


def ruled(codes: Iterable[str]) -> bool:
    """Whether one of these reasons is an officers' rule."""
    return any(code.startswith(f"{RuleVersion.prefix}_") for code in codes)


def what_would_have_passed(decision: Decision) -> tuple[Change, ...] | None:
    """The smallest changes with which a payment would have passed; None when this program has
    other rules than the decision was made by, and so cannot tell."""
    ruleset = ruleset_of(decision)
    if ruleset.version != decision.ruleset:
        return None
    return passing(decision.facts_then(), decision.snapshot_then(), ruleset, models_then(decision))


# --- decisions ------------------------------------------------------------------------------


def decision_for(subject: str) -> Decision | None:
    """The newest decision about a transfer, by its public id."""
    return Decision.objects.filter(subject=subject).order_by("-id").first()


def decisions_of(customer: User) -> DecisionQuerySet:
    found: DecisionQuerySet = Decision.objects.of(customer)
    return found.order_by("-at", "-id")


def decisions_for_reader(user: User) -> DecisionQuerySet:
    """Everybody's for staff who may read them, one's own for everybody else."""
    everybody: DecisionQuerySet = Decision.objects.all()
    return everybody if user.has_perm("fraud.view_decision") else decisions_of(user)


# --- alerts ---------------------------------------------------------------------------------


def alerts() -> "QuerySet[Alert]":
    """All alerts, newest first, with what a list shows of them."""
    return Alert.objects.select_related("decision__customer", "acknowledged_by").order_by(
        "-at", "-id"
    )


def open_alerts() -> "QuerySet[Alert]":
    """What nobody has looked at yet."""
    return alerts().filter(status=Alert.Status.OPEN)
