"""The snapshot: one statement, causal, bounded; each window on both sides of its edge."""

import random
import re
from datetime import timedelta

import pytest
from django.db import connection

from biometrics.models import Rhythm
from fraud import selectors, services
from fraud.features import AGGREGATES
from fraud.features.aggregates import ENTITIES, PEERS_ASKED_BELOW, length
from fraud.features.moments import moment_of
from fraud.features.statement import statement
from fraud.models import PaymentFact
from fraud.policy import STANDARD
from fraud.tests.factories import NOON, customer, facts, habit, paid
from fraud.tests.reading import bounded, round_trips

pytestmark = pytest.mark.django_db
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def ada():
    return customer()


def test_a_snapshot_is_one_round_trip(ada):
    habit(ada, *[40_00, 60_00] * 10)
    asked = facts(customer_id=ada.pk, session_hash="s" * 32, device="phone")
    selectors.snapshot_for(asked)  # prepares it
    with round_trips() as seen:
        selectors.snapshot_for(asked)
    assert len(seen) == 1


def test_it_stays_one_for_a_newcomer_among_others(ada):
    habit(customer("bob@example.com"), *[40_00] * 5)
    selectors.snapshot_for(facts(customer_id=ada.pk))
    with round_trips() as seen:
        snapshot = selectors.snapshot_for(facts(customer_id=ada.pk))
    assert len(seen) == 1
    assert (snapshot.get("peer_count"), snapshot.get("peer_customers")) == (5, 1)


def test_a_newcomer_in_an_empty_bank(ada):
    snapshot = selectors.snapshot_for(facts(customer_id=ada.pk))
    assert set(AGGREGATES) - set(snapshot.values) == {
        "own_median", "own_high", "own_largest", "own_first_at", "own_last_at",
        "own_same_first_at", "pair_largest", "pair_first_at", "received_last_at", "peer_high",
        "payee_first_fraud_at", "payee_last_fraud_at", "payee_good_since_fraud",
        "payee_series_at",
    }  # fmt: skip
    assert set(snapshot.values.values()) == {0}
    assert (snapshot.limit_minor, snapshot.session_risk) == (None, None)


def test_the_customers_own_normal(ada):
    habit(ada, 10_00, 20_00, 60_00)
    snapshot = selectors.snapshot_for(facts(customer_id=ada.pk))
    known = snapshot.values
    assert (snapshot.payments, known["own_same_sum"], known["own_median"]) == (3, 90_00, 20_00)
    assert known["own_same_squares"] == 10_00**2 + 20_00**2 + 60_00**2
    assert (known["own_high"], known["own_largest"]) == (60_00, 60_00)
    assert moment_of(known["own_same_first_at"]) == NOON - timedelta(days=3)
    assert moment_of(known["own_last_at"]) == NOON - timedelta(days=1)
    assert known["own_hour_12"] == snapshot.hours_between(0, 24) == 3
    assert [known[f"own_weekday_{day}"] for day in range(7)] == [1, 0, 0, 0, 0, 1, 1]


def test_sums_beyond_floats_stay_exact(ada):
    largest = 10**18 - 1
    habit(ada, largest, largest, largest)
    snapshot = selectors.snapshot_for(facts(customer_id=ada.pk))
    assert snapshot.get("own_same_sum") == 3 * largest
    assert snapshot.get("own_same_squares") == 3 * largest**2


@pytest.mark.parametrize("window", ["10m", "1h", "24h", "7d", "30d", "180d"])
def test_a_window_is_as_long_as_its_name_says(ada, window):
    def seen():
        return selectors.snapshot_for(facts(customer_id=ada.pk)).get(f"own_count_{window}")

    paid(customer_id=ada.pk, at=NOON - length(window))
    assert seen() == 0
    paid(customer_id=ada.pk, at=NOON - length(window) + MICROSECOND)
    assert seen() == 1


def test_a_day_has_24_hours_also_when_the_clocks_change(ada):
    """On 29 March 2026 London's day has 23 hours."""
    after = NOON.replace(day=29)
    paid(customer_id=ada.pk, at=after - timedelta(hours=24))
    paid(customer_id=ada.pk, at=after - timedelta(hours=24) + MICROSECOND)
    snapshot = selectors.snapshot_for(facts(customer_id=ada.pk, at=after))
    assert snapshot.get("own_count_24h") == 1


def test_speed_counts_every_currency_and_sums_its_own(ada):
    paid(customer_id=ada.pk, at=NOON - timedelta(minutes=1), currency="GBP")
    paid(customer_id=ada.pk, at=NOON - timedelta(minutes=2), currency="EUR")
    snapshot = selectors.snapshot_for(facts(customer_id=ada.pk, currency="GBP"))
    for window in ("10m", "1h", "24h"):
        assert snapshot.get(f"own_count_{window}") == 2
        assert snapshot.get(f"own_sum_{window}") == 50_00
    assert snapshot.payments == 1


