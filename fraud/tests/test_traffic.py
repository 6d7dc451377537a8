"""Generated traffic: the same each time, like people, and each kind of thief recognisable."""

import json
import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from random import Random
from statistics import mean, median

import httpx
import pytest

from fraud.traffic.generator import DAY, Plan, event_of, label_of, start_for, traffic
from fraud.traffic.people import SHOPS, Life, Party, Payment, Persona
from fraud.traffic.scenarios import FAR_KM, SCENARIOS, episode
from fraud.traffic.senders import ApiSender, KafkaSender, RedisSender, SenderFailed, SignIn
from fraud.traffic.world import CITIES, apart_km
from fraud.travel.judge import Sighting, judge

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
PARTIES = [Party(f"usr_{number:02d}", f"acc_{number:02d}") for number in range(30)]
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def some(count, *, seed=7, share=0.02, parties=PARTIES):
    return list(islice(traffic(Plan(seed=seed, start=MONDAY, fraud_share=share), parties), count))


@pytest.fixture(scope="module")
def month():
    return some(4000)


def written(payments):
    return [json.dumps([event_of(payment), label_of(payment)]) for payment in payments]


# --- the same again -------------------------------------------------------------------------


def test_the_same_seed_is_the_same_traffic_to_the_last_byte(month):
    assert written(some(4000)) == written(month)


def test_taking_more_begins_with_what_was_taken_before(month):
    assert written(some(500)) == written(month[:500])


def test_another_seed_is_another_life(month):
    assert {p.minor for p in some(200, seed=8)} != {p.minor for p in month[:200]}


def test_every_payment_has_a_name_of_its_own_in_order_of_time(month):
    assert len({payment.id for payment in month}) == len(month)
    assert all(a.at <= b.at for a, b in pairwise(month))


# --- like people ----------------------------------------------------------------------------


def by_person(payments):
    found = defaultdict(list)
    for payment in payments:
        found[payment.party].append(payment)
    return found


def genuine(payments):
    return [payment for payment in payments if not payment.scenario]


def test_people_have_homes_devices_and_usual_payees(month):
    for number, party in enumerate(PARTIES):
        persona = Persona.of(number, PARTIES, 7)
        own = genuine(by_person(month)[party])
        assert {p.device for p in own} <= {persona.phone, persona.laptop, None}
        usual = {*persona.shops, *persona.friends}
        shopping = [p for p in own if p.device and p.kind == "transfer"]
        assert {p.counterparty for p in shopping} <= usual
        at_home = [p for p in own if p.spot and apart_km(p.spot, persona.home) < 30]
        assert len(at_home) > len([p for p in own if p.spot]) / 2


def test_nobody_pays_at_four_in_the_morning_on_their_own_clock(month):
    from zoneinfo import ZoneInfo

    for number, party in enumerate(PARTIES):
        zone = ZoneInfo(Persona.of(number, PARTIES, 7).city.zone)
        hours = {p.at.astimezone(zone).hour for p in genuine(by_person(month)[party])}
        assert not hours & {1, 2, 3, 4, 5}


def test_amounts_are_skewed_as_people_s_are(month):
    for own in by_person(genuine(month)).values():
        minor = [p.minor for p in own if p.device]
        assert mean(minor) > median(minor)


def test_once_a_month_there_is_a_salary_and_a_rent(month):
    days = (month[-1].at - MONDAY) // DAY
    assert days > 30
    salaries = [p for p in month if p.kind == "deposit"]
    rents = [p for p in month if p.counterparty.startswith("landlord")]
    assert {p.party for p in salaries} == {p.party for p in rents} == set(PARTIES)
    assert all(p.at.day in {24, 25, 26, 27, 28} for p in salaries)


def test_genuine_people_never_travel_impossibly(month):
    for own in by_person(month).values():
        placed = [sighting(p) for p in own if not p.fraud and p.spot]
        ways = [judge(a, b) for a, b in pairwise(placed)]
        assert not any(way.impossible for way in ways)


def sighting(payment):
    latitude, longitude = payment.spot
    return Sighting(
        at=payment.at, source="coordinates", latitude=latitude, longitude=longitude,
        accuracy_km=payment.accuracy_km,
    )  # fmt: skip


# --- thieves --------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.5])
def test_the_share_of_frauds_is_what_was_asked_for(share):
    payments = some(3000, share=share)
    frauds = sum(payment.fraud for payment in payments)
    # Never more than one episode ahead, and one in the making behind.
    assert abs(frauds - share * len(payments)) <= (40 if share else 0)


