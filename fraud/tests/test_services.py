from datetime import timedelta

import pytest
from django.db import transaction

from audit.models import Record
from fintrust.core.models import Event
from fraud import selectors, services
from fraud.errors import AlertAlreadyAcknowledged, ForbiddenByOwnLimit, InvalidLimit, NoteTooLong
from fraud.limits.selectors import versions_of, written_by
from fraud.models import Alert, Decision, PaymentFact, PolicyVersion
from fraud.tests.factories import NOON, customer, facts, habit, limit_payments, paid

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return customer()


def test_an_ordinary_payment_is_verified_and_remembered_with_all_it_was_made_from(ada):
    habit(ada, *[40_00, 60_00] * 10)
    asked = facts(customer_id=ada.pk)
    decision = services.assess(asked)
    stored = Decision.objects.get(pk=decision.pk)
    assert (stored.verdict, stored.score, stored.risk_level) == ("VERIFIED", 0.0, "SAFE")
    assert stored.facts_then() == asked
    assert stored.snapshot_then() == selectors.snapshot_for(asked)
    assert stored.reasons == []
    assert not Alert.objects.exists()


def test_a_decision_leaves_a_record_in_the_audit_log(ada):
    decision = services.assess(facts(customer_id=ada.pk))
    record = Record.objects.get(action="fraud.decision.made")
    assert (record.subject, record.owner_id) == (decision.public_id, ada.pk)
    assert record.data["verdict"] == decision.verdict


def test_judging_writes_nothing(ada):
    verdict = services.judge(facts(customer_id=ada.pk, amount_minor=5_000_00))
    assert verdict.verdict == "FLAGGED"
    assert not Decision.objects.exists()
    assert not Alert.objects.exists()


def test_judging_and_assessing_agree(ada):
    habit(ada, *[40_00, 60_00] * 10)
    asked = facts(customer_id=ada.pk, amount_minor=700_00, counterparty="acc_stranger")
    verdict, decision = services.judge(asked), services.assess(asked)
    assert (verdict.verdict, verdict.score) == (decision.verdict, decision.score)
    assert verdict.reasons_json() == decision.reasons


def test_a_flagged_payment_raises_an_alert_and_an_event(ada):
    decision = services.assess(facts(customer_id=ada.pk, amount_minor=1_500_00))
    assert decision.verdict == "FLAGGED"
    alert = Alert.objects.get()
    assert (alert.decision_id, alert.kind, alert.severity) == (decision.pk, "payment", "medium")
    event = Event.objects.get(kind="alert.raised")
    assert (event.topic, event.subject) == ("support", alert.public_id)
    assert event.data["transfer"] == decision.subject
    assert event.data["reasons"] == decision.reasons
    assert Record.objects.filter(action="fraud.alert.raised", subject=alert.public_id).exists()


def test_alert_event_and_record_go_with_the_money_that_did_not_move(ada):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.assess(facts(customer_id=ada.pk, amount_minor=1_500_00))
        assert Alert.objects.exists()
        1 / 0  # noqa: B018 - whatever breaks after the verdict
    assert not Decision.objects.exists()
    assert not Alert.objects.exists()
    assert not Event.objects.exists()
    assert not Record.objects.exists()


# --- learning -------------------------------------------------------------------------------


def test_only_what_moved_is_learned_from(ada):
    decision = services.assess(facts(customer_id=ada.pk))
    later = facts(customer_id=ada.pk, at=NOON + timedelta(hours=1))
    assert selectors.snapshot_for(later).payments == 0
    services.observe(decision)
    assert selectors.snapshot_for(later).payments == 1


def test_the_hour_that_is_learned_is_the_customers_own(ada):
    fact = paid(customer_id=ada.pk, at=NOON, timezone="Pacific/Auckland")
    assert fact.local_hour == 1


def test_a_movement_is_learned_once(ada):
    decision = services.assess(facts(customer_id=ada.pk))
    services.observe(decision)
    with pytest.raises(Exception, match="decision_id"), transaction.atomic():
        services.observe(decision)
    assert PaymentFact.objects.count() == 1


# --- the customer's own limits --------------------------------------------------------------


@pytest.mark.parametrize("amount, works", [(99_99, True), (100_00, True), (100_01, False)])
def test_a_customer_pays_up_to_their_own_limit(ada, amount, works):
    limit_payments(ada, {"GBP": 100_00})
    decision = services.assess(facts(customer_id=ada.pk, amount_minor=amount))
    assert (decision.verdict == "VERIFIED") is works


