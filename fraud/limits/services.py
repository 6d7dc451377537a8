"""Customers set their own limits: tighter at once, looser after a wait or by their PIN."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from babel.numbers import is_currency
from django.db import connection, transaction
from django.utils import timezone

from audit.services import record
from fintrust.core.errors import NotFound
from fintrust.core.etags import Expected, expect
from fintrust.core.ids import from_public
from fintrust.core.models import User
from fintrust.core.money import MINOR_MAX, Money
from fraud.errors import InvalidLimit, TooManyPendingChanges
from fraud.limits import places
from fraud.limits.change import Written
from fraud.limits.own import DAY_MINUTES, NOTHING, Amounts, CustomerPolicies, looser_in
from fraud.limits.policy import LIMITS, LimitsPolicy
from fraud.limits.selectors import versions_of, written_by
from fraud.models import LimitsMail, PolicyVersion


@transaction.atomic
def set_policies(
    *,
    customer: User,
    asked: CustomerPolicies,
    by: User,
    stepped_up: bool = False,
    expected: Expected = None,
    policy: LimitsPolicy = LIMITS,
) -> PolicyVersion | None:
    """All of a customer's limits, in place of those before; the newest version, if there is one.

    `stepped_up` says that the door checked the customer's PIN just now: then nothing waits.
    """
    check(asked, policy)
    if not asked.uses_clock:
        asked = replace(asked, timezone=NOTHING.timezone)  # written down only where it counts
    lock(customer)
    newest = versions_of(customer).first()
    before = newest.written if newest else Written()
    expect(before.version, expected)
    now = timezone.now()
    if asked == before.asked and not (stepped_up and before.pending(now)):
        return newest
    after = before.changed(asked, now, wait=policy.loosening_wait, stepped_up=stepped_up)
    if len(after.earlier) > policy.waiting_max:
        raise TooManyPendingChanges()
    made = PolicyVersion.objects.create(
        customer=customer,
        version=after.version,
        asked=asked.to_json(),
        earlier=[one.to_json() for one in after.earlier],
        stepped_up=stepped_up,
        by=by,
        at=now,
    )
    _record(made, before, after)
    if not stepped_up and looser_in(before.asked, asked):
        LimitsMail.objects.create(version=made)  # a sweep sends it once this has committed
    return made


@transaction.atomic
def cancel_pending(*, customer: User, by: User, expected: Expected = None) -> PolicyVersion | None:
    """What waits does not come. What is tighter already stays."""
    lock(customer)
    kept = written_by(customer).without_pending(timezone.now())
    return set_policies(customer=customer, asked=kept, by=by, expected=expected)


def lock(customer: User) -> None:
    """One after the other: two tabs at once leave one of the two answers, not a mixture."""
    User.objects.select_for_update(no_key=True).get(pk=customer.pk)


def wait_in_line(customer_id: UUID) -> None:
    """Payments of this customer wait here for each other, until the commit of the first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"own-limits:{customer_id}"]
        )


def _record(made: PolicyVersion, before: Written, after: Written) -> None:
    waiting = after.pending(made.at)
    record(
        "fraud.limits.changed",
        subject=made.customer,
        by=made.by,
        owner=made.customer,
        before=before.asked.to_json(),
        after=after.asked.to_json(),
        data={
            "version": made.version,
            "looser": list(looser_in(before.asked, after.asked)),
            "confirmed_by_pin": made.stepped_up,
            "waits_until": waiting[-1].at.isoformat() if waiting else None,
        },
    )


# --- what may be written --------------------------------------------------------------------


def limit_in(currency: str, amount: str | None) -> int | None:
    """A limit as it is typed, in minor units; None for none."""
    _check_currency(currency)
    return None if amount is None else Money.parse(amount, currency).minor