@pytest.mark.parametrize("share", [-0.01, 1.0])
def test_a_share_is_a_share(share):
    with pytest.raises(ValueError, match="between 0 and 1"):
        Plan(seed=1, start=MONDAY, fraud_share=share)


def test_every_kind_comes(month):
    assert {p.scenario for p in month} == {"", *SCENARIOS}
    assert all(p.scenario for p in month if p.fraud)


@pytest.fixture(params=range(5))
def play(request):
    """One episode of a kind, for five different victims."""
    number = request.param
    life = Life(Persona.of(number, PARTIES, 7), Random(number))
    return life.persona, lambda name: episode(name, life, PARTIES, NOON, Random(number))


def minutes(payments):
    return (payments[-1].at - payments[0].at) / timedelta(minutes=1)


def test_a_takeover_is_a_strange_device_far_away_in_a_hurry_to_one_stranger(play):
    victim, played = play
    payments = played("account_takeover")
    assert 2 <= len(payments) <= 4
    [device], [mule] = {p.device for p in payments}, {p.counterparty for p in payments}
    assert device not in {victim.phone, victim.laptop}
    assert mule not in {*victim.shops, *victim.friends}
    assert all(p.minor >= 8 * victim.usual for p in payments)
    assert minutes(payments) <= 30
    assert all(apart_km(CITIES[p.place].spot, victim.city.spot) > FAR_KM for p in payments)


def test_a_stolen_card_goes_shopping_in_town_in_shops_its_owner_does_not_know(play):
    victim, played = play
    payments = played("stolen_card")
    assert 3 <= len(payments) <= 6
    assert not {p.counterparty for p in payments} & set(victim.shops)
    assert all(int(p.counterparty[5:]) >= SHOPS for p in payments)
    assert {(p.channel, p.device, p.place) for p in payments} == {("card", None, victim.city.name)}
    assert mean(p.minor for p in payments) > 1.5 * victim.usual


def test_card_testing_is_many_cents_in_a_minute_and_then_one_large_sum(play):
    victim, played = play
    *tests, real = played("card_testing")
    assert len(tests) >= 8
    assert all(p.minor <= 200 for p in tests)
    assert minutes(tests) < 1
    assert real.minor >= 10 * victim.usual
    assert {p.counterparty for p in tests} == {real.counterparty}


def test_a_mule_chain_passes_money_on_within_the_hour_and_out_of_the_bank(play):
    victim, played = play
    payments = played("mule_chain")
    assert payments[0].party == victim.party
    for payer, payee in pairwise(payments):
        assert payer.counterparty == payee.party.account
        assert 0.89 < payee.minor / payer.minor <= 0.97
    assert payments[-1].counterparty.startswith("mule-")
    assert minutes(payments) < 60


def test_impossible_travel_is_impossible_and_only_the_thief_is_labelled(play):
    victim, played = play
    own, thief = played("impossible_travel")
    assert (own.fraud, thief.fraud) == (False, True)
    assert own.device == victim.phone
    assert judge(sighting(own), sighting(thief)).impossible


def test_three_customers_are_enough_for_every_kind():
    three = PARTIES[:3]
    assert {p.scenario for p in some(1500, share=0.2, parties=three)} == {"", *SCENARIOS}


@pytest.mark.parametrize("payments, customers", [(1, 3), (1000, 3), (100_000, 50)])
def test_all_of_it_lies_before_now(payments, customers):
    start = start_for(payments, customers, until=NOON)
    parties = PARTIES[:3] if customers == 3 else [Party(f"u{n}", f"a{n}") for n in range(50)]
    wanted = min(payments, 5000)
    last = some_from(start_for(wanted, customers, until=NOON), wanted, parties)[-1]
    assert start < last.at + DAY * 100_000
    assert last.at < NOON


def some_from(start, count, parties):
    return list(islice(traffic(Plan(seed=3, start=start), parties), count))


# --- how it is written ----------------------------------------------------------------------

ALLOWED = {
    "v", "id", "customer", "account", "counterparty", "kind", "amount", "currency", "at",
    "channel", "device", "place", "latitude", "longitude", "accuracy_km", "ip",
}  # fmt: skip


def test_an_event_is_of_version_one_and_within_its_bounds(month):
    for payment in month:
        event = event_of(payment)
        assert set(event) <= ALLOWED
        assert (event["v"], event["currency"]) == (1, "EUR")
        assert re.fullmatch(r"[!-~]{1,64}", event["id"])
        assert re.fullmatch(r"\d+\.\d\d", event["amount"])
        assert re.fullmatch(r"[a-z]{1,20}", event["channel"])
        assert len(event["account"]) <= 40 and len(event.get("counterparty", "")) <= 40
        assert datetime.fromisoformat(event["at"]).tzinfo
        assert ("latitude" in event) == ("longitude" in event) == ("accuracy_km" in event)


