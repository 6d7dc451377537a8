"""What the bank asks about risk. `snapshot_for` is the only read of a verdict: one statement."""

from datetime import UTC, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from biometrics.selectors import session_risk
from fintrust.core.models import User
from fraud import features
from fraud.facts import Facts
from fraud.features import Snapshot, Speed
from fraud.models import Alert, CustomerLimit, Decision, DecisionQuerySet, PaymentFact
from fraud.policy import LIMIT_CURRENCIES, STANDARD, FraudPolicy
from fraud.profile.statement import LEARN_SINCE


@lru_cache
def _statement() -> str:
    text = Path(__file__).with_name("sql").joinpath("snapshot.sql").read_text()
    return text.replace("{learn_since}", LEARN_SINCE)


def snapshot_for(facts: Facts, policy: FraudPolicy = STANDARD) -> Snapshot:
    """What was known about this customer just before these facts."""
    with connection.cursor() as cursor:
        cursor.execute(_statement(), _parameters(facts, policy))
        names = [column.name for column in cursor.description]
        row = dict(zip(names, cursor.fetchone(), strict=True))
    clock = features.local(facts.at, facts.timezone)
    return Snapshot(
        local_hour=clock.hour,
        local_minute=clock.minute,
        # How the session typed is its own app's to answer; without a session nobody is asked.
        session_risk=session_risk(facts.session_hash),
        **_values(row),
    )


def _parameters(facts: Facts, policy: FraudPolicy) -> dict[str, Any]:
    return {
        "customer": facts.customer_id,
        "outgoing": facts.outgoing,
        "counterparty": facts.counterparty,
        "currency": facts.currency,
        "at": facts.at,
        "since": facts.at - timedelta(days=policy.history_days_max),
        "windows": [facts.at - window.length for window in policy.windows],
        "own_max": policy.history_payments_max,
        "own_min": policy.own_payments_min,
        "peers_max": policy.peers_payments_max,
    }


def _values(row: dict[str, Any]) -> dict[str, Any]:
    """PostgreSQL's exact sums as whole numbers, its times in UTC."""
    return row | {
        "sum_minor": int(row["sum_minor"] or 0),
        "square_sum": int(row["square_sum"] or 0),
        "hours": tuple(row["hours"]),
        "speeds": tuple(Speed(int(count), int(total)) for count, total in row["speeds"]),
        "first_at": row["first_at"] and row["first_at"].astimezone(UTC),
        "last_at": row["last_at"] and row["last_at"].astimezone(UTC),
    }


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
    used = newest.values_list("currency", flat=True)[: STANDARD.history_payments_max]
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
