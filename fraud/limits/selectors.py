"""What a customer forbids themselves now, then and soon, and where they stand against it."""

import json
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from fintrust.core.models import User
from fraud.facts import Facts
from fraud.features import local
from fraud.limits.change import Written
from fraud.limits.own import CustomerPolicies, Standing
from fraud.limits.policy import LIMITS, LimitsPolicy
from fraud.limits.words import limited
from fraud.models import Decision, PaymentFact, PolicyVersion
from fraud.policy import CUSTOMER_PAYMENTS_MAX, LIMIT_CURRENCIES


def versions_of(customer: User) -> "QuerySet[PolicyVersion]":
    """Every version of a customer's limits, newest first."""
    return PolicyVersion.objects.filter(customer=customer).order_by("-version")


def written_by(customer: User, *, at: datetime | None = None) -> Written:
    """The limits as they stood written at that moment: what was in force is `in_force(at)`."""
    versions = versions_of(customer)
    newest = (versions if at is None else versions.filter(at__lte=at)).first()
    return Written() if newest is None else newest.written


#: The newest row as text: a subselect that travels with the snapshot's one statement.
WRITTEN = """SELECT jsonb_build_object('asked', asked, 'earlier', earlier, 'version', version)::text
        FROM fraud_policyversion WHERE customer_id = %(customer)s::uuid
        ORDER BY version DESC LIMIT 1"""


def in_force(row: str | None, *, at: datetime | None = None) -> CustomerPolicies:
    """What the newest row says is in force, by the clock of this read."""
    written = Written.from_json(None if row is None else json.loads(row))
    return written.in_force(at or timezone.now())


def limited_by(customer: User) -> list[str]:
    """What the customer limits at the moment, by name."""
    return limited(written_by(customer).in_force(timezone.now()))


# --- where the customer stands --------------------------------------------------------------


def standing_for(facts: Facts, own: CustomerPolicies, *, policy: LimitsPolicy = LIMITS) -> Standing:
    """Read only for those whose limits count. Exact while others wait in line."""
    clock = local(facts.at, own.timezone)
    minute = clock.hour * 60 + clock.minute if own.uses_clock else 0
    if not own.counts:
        return Standing(minute=minute)
    start, end = day_of(clock.date(), own.timezone)
    with connection.cursor() as cursor:
        cursor.execute(
            _statement(),
            {
                "customer": facts.customer_id,
                "counterparty": facts.counterparty,
                "currency": facts.currency,
                "counts_day": own.counts_day,
                "day_start": start,
                "day_end": end,
                "asked_since": start - policy.asked_before_max,
                "new_since": facts.at - timedelta(hours=policy.new_payee_hours_max),
            },
        )
        spent, payments, first, payee = cursor.fetchone()
    return Standing(
        minute=minute,
        spent_minor=int(spent),
        payments=payments,
        payee_first_at=first and first.astimezone(UTC),
        payee_minor=int(payee),
    )


@lru_cache
def _statement() -> str:
    return Path(__file__).parent.with_name("sql").joinpath("standing.sql").read_text()


def day_of(day: date, zone: str) -> tuple[datetime, datetime]:
    """From midnight to midnight on that clock: 23 or 25 hours twice a year."""
    tz = local(datetime.now(UTC), zone).tzinfo
    midnights = (datetime.combine(one, time.min, tz) for one in (day, day + timedelta(days=1)))
    start, end = (midnight.astimezone(UTC) for midnight in midnights)
    return start, end


# --- for the page ---------------------------------------------------------------------------


def currencies_of(customer: User) -> tuple[list[str], list[str]]:
    """The currencies that a customer uses or limits, and the usual ones beside them. Who uses none
    yet has all of them first."""
    newest = PaymentFact.objects.filter(customer=customer, outgoing=True).order_by("-at")
    used = newest.values_list("currency", flat=True)[:CUSTOMER_PAYMENTS_MAX]
    asked = written_by(customer).asked
    limited = {*asked.max_transaction_amount, *asked.daily_total, *(asked.allowed_currencies or ())}
    if asked.new_payee is not None:
        limited |= {*asked.new_payee.amount}
    own = {*used, *limited} or {*LIMIT_CURRENCIES}
    return sorted(own), sorted({*LIMIT_CURRENCIES} - own)


def last_payments(customer: User, *, policy: LimitsPolicy = LIMITS) -> list[Decision]:
    """The decisions about the last payments that really moved, oldest first."""
    newest = PaymentFact.objects.filter(customer=customer, outgoing=True).order_by("-at")
    found = newest.select_related("decision")[: policy.tried_payments_max]
    return [fact.decision for fact in found][::-1]
