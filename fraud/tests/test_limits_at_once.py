"""Own limits where commits are commits: written once, taken over, and never passed by two."""

import threading
from datetime import UTC, datetime, timedelta
from importlib import import_module

import psycopg
import pytest
from django.db import connections, transaction
from django.utils import timezone

from fintrust.core.etags import PreconditionFailed, seen
from fraud import services
from fraud.limits import selectors as limits
from fraud.limits.own import CustomerPolicies
from fraud.limits.services import set_policies
from fraud.models import Decision
from fraud.tests.factories import customer, facts

SINCE = datetime(2026, 3, 24, 9, 0, tzinfo=UTC)


def test_a_version_is_written_once(bank, app_sql, owner_sql):
    ada = customer()
    set_policies(customer=ada, asked=CustomerPolicies(daily_payments=1), by=ada)
    for change in (
        "UPDATE fraud_policyversion SET asked = '{}'",
        "UPDATE fraud_policyversion SET earlier = '[]', at = now()",
        "DELETE FROM fraud_policyversion",
        "TRUNCATE fraud_policyversion CASCADE",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app_sql(change)
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            owner_sql(change)


def test_the_largest_payments_of_before_are_taken_over(bank, owner_sql):
    """The statement of the migration, on the table as it was."""
    ada = customer()
    owner_sql(
        "CREATE TABLE fraud_customerlimit"
        " (customer_id uuid, currency text, largest_minor bigint, since timestamptz)"
    )
    for currency, minor, since in (
        ("GBP", 10_00, SINCE - timedelta(days=9)),
        ("EUR", 20_00, SINCE),
    ):
        row = (ada.pk, currency, minor, since)
        owner_sql("INSERT INTO fraud_customerlimit VALUES (%s, %s, %s, %s)", *row)
    owner_sql(import_module("fraud.migrations.0021_take_over_limits").TAKE_OVER)
    taken = limits.versions_of(ada).get()
    assert taken.policies == CustomerPolicies(max_transaction_amount={"GBP": 10_00, "EUR": 20_00})
    assert (taken.version, taken.at, taken.by, taken.stepped_up) == (1, SINCE, ada, False)
    assert services.judge(facts(customer_id=ada.pk, amount_minor=10_01)).forbidden


def test_two_payments_at_once_cannot_both_take_what_is_left(bank):
    """From two accounts, so that no lock of the ledger keeps them apart."""
    ada = customer()
    asked = CustomerPolicies(daily_total={"GBP": 100_00}, timezone="Europe/London")
    set_policies(customer=ada, asked=asked, by=ada)
    at_once, moved = threading.Barrier(6), []

    def send(number):
        at_once.wait()
        try:
            with transaction.atomic():
                decision = services.assess(
                    facts(customer_id=ada.pk, account=f"acc_{number}", at=timezone.now(),
                          amount_minor=60_00)
                )  # fmt: skip
                if not decision.forbidden:
                    services.observe(decision)
                    moved.append(number)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(moved) == 1
    assert Decision.objects.filter(forbidden=True).count() == 5


def test_two_tabs_that_save_at_once_leave_one_answer_and_one_refusal(bank):
    ada = customer()
    at_once, answers = threading.Barrier(2), []

    def save(count):
        at_once.wait()
        try:
            set_policies(
                customer=ada, asked=CustomerPolicies(daily_payments=count), by=ada, expected=seen(0)
            )
            answers.append(count)
        except PreconditionFailed:
            answers.append("changed meanwhile")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=save, args=[count]) for count in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count("changed meanwhile") == 1
    assert limits.versions_of(ada).count() == 1
