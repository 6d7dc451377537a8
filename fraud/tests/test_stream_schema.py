"""Each field on both sides of its edge: what is taken, and what is refused with which reason."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from fintrust.core.ids import to_public
from fintrust.core.models import User
from fintrust.core.money import Money
from fraud.facts import Facts
from fraud.stream import schema
from fraud.stream.policy import STREAM
from fraud.stream.schema import Poison, parse
from fraud.tests.factories import NOON, SOMEBODY

CUSTOMER = to_public(User.prefix, SOMEBODY)
GOOD = {
    "v": 1,
    "id": "pay-1",
    "customer": CUSTOMER,
    "account": "acc_mine",
    "counterparty": "acc_payee",
    "kind": "transfer",
    "amount": "12.34",
    "currency": "EUR",
    "at": "2026-03-10T12:00:00Z",
}
HERE = {"latitude": 38.7, "longitude": -9.1}


def read(**changes):
    values = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return parse(json.dumps(values).encode(), now=NOON)


def reason_of(raw: bytes) -> str:
    with pytest.raises(Poison) as caught:
        parse(raw, now=NOON)
    return caught.value.reason


def test_an_event_becomes_facts():
    more = {**HERE, "accuracy_km": 2, "device": "phone", "place": "Lisbon, PT", "ip": "203.0.113.9"}
    movement = read(**more)
    assert (movement.name, movement.money, movement.booked) == ("pay-1", Money(12_34, "EUR"), False)
    assert movement.facts(subject="evt_1", timezone="Europe/Lisbon") == Facts(
        kind="transfer", subject="evt_1", customer_id=SOMEBODY, account="acc_mine",
        counterparty="acc_payee", amount_minor=12_34, currency="EUR", at=NOON,
        timezone="Europe/Lisbon", channel="stream", ip="203.0.113.9", outgoing=True,
        device="phone", place="Lisbon, PT", latitude=38.7, longitude=-9.1, accuracy_km=2.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    "kind, outgoing", [("transfer", True), ("withdrawal", True), ("deposit", False)]
)
def test_only_a_deposit_arrives(kind, outgoing):
    assert read(kind=kind).facts(subject="evt_1", timezone="UTC").outgoing is outgoing


@pytest.mark.parametrize(
    "change",
    [
        {"id": "x" * 64},
        {"id": "!~"},
        {"account": "x" * 40},
        {"account": "DE89 3704 0044 0532 0130 00"},
        {"counterparty": "x" * 40},
        {"counterparty": ""},
        {"counterparty": None},
        {"kind": "deposit"},
        {"amount": "1"},
        {"amount": "999999999999999.99"},
        {"amount": "500", "currency": "JPY"},
        {"at": "2026-03-10T13:00:00.123456+01:00"},
        {"at": "2026-03-10t12:00:00z"},
        {"at": (NOON + STREAM.ahead_max).isoformat()},
        {"at": "2000-01-01T00:00:00Z"},
        {"channel": "card-present"},
        {"booked": True},
        {"device": "x" * 64},
        {"place": "São Paulo, BR"},
        {"place": "x" * 80},
        {**HERE, "latitude": 90, "longitude": 180},
        {**HERE, "latitude": -90, "longitude": -180},
        {**HERE, "accuracy_km": 0},
        {"ip": "2001:db8::1"},
    ],
)
def test_the_last_value_that_works(change):
    read(**change)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "x" * 65},
        {"id": ""},
        {"id": "two words"},
        {"id": 7},
        {"id": None},
        {"account": "x" * 41},
        {"account": "  "},
        {"account": "a\u0000b"},
        {"account": "half \ud800"},
        {"account": None},
        {"counterparty": "x" * 41},
        {"counterparty": ["acc_payee"]},
        {"kind": "Transfer"},
        {"kind": ["transfer"]},
        {"kind": None},
        {"amount": 12.34},
        {"amount": "12.345"},
        {"amount": "0.00"},
        {"amount": "-1"},
        {"amount": "1e3"},
        {"amount": "NaN"},
        {"amount": "1,000"},
        {"amount": "1" * 31},
        {"amount": "1234567890123456789"},
        {"amount": "500.5", "currency": "JPY"},
        {"currency": "eur"},
        {"currency": "EURO"},
        {"currency": "QQQ"},
        {"currency": None},
        {"at": "2026-03-10T12:00:00"},
        {"at": "2026-03-10 12:00:00Z"},
        {"at": "2026-02-30T12:00:00Z"},
        {"at": "2026-03-10"},
        {"at": 1_773_144_000},
        {"at": (NOON + STREAM.ahead_max + timedelta(seconds=1)).isoformat()},
        {"at": "1999-12-31T23:59:59Z"},
        {"channel": "Web"},
        {"channel": "x" * 21},
        {"booked": 1},
        {"device": "x" * 65},
        {"device": ""},
        {"place": "x" * 81},
        {"place": "a\u001b[2Jb"},
        {"latitude": 1},
        {"longitude": 1},
        {"accuracy_km": 1},
        {**HERE, "latitude": 90.01},
        {**HERE, "longitude": -180.01},
        {**HERE, "latitude": True},
        {**HERE, "latitude": "38.7"},
        {**HERE, "accuracy_km": -1},
        {**HERE, "accuracy_km": 20_039},
        {"ip": "203.0.113.256"},
        {"ip": "fe80::1%eth0"},
        {"ip": 1},
        {"amount_minor": 1},  # no field of version 1
        {"acuracy_km": 1},
    ],
)
def test_the_first_value_that_does_not(change):
    values = {name: value for name, value in (GOOD | change).items() if value is not None}
    assert reason_of(json.dumps(values).encode()) == schema.WRONG_SCHEMA


@pytest.mark.parametrize("version", [0, 2, "1", 1.0, True, None, [1]])
def test_another_version_is_not_guessed_at(version):
    assert reason_of(json.dumps(GOOD | {"v": version}).encode()) == schema.UNKNOWN_VERSION


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"v": NaN}',
        b'{"v": 1, "v": 1}',
        b'{"v": ' + b"1" * 21 + b"}",
        b"[" * 16_000,
        b'{"v":' * 3_000,
        json.dumps(GOOD).encode("utf-16"),
        json.dumps(GOOD).encode() + b"x",
    ],
)
def test_what_is_no_json_in_utf8_is_called_so(raw):
    assert reason_of(raw) == schema.BAD_JSON


@pytest.mark.parametrize("raw", [b"1", b"null", b"[]", b'"text"'])
def test_an_event_is_an_object(raw):
    assert reason_of(raw) == schema.WRONG_SCHEMA


def test_size_is_looked_at_before_the_form():
    full = json.dumps(GOOD).encode()
    fits = full + b" " * (STREAM.event_bytes_max - len(full))
    assert parse(fits, now=NOON).name == "pay-1"
    assert reason_of(fits + b" ") == schema.TOO_BIG
    assert reason_of(b"{" * 1_000_000) == schema.TOO_BIG


@pytest.mark.parametrize("customer", ["usr_1", "acc_" + CUSTOMER[4:], "ada@example.com"])
def test_who_is_no_customer_has_a_reason_of_their_own(customer):
    assert reason_of(json.dumps(GOOD | {"customer": customer}).encode()) == schema.UNKNOWN_CUSTOMER


def test_a_broken_event_still_says_whose_it_is():
    with pytest.raises(Poison) as caught:
        read(amount="lots")
    assert (caught.value.name, caught.value.customer) == ("pay-1", CUSTOMER)


def test_the_same_values_have_the_same_digest_however_they_are_written():
    shuffled = json.dumps(dict(reversed(GOOD.items())), indent=4).encode()
    assert parse(shuffled, now=NOON).digest == read().digest
    assert read(amount="12.35").digest != read().digest


def test_times_are_kept_in_utc():
    assert read(at="2026-03-10T13:00:00+01:00").at == datetime(2026, 3, 10, 12, tzinfo=UTC)
