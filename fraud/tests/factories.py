"""Facts, snapshots and rows for tests: a customer with a normal of their own."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fintrust.core.ids import to_public, uuid7
from fintrust.core.models import User
from fraud import services
from fraud.facts import Facts
from fraud.features import AGGREGATES, Snapshot
from fraud.features.moments import micros_of
from fraud.limits.selectors import written_by
from fraud.limits.services import set_policies
from fraud.models import PaymentFact
from fraud.policy import FraudPolicy
from fraud.verdict import Ruleset

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
SOMEBODY = UUID("0190b6a5-0000-7000-8000-000000000001")
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


#: A hundred payments of £40 and £60 in a hundred days; this payee was paid before.
NORMAL: dict[str, int | None] = {
    "own_count_180d": 100,
    "own_same_count": 100,
    "own_same_sum": 100 * 50_00,
    "own_same_squares": 50 * 40_00**2 + 50 * 60_00**2,
    "own_median": 40_00,
    "own_high": 60_00,
    "own_largest": 60_00,
    "own_hour_12": 100,
    "own_weekday_1": 100,
    "own_first_at": micros_of(NOON - timedelta(days=100)),
    "own_same_first_at": micros_of(NOON - timedelta(days=100)),
    "own_last_at": micros_of(NOON - timedelta(days=1)),
    "pair_count": 1,
    "pair_largest": 60_00,
    "pair_first_at": micros_of(NOON - timedelta(days=50)),
}


def snapshot(**changes: Any) -> Snapshot:
    """A normal of one's own, at noon; changes are aggregates by name, or the snapshot's fields."""
    counted = {name: changes.pop(name) for name in list(changes) if name in AGGREGATES}
    values: dict[str, Any] = {"local_hour": 12, "local_weekday": 1, "values": NORMAL | counted}
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


def limit_payments(
    person: User, largest_minor: Mapping[str, int], *, stepped_up: bool = False
) -> None:
    """Their own limits as they are, with these for one payment in each currency."""
    asked = replace(written_by(person).asked, max_transaction_amount=largest_minor)
    set_policies(customer=person, asked=asked, by=person, stepped_up=stepped_up)
