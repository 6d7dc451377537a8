"""What the bank asks about risk. `snapshot_for` is the only read of a verdict: one statement."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection
from django.db.models import QuerySet

from biometrics.selectors import SESSION_RISK
from fintrust.core.ids import from_public
from fintrust.core.models import User
from fraud import features
from fraud.counterfactual import Change, passing
from fraud.errors import ModelMissing
from fraud.facts import Facts
from fraud.features import AGGREGATES, Snapshot
from fraud.features.statement import Statement, parameters, statement
from fraud.models import (
    Alert,
    CustomerLimit,
    Decision,
    DecisionQuerySet,
    ModelVersion,
    PaymentFact,
)
from fraud.policy import CUSTOMER_PAYMENTS_MAX, LIMIT_CURRENCIES
from fraud.rulebook import selectors as rulebook
from fraud.rulebook.closures import readable
from fraud.travel import services as travel
from fraud.verdict import CURRENT, Models, Ruleset, Scorer, under

# What other topics want to know travels with the features, so that PostgreSQL is asked once.
_RIDERS = {
    "limit_minor": """SELECT largest_minor FROM fraud_customerlimit
        WHERE customer_id = %(customer)s::uuid AND currency = %(currency)s::text""",
    # How the session typed is its own app's to answer.
    "session_risk": SESSION_RISK,
    "officers": rulebook.CURRENT_ID,
}


@lru_cache
def _statement() -> Statement:
    return statement(AGGREGATES.values(), _RIDERS)


def snapshot_for(facts: Facts) -> Snapshot:
    """What was known about this customer just before these facts."""
    return known_for(facts)[0]


def known_for(facts: Facts, asked: Statement | None = None) -> tuple[Snapshot, UUID | None]:
    """The same, and which of the officers' rulesets is in force, in one round trip. Another
    statement asks with other bounds."""
    looked = travel.look(facts)
    asked = asked or _statement()
    row = _row(asked.sql, parameters(facts) | {"session": facts.session_hash})
    *counted, limit, risk, officers = row
    clock = features.local(facts.at, facts.timezone)
    snapshot = Snapshot(
        local_hour=clock.hour,
        local_minute=clock.minute,
        local_weekday=clock.weekday(),
        values=asked.values(counted),
        limit_minor=limit,
        session_risk=risk,
        travel=looked.travel,
        around=looked.around,
        degraded=looked.degraded,
    )
    return snapshot, officers


def _row(sql: str, given: dict[str, Any]) -> Sequence[Any]:
    """Prepared once for each connection and answered in binary: Django's cursors do neither, and
    planning would take longer than the answer."""
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(sql, given, prepare=True, binary=True)
        row: Sequence[Any] | None = cursor.fetchone()
    assert row is not None  # aggregates always answer
    return row


# --- what decides ---------------------------------------------------------------------------


@lru_cache(maxsize=64)
def ruleset_in_force(officers: UUID | None) -> Ruleset:
    """The house's rules under what officers have put in force; these never change."""
    force = rulebook.NOTHING if officers is None else rulebook.current(officers)
    return under(force, readable)


def ruleset_of(decision: Decision) -> Ruleset:
    """What a stored decision was made under, with the house's rules as this program has them."""
    if not decision.officers:
        return CURRENT
    return under(rulebook.ruleset(decision.officers), readable)


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

    return registry.scorer(from_public(ModelVersion.prefix, model))


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


# --- limits ---------------------------------------------------------------------------------


def limits_of(customer: User) -> "QuerySet[CustomerLimit]":
    """The customer's own limits, one row a currency; a currency without a row has none."""
    return CustomerLimit.objects.filter(customer=customer).order_by("currency")


def currencies_of(customer: User) -> list[str]:
    """The currencies a customer may want a limit in: the usual ones, and those they have used."""
    newest = PaymentFact.objects.filter(customer=customer, outgoing=True).order_by("-at")
    used = newest.values_list("currency", flat=True)[:CUSTOMER_PAYMENTS_MAX]
    limited = limits_of(customer).values_list("currency", flat=True)
    return sorted({*LIMIT_CURRENCIES, *used, *limited})


# --- alerts ---------------------------------------------------------------------------------


def alerts() -> "QuerySet[Alert]":
    """All alerts, newest first, with what a list shows of them."""
    return Alert.objects.select_related("decision__customer", "acknowledged_by").order_by(
        "-at", "-id"
    )


def open_alerts() -> "QuerySet[Alert]":
    """What nobody has looked at yet."""
    return alerts().filter(status=Alert.Status.OPEN)