def test_money_that_arrived_is_not_spending(ada):
    paid(customer_id=ada.pk, kind="deposit", outgoing=False, at=NOON - timedelta(minutes=1))
    assert selectors.snapshot_for(facts(customer_id=ada.pk)).payments == 0
    arriving = facts(customer_id=ada.pk, kind="deposit", outgoing=False)
    assert selectors.snapshot_for(arriving).payments == 1


def test_habits_of_half_a_year_ago_are_forgotten(ada):
    old = NOON - timedelta(days=180)
    paid(customer_id=ada.pk, at=old)
    assert selectors.snapshot_for(facts(customer_id=ada.pk)).payments == 0
    paid(customer_id=ada.pk, at=old + MICROSECOND)
    assert selectors.snapshot_for(facts(customer_id=ada.pk)).payments == 1


def test_a_payee_is_known_for_ever(ada):
    paid(customer_id=ada.pk, at=NOON - timedelta(days=2000), amount_minor=70_00)
    snapshot = selectors.snapshot_for(facts(customer_id=ada.pk))
    assert (snapshot.payments, snapshot.get("pair_count")) == (0, 1)
    assert snapshot.get("pair_largest") == 70_00
    stranger = facts(customer_id=ada.pk, counterparty="acc_stranger")
    assert selectors.snapshot_for(stranger).get("pair_count") == 0


def test_nobody_in_particular_is_no_known_payee(ada):
    for minutes in (1, 2):
        paid(
            customer_id=ada.pk,
            kind="withdrawal",
            counterparty="",
            at=NOON - timedelta(minutes=minutes),
        )
    asked = facts(customer_id=ada.pk, kind="withdrawal", counterparty="")
    assert selectors.snapshot_for(asked).get("pair_count") == 0


def test_others_payments_are_not_ones_own(ada):
    habit(customer("bob@example.com"), 10_00)
    snapshot = selectors.snapshot_for(facts(customer_id=ada.pk))
    assert (snapshot.payments, snapshot.get("pair_count")) == (0, 0)
    assert snapshot.get("payee_count_28d") == snapshot.get("payee_customers_7d") == 1


@pytest.mark.parametrize("own, peers", [(9, 20), (10, 0)])
def test_others_are_asked_only_about_newcomers(ada, own, peers):
    habit(customer("bob@example.com"), *range(1_00, 21_00, 1_00))
    habit(ada, *[50_00] * own)
    snapshot = selectors.snapshot_for(facts(customer_id=ada.pk))
    assert snapshot.get("peer_count") == peers
    assert snapshot.get("peer_high") == (19_00 if peers else None)


def test_others_are_asked_as_long_as_the_rules_need_them():
    assert STANDARD.own_payments_min == PEERS_ASKED_BELOW


def test_the_read_is_bounded_for_who_pays_all_day(ada):
    habit(ada, *range(1_00, 13_00, 1_00), every=timedelta(hours=1))
    few = statement(bounded(5), selectors._RIDERS)
    snapshot, _ = selectors.known_for(facts(customer_id=ada.pk), few)
    assert (snapshot.payments, snapshot.get("own_largest")) == (5, 12_00)  # the newest five
    assert snapshot.get("own_same_sum") == (8 + 9 + 10 + 11 + 12) * 1_00


def test_the_plan_that_is_made_before_values_are_known_reads_indexes_alone(ada):
    selectors.snapshot_for(facts(customer_id=ada.pk))  # prepares it
    with connection.cursor() as cursor:
        # In a test's small tables reading everything would be cheapest, and is planned already.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute("DISCARD PLANS")
        cursor.execute("SHOW plan_cache_mode")
        assert cursor.fetchone() == ("force_generic_plan",)
        cursor.execute(
            "SELECT name, cardinality(parameter_types) FROM pg_prepared_statements"
            " WHERE statement LIKE 'WITH %own AS%'"
        )
        prepared = cursor.fetchall()
        assert prepared
        for name, parameters in prepared:
            nothing = ", ".join(["NULL"] * parameters)
            cursor.execute(f'EXPLAIN EXECUTE "{name}"({nothing})')
            plan = "\n".join(line for (line,) in cursor.fetchall())
            read = re.findall(
                r"(\w+ Only Scan|\w+ Scan) .*?on (fraud_paymentfact|fraud_label)\b", plan
            )
            assert {how for how, _ in read} == {"Index Only Scan"}
            assert len(read) == len(ENTITIES)


def test_every_read_is_bounded():
    assert all(0 < entity.rows_max <= 1000 for entity in ENTITIES)


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