def test_a_limit_is_not_outweighed_by_a_low_score_and_never_learned(ada):
    habit(ada, *[140_00, 160_00] * 10)
    limit_payments(ada, {"GBP": 100_00})
    decision = services.assess(facts(customer_id=ada.pk, amount_minor=150_00))
    assert (decision.verdict, decision.score, decision.risk_level) == ("BLOCKED", 0.0, "SAFE")
    assert [reason["code"] for reason in decision.reasons] == ["largest_amount"]
    known = PaymentFact.objects.count()
    with pytest.raises(ForbiddenByOwnLimit):
        services.observe(decision)
    assert PaymentFact.objects.count() == known


def test_being_stopped_by_ones_own_limit_is_no_emergency(ada):
    limit_payments(ada, {"GBP": 1_00})
    services.assess(facts(customer_id=ada.pk))
    alert = Alert.objects.get()
    assert (alert.kind, alert.severity) == ("limit", "low")


def test_a_limit_holds_for_its_currency_only(ada):
    limit_payments(ada, {"EUR": 1_00})
    assert services.assess(facts(customer_id=ada.pk, currency="GBP")).verdict == "VERIFIED"
    assert services.assess(facts(customer_id=ada.pk, currency="EUR")).verdict == "BLOCKED"


def test_a_limit_is_nobody_elses(ada):
    limit_payments(ada, {"GBP": 1_00})
    other = customer("bob@example.com")
    assert services.assess(facts(customer_id=other.pk)).verdict == "VERIFIED"


def test_limits_are_changed_lifted_and_audited(ada):
    limit_payments(ada, {"GBP": 100_00, "EUR": 50_00})
    limit_payments(ada, {"GBP": 80_00}, stepped_up=True)
    assert written_by(ada).asked.max_transaction_amount == {"GBP": 80_00}
    last = Record.objects.filter(action="fraud.limits.changed").latest("id")
    assert last.before == {"max_transaction_amount": {"EUR": 50_00, "GBP": 100_00}}
    assert last.after == {"max_transaction_amount": {"GBP": 80_00}}


def test_the_same_limits_again_change_and_record_nothing(ada):
    limit_payments(ada, {"GBP": 100_00})
    limit_payments(ada, {"GBP": 100_00})
    assert versions_of(ada).count() == 1
    assert Record.objects.filter(action="fraud.limits.changed").count() == 1


@pytest.mark.parametrize(
    "limit", [{"GBP": 0}, {"GBP": -1}, {"GBP": 10**18}, {"QQQ": 100}, {"gbp": 100}, {"": 100}]
)
def test_an_impossible_limit_is_refused_and_changes_nothing(ada, limit):
    with pytest.raises(InvalidLimit):
        limit_payments(ada, {"EUR": 5_00} | limit)
    assert not PolicyVersion.objects.exists()


# --- alerts ---------------------------------------------------------------------------------


@pytest.fixture
def alert(ada):
    services.assess(facts(customer_id=ada.pk, amount_minor=1_500_00))
    return Alert.objects.get()


def test_an_alert_is_acknowledged_by_somebody_with_a_note(alert):
    officer = customer("officer@example.com", is_staff=True)
    services.acknowledge_alert(alert=alert, by=officer, note=" called, all well ")
    alert.refresh_from_db()
    assert (alert.status, alert.acknowledged_by, alert.note) == (
        "acknowledged",
        officer,
        "called, all well",
    )
    assert Event.objects.get(kind="alert.acknowledged").subject == alert.public_id
    assert Record.objects.get(action="fraud.alert.acknowledged").actor_id == officer.pk
    assert alert not in selectors.open_alerts()


def test_an_alert_is_acknowledged_once(alert):
    officer = customer("officer@example.com", is_staff=True)
    services.acknowledge_alert(alert=alert, by=officer)
    with pytest.raises(AlertAlreadyAcknowledged):
        services.acknowledge_alert(alert=alert, by=officer)
    assert Event.objects.filter(kind="alert.acknowledged").count() == 1


@pytest.mark.parametrize("length, works", [(500, True), (501, False)])
def test_a_note_has_a_bound(alert, length, works):
    officer = customer("officer@example.com", is_staff=True)
    if works:
        services.acknowledge_alert(alert=alert, by=officer, note="x" * length)
    else:
        with pytest.raises(NoteTooLong):
            services.acknowledge_alert(alert=alert, by=officer, note="x" * length)
