"""Facts, snapshots and rows for tests: a customer with a normal of their own."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fintrust.core.ids import to_public, uuid7
from fintrust.core.models import User
from fraud import services
from fraud.facts import Facts
from fraud.features import Snapshot, Speed
from fraud.models import PaymentFact
from fraud.policy import FraudPolicy
from fraud.verdict import Ruleset

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
SOMEBODY = UUID("0190b6a5-0000-7000-8000-000000000001")
STILL = (Speed(), Speed(), Speed())
#: A ruleset that finds nothing: for giving customers a history.
LENIENT = Ruleset("lenient", FraudPolicy(), policies=(), rules=())


def facts(**changes: Any) -> Facts:
    """£50 to a payee, at noon."""
    values: dict[str, Any] = {
        "kind": "transfer",
        "subject": to_public("trf", uuid7()),
        "customer_id": SOMEBODY,
        "account": "acc_mine",
        "counterparty": "acc_payee",
        "amount_minor": 50_00,
        "currency": "GBP",
        "at": NOON,
        "timezone": "Europe/London",
    }
    return Facts(**values | changes)


def snapshot(**changes: Any) -> Snapshot:
    """A hundred payments of £40 and £60 in a hundred days; this payee was paid before."""
    values: dict[str, Any] = {
        "local_hour": 12,
        "payments": 100,
        "sum_minor": 100 * 50_00,
        "square_sum": 50 * 40_00**2 + 50 * 60_00**2,
        "median_minor": 40_00,
        "largest_minor": 60_00,
        "hours": (0,) * 12 + (100,) + (0,) * 11,
        "first_at": NOON - timedelta(days=100),
        "last_at": NOON - timedelta(days=1),
        "speeds": STILL,
        "payee_payments": 1,
        "payee_largest_minor": 60_00,
    }
    return Snapshot(**values | changes)


def customer(email: str = "ada@example.com", **fields: Any) -> User:
    return User.objects.create_user(email, PASSWORD, name="Ada Byron", **fields)


def paid(**changes: Any) -> PaymentFact:
    """A payment that moved, judged by nobody strict."""
    return services.observe(services.assess(facts(**changes), ruleset=LENIENT))


def habit(
    person: User, *amounts: int, every: timedelta = timedelta(days=1), **changes: Any
) -> None:
    """One payment for each amount, the last of them one step before noon."""
    for back, amount in enumerate(reversed(amounts), start=1):
        at = NOON - back * every
        paid(customer_id=person.pk, amount_minor=amount, at=at, **changes)
