"""What is remembered of where a customer was, and what that says about where they are."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from structlog.testing import capture_logs

from audit.models import Record
from fintrust.core import context
from fintrust.core.ids import uuid7
from fraud.profile.policy import PROFILE
from fraud.profile.services import forget_normal
from fraud.services import judge
from fraud.tests import mmdb
from fraud.tests.factories import SOMEBODY, customer, facts
from fraud.travel import presence, services, store
from fraud.travel.judge import Around
from fraud.travel.policy import TRAVEL
from fraud.travel.services import Looked, look

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
LONDON = {"latitude": 51.51, "longitude": -0.13, "place": "London, GB"}
PARIS = {"latitude": 48.86, "longitude": 2.35, "place": "Paris, FR"}
LAGOS = {"latitude": 6.45, "longitude": 3.39, "place": "Lagos, NG"}
PHONE, STRANGE = "web:phone", "web:strange"


@pytest.fixture(autouse=True)
def awake():
    """A test that took Redis away must not make the next one wait for it."""
    store.PATIENCE.resting_until = 0.0
    yield
    store.PATIENCE.resting_until = 0.0


def asked(where=None, *, after=timedelta(0), **said):
    return facts(at=NOON + after, **(where or {}) | said)


def went_through(*args, **said):
    """A payment that moved, as after its commit."""
    services.learn(presence.of(asked(*args, **said)), trusted=True, tried=True)


def confirmed(*args, **said):
    services.learn(presence.of(asked(*args, **said)), trusted=True, confirmed=True)


# --- looking --------------------------------------------------------------------------------


def test_the_first_time_nothing_is_known():
    assert look(asked(LONDON, device=PHONE, ip="1.2.3.4")) == Looked(
        around=Around(device_known=False, addresses_24h=1, tries_10s=0, tries_60s=0)
    )


def test_lagos_ten_minutes_after_london_cannot_be():
    went_through(LONDON)
    travel = look(asked(LAGOS, after=10 * MINUTE)).travel
    assert travel.impossible
    assert (travel.from_.place, travel.to.place) == ("London, GB", "Lagos, NG")
    assert travel.km == pytest.approx(5016, abs=30)


def test_paris_by_the_evening_can():
    went_through(LONDON)
    travel = look(asked(PARIS, after=8 * HOUR)).travel
    assert (travel.impossible, round(travel.hours)) == (False, 8)


def test_looking_changes_nothing(redis):
    went_through(LONDON, device=PHONE)
    before = {key: redis.dump(key) for key in redis.keys("travel:*")}
    for _ in range(3):
        look(asked(LAGOS, after=MINUTE, device=STRANGE, ip="1.2.3.4"))
    assert {key: redis.dump(key) for key in redis.keys("travel:*")} == before


def test_one_look_is_one_round_trip(redis):
    look(asked(LONDON))  # the connection is made
    redis.config_resetstat()
    look(asked(LONDON, device=PHONE, ip="1.2.3.4"))
    asked_for = {name.partition("|")[0] for name in redis.info("commandstats")}
    inside = {"cmdstat_get", "cmdstat_zscore", "cmdstat_zcount"}
    assert asked_for - inside == {"cmdstat_eval", "cmdstat_config"}
    assert redis.info("commandstats")["cmdstat_eval"]["calls"] == 1


def test_nobody_travels_through_a_door_where_nobody_stands():
    went_through(LONDON)
    for channel in ("import", "schedule", "console"):
        assert look(asked(LAGOS, after=MINUTE, channel=channel)) == services.NOBODY


@pytest.mark.django_db
def test_two_people_on_one_account_do_not_move_each_other():
    spouse = customer().pk
    went_through(LONDON)
    assert look(asked(LAGOS, after=MINUTE, asker_id=spouse)).travel is None
    went_through(LAGOS, after=MINUTE, asker_id=spouse)
    assert not look(asked(LONDON, after=2 * MINUTE)).travel.impossible


# --- trusting -------------------------------------------------------------------------------


def test_a_suspicious_place_never_becomes_the_last_one():
    went_through(LONDON)
    went_through(LAGOS, after=10 * MINUTE)  # even had the money moved
    again = look(asked(LAGOS, after=20 * MINUTE)).travel
    assert (again.impossible, again.from_.place) == (True, "London, GB")
    assert not look(asked(LONDON, after=20 * MINUTE)).travel.impossible


def test_confirmed_by_a_step_up_it_does():
    went_through(LONDON)
    confirmed(LAGOS, after=10 * MINUTE, device=STRANGE)
    after = look(asked(LAGOS, after=20 * MINUTE, device=STRANGE))
    assert (after.travel.km, after.travel.impossible) == (0, False)
    assert after.around.device_known
    assert look(asked(LONDON, after=20 * MINUTE)).travel.impossible


def test_an_old_confirmation_does_not_bring_the_customer_back():
    went_through(LONDON, after=2 * HOUR)
    confirmed(LAGOS, after=HOUR)
    assert look(asked(LONDON, after=3 * HOUR)).travel.km == 0


def test_a_name_without_coordinates_does_not_wipe_out_where_somebody_was():
    went_through(LONDON)
    went_through(place="Lagos, NG", after=MINUTE)
    assert look(asked(LAGOS, after=2 * MINUTE)).travel.impossible


def test_saying_nothing_about_the_place_leaves_the_last_one():
    went_through(LONDON)
    went_through(after=MINUTE)
    assert look(asked(LAGOS, after=2 * MINUTE)).travel.impossible


def test_an_inaccurate_place_does_not_excuse_the_next():
    went_through(LONDON)
    went_through(LAGOS, after=MINUTE, accuracy_km=20_000)
    assert look(asked(LAGOS, after=2 * MINUTE)).travel.impossible


def test_a_clock_that_is_ahead_pins_nobody():
    ahead = timezone.now() + TRAVEL.clocks + 5 * SECOND
    with capture_logs() as logs:
        services.learn(presence.of(facts(at=ahead, **LAGOS)), trusted=True, tried=True)
    assert [log["event"] for log in logs] == ["travel_from_tomorrow"]
    assert look(facts(at=ahead + SECOND, **LONDON)) == Looked(
        around=Around(addresses_24h=0, tries_10s=0, tries_60s=0)
    )
    services.learn(presence.of(facts(at=ahead - 10 * SECOND, **LONDON)), trusted=True)
    assert look(facts(at=ahead, **LONDON)).travel is not None


# --- VPNs and devices -----------------------------------------------------------------------

VPN, HOME, OFFICE = "5.9.1.1", "81.2.69.142", "81.2.70.1"


@pytest.fixture
def addresses(tmp_path, settings):
    city = mmdb.write(
        tmp_path / "city.mmdb",
        {
            "5.9.0.0/16": mmdb.city("Falkenstein", "DE", 50.48, 12.37, 20),
            "81.2.69.0/24": mmdb.city("London", "GB", 51.51, -0.13, 20),
            "81.2.70.0/24": mmdb.city("London", "GB", 51.52, -0.10, 20),
        },
    )
    network = mmdb.write(
        tmp_path / "asn.mmdb",
        {
            "5.9.0.0/16": {"autonomous_system_number": 24940},
            "81.2.0.0/16": {"autonomous_system_number": 20712},
        },
        kind="GeoLite2-ASN",
    )
    settings.GEOIP_DATABASE, settings.GEOIP_ASN_DATABASE = str(city), str(network)


def test_a_vpn_on_a_known_device_is_no_travel(addresses):
    went_through(device=PHONE, ip=HOME)
    seen = look(asked(device=PHONE, ip=VPN, after=MINUTE))
    assert (seen.travel, seen.around.device_known, seen.around.hosting) == (None, True, True)


def test_a_vpn_on_a_strange_device_is(addresses):
    went_through(device=PHONE, ip=HOME)
    seen = look(asked(device=STRANGE, ip=VPN, after=MINUTE))
    assert (seen.travel.impossible, seen.around.device_known) == (True, False)
    assert look(asked(ip=VPN, after=MINUTE)).travel.impossible  # no device at all


def test_a_vpn_is_nobodys_last_place(addresses):
    went_through(device=PHONE, ip=VPN)
    assert look(asked(device=PHONE, ip=HOME, after=MINUTE)).travel is None


def test_a_vpn_vouches_for_no_device_until_its_owner_does(addresses):
    went_through(device=STRANGE, ip=VPN)
    assert look(asked(device=STRANGE, ip=VPN, after=MINUTE)).around.device_known is False
    confirmed(device=STRANGE, ip=VPN, after=MINUTE)
    assert look(asked(device=STRANGE, ip=VPN, after=2 * MINUTE)).around.device_known is True


def test_an_impossible_visitor_does_not_make_their_device_known():
    went_through(LONDON, device=PHONE)
    went_through(LAGOS, device=STRANGE, after=MINUTE)
    assert look(asked(device=STRANGE, after=2 * MINUTE)).around.device_known is False
    assert look(asked(device=PHONE, after=2 * MINUTE)).around.device_known is True


@pytest.mark.parametrize("device", [STRANGE, None])
def test_a_strange_device_moves_nobody_far_however_slowly(device):
    went_through(LONDON, device=PHONE)
    went_through(LAGOS, device=device, after=20 * HOUR)  # possible, by air
    assert not look(asked(LONDON, device=PHONE, after=20 * HOUR + MINUTE)).travel.impossible
    assert not look(asked(LAGOS, device=STRANGE, after=20 * HOUR + MINUTE)).around.device_known


def test_a_device_we_know_goes_where_it_can_get_to():
    went_through(LONDON, device=PHONE)
    went_through(LAGOS, device=PHONE, after=20 * HOUR)
    assert look(asked(LONDON, device=PHONE, after=20 * HOUR + MINUTE)).travel.impossible


@pytest.mark.parametrize("east, moved", [(1.45, True), (1.49, False)])  # 98 and 101 km
def test_near_by_a_new_device_becomes_known(east, moved):
    went_through(LONDON, device=PHONE)
    near = LONDON | {"longitude": LONDON["longitude"] + east, "place": "near"}
    went_through(near, device=STRANGE, after=HOUR)
    after = look(asked(near, device=STRANGE, after=2 * HOUR))
    assert after.around.device_known is moved
    assert (after.travel.from_.place == "near") is moved


@pytest.mark.django_db
def test_a_sign_in_makes_no_device_known_and_keeps_a_known_one_so():
    ada = customer()
    with context.use(**LONDON, device=STRANGE):
        services.seen(ada)
        services.seen(ada)
    now = facts(customer_id=ada.pk, at=timezone.now(), device=STRANGE, **LONDON)
    assert look(now).around.device_known is False
    services.learn(presence.of(now), trusted=True, tried=True)
    later = replace(now, at=now.at + SECOND)
    assert look(later).around.device_known is True


def test_a_payment_without_a_device_knows_neither():
    assert look(asked(LONDON)).around.device_known is None


@pytest.mark.parametrize("late, known", [(timedelta(0), True), (SECOND, False)])
def test_a_device_is_known_for_ninety_days(late, known):
    went_through(device=PHONE)
    assert look(asked(device=PHONE, after=TRAVEL.device_max + late)).around.device_known is known


def test_of_many_devices_the_newest_are_known():
    for number in range(TRAVEL.devices_max + 1):
        went_through(device=f"web:{number}", after=number * SECOND)
    later = asked(after=HOUR)
    assert not _looks(later, "web:0").around.device_known
    assert _looks(later, "web:1").around.device_known


def _looks(later, device):
    return look(replace(later, device=device))


# --- counting -------------------------------------------------------------------------------


def test_different_addresses_are_counted_for_a_day_with_this_one():
    went_through(ip="1.2.3.4")
    went_through(ip="1.2.3.5", after=HOUR)
    assert look(asked(ip="1.2.3.5", after=2 * HOUR)).around.addresses_24h == 2
    assert look(asked(ip="1.2.3.6", after=2 * HOUR)).around.addresses_24h == 3
    assert look(asked(after=2 * HOUR)).around.addresses_24h == 2
    assert look(asked(ip="1.2.3.4", after=24 * HOUR)).around.addresses_24h == 2
    assert look(asked(ip="1.2.3.4", after=24 * HOUR + SECOND)).around.addresses_24h == 2
    assert look(asked(ip="1.2.3.5", after=24 * HOUR + SECOND)).around.addresses_24h == 1


@pytest.mark.parametrize(
    "seconds, short, long", [(1, 1, 1), (10, 1, 1), (11, 0, 1), (60, 0, 1), (61, 0, 0)]
)
def test_tries_are_counted_for_seconds(seconds, short, long):
    went_through()
    seen = look(asked(after=seconds * SECOND))
    assert (seen.around.tries_10s, seen.around.tries_60s) == (short, long)


def test_the_same_request_again_is_the_same_try():
    same = asked()
    for _ in range(3):
        services.learn(presence.of(same), trusted=True, tried=True)
    assert look(asked(after=SECOND)).around.tries_10s == 1


@pytest.mark.django_db
def test_a_batch_is_one_try_and_money_that_arrives_is_none(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        for second in range(3):
            for said in ({"kind": "deposit", "outgoing": False}, {"channel": "schedule"}):
                arrived = asked(after=second * SECOND, **said)
                services.learn_after_commit(arrived, Looked(), trusted=True, refused=False)
            with context.use(batch="payroll"):
                sent = asked(after=second * SECOND)
                services.learn_after_commit(sent, Looked(), trusted=True, refused=False)
    assert look(asked(after=4 * SECOND)).around.tries_10s == 1


def test_nobody_counts_further_than_needed(redis):
    for number in range(TRAVEL.tries_max + 5):
        went_through(after=number * timedelta(milliseconds=10), ip=f"1.2.3.{number}")
    assert look(asked(after=2 * SECOND)).around.tries_10s == TRAVEL.tries_max
    assert redis.zcard(store._keys(SOMEBODY)[2]) == TRAVEL.addresses_max


# --- commits --------------------------------------------------------------------------------


@pytest.fixture
def committing(django_capture_on_commit_callbacks):
    return django_capture_on_commit_callbacks


@pytest.mark.django_db
def test_money_that_did_not_move_leaves_nothing(redis, committing):
    with committing(execute=True), pytest.raises(ZeroDivisionError), transaction.atomic():
        services.learn_after_commit(asked(LAGOS), Looked(), trusted=True, refused=False)
        raise ZeroDivisionError
    assert redis.keys("travel:*") == []


@pytest.mark.django_db
def test_before_the_commit_nothing_is_known_and_after_it_all_is(redis, committing):
    with committing(execute=True):
        services.learn_after_commit(
            asked(LONDON, device=PHONE, ip="1.2.3.4"), Looked(), trusted=True, refused=False
        )
        assert redis.keys("travel:*") == []
    seen = look(asked(LONDON, device=PHONE, ip="1.2.3.4", after=SECOND))
    assert (seen.travel.km, seen.around.device_known, seen.around.addresses_24h) == (0, True, 1)


@pytest.mark.django_db
def test_a_refused_payment_counts_as_a_try_and_leaves_nothing_else(committing):
    with committing(execute=True):
        services.learn_after_commit(
            asked(LAGOS, device=STRANGE, ip="1.2.3.4"), Looked(), trusted=False, refused=True
        )
    seen = look(asked(LONDON, device=STRANGE, after=SECOND))
    assert (seen.travel, seen.around.device_known, seen.around.addresses_24h) == (None, False, 0)
    assert seen.around.tries_10s == 1


@pytest.mark.django_db
def test_a_held_payment_teaches_no_place_until_its_customer_confirms_it(committing):
    held = asked(LAGOS, device=STRANGE, ip="1.2.3.4")
    with committing(execute=True):
        services.learn_after_commit(held, Looked(), trusted=False, refused=False)
    seen = look(asked(LAGOS, device=STRANGE, after=SECOND))
    assert (seen.travel, seen.around.device_known, seen.around.addresses_24h) == (None, False, 1)
    with committing(execute=True):
        services.confirm_after_commit(held)
    seen = look(asked(LAGOS, device=STRANGE, after=SECOND))
    assert (seen.travel.km, seen.around.device_known) == (0, True)


@pytest.mark.usefixtures("bank")
def test_of_two_sightings_at_once_one_is_believed():
    """Owner and thief, neither of whom the other has seen: one place stays, never a mixture."""
    for round_ in range(10):
        person = {"customer_id": customer(f"ada{round_}@example.com").pk}
        together = threading.Barrier(2)

        def pay(where, person=person, together=together):
            together.wait()
            services.learn(presence.of(asked(where, **person)), trusted=True, tried=True)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(pay, (LONDON, LAGOS)))
        ways = [look(asked(where, after=SECOND, **person)) for where in (LONDON, LAGOS)]
        assert sorted(way.travel.impossible for way in ways) == [False, True]
        assert [way.around.tries_10s for way in ways] == [2, 2]


def test_what_changed_since_it_was_read_is_judged_again():
    """The later of two writers is told so, writes nothing, and sees what the other has written."""
    here = presence.of(asked(LAGOS, device=STRANGE))
    stale = store.look(here)
    went_through(LONDON)
    _, place, device = services._deserved(here, stale, trusted=True, confirmed=False, paid=True)
    assert place is not None
    assert not store.learn(here, stale, place=place, device=device, address=True, tried=True)
    seen = look(asked(LAGOS, device=STRANGE, after=SECOND))
    assert seen.travel.impossible
    assert (seen.around.device_known, seen.around.tries_10s) == (False, 1)


def test_an_answer_that_nobody_waited_for_is_nobody_elses():
    """Whoever asks PostgreSQL meanwhile may fail; the next payment has the same connection."""
    went_through(LONDON, device=PHONE)
    stranger = presence.of(asked(LAGOS, customer_id=uuid7()))
    with pytest.raises(ZeroDivisionError), store.looking(presence.of(asked(LONDON))):
        1 / 0  # noqa: B018
    known = store.look(stranger)
    assert known.last is None and not known.device_known


# --- forgetting -----------------------------------------------------------------------------


def test_everything_runs_out_after_its_named_time(redis):
    went_through(LONDON, device=PHONE, ip="1.2.3.4")
    place, devices, addresses, tries = store._keys(SOMEBODY)
    assert sorted(key.decode() for key in redis.keys("travel:*")) == sorted(
        [place, devices, addresses, tries]
    )
    for key, length in (
        (place, TRAVEL.place_max), (devices, TRAVEL.device_max),
        (addresses, TRAVEL.address_window), (tries, TRAVEL.try_windows[-1]),
    ):  # fmt: skip
        assert length - 5 * SECOND < timedelta(seconds=redis.ttl(key)) <= length


def test_a_place_that_has_run_out_says_nothing(redis):
    went_through(LONDON)
    redis.pexpire(store._keys(SOMEBODY)[0], 1)
    time.sleep(0.01)
    assert look(asked(LAGOS, after=MINUTE)).travel is None


def test_neither_devices_nor_addresses_can_be_read_from_memory(redis):
    went_through(LONDON, device="web:phone", ip="81.2.69.142")
    kept = b"".join(redis.dump(key) for key in redis.keys("travel:*"))
    assert b"phone" not in kept
    assert b"81.2" not in kept


@pytest.mark.django_db
@pytest.mark.parametrize("after", [timedelta(0), PROFILE.guard - SECOND, PROFILE.guard])
def test_who_resets_a_strangers_profile_is_no_less_far_away(after):
    """Habits are forgotten. Where she is and what is hers guard her before and after that."""
    ada = customer()
    went_through(LONDON, customer_id=ada.pk, device=PHONE)
    with time_machine.travel(NOON, tick=False):
        forget_normal(customer=ada, by=ada)
    went_through(LONDON, customer_id=ada.pk, after=after)
    thief = facts(customer_id=ada.pk, at=NOON + after + MINUTE, device=STRANGE, **LAGOS)
    assert look(thief).travel.impossible
    assert look(thief).around.device_known is False
    assert look(replace(thief, device=PHONE, **LONDON)).around.device_known is True
    assert "impossible_travel" in {hit.code for hit in judge(thief).reasons}


# --- without Redis --------------------------------------------------------------------------

DEGRADED = Looked(degraded=("redis",))


@pytest.fixture
def silent(settings):
    """A server that takes connections and never says a word."""
    settings.TRAVEL_SECONDS_MAX = None
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings.REDIS_URL = f"redis://127.0.0.1:{listening.getsockname()[1]}/0"
        yield


def test_with_redis_down_all_is_unknown_and_marked_so(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert look(asked(LONDON, device=PHONE)) == DEGRADED


def test_with_redis_silent_nobody_waits_for_long(silent):
    begun = time.perf_counter()
    assert look(asked(LONDON)) == DEGRADED
    assert time.perf_counter() - begun < 0.050 + 0.450  # the bound, and a busy machine


def test_after_a_failure_the_next_ones_do_not_wait(silent):
    look(asked(LONDON))
    begun = time.perf_counter()
    assert [look(asked(LONDON)) for _ in range(20)] == [DEGRADED] * 20
    assert time.perf_counter() - begun < 0.250


def test_it_is_asked_again_once_it_has_rested(settings):
    alive = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    look(asked(LONDON))
    settings.REDIS_URL = alive
    assert look(asked(LONDON)) == DEGRADED
    store.PATIENCE.resting_until -= TRAVEL.rest_seconds
    assert look(asked(LONDON)).degraded == ()


@pytest.mark.django_db
def test_what_cannot_be_remembered_is_said_and_stops_nobody(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    with capture_logs() as logs:
        went_through(LONDON)
        assert services.seen(customer()) is None
    assert [log["event"] for log in logs] == ["redis_away"]  # once, not for each


# --- sign-ins -------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_impossible_sign_in_is_put_on_record_once_an_hour_and_not_believed(redis):
    ada = customer()
    with context.use(**LONDON, device=PHONE):
        assert services.seen(ada) is None
    for _ in range(3):
        with context.use(**LAGOS, device=STRANGE):
            assert services.seen(ada).impossible
    [told] = Record.objects.filter(action="fraud.travel.impossible")
    assert told.data["km"] == "5019"
    now = facts(customer_id=ada.pk, at=timezone.now(), device=STRANGE, **LAGOS)
    assert look(now).travel.impossible
    assert look(now).around.device_known is False


@pytest.mark.django_db
def test_a_sign_in_is_no_try_to_pay():
    ada = customer()
    with context.use(**LONDON):
        services.seen(ada)
    assert look(facts(customer_id=ada.pk, at=timezone.now())).around.tries_60s == 0


# --- what is stored -------------------------------------------------------------------------


def test_what_was_looked_at_survives_json_exactly():
    went_through(LONDON)
    around = look(asked(LAGOS, after=MINUTE, device=PHONE, ip="1.2.3.4")).around
    for value in (around, Around()):
        text = json.dumps(value.to_json())
        assert Around.from_json(json.loads(text)) == value
        assert json.dumps(Around.from_json(json.loads(text)).to_json()) == text