def test_the_stream_takes_every_event(month):
    """Once it is there: its own reader is stricter than any list of ours."""
    schema = pytest.importorskip("fraud.stream.schema")
    from fintrust.core.ids import to_public, uuid7

    parties = [Party(to_public("usr", uuid7()), "acc_x") for _ in range(5)]
    for payment in some(300, parties=parties, share=0.2):
        schema.parse(json.dumps(event_of(payment)).encode(), now=datetime.now(UTC))


# --- where it goes --------------------------------------------------------------------------


def test_redis_gets_one_entry_for_each_event_in_order(redis, settings, month):
    sender = RedisSender(settings.REDIS_URL, "test.payments")
    sender.send(month[:300])
    sender.send(month[300:310])
    sender.close()
    entries = redis.xrange("test.payments")
    assert [json.loads(fields[b"event"])["id"] for _, fields in entries] == [
        payment.id for payment in month[:310]
    ]
    assert entries[0][1][b"key"].decode() == month[0].party.id
    assert sender.totals == {"sent": 310}


def test_kafka_gets_them_keyed_by_customer(month):
    """On librdkafka's own mock cluster, which lives in the producer."""
    options = {"test.mock.num.brokers": "1"}
    sender = KafkaSender("", "test.payments", options)
    sender.send(month[:50])
    sender.close()
    assert sender.totals == {"sent": 50}


def test_a_broker_that_is_not_there_is_said(month):
    sender = KafkaSender("127.0.0.1:1", "nowhere", {"message.timeout.ms": "300"})
    sender.send(month[:3])
    with pytest.raises(SenderFailed, match="lost"):
        sender.close()


class Answers:
    """A bank of a few lines, over real HTTP semantics: what it was asked, and what it says."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def __call__(self, request):
        body = json.loads(request.content)
        if request.url.path.endswith("/auth/login"):
            return httpx.Response(200, json={"access": f"token of {body['email']}"})
        self.asked.append((request.url.path, request.headers, body))
        return self.answers.pop(0)


def api(answers):
    sign_ins = {"usr_1": SignIn("one@x", "pw")}
    transport = httpx.MockTransport(answers)
    return ApiSender("http://bank", sign_ins, ["acc_shop", "acc_other"], transport)


PAID = Payment(
    id="gen-1", at=NOON, party=Party("usr_1", "acc_1"), counterparty="shop-0001", minor=12_50,
    device="phone-1", place="Paris, FR", spot=(48.86, 2.35), accuracy_km=0.1,
)  # fmt: skip


def test_the_api_is_asked_as_the_customers_own_program_would():
    answers = Answers(httpx.Response(201, json={"status": "posted"}))
    sender = api(answers)
    sender.send([PAID])
    [(path, headers, body)] = answers.asked
    assert path == "/api/v1/transactions/transfer"
    assert headers["Idempotency-Key"] == "gen-1"
    assert headers["Authorization"] == "Bearer token of one@x"
    assert body["source"] == "acc_1" and body["target"] in {"acc_shop", "acc_other"}
    assert (body["amount"], body["currency"], body["device"]) == ("12.50", "EUR", "phone-1")
    assert body["location"] == {
        "place": "Paris, FR", "latitude": 48.86, "longitude": 2.35, "accuracy_km": 0.1,
    }  # fmt: skip
    assert sender.totals == {"sent": 1, "posted": 1}


def test_the_api_s_answers_are_counted_a_tired_token_renewed_and_its_patience_respected():
    answers = Answers(
        httpx.Response(401, json={"code": "token-expired"}),
        httpx.Response(429, json={"code": "throttled"}, headers={"Retry-After": "0"}),
        httpx.Response(409, json={"code": "insufficient-funds"}),
    )
    sender = api(answers)
    sender.send([PAID])
    assert len(answers.asked) == 3
    assert sender.totals == {"sent": 1, "waits": 1, "insufficient-funds": 1}


def test_a_bank_that_is_always_busy_is_not_asked_for_ever():
    answers = Answers(
        *[httpx.Response(503, json={}, headers={"Retry-After": "0"}) for _ in range(9)]
    )
    with pytest.raises(SenderFailed, match="503"):
        api(answers).send([PAID])
    assert len(answers.asked) == 5
