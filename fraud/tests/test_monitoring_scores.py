"""Scores over time: counted by day and band, one's own only, from an index alone."""

from copy import copy
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from fintrust.core import roles, setup
from fintrust.core.ids import uuid7
from fraud import services
from fraud.models import Decision
from fraud.monitoring.policy import MONITORING
from fraud.monitoring.scores import stability
from fraud.monitoring.selectors import (
    DECIDED,
    bins_between,
    degraded_between,
    scores_by_day,
    scores_by_hour,
    scores_by_minute,
    stopped,
)
from fraud.tests.factories import NOON, customer, facts

ADDRESS = "/api/v1/analytics/risk-scores"
TODAY = NOON.date()


def decided(person, score=0.0, verdict="VERIFIED", at=NOON, **more):
    return Decision.objects.create(
        id=uuid7(),
        subject="trf_x",
        customer=person,
        verdict=verdict,
        score=score,
        risk_level="SAFE",
        forbidden=False,
        reasons=[],
        facts={},
        snapshot={},
        ruleset="test",
        at=at,
        **more,
    )


def again(one):
    """The same once more."""
    made = copy(one)
    made.pk = uuid7()
    return made


def client_of(user) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(user)
    return client


@pytest.fixture
def ada(db):
    return customer(timezone="UTC")


@pytest.fixture
def api(ada):
    with time_machine.travel(NOON, tick=False):
        yield client_of(ada)


@pytest.fixture
def officer(db):
    setup.give_permissions()
    person = customer("olga@example.com", is_staff=True, timezone="UTC")
    person.groups.add(Group.objects.get(name=roles.COMPLIANCE))
    return client_of(person)


def counted(since=TODAY, until=TODAY, zone=UTC):
    return scores_by_day(Decision.objects.all(), since, until, zone)


@pytest.mark.parametrize(
    "score, band", [(0.0, 0), (0.099999, 0), (0.1, 1), (0.3, 3), (0.6, 6), (0.999999, 9), (1.0, 9)]
)
def test_a_score_stands_in_its_band(ada, score, band):
    decided(ada, score)
    assert counted().bins.index(1) == band


def test_days_have_counts_mean_and_largest_and_quiet_days_stay(ada):
    decided(ada, 0.1)
    decided(ada, 0.4, "FLAGGED")
    decided(ada, 0.7, "BLOCKED", at=NOON - timedelta(days=2))
    first, quiet, last = counted(TODAY - timedelta(days=2)).stretches
    assert (first.counts["BLOCKED"], first.mean, first.largest) == (1, 0.7, 0.7)
    assert (quiet.decisions, quiet.mean, quiet.largest, quiet.share("held")) == (0,) + (None,) * 3
    assert (last.decisions, last.mean, last.largest, last.share("held")) == (2, 0.25, 0.4, 0.5)


@pytest.mark.parametrize("zone, day", [("UTC", 10), ("America/New_York", 9), ("Asia/Tokyo", 10)])
def test_a_day_is_one_of_that_clock(ada, zone, day):
    decided(ada, at=datetime(2026, 3, 10, 3, tzinfo=UTC))
    found = counted(date(2026, 3, 8), date(2026, 3, 11), ZoneInfo(zone))
    assert [one.at.day for one in found.stretches if one.decisions] == [day]


def test_the_first_and_the_last_moment_of_a_range_count(ada):
    midnight = datetime(2026, 3, 10, tzinfo=UTC)
    for at in (-1, 0, 86_400_000_000 - 1, 86_400_000_000):
        decided(ada, at=midnight + timedelta(microseconds=at))
    assert counted().decisions == 2


