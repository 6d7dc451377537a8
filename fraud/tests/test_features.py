"""Facts and snapshots as JSON, and what is worked out from them. Pure: no database."""

import json
import statistics
from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud import features
from fraud.facts import Facts
from fraud.features import AGGREGATES, FEATURES, Snapshot, aggregates, local
from fraud.features.catalogue import (
    CLOCK,
    COUNT,
    DAYS_KIND,
    FLAG,
    HOURS_KIND,
    MONEY,
    NUMBER,
    SHARE,
    TEXT,
)
from fraud.tests.factories import NOON, SOMEBODY, facts, snapshot

moments = st.datetimes(timezones=st.just(UTC))
values = st.dictionaries(
    st.sampled_from(sorted(AGGREGATES)), st.none() | st.integers(-(10**17), 10**40)
)
amounts = st.none() | st.integers(1, 10**18 - 1)

snapshots = st.builds(
    Snapshot,
    local_hour=st.integers(0, 23),
    local_minute=st.integers(0, 59),
    local_weekday=st.none() | st.integers(0, 6),
    values=values,
    limit_minor=amounts,
    session_risk=st.none() | st.floats(0, 1),
    degraded=st.sampled_from([(), ("redis",), ("redis", "model")]),
)


@given(snapshots)
def test_a_snapshot_comes_back_from_json_exactly(known):
    assert Snapshot.from_json(json.loads(json.dumps(known.to_json()))) == known


def test_a_snapshot_with_each_hour_under_its_own_name_is_the_same():
    """As it was written until November 2026."""
    counts = {"own_count_1h": 2, "own_hour_0": 0, "own_hour_23": 4, "own_weekday_6": 1}
    old = {"local_hour": 3, "values": {**counts, "pair_largest": None}, "own": {}, "degraded": []}
    known = Snapshot.from_json(old)
    assert (known.values, known.get("pair_largest")) == (counts, None)
    written = known.to_json()
    assert (written["hours"][0], written["hours"][23], written["weekdays"][6]) == (0, 4, 1)
    assert written["values"] == {"own_count_1h": 2}
    assert Snapshot.from_json(written) == known


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
        address_place=st.text(max_size=40),
        address_km=st.none() | st.integers(0, 20_038),
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
        own_same_count=len(paid),
        own_same_sum=sum(paid),
        own_same_squares=sum(amount**2 for amount in paid),
    )
    assert known.mean_minor == pytest.approx(statistics.fmean(paid))
    assert known.deviation_minor == pytest.approx(statistics.stdev(paid), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("payments", [0, 1])
def test_too_few_payments_have_no_deviation(payments):
    assert snapshot(own_same_count=payments, own_same_sum=payments * 5).deviation_minor == 0.0


def test_a_snapshot_cannot_be_changed():
    with pytest.raises(AttributeError):
        snapshot().local_hour = 0  # that is the point
    with pytest.raises(TypeError):
        snapshot().values["pair_count"] = 0  # type: ignore[index]
    assert replace(snapshot(), values={}).payments == 0


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
        ({"device": "x" * 65}, "device"),
    ],
)
def test_facts_that_cannot_be_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        facts(**changes)


def test_facts_know_their_customer():
    assert Facts.from_json(facts().to_json()).customer_id == SOMEBODY


def test_every_feature_is_named_once_and_has_a_kind_and_a_label():
    known = {NUMBER, MONEY, COUNT, SHARE, FLAG, HOURS_KIND, DAYS_KIND, CLOCK, TEXT}
    assert {feature.kind for feature in FEATURES.values()} == known
    assert len({feature.label for feature in FEATURES.values()}) == len(FEATURES)
    assert set(features.of(facts(), snapshot())) == set(FEATURES)


def test_a_newcomers_features_are_unknown_rather_than_nothing():
    known = features.of(facts(), Snapshot(local_hour=12))
    assert known["amount"] == 50.0
    unknown = {name for name, value in known.items() if value is None}
    assert {"own_mean", "deviations", "amount_vs_median", "hour_share", "session_risk"} <= unknown
    assert known["new_payee"] is True


@pytest.mark.parametrize(
    "name, value",
    [
        ("amount", 50.0),
        ("amount_vs_mean", 1.0),
        ("amount_vs_median", 1.25),
        ("amount_vs_high", 50 / 60),
        ("own_mean", 50.0),
        ("deviations", 0.0),
        ("new_payee", False),
        ("days_since_pair_first", 50.0),
        ("hours_since_last", 24.0),
        ("days_known", 100.0),
        ("hour_share", 1.0),
        ("weekday_share", 1.0),
        ("balance_share", 0.25),
        ("device_new", True),
        ("weekday", 1),
    ],
)
def test_a_feature_is_what_its_name_says(name, value):
    asked = facts(balance_minor=200_00, device="phone")
    assert features.of(asked, snapshot())[name] == value


def test_the_deviations_of_a_steady_payer_have_a_floor():
    steady = snapshot(own_same_sum=100 * 50_00, own_same_squares=100 * 50_00**2)
    assert features.of(facts(amount_minor=60_00), steady)["deviations"] == 1.0


@pytest.mark.parametrize(
    "place, value",
    [("LISBON ,PT", "lisbon, pt"), ("Lisbon, ＰＴ", "lisbon, pt"), (" , ", None), ("", None)],
)
def test_a_place_has_one_spelling(place, value):
    assert features.of(facts(place=place), snapshot())["place"] == value


@pytest.mark.parametrize(
    "place, country",
    [("Lisbon, PT", "PT"), ("pt", "PT"), ("Lisbon", None), ("", None), ("Lisbon, Portugal", None),
     ("Lisbon, ＰＴ", "PT"), ("Lisbon,pt ,", "PT"), ("PT, ??", None)],
)  # fmt: skip
def test_a_country_is_two_letters_at_the_end_of_a_place(place, country):
    assert features.of(facts(place=place), snapshot())["country"] == country


@pytest.mark.parametrize(
    "amount, payments, high, expected",
    [
        (90_00, 10, 60_00, True),
        (89_99, 10, 60_00, False),
        (90_00, 9, 60_00, False),
        (90_00, 10, None, False),
    ],
)
def test_a_payment_is_unusual_from_half_again_as_much_as_ones_high(
    amount, payments, high, expected
):
    assert aggregates.unusual(amount, payments, high) is expected
