"""The snapshot: one statement, causal, bounded; each window on both sides of its edge."""

import random
from datetime import timedelta

import pytest

from biometrics.models import Rhythm
from fraud import selectors, services
from fraud.features import Speed
from fraud.models import PaymentFact
from fraud.policy import STANDARD, FraudPolicy
from fraud.tests.factories import NOON, customer, facts, habit, paid

pytestmark = pytest.mark.django_db
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def ada():
    return customer()


def test_a_snapshot_is_one_statement(ada, django_assert_num_queries):
    habit(ada, *[40_00, 60_00] * 10)
    with django_assert_num_queries(1):
        selectors.snapshot_for(facts(customer_id=ada.pk))


def test_the_statement_stays_one_for_a_newcomer_among_others(ada, django_assert_num_queries):
    habit(customer("bob@example.com"), *[40_00] * 5)
    with django_assert_num_queries(1):
        snapshot = selectors.snapshot_for(facts(customer_id=ada.pk))
    assert (snapshot.peer_payments, snapshot.peer_customers) == (5, 1)


def test_a_newcomer_in_an_empty_bank(ada):
    snapshot = selectors.snapshot_for(facts(customer_id=ada.pk))
    assert (snapshot.payments, snapshot.sum_minor, snapshot.median_minor) == (0, 0, None)
    assert snapshot.hours == (0,) * 24
    assert snapshot.speeds == (Speed(), Speed(), Speed())
    assert (snapshot.peer_payments, snapshot.peer_high_minor) == (0, None)
    assert (snapshot.limit_minor, snapshot.session_risk) == (None, None)


def test_the_customers_own_normal(ada):
    habit(ada, 10_00, 20_00, 60_00)
    snapshot = selectors.snapshot_for(facts(customer_id=ada.pk))
    assert (snapshot.payments, snapshot.sum_minor, snapshot.median_minor) == (3, 90_00, 20_00)
    assert snapshot.square_sum == 10_00**2 + 20_00**2 + 60_00**2
    assert snapshot.largest_minor == 60_00
    assert (snapshot.first_at, snapshot.last_at) == (
        NOON - timedelta(days=3),
        NOON - timedelta(days=1),
    )
    assert snapshot.hours[12] == 3 and sum(snapshot.hours) == 3


def test_sums_beyond_floats_stay_exact(ada):
    largest = 10**18 - 1
    habit(ada, largest, largest, largest)
    snapshot = selectors.snapshot_for(facts(customer_id=ada.pk))
    assert (snapshot.sum_minor, snapshot.square_sum) == (3 * largest, 3 * largest**2)


@pytest.mark.parametrize(
    "place, length", [(0, timedelta(minutes=10)), (1, timedelta(hours=1)), (2, timedelta(hours=24))]
)
def test_a_window_is_as_long_as_the_policy_says(ada, place, length):
    paid(customer_id=ada.pk, at=NOON - length)
    assert selectors.snapshot_for(facts(customer_id=ada.pk)).speeds[place] == Speed(0, 0)
    paid(customer_id=ada.pk, at=NOON - length + MICROSECOND)
    assert selectors.snapshot_for(facts(customer_id=ada.pk)).speeds[place] == Speed(1, 50_00)


def test_speed_counts_every_currency_and_sums_its_own(ada):
    paid(customer_id=ada.pk, at=NOON - timedelta(minutes=1), currency="GBP")
    paid(customer_id=ada.pk, at=NOON - timedelta(minutes=2), currency="EUR")
    snapshot = selectors.snapshot_for(facts(customer_id=ada.pk, currency="GBP"))
    assert snapshot.speeds == (Speed(2, 50_00),) * 3
    assert snapshot.payments == 1


def test_money_that_arrived_is_not_spending(ada):
    paid(customer_id=ada.pk, kind="deposit", outgoing=False, at=NOON - timedelta(minutes=1))
    assert selectors.snapshot_for(facts(customer_id=ada.pk)).payments == 0
    arriving = facts(customer_id=ada.pk, kind="deposit", outgoing=False)
    assert selectors.snapshot_for(arriving).payments == 1


def test_habits_of_half_a_year_ago_are_forgotten(ada):
    old = NOON - timedelta(days=STANDARD.history_days_max)
    paid(customer_id=ada.pk, at=old - MICROSECOND)
    assert selectors.snapshot_for(facts(customer_id=ada.pk)).payments == 0
    paid(customer_id=ada.pk, at=old)
    assert selectors.snapshot_for(facts(customer_id=ada.pk)).payments == 1


def test_a_payee_is_known_for_ever(ada):
    paid(customer_id=ada.pk, at=NOON - timedelta(days=2000), amount_minor=70_00)
    snapshot = selectors.snapshot_for(facts(customer_id=ada.pk))
    assert (snapshot.payments, snapshot.payee_payments) == (0, 1)
    assert snapshot.payee_largest_minor == 70_00
    stranger = facts(customer_id=ada.pk, counterparty="acc_stranger")
    assert selectors.snapshot_for(stranger).payee_payments == 0