def test_an_index_alone_answers(ada):
    """Nothing of the rows is read: their snapshots are large."""
    one = decided(ada)
    # Of a few rows, one way to read them is as good as another.
    Decision.objects.bulk_create(again(one) for _ in range(3_000))
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as seen:
        scores_by_day(Decision.objects.all(), TODAY, TODAY, UTC)
        scores_by_day(Decision.objects.filter(customer=ada), TODAY, TODAY, UTC)
        year = TODAY - timedelta(days=365)
        scores_by_day(Decision.objects.all(), year, TODAY, UTC, moment=DECIDED)
        bins_between(NOON - timedelta(days=30), NOON)
        scores_by_minute(NOON - timedelta(hours=1), NOON)
        queries = [one["sql"] for one in seen.captured_queries]
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plans = []
        for query in queries:
            cursor.execute(f"EXPLAIN {query}")
            plans.append("\n".join(row[0] for row in cursor.fetchall()))
    assert len(plans) == 5
    assert all("Index Only Scan using fraud_decision_" in plan for plan in plans)


MICROSECOND = timedelta(microseconds=1)


@pytest.mark.parametrize(
    "recorded, counts",
    [(NOON - MICROSECOND, 0), (NOON, 1), (NOON + timedelta(hours=1) - MICROSECOND, 1),
     (NOON + timedelta(hours=1), 0)],
)  # fmt: skip
@pytest.mark.parametrize("asked", [NOON, NOON - timedelta(days=300)])
def test_what_officers_watch_goes_by_when_it_was_decided(ada, recorded, counts, asked):
    """However long ago the payment was asked for."""
    decided(ada, 0.7, "BLOCKED", at=asked, recorded_at=recorded, degraded=["redis"])
    until = NOON + timedelta(hours=1)
    assert scores_by_hour(NOON, until).decisions == counts
    assert sum(one.decisions for one in scores_by_minute(NOON, until)) == counts
    assert sum(bins_between(NOON, until)) == counts
    assert stopped(NOON, until).count() == counts
    assert degraded_between(NOON, until) == counts


# --- how far a distribution moved -------------------------------------------------------------


def test_a_distribution_that_stays_has_not_moved():
    assert stability([500, 300, 200], [5000, 3000, 2000]) == pytest.approx(0, abs=1e-9)


def test_how_far_it_moved_is_the_population_stability_index():
    # (.4 - .5) ln(.4/.5) + (.6 - .5) ln(.6/.5)
    assert stability([5000, 5000], [4000, 6000]) == pytest.approx(0.040547, abs=1e-6)
    moved = stability([900, 100], [500, 500])
    assert moved is not None and moved > MONITORING.drift_alarm


def test_an_empty_band_is_no_catastrophe_and_nothing_is_no_drift():
    assert stability([1000, 0], [1000, 0]) == 0
    assert stability([], []) is None
    assert stability([0, 0], [3, 4]) is None


@pytest.mark.parametrize("before, now, known", [(500, 500, True), (499, 9_999, False),
                                                (9_999, 499, False)])  # fmt: skip
def test_of_too_few_decisions_nobody_can_tell(before, now, known):
    assert MONITORING.drift_decisions_min == 500
    assert (stability([before, 0], [0, now]) is not None) is known


@pytest.mark.parametrize("count, quiet", [(500, True), (400, False)])
def test_with_enough_decisions_chance_alone_hardly_ever_looks_like_a_move(count, quiet):
    """Of the same population, 99 in 100 pairs of samples stay below what is worth a look."""
    dice = np.random.default_rng(7)
    shares = [0.4, 0.2, 0.1, 0.08, 0.07, 0.05, 0.04, 0.03, 0.02, 0.01]
    pairs = zip(
        dice.multinomial(count, shares, 4_000), dice.multinomial(count, shares, 4_000), strict=True
    )
    noise = [stability(a.tolist(), b.tolist(), enough=0) for a, b in pairs]
    assert (np.quantile(noise, 0.99) < MONITORING.drift_from) == quiet


# --- the door -------------------------------------------------------------------------------


