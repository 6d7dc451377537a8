"""Facts and snapshots as JSON, and what is worked out from them. Pure: no database."""

import json
import statistics
from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud.facts import Facts
from fraud.features import Snapshot, Speed, local
from fraud.tests.factories import NOON, SOMEBODY, facts, snapshot

moments = st.datetimes(timezones=st.just(UTC))
counts = st.integers(0, 10**9)
amounts = st.none() | st.integers(1, 10**18 - 1)

snapshots = st.builds(
    Snapshot,
    local_hour=st.integers(0, 23),
    local_minute=st.integers(0, 59),
    payments=counts,
    sum_minor=st.integers(0, 10**21),
    square_sum=st.integers(0, 10**40),
    median_minor=amounts,
    largest_minor=amounts,
    hours=st.tuples(*[counts] * 24),
    first_at=st.none() | moments,
    last_at=st.none() | moments,
    speeds=st.tuples(*[st.builds(Speed, counts, counts)] * 3),
    payee_payments=counts,
    payee_largest_minor=amounts,
    peer_payments=counts,
    peer_customers=counts,
    peer_high_minor=amounts,
    limit_minor=amounts,
    session_risk=st.none() | st.floats(0, 1),
)


@given(snapshots)
def test_a_snapshot_comes_back_from_json_exactly(known):
    assert Snapshot.from_json(json.loads(json.dumps(known.to_json()))) == known


@given(
    st.builds(
        Facts,
        kind=st.sampled_from(["transfer", "deposit", "withdrawal"]),
        subject=st.text(max_size=40),
        customer_id=st.uuids(),
        account=st.text(max_size=40),
        counterparty=st.text(max_size=40),
        amount_minor=st.integers(1, 10**18 - 1),
        currency=st.sampled_from(["EUR", "JPY"]),
        at=moments,
        timezone=st.sampled_from(["Europe/London", "Asia/Tokyo"]),
        channel=st.sampled_from(["web", "api", "schedule"]),
        session_hash=st.none() | st.text(max_size=32),
        ip=st.none() | st.just("192.0.2.1"),
        outgoing=st.booleans(),
        balance_minor=st.none() | st.integers(-(10**17), 10**18),
        to_self=st.booleans(),
    )
)
def test_facts_come_back_from_json_exactly(asked):
    assert Facts.from_json(json.loads(json.dumps(asked.to_json()))) == asked


def test_a_moment_is_kept_whatever_zone_it_was_given_in():
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    assert Facts.from_json(facts(at=tokyo).to_json()).at == NOON


@given(st.lists(st.integers(1, 10**12), min_size=2, max_size=50))
def test_mean_and_deviation_are_those_of_statistics(paid):
    known = snapshot(
        payments=len(paid), sum_minor=sum(paid), square_sum=sum(amount**2 for amount in paid)
    )
    assert known.mean_minor == pytest.approx(statistics.fmean(paid))
    assert known.deviation_minor == pytest.approx(statistics.stdev(paid), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("payments", [0, 1])
def test_too_few_payments_have_no_deviation(payments):
    assert snapshot(payments=payments, sum_minor=payments * 5).deviation_minor == 0.0


def test_a_snapshot_cannot_be_changed():
    with pytest.raises(AttributeError):
        snapshot().payments = 0  # that is the point
    assert replace(snapshot(), payments=0).payments == 0


@pytest.mark.parametrize(
    "zone, hour",
    [
        ("Europe/London", 12),
        ("Asia/Tokyo", 21),
        ("America/New_York", 8),
        ("Mars/Base", 12),
        ("", 12),
        ("../etc/passwd", 12),
    ],
)
def test_the_hour_is_the_customers_own_and_utc_when_nobody_knows_theirs(zone, hour):
    assert local(NOON, zone).hour == hour


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"amount_minor": 0}, "positive"),
        ({"amount_minor": -1}, "positive"),
        ({"at": NOON.replace(tzinfo=None)}, "aware"),
        ({"kind": "gift"}, "kind"),
    ],
)
def test_facts_that_cannot_be_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        facts(**changes)


def test_facts_know_their_customer():
    assert Facts.from_json(facts().to_json()).customer_id == SOMEBODY
