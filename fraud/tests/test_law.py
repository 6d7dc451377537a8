"""What the database itself refuses, whoever asks: decisions and what was learned are final."""

import psycopg
import pytest

from fraud import services
from fraud.models import AfterScore, Alert
from fraud.profile.services import forget_normal
from fraud.tests.factories import customer, facts

WRITTEN_ONCE = ("fraud_decision", "fraud_paymentfact", "fraud_afterscore", "fraud_learningchoice")
CHANGES = (
    "UPDATE fraud_decision SET verdict = 'VERIFIED'",
    "UPDATE fraud_decision SET snapshot = '{}'",
    "UPDATE fraud_paymentfact SET amount_minor = 1",
    "UPDATE fraud_afterscore SET score = 0",
    "UPDATE fraud_learningchoice SET effective_at = at",
    *(f"DELETE FROM {table}" for table in WRITTEN_ONCE),
    *(f"TRUNCATE {table} CASCADE" for table in WRITTEN_ONCE),
)


@pytest.fixture
def judged(bank):
    ada = customer()
    decision = services.assess(facts(customer_id=ada.pk, amount_minor=1_500_00))
    fact = services.observe(decision)
    AfterScore.objects.create(fact=fact, model="test", score=0.5)
    forget_normal(customer=ada, by=ada)
    return decision


def refused(run, statements, *errors):
    """Each statement is tried; the ones that were not refused are the answer."""
    let_through = []
    for statement in statements:
        try:
            run(statement)
        except errors:
            continue
        let_through.append(statement)
    return let_through


def test_the_application_may_not_change_what_was_decided(judged, app_sql):
    assert refused(app_sql, CHANGES, psycopg.errors.InsufficientPrivilege) == []


def test_not_even_the_owner_changes_what_was_decided(judged, owner_sql):
    assert refused(owner_sql, CHANGES, psycopg.errors.IntegrityConstraintViolation) == []


def test_an_alert_may_be_acknowledged_and_nothing_else(judged, app_sql):
    statements = (
        "UPDATE fraud_alert SET text = 'nothing'",
        "UPDATE fraud_alert SET severity = 'low'",
        "UPDATE fraud_alert SET decision_id = gen_random_uuid()",
        "UPDATE fraud_alert SET at = now()",
        "DELETE FROM fraud_alert",
        "TRUNCATE fraud_alert",
    )
    assert refused(app_sql, statements, psycopg.errors.InsufficientPrivilege) == []


def test_an_acknowledged_alert_names_who_looked(judged):
    with pytest.raises(Exception, match="fraud_alert_acknowledged_by_somebody"):
        Alert.objects.update(status="acknowledged")


def test_who_reads_reports_reads_and_does_not_write(judged, reader_sql):
    tables = (*WRITTEN_ONCE, "fraud_alert", "fraud_policyversion")
    assert refused(reader_sql, [f"SELECT * FROM {table}" for table in tables]) == [
        f"SELECT * FROM {table}" for table in tables
    ]
    changes = [f"DELETE FROM {table}" for table in tables]
    # Its connections are read-only, and it has no right to write either.
    changes += [f"SET default_transaction_read_only = off; {change}" for change in changes]
    kinds = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)
    assert refused(reader_sql, changes, *kinds) == []


def test_a_score_lies_within_its_range(judged, owner_sql):
    columns = "subject, customer_id, verdict, risk_level, forbidden, reasons, facts, snapshot"
    statements = [
        f"INSERT INTO fraud_decision (id, score, ruleset, at, {columns}) "
        f"SELECT gen_random_uuid(), {score}, ruleset, at, {columns} FROM fraud_decision"
        for score in ("-0.01", "1.01", "'NaN'")
    ]
    assert refused(owner_sql, statements, psycopg.errors.CheckViolation) == []