def check(asked: CustomerPolicies, policy: LimitsPolicy = LIMITS) -> None:
    """Refuse what is no limit, or more of it than is kept; InvalidLimit names the field."""
    for name in ("max_transaction_amount", "daily_total"):
        _about(name, _check_amounts, getattr(asked, name), policy)
    _about("daily_payments", _check_count, asked.daily_payments, policy.daily_payments_max)
    _about("allowed_locations", _check_places, asked.allowed_locations, policy)
    _about("allowed_time_range", _check_time, asked)
    _about("allowed_currencies", _check_currencies, asked.allowed_currencies, policy)
    _about("allowed_payees", _check_payees, asked.allowed_payees, policy)
    _about("new_payee", _check_new_payee, asked, policy)


def _about(field: str, ask: Callable[..., None], *values: Any) -> None:
    try:
        ask(*values)
    except InvalidLimit as problem:
        problem.field = field
        raise


def _check_currency(currency: str) -> None:
    if not is_currency(currency):
        raise InvalidLimit(f"{currency[:10]!r} is not a currency.")


def _check_amounts(amounts: Amounts, policy: LimitsPolicy) -> None:
    if len(amounts) > policy.currencies_max:
        raise InvalidLimit(f"A limit is kept for at most {policy.currencies_max} currencies.")
    for currency, minor in amounts.items():
        _check_currency(currency)
        if not 0 < minor <= MINOR_MAX:
            raise InvalidLimit()


def _check_count(count: int | None, most: int) -> None:
    if count is not None and not 1 <= count <= most:
        raise InvalidLimit(f"Write a whole number from 1 to {most}, or nothing for no limit.")


def _check_places(allowed: tuple[str, ...] | None, policy: LimitsPolicy) -> None:
    if allowed is None:
        return
    _check_list(allowed, policy.places_max, "places", places.normalise)
    for place in allowed:
        if not 1 < len(place) <= policy.place_chars_max or not place.isprintable():
            raise InvalidLimit(
                f"A place has 2 to {policy.place_chars_max} letters, for example Lisbon, PT."
            )
        if not any(letter.isalpha() for letter in place):
            raise InvalidLimit(f"{place!r} is not a place, for example Lisbon, PT.")


def _check_time(asked: CustomerPolicies) -> None:
    allowed = asked.allowed_time_range
    if allowed is None:
        return
    if not all(0 <= minute < DAY_MINUTES for minute in (allowed.start, allowed.end)):
        raise InvalidLimit("Write both times as 09:30.")
    if allowed.start == allowed.end:
        raise InvalidLimit("The hours must end at another time than they begin.")


def _check_currencies(allowed: tuple[str, ...] | None, policy: LimitsPolicy) -> None:
    if allowed is None:
        return
    _check_list(allowed, policy.currencies_max, "currencies", str)
    for currency in allowed:
        _check_currency(currency)


def _check_payees(allowed: tuple[str, ...], policy: LimitsPolicy) -> None:
    if len(allowed) > policy.payees_max or len(set(allowed)) < len(allowed):
        raise InvalidLimit(f"Name at most {policy.payees_max} payees, and each once.")
    for payee in allowed:
        try:
            from_public("acc", payee)
        except NotFound:
            raise InvalidLimit(f"{payee[:40]!r} is not the id of an account, acc_….") from None


def _check_new_payee(asked: CustomerPolicies, policy: LimitsPolicy) -> None:
    rule = asked.new_payee
    if rule is None:
        return
    _check_count(rule.hours, policy.new_payee_hours_max)
    if not rule.amount:
        raise InvalidLimit("Say how much a new payee may get, in at least one currency.")
    _check_amounts(rule.amount, policy)


def _check_list(
    names: tuple[str, ...], most: int, what: str, spelling: Callable[[str], str]
) -> None:
    if not names:
        raise InvalidLimit(f"Name at least one of the {what}, or leave it out for no limit.")
    if len(names) > most or _repeats(map(spelling, names)):
        raise InvalidLimit(f"Name at most {most} {what}, and each once.")


def _repeats(names: Iterable[str]) -> bool:
    found = list(names)
    return len(set(found)) < len(found)
