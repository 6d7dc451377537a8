"""Where somebody is: by an address, by their words, and whom to believe."""

import re
from datetime import UTC, datetime
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from fraud.tests import mmdb
from fraud.tests.factories import facts
from fraud.travel import geoip, presence
from fraud.travel.geoip import UNKNOWN, Address, locate
from fraud.travel.presence import Presence, placed, sighted

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
LONDON, HETZNER, NAMELESS = "81.2.69.142", "5.9.1.1", "1.1.1.1"
HOME = Address(place="London, GB", latitude=51.51, longitude=-0.13, accuracy_km=20.0)
AWAY = Address(place="Lagos, NG", latitude=6.45, longitude=3.39, accuracy_km=50.0)


@pytest.fixture
def databases(tmp_path, settings):
    city = mmdb.write(
        tmp_path / "city.mmdb",
        {
            "81.2.69.0/24": mmdb.city("London", "GB", 51.5142, -0.0931, 20),
            "5.9.0.0/16": mmdb.city("Falkenstein", "DE", 50.4779, 12.3713, 200),
            "1.0.0.0/8": {"country": {"iso_code": "AU"}},
            "9.0.0.0/8": {"country": "?", "city": [1], "location": {"latitude": True}},
        },
    )
    network = mmdb.write(
        tmp_path / "asn.mmdb",
        {
            "5.9.0.0/16": {"autonomous_system_number": 24940},
            "81.2.0.0/16": {"autonomous_system_number": 20712},
            "9.0.0.0/8": {"is_anonymous_vpn": True},
        },
        kind="GeoLite2-ASN",
    )
    settings.GEOIP_DATABASE, settings.GEOIP_ASN_DATABASE = str(city), str(network)
    return tmp_path


def test_an_address_has_a_place_and_says_how_sure_it_is(databases):
    assert locate(LONDON) == Address(
        place="London, GB", country="GB", latitude=51.5142, longitude=-0.0931, accuracy_km=20.0,
        hosting=False,
    )  # fmt: skip


def test_the_sixth_form_of_an_address_of_the_fourth_is_that_one(databases):
    assert locate(f"::ffff:{LONDON}") == locate(LONDON)


def test_a_country_alone_is_a_place_without_coordinates(databases):
    assert locate(NAMELESS) == Address(place="AU", country="AU")


def test_a_data_centre_is_known_by_its_network_and_a_vpn_by_the_makers_mark(databases, settings):
    assert locate(HETZNER).hosting is True
    assert locate("9.9.9.9").hosting is True
    assert locate(LONDON).hosting is False
    settings.HOSTING_NETWORKS = [20712]
    assert locate(LONDON).hosting is True


@pytest.mark.parametrize(
    "ip",
    [
        "10.0.0.1", "192.168.1.1", "127.0.0.1", "::1", "fe80::1", "fe80::1%eth0", "203.0.113.7",
        "0.0.0.0", "", None, "81.2.69", "81.2.69.142, 1.1.1.1", "neither", "2001:4860:4860::8888",
    ],
)  # fmt: skip
def test_private_and_unreadable_addresses_are_unknown(databases, ip):
    assert locate(ip) == UNKNOWN


def test_a_record_of_another_shape_says_nothing(databases):
    assert locate("9.9.9.9") == Address(hosting=True)


def test_without_files_every_address_is_unknown_and_nobody_is_warned(settings):
    settings.GEOIP_DATABASE = settings.GEOIP_ASN_DATABASE = ""
    with capture_logs() as logs:
        geoip.open_configured()
    assert logs == []
    assert locate(LONDON) == UNKNOWN


def _whole(path):
    return mmdb.write(path, {"81.2.69.0/24": mmdb.city("London", "GB", 51.5, -0.1, 20)})


