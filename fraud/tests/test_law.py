"""What the database itself refuses, whoever asks: decisions and what was learned are final."""

import psycopg
import pytest

from fraud import services
from fraud.models import AfterScore, Alert
from fraud.tests.factories import customer, facts

WRITTEN_ONCE = ("fraud_decision", "fraud_paymentfact", "fraud_afterscore")
CHANGES = (
    "UPDATE fraud_decision SET verdict = 'VERIFIED'",
    "UPDATE fraud_decision SET snapshot = '{}'",
    "UPDATE fraud_paymentfact SET amount_minor = 1",
    "UPDATE fraud_afterscore SET score = 0",
    *(f"DELETE FROM {table}" for table in WRITTEN_ONCE),
    *(f"TRUNCATE {table} CASCADE" for table in WRITTEN_ONCE),
)


@pytest.fixture
def judged(bank):
    ada = customer()
    decision = services.assess(facts(customer_id=ada.pk, amount_minor=1_500_00))
    fact = services.observe(decision)
    AfterScore.objects.create(fact=fact, model="test", score=0.5)
    return decision


@pytest.mark.parametrize("statement", CHANGES)
def test_the_application_may_not_change_what_was_decided(judged, app_sql, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_sql(statement)


@pytest.mark.parametrize("statement", CHANGES)
def test_not_even_the_owner_changes_what_was_decided(judged, owner_sql, statement):
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
        owner_sql(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE fraud_alert SET text = 'nothing'",
        "UPDATE fraud_alert SET severity = 'low'",
        "UPDATE fraud_alert SET decision_id = gen_random_uuid()",
        "UPDATE fraud_alert SET at = now()",
        "DELETE FROM fraud_alert",
        "TRUNCATE fraud_alert",
    ],
)
def test_an_alert_may_be_acknowledged_and_nothing_else(judged, app_sql, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app_sql(statement)


def test_an_acknowledged_alert_names_who_looked(judged):
    with pytest.raises(Exception, match="fraud_alert_acknowledged_by_somebody"):
        Alert.objects.update(status="acknowledged")


@pytest.mark.parametrize("table", [*WRITTEN_ONCE, "fraud_alert", "fraud_customerlimit"])
def test_who_reads_reports_reads_and_does_not_write(judged, reader_sql, table):
    reader_sql(f"SELECT * FROM {table}")
    refused = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)
    with pytest.raises(refused):
        reader_sql(f"DELETE FROM {table}")


@pytest.mark.parametrize("score", ["-0.01", "1.01", "'NaN'"])
def test_a_score_lies_within_its_range(judged, owner_sql, score):
    columns = "subject, customer_id, verdict, risk_level, forbidden, reasons, facts, snapshot"
    with pytest.raises(psycopg.errors.CheckViolation):
        owner_sql(
            f"INSERT INTO fraud_decision (id, score, ruleset, at, {columns}) "
            f"SELECT gen_random_uuid(), {score}, ruleset, at, {columns} FROM fraud_decision"
        )