def test_nobody_in_particular_is_no_known_payee(ada):
    for minutes in (1, 2):
        paid(
            customer_id=ada.pk,
            kind="withdrawal",
            counterparty="",
            at=NOON - timedelta(minutes=minutes),
        )
    asked = facts(customer_id=ada.pk, kind="withdrawal", counterparty="")
    assert selectors.snapshot_for(asked).payee_payments == 0


def test_others_payments_are_not_ones_own(ada):
    habit(customer("bob@example.com"), 10_00)
    snapshot = selectors.snapshot_for(facts(customer_id=ada.pk))
    assert (snapshot.payments, snapshot.payee_payments) == (0, 0)


@pytest.mark.parametrize("own, peers", [(9, 20), (10, 0)])
def test_others_are_asked_only_about_newcomers(ada, own, peers):
    habit(customer("bob@example.com"), *range(1_00, 21_00, 1_00))
    habit(ada, *[50_00] * own)
    snapshot = selectors.snapshot_for(facts(customer_id=ada.pk))
    assert snapshot.peer_payments == peers
    assert snapshot.peer_high_minor == (19_00 if peers else None)


def test_the_read_is_bounded_for_who_pays_all_day(ada):
    habit(ada, *range(1_00, 13_00, 1_00), every=timedelta(hours=1))
    few = FraudPolicy(history_payments_max=5)
    snapshot = selectors.snapshot_for(facts(customer_id=ada.pk), few)
    assert (snapshot.payments, snapshot.largest_minor) == (5, 12_00)  # the newest five
    assert snapshot.sum_minor == (8 + 9 + 10 + 11 + 12) * 1_00


def test_what_happens_later_changes_nothing_about_now(ada):
    """The same question before and after the future has happened has the same answer."""
    dice = random.Random(7)
    moments = sorted(NOON - timedelta(minutes=dice.randrange(1, 60 * 24 * 30)) for _ in range(30))
    asked, seen = [], []
    for at in moments:
        question = facts(
            customer_id=ada.pk,
            at=at,
            amount_minor=dice.randrange(1_00, 500_00),
            counterparty=f"acc_{dice.randrange(4)}",
        )
        asked.append(question)
        seen.append(selectors.snapshot_for(question))
        paid(
            customer_id=ada.pk,
            at=at,
            amount_minor=question.amount_minor,
            counterparty=question.counterparty,
        )
    assert [selectors.snapshot_for(question) for question in asked] == seen


def test_a_payment_of_this_very_moment_is_not_history(ada):
    paid(customer_id=ada.pk, at=NOON)
    assert selectors.snapshot_for(facts(customer_id=ada.pk)).payments == 0


def test_the_session_tells_how_it_typed(ada):
    Rhythm.objects.create(
        user=ada,
        session_hash="s" * 32,
        form="send",
        touch=False,
        pointers=1,
        zones=[1, 2],
        downs_ms=[0.0, 120.5],
        holds_ms=[80.0, 75.5],
        features={},
        risk=0.8,
    )
    asked = facts(customer_id=ada.pk, session_hash="s" * 32)
    assert selectors.snapshot_for(asked).session_risk == 0.8
    assert selectors.snapshot_for(facts(customer_id=ada.pk)).session_risk is None


# --- what doors ask -------------------------------------------------------------------------


def test_a_customer_reads_their_own_decisions_and_an_officer_all(ada):
    bob, officer = customer("bob@example.com"), customer("officer@example.com", is_superuser=True)
    of_ada = services.assess(facts(customer_id=ada.pk))
    of_bob = services.assess(facts(customer_id=bob.pk))
    assert list(selectors.decisions_for_reader(ada)) == [of_ada]
    assert set(selectors.decisions_for_reader(officer)) == {of_ada, of_bob}


def test_the_decision_of_a_transfer_is_its_newest(ada):
    asked = facts(customer_id=ada.pk)
    assert selectors.decision_for(asked.subject) is None
    services.assess(asked)
    newest = services.assess(asked)
    assert selectors.decision_for(asked.subject) == newest


def test_open_alerts_are_those_nobody_has_looked_at(ada):
    for _ in range(2):
        services.assess(facts(customer_id=ada.pk, amount_minor=1_500_00))
    older = selectors.open_alerts()[1]
    services.acknowledge_alert(alert=older, by=ada)
    assert older not in selectors.open_alerts()
    assert selectors.open_alerts().count() == 1
    assert selectors.alerts().count() == 2


def test_learning_happens_only_by_observing(ada):
    services.assess(facts(customer_id=ada.pk))
    services.judge(facts(customer_id=ada.pk))
    assert not PaymentFact.objects.exists()