def test_a_customer_sees_their_own(api, ada):
    decided(ada, 0.35, "FLAGGED")
    decided(ada, 0.2)
    decided(customer("bob@example.com"), 0.9, "BLOCKED")
    answer = api.get(ADDRESS).json()
    assert (answer["since"], answer["until"]) == ("2026-02-09", "2026-03-10")
    assert (answer["decisions"], len(answer["days"])) == (2, MONITORING.history_days)
    assert answer["by_verdict"] == {"VERIFIED": 1, "FLAGGED": 1, "BLOCKED": 0}
    assert answer["days"][-1] == {
        "day": "2026-03-10",
        "decisions": 2,
        "mean": 0.275,
        "largest": 0.35,
        "verified": 1,
        "flagged": 1,
        "blocked": 0,
        "by_effect": {"PASSED": 1, "HELD": 1, "REFUSED": 0},
    }
    assert answer["distribution"][3] == {"from": 0.3, "to": 0.4, "decisions": 1}
    assert sum(band["decisions"] for band in answer["distribution"]) == 2


@pytest.mark.parametrize("review, held", [(True, 1), (False, 0)])
def test_what_is_blocked_counts_as_what_became_of_it(api, ada, review, held):
    decided(ada, 0.7, "BLOCKED", review=review)
    answer = api.get(ADDRESS).json()
    assert answer["by_verdict"] == {"VERIFIED": 0, "FLAGGED": 0, "BLOCKED": 1}
    effects = {"PASSED": 0, "HELD": held, "REFUSED": 1 - held}
    day = answer["days"][-1]
    assert answer["by_effect"] == day["by_effect"] == effects and day["blocked"] == 1


def test_nothing_is_an_answer_too(api):
    answer = api.get(ADDRESS).json()
    assert answer["decisions"] == 0 and answer["days"][0]["mean"] is None


def test_an_officer_sees_all_or_one(officer, ada):
    bob = customer("bob@example.com")
    decided(ada, 0.35, "FLAGGED")
    decided(bob, 0.9, "BLOCKED")
    days = {"since": "2026-03-10", "until": "2026-03-10"}
    assert officer.get(ADDRESS, days).json()["decisions"] == 2
    one = officer.get(ADDRESS, days | {"customer": bob.public_id}).json()
    assert one["by_verdict"] == {"VERIFIED": 0, "FLAGGED": 0, "BLOCKED": 1}
    flagged = officer.get(ADDRESS, days | {"verdict": "FLAGGED"}).json()
    assert flagged["decisions"] == 1
    safe = officer.get(ADDRESS, days | {"risk_level": "CRITICAL"}).json()
    assert safe["decisions"] == 0


def test_a_customer_cannot_ask_about_another(api, ada):
    answer = api.get(ADDRESS, {"customer": customer("bob@example.com").public_id})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    "query, code",
    [
        ({"since": "2026-03-11", "until": "2026-03-10"}, "range-invalid"),
        ({"since": "2025-03-09", "until": "2026-03-10"}, "range-invalid"),
        ({"since": "0001-01-01"}, "range-invalid"),
        ({"until": "0001-01-01"}, "range-invalid"),
        ({"until": "9999-12-31"}, "range-invalid"),
        ({"since": "yesterday"}, "invalid"),
        ({"verdict": "GOOD"}, "invalid"),
        ({"risk": "SAFE"}, "unknown-field"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(api, query, code):
    answer = api.get(ADDRESS, query)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_year_and_a_day_is_the_longest(api):
    assert api.get(ADDRESS, {"since": "2025-03-10", "until": "2026-03-10"}).status_code == 200


@pytest.mark.parametrize("name", ["usr_1", "acc_00000000000000000000000000", "%00"])
def test_nobody_by_that_name(officer, name):
    assert officer.get(ADDRESS, {"customer": name}).status_code in {400, 404}


def test_a_real_decision_is_counted(ada):
    services.assess(facts(customer_id=ada.pk, amount_minor=1_500_00))
    assert counted().counts["FLAGGED"] == 1
