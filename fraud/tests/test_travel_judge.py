"""Whether one person can have been at both places: each edge on both sides."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fraud.travel.judge import Sighting, Travel, haversine_km, judge, replaces, same_place
from fraud.travel.policy import TRAVEL

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
EQUATOR_KM_A_DEGREE = 111.19508


def at(latitude=None, longitude=None, *, after=timedelta(0), accuracy=0.0, place=""):
    return Sighting(
        at=NOON + after, source="coordinates", place=place,
        latitude=latitude, longitude=longitude, accuracy_km=accuracy,
    )  # fmt: skip


LONDON, PARIS = (51.51, -0.13), (48.86, 2.35)


def test_london_to_paris_is_344_km():
    assert haversine_km(at(*LONDON), at(*PARIS)) == pytest.approx(344, abs=1)


@pytest.mark.parametrize(
    "km, hours, impossible",
    [
        (899.9, 1, False),
        (900.1, 1, True),
        (99.9, 0.02, False),  # too near, however fast
        (100.1, 0.02, True),
        (1799, 2, False),
        (1801, 2, True),
    ],
)
def test_a_person_is_no_faster_than_an_airliner_and_near_places_prove_nothing(
    km, hours, impossible
):
    travel = judge(at(0, 0), at(0, km / EQUATOR_KM_A_DEGREE, after=hours * HOUR))
    assert travel.km == pytest.approx(km, abs=0.01)
    assert travel.kmh == pytest.approx(km / hours, abs=0.1)
    assert travel.impossible is impossible


def test_the_edges_themselves_belong_to_the_customer_and_to_the_distance():
    """Exactly 900 km/h is possible; exactly 100 km is far enough."""
    way = judge(at(0, 0), at(0, 9, after=HOUR))
    exact = judge(at(0, 0), at(0, 9, after=HOUR), policy=_policy(speed_kmh_max=way.kmh))
    below = judge(at(0, 0), at(0, 9, after=HOUR), policy=_policy(speed_kmh_max=way.kmh - 0.001))
    assert (exact.impossible, below.impossible) == (False, True)
    near = judge(at(0, 0), at(0, 9), policy=_policy(distance_km_min=way.km))
    nearer = judge(at(0, 0), at(0, 9), policy=_policy(distance_km_min=way.km + 0.001))
    assert (near.impossible, nearer.impossible) == (True, False)


def _policy(**changes):
    return replace(TRAVEL, **changes)


def test_both_accuracies_are_taken_off():
    far = at(0, 10, after=HOUR, accuracy=150)  # 1112 km
    assert judge(at(0, 0, accuracy=61), far).impossible
    assert not judge(at(0, 0, accuracy=63), far).impossible
    assert judge(at(0, 0, accuracy=5000), far).km == 0


@pytest.mark.parametrize("seconds", [0, 1, 59, 60])
def test_the_same_second_is_a_minute_as_far_as_clocks_can_tell(seconds):
    travel = judge(at(0, 0), at(0, 2, after=timedelta(seconds=seconds)))
    assert travel.hours == pytest.approx(1 / 60, abs=1e-6)
    assert travel.impossible
    assert not judge(at(0, 0), at(0, 0.8, after=timedelta(seconds=seconds))).impossible


def test_from_one_second_over_the_clocks_on_time_counts_as_it_is():
    travel = judge(at(0, 0), at(0, 2, after=timedelta(seconds=61)))
    assert travel.hours == pytest.approx(61 / 3600, abs=1e-6)


def test_news_that_arrives_late_is_judged_like_news_in_order():
    early, late = at(0, 0), at(0, 20, after=2 * HOUR)
    assert judge(early, late).kmh == judge(late, early).kmh
    assert judge(late, early).impossible


@pytest.mark.parametrize(
    "a, b, km",
    [
        ((0, 179.9), (0, -179.9), 22),  # over the antimeridian
        ((0, 180), (0, -180), 0),  # the same line by two names
        ((89.9, 0), (89.9, 180), 22),  # over the pole
        ((90, -120), (90, 60), 0),  # the pole has every longitude
        ((-90, 0), (90, 0), 20015),
        ((0, 0), (0, 180), 20015),  # exactly opposite
        ((51.51, -0.13), (-51.51, 179.87), 20015),
    ],
)
def test_the_earth_is_round(a, b, km):
    assert haversine_km(at(*a), at(*b)) == pytest.approx(km, abs=1)


def test_around_the_date_line_nobody_is_called_fast_for_crossing_it():
    assert not judge(at(-17, 179.9), at(-17, -179.9, after=timedelta(minutes=5))).impossible


def test_half_around_the_earth_is_possible_after_the_time_a_place_is_kept():
    assert not judge(at(0, 0), at(0, 180, after=TRAVEL.place_max)).impossible


def test_by_name_alone_places_are_the_same_or_unknown():
    lisbon = at(place="Lisbon, PT")
    assert judge(lisbon, at(place="  lisbon,  pt ", after=HOUR)).km == 0
    assert judge(lisbon, at(place="Porto, PT", after=HOUR)) is None
    assert judge(lisbon, at(38.72, -9.14, after=HOUR)) is None
    assert judge(at(), at(after=HOUR)) is None  # two empty names are no place


@pytest.mark.parametrize(
    "a, b, same",
    [
        ("Lisbon, PT", "LISBON, pt", True),
        ("Ｌｉｓｂｏｎ", "lisbon", True),
        ("Lisbon, PT", "Lisbon ,PT", True),
        ("Straße", "STRASSE", True),
        ("York", "New York", False),  # never a part of a name
        ("Lisbon", "Lisbon, PT", False),
    ],
)
def test_names_are_compared_whole(a, b, same):
    assert same_place(a, b) is same


def test_without_a_place_before_or_now_there_is_no_travel():
    assert judge(None, at(0, 0)) is None
    assert judge(at(0, 0), None) is None


def test_the_last_place_is_the_newest_that_can_be_compared():
    here = at(0, 0)
    assert replaces(None, at(place="Lisbon"))
    assert replaces(here, at(1, 1, after=HOUR))
    assert replaces(here, at(1, 1))
    assert not replaces(here, at(1, 1, after=-HOUR))
    assert not replaces(here, at(place="Lisbon", after=HOUR))
    assert replaces(at(place="Lisbon"), at(place="Porto", after=HOUR))


@pytest.mark.parametrize("degrees", [51.0, 51.51, -0.13, 0.1 + 0.2, 1e-7])
def test_travel_survives_json_exactly(degrees):
    travel = judge(
        at(degrees, 0.0, accuracy=1 / 3), at(-degrees, 77.77, after=timedelta(microseconds=7))
    )
    again = Travel.from_json(json.loads(json.dumps(travel.to_json())))
    assert again == travel
    assert json.dumps(again.to_json()) == json.dumps(travel.to_json())


def test_what_a_database_makes_of_whole_floats_is_read_as_floats():
    travel = judge(at(51.0, 0.0), at(50.0, 1.0, after=HOUR))
    stored = json.loads(json.dumps(travel.to_json()).replace("51.0", "51"))
    assert json.dumps(Travel.from_json(stored).to_json()) == json.dumps(travel.to_json())