@pytest.mark.parametrize(
    "spoil, reason",
    [
        (lambda path: None, "cannot be opened"),
        (lambda path: path.mkdir(), "cannot be opened|no such database"),
        (lambda path: path.write_bytes(b""), "cannot be opened|no such database"),
        (lambda path: path.write_bytes(b"not a database"), "no such database"),
        (lambda path: path.write_bytes(_whole(path).read_bytes()[:200]), "no such database"),
        (lambda path: mmdb.write(path, {"1.0.0.0/8": {}}, kind="GeoLite2-ASN"), "GeoLite2-ASN"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_once_and_nothing_stops(
    tmp_path, settings, spoil, reason
):
    path = tmp_path / "city.mmdb"
    spoil(path)
    settings.GEOIP_DATABASE = str(path)
    with capture_logs() as logs:
        geoip.open_configured()
        assert [locate(LONDON) for _ in range(2)] == [UNKNOWN, UNKNOWN]
    [warning] = logs
    assert warning["event"] == "place_database_unusable"
    assert warning["setting"] == "GEOIP_DATABASE"
    assert re.search(reason, warning["reason"])


def test_a_file_that_is_broken_inside_says_nothing_and_is_named(tmp_path, settings):
    path = _whole(tmp_path / "city.mmdb")
    path.write_bytes(path.read_bytes().replace(b"\x44city", b"\xff\xff\xff\xff\xff"))
    settings.GEOIP_DATABASE = str(path)
    with capture_logs() as logs:
        assert locate(LONDON) == UNKNOWN
    assert [log["event"] for log in logs] == ["place_database_broken"]


def test_the_network_file_is_not_taken_for_a_file_of_places(tmp_path, settings):
    settings.GEOIP_ASN_DATABASE = str(_whole(tmp_path / "wrong.mmdb"))
    with capture_logs() as logs:
        geoip.open_configured()
    assert [(log["event"], log["setting"]) for log in logs] == [
        ("place_database_unusable", "GEOIP_ASN_DATABASE")
    ]


# --- whom to believe ------------------------------------------------------------------------


def here(**said):
    return Presence(person=UUID(int=1), at=NOON, name="trf_x", **said)


SAYS_LONDON = {"latitude": 51.5074, "longitude": -0.1278, "place": "London, GB"}


def test_a_known_device_is_believed_before_its_address():
    said = sighted(here(**SAYS_LONDON), AWAY, device_known=True)
    assert (said.source, said.latitude, said.longitude) == ("coordinates", 51.51, -0.13)


def test_whoever_uses_a_strange_device_cannot_talk_themselves_home():
    said = sighted(here(**SAYS_LONDON), AWAY, device_known=False)
    assert (said.source, said.place) == ("address", "Lagos, NG")


def test_without_an_address_a_strange_device_is_heard():
    assert sighted(here(**SAYS_LONDON), UNKNOWN, device_known=False).source == "coordinates"


def test_a_vpn_says_nothing_about_somebody_on_a_device_we_know():
    vpn = Address(latitude=50.0, longitude=12.0, accuracy_km=10.0, hosting=True)
    assert sighted(here(), vpn, device_known=True) is None
    assert sighted(here(), vpn, device_known=False).source == "address"
    assert sighted(here(**SAYS_LONDON), vpn, device_known=True).source == "coordinates"


@pytest.mark.parametrize(
    "accuracy, believed",
    [(None, True), (0, True), (50.0, True), (50.001, False), (20_000, False), (-1, False)],
)
def test_vague_coordinates_excuse_nothing(accuracy, believed):
    said = presence.declared(here(**SAYS_LONDON, accuracy_km=accuracy))
    assert (said is not None) is believed


def test_coordinates_are_never_surer_than_what_is_kept_of_them():
    assert presence.declared(here(**SAYS_LONDON, accuracy_km=0)).accuracy_km == 1.0
    assert presence.declared(here(**SAYS_LONDON, accuracy_km=7)).accuracy_km == 7.0


@pytest.mark.parametrize("accuracy, believed", [(None, True), (1000.0, True), (1001.0, False)])
def test_an_address_somewhere_in_a_country_is_still_a_place(accuracy, believed):
    address = Address(latitude=6.45, longitude=3.39, accuracy_km=accuracy)
    assert (sighted(here(), address, device_known=False) is not None) is believed


@pytest.mark.parametrize(
    "latitude, longitude",
    [(90.01, 0), (-90.01, 0), (0, 180.01), (float("nan"), 0), (0, float("inf")), (1.0, None)],
)
def test_coordinates_off_the_earth_are_none(latitude, longitude):
    assert presence.declared(here(latitude=latitude, longitude=longitude)) is None


def test_poles_and_the_date_line_are_on_earth():
    assert presence.declared(here(latitude=90, longitude=-180)) is not None


def test_a_bare_name_is_the_last_resort():
    said = sighted(here(place="Lisbon, PT"), UNKNOWN, device_known=True)
    assert (said.source, said.located) == ("name", False)
    assert sighted(here(), UNKNOWN, device_known=True) is None


@pytest.mark.parametrize("channel", ["import", "schedule", "console"])
def test_nobody_stands_where_a_clock_or_an_officer_acts(channel):
    assert presence.of(facts(channel=channel, ip=LONDON)) is None


def test_who_operates_anothers_account_is_seen_as_themselves():
    asker = UUID(int=7)
    assert presence.of(facts(asker_id=asker)).person == asker
    assert presence.of(facts()).person == facts().customer_id


def test_kept_facts_hold_a_kilometre_and_the_place_of_the_address(databases):
    kept = placed(facts(ip=LONDON, latitude=51.50741, longitude=-0.00001))
    assert (kept.latitude, str(kept.longitude), kept.place) == (51.51, "0.0", "London, GB")
    assert placed(facts(ip=LONDON, place="Paris, FR")).place == "Paris, FR"
    plain = facts()
    assert placed(plain) == plain


@pytest.mark.parametrize(
    "ip, said, place, seen",
    [
        (LONDON, "", "London, GB", "London, GB"),
        (LONDON, "Paris, FR", "Paris, FR", "London, GB"),
        (HETZNER, "Paris, FR", "Paris, FR", "Falkenstein, DE"),  # no way round by a rented server
        (NAMELESS, "Paris, FR", "Paris, FR", "AU"),
        ("10.0.0.1", "Paris, FR", "Paris, FR", ""),
        (None, "", "", ""),
    ],
)
def test_kept_facts_hold_what_the_address_says_beside_the_words(databases, ip, said, place, seen):
    kept = placed(facts(ip=ip, place=said))
    assert (kept.place, kept.address_place, kept.address_km) == (place, seen, None)


@pytest.mark.parametrize(
    "ip, where, km",
    [
        (LONDON, {"latitude": 51.51, "longitude": -0.09}, 0),
        (LONDON, {"latitude": 51.51, "longitude": -0.09, "accuracy_km": 50}, 0),
        # Lisbon is 1,586 km from there; 20 km of the address and 1 or 50 of the device come off.
        (LONDON, {"latitude": 38.72, "longitude": -9.14}, 1565),
        (LONDON, {"latitude": 38.72, "longitude": -9.14, "accuracy_km": 50}, 1516),
        (LONDON, {"latitude": 38.72, "longitude": -9.14, "accuracy_km": 51}, None),
        (LONDON, {"latitude": 91.0, "longitude": 0.0}, None),
        (NAMELESS, {"latitude": 38.72, "longitude": -9.14}, None),
        ("10.0.0.1", {"latitude": 38.72, "longitude": -9.14}, None),
    ],
)
def test_kept_facts_hold_how_far_the_device_is_from_its_address(databases, ip, where, km):
    assert placed(facts(ip=ip, **where)).address_km == km


def test_nobody_is_far_from_the_address_of_an_officer(databases):
    assert (
        placed(facts(channel="console", ip=LONDON, latitude=0.0, longitude=0.0)).address_km is None
    )
