"""What payments turned out to be: written once, the newest counts, known only from then on."""

import threading
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from audit.models import Record
from fraud import selectors, services
from fraud.errors import InvalidLabel, NoteTooLong
from fraud.features import Snapshot
from fraud.features.aggregates import BELIEVED_MIN
from fraud.features.moments import micros_of
from fraud.labels.services import label
from fraud.models import Label
from fraud.policy import LABELS
from fraud.tests.factories import LENIENT, NOON, customer, facts, limit_payments, paid

MICROSECOND = timedelta(microseconds=1)
SOURCES = {"customer": 0.9, "step_up": 0.5, "officer": 1.0, "dispute": 0.95, "import": 1.0}


@pytest.fixture
def ada(request):
    request.getfixturevalue("bank" if "bank" in request.fixturenames else "db")
    return customer()


def payee_then(ada, at=NOON, **changes):
    return selectors.snapshot_for(facts(customer_id=ada.pk, at=at, **changes)).values


def test_a_label_keeps_what_a_decision_reads(ada):
    decision = paid(customer_id=ada.pk).decision
    made = label(decision, fraud=True, source="officer", by=ada, note=" stolen card ")
    assert (made.customer_id, made.counterparty, made.paid_at) == (ada.pk, "acc_payee", NOON)
    assert (made.fraud, made.weight, made.note, made.by) == (True, 1.0, "stolen card", ada)
    assert made.known_at >= made.paid_at
    record = Record.objects.get(action="fraud.label.added")
    assert (record.subject, record.owner_id) == (decision.public_id, None)  # an officer's finding
    assert record.data["fraud"] is True


@pytest.mark.parametrize("source, weight", SOURCES.items())
def test_each_source_is_believed_as_far_as_the_policy_says(ada, source, weight):
    assert label(paid(customer_id=ada.pk).decision, fraud=False, source=source).weight == weight
    assert set(SOURCES) == set(Label.Source.values)


def test_the_same_answer_again_changes_nothing(ada):
    decision = paid(customer_id=ada.pk).decision
    first = label(decision, fraud=True, source="customer")
    assert label(decision, fraud=True, source="customer", note="again") == first
    assert Label.objects.count() == Record.objects.filter(action="fraud.label.added").count() == 1


def test_another_answer_is_another_label_and_the_newest_counts(ada):
    decision = paid(customer_id=ada.pk, at=NOON - timedelta(days=3)).decision
    for days, fraud in ((2, True), (1, False)):
        label(decision, fraud=fraud, source="officer", known_at=NOON - timedelta(days=days))
    assert Label.objects.count() == 2
    assert payee_then(ada, NOON - timedelta(days=1))["payee_frauds_28d"] == 1
    known = payee_then(ada)
    assert (known["payee_frauds_28d"], known["payee_labels_28d"]) == (0, 1)


def test_an_old_answer_may_come_back_after_another(ada):
    decision = paid(customer_id=ada.pk).decision
    for source, fraud in (("customer", True), ("officer", False), ("customer", True)):
        label(decision, fraud=fraud, source=source)
    assert Label.objects.count() == 3


def test_a_label_enters_only_once_it_is_known(ada):
    decision = paid(customer_id=ada.pk, at=NOON - timedelta(days=3)).decision
    known = NOON - timedelta(days=1)
    label(decision, fraud=True, source="customer", known_at=known)
    assert payee_then(ada, known)["payee_frauds_1d"] == 0
    seen = payee_then(ada, known + MICROSECOND)
    assert (seen["payee_frauds_1d"], seen["own_frauds_28d"]) == (1, 1)
    assert payee_then(ada, known + timedelta(days=1))["payee_frauds_1d"] == 0
    assert payee_then(ada, counterparty="acc_other")["payee_frauds_28d"] == 0


@pytest.mark.parametrize(
    "outcomes, began",  # by days ago: "fraud" looks usual, "theft" is out of the customer's habit
    [
        ({}, None),
        ({9: "good", 7: "fraud", 5: "fraud"}, 7),
        ({9: "fraud", 7: "good", 5: "fraud"}, 5),
        ({9: "fraud", 7: "fraud", 5: "good"}, None),
        ({9: "theft", 7: "fraud", 5: "fraud"}, 7),
        ({9: "fraud", 7: "theft", 5: "fraud"}, 9),
        ({9: "good", 7: "theft"}, None),
    ],
)
def test_a_series_of_frauds_begins_with_one_that_looks_usual(ada, outcomes, began):
    for ago, outcome in outcomes.items():
        decision = paid(customer_id=ada.pk, at=NOON - timedelta(days=ago)).decision
        high = 1_00 if outcome == "theft" else 1_000_000_00
        values = {"own_same_count": 10, "own_high": high}
        decision.snapshot = Snapshot(local_hour=12, values=values).to_json()
        known = NOON - timedelta(hours=ago)
        made = label(decision, fraud=outcome != "good", source="officer", known_at=known)
        assert made.unusual == (outcome == "theft")
    expected = None if began is None else micros_of(NOON - timedelta(days=began))
    assert payee_then(ada).get("payee_series_at") == expected


def test_the_newest_payments_are_told_by_when_they_were_made(ada):
    """The older payment is cleared up last: it is still the older payment."""
    days = {"fraud": 9, "good": 5, "late good": 7}
    made = {
        name: paid(customer_id=ada.pk, at=NOON - timedelta(days=ago)).decision
        for name, ago in days.items()
    }
    for back, name in ((3, "fraud"), (2, "good"), (1, "late good")):
        at = NOON - timedelta(days=back)
        label(made[name], fraud=name == "fraud", source="officer", known_at=at)
    known = payee_then(ada)
    assert (known["payee_last3_frauds"], known["payee_last3_labels"]) == (1, 3)
    assert known["payee_good_since_fraud"] == 2
    assert known["payee_first_fraud_at"] == micros_of(NOON - timedelta(days=9))
    assert known["payee_last_fraud_at"] == micros_of(NOON - timedelta(days=9))


@pytest.mark.parametrize(
    "weight, counted", [(0.499, 0), (0.5, 1), (LABELS.expired_weight, 0), (LABELS.failed_weight, 0)]
)
def test_only_what_is_rather_believed_than_not_moves_a_reputation(ada, weight, counted):
    decision = paid(customer_id=ada.pk, at=NOON - timedelta(days=3)).decision
    known = NOON - timedelta(hours=1)
    label(decision, fraud=True, source="step_up", known_at=known, weight=weight)
    for name in (
        "payee_frauds_1d", "payee_labels_28d", "payee_last3_frauds", "payee_last5_frauds",
        "payee_last5_labels", "own_frauds_28d",
    ):  # fmt: skip
        assert payee_then(ada)[name] == counted
    assert ("payee_last_fraud_at" in payee_then(ada)) is bool(counted)
    assert BELIEVED_MIN == 0.5


def test_a_doubtful_sign_takes_nothing_back(ada):
    decision = paid(customer_id=ada.pk, at=NOON - timedelta(days=3)).decision
    for days, fraud, weight in ((2, False, 1.0), (1, True, 0.3)):
        at = NOON - timedelta(days=days)
        label(decision, fraud=fraud, source="import", known_at=at, weight=weight)
    known = payee_then(ada)
    assert (known["payee_frauds_28d"], known["payee_last5_labels"]) == (0, 1)


@pytest.mark.parametrize("source", SOURCES)
def test_nobody_is_believed_about_what_an_own_limit_forbade(ada, source):
    """Else whoever sets a low limit and asks for more could mark any payee as a thief to all."""
    limit_payments(ada, {"GBP": 1})
    asked = facts(customer_id=ada.pk, at=NOON - timedelta(days=2))
    decision = services.assess(asked)
    assert decision.forbidden
    known = NOON - timedelta(days=1)
    made = label(decision, fraud=True, source=source, known_at=known, weight=1.0)
    assert (made.fraud, made.weight) == (True, LABELS.forbidden_weight) == (True, 0.0)
    seen = payee_then(ada)
    assert (seen["payee_frauds_28d"], seen["payee_labels_28d"], seen["own_frauds_28d"]) == (0, 0, 0)


def test_what_was_refused_is_labelled_too(ada):
    """A fraud that was stopped says as much about its payee as one that was not."""
    asked = facts(customer_id=ada.pk, at=NOON - timedelta(days=2), amount_minor=9_000_00)
    decision = services.assess(asked)
    label(decision, fraud=True, source="officer", known_at=NOON - timedelta(days=1))
    assert payee_then(ada)["payee_frauds_28d"] == 1


def test_money_that_arrived_says_nothing_about_a_payee(ada):
    arrived = facts(customer_id=ada.pk, kind="transfer", outgoing=False)
    assert label(services.assess(arrived), fraud=True, source="officer").counterparty == ""


@pytest.mark.parametrize("seconds, works", [(-1, False), (0, True), (1, True)])
def test_nothing_is_known_before_it_was_asked_for(ada, seconds, works):
    decision = paid(customer_id=ada.pk).decision
    at = NOON + timedelta(seconds=seconds)
    if works:
        assert label(decision, fraud=True, source="import", known_at=at).known_at == at
    else:
        with pytest.raises(InvalidLabel):
            label(decision, fraud=True, source="import", known_at=at)
        assert not Label.objects.exists()


@pytest.mark.parametrize(
    "at", [timezone.now() + timedelta(days=1), NOON.replace(tzinfo=None)], ids=["future", "naive"]
)
def test_nothing_is_known_in_the_future_or_at_no_time(ada, at):
    with pytest.raises(InvalidLabel):
        label(paid(customer_id=ada.pk).decision, fraud=True, source="import", known_at=at)


@pytest.mark.parametrize("length, works", [(500, True), (501, False)])
def test_a_note_has_a_bound(ada, length, works):
    decision = paid(customer_id=ada.pk).decision
    if works:
        label(decision, fraud=True, source="officer", note="x" * length)
    else:
        with pytest.raises(NoteTooLong):
            label(decision, fraud=True, source="officer", note="x" * length)


def test_an_unknown_source_is_a_mistake_of_the_caller(ada):
    with pytest.raises(ValueError, match="horoscope"):
        label(paid(customer_id=ada.pk).decision, fraud=True, source="horoscope")


def test_two_tabs_at_once_leave_one_label(bank, ada):
    decision = services.assess(facts(customer_id=ada.pk), ruleset=LENIENT)
    ready = threading.Barrier(4)

    def answer():
        try:
            ready.wait(10)
            label(decision, fraud=True, source="customer")
        finally:
            connection.close()

    threads = [threading.Thread(target=answer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert Label.objects.count() == 1


def test_a_label_is_final_for_everybody(bank, ada, app_sql, owner_sql):
    label(services.assess(facts(customer_id=ada.pk)), fraud=True, source="customer")
    for change in (
        "UPDATE fraud_label SET fraud = false",
        "DELETE FROM fraud_label",
        "TRUNCATE fraud_label",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app_sql(change)
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            owner_sql(change)
