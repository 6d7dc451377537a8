"""Where and with what customers ask, from every door to the decision, and what is learned of it."""

import threading
from http.cookies import SimpleCookie

import pytest

from audit.models import Record
from banking.errors import InsufficientFunds
from banking.models import Right
from banking.sharing import services as sharing
from banking.tests.test_api import PIN, ask, client_of, everything, set_pin, sign_in
from banking.transfers import services
from fintrust.core import context
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import Money
from fintrust.tests import builders
from fraud.limits.own import CustomerPolicies
from fraud.limits.services import set_policies
from fraud.models import Decision
from fraud.replay import replay
from fraud.tests import mmdb
from fraud.travel import services as travel
from fraud.travel import store

pytestmark = pytest.mark.django_db

LONDON = {"latitude": 51.5074, "longitude": -0.1278, "place": "London, GB"}
LAGOS = {"latitude": 6.4541, "longitude": 3.3947, "place": "Lagos, NG"}


@pytest.fixture(autouse=True)
def awake():
    store.PATIENCE.resting_until = 0.0


@pytest.fixture
def adas(ada):
    return client_of(ada)


@pytest.fixture
def pay(adas, hers, his, django_capture_on_commit_callbacks):
    """A payment over the API, committed as far as what comes after a commit is concerned."""

    def do(where=None, **more):
        headers = {"HTTP_X_DEVICE": more.pop("named")} if "named" in more else {}
        body = {"source": hers.public_id, "target": his.public_id, "amount": "10.00"}
        body |= {"currency": "EUR"} | ({"location": where} if where else {}) | more
        with django_capture_on_commit_callbacks(execute=True):
            return adas.post(
                "/api/v1/transactions/transfer", body, format="json",
                HTTP_IDEMPOTENCY_KEY=str(uuid7()), **headers,
            )  # fmt: skip

    return do


def newest():
    return Decision.objects.order_by("-id").first()


# --- what a program says --------------------------------------------------------------------


def test_a_program_says_where_and_with_what_and_a_kilometre_of_it_is_kept(pay):
    assert pay(LONDON | {"accuracy_km": 0.05}, device="installation-7").status_code == 201
    facts = newest().facts_then()
    assert (facts.latitude, facts.longitude, facts.accuracy_km) == (51.51, -0.13, 0.05)
    assert (facts.place, facts.device) == ("London, GB", "api:installation-7")


def test_the_header_names_the_device_of_every_request_and_the_body_wins(pay):
    pay(named="from-the-header")
    assert newest().facts_then().device == "api:from-the-header"
    pay(named="from-the-header", device="from-the-body")
    assert newest().facts_then().device == "api:from-the-body"


def test_who_says_nothing_is_nowhere(pay):
    assert pay().status_code == 201
    facts = newest().facts_then()
    assert (facts.place, facts.latitude, facts.device) == ("", None, None)


@pytest.mark.parametrize("what", ["deposit", "withdraw"])
def test_cash_says_where_too(adas, hers, what):
    answer = ask(adas, what, account=hers.public_id, amount="5.00", currency="EUR", location=LONDON)
    assert answer.status_code == 201
    assert newest().facts_then().place == "London, GB"


@pytest.mark.parametrize(
    "location, field",
    [
        ({"latitude": 90.01, "longitude": 0}, "location.latitude"),
        ({"latitude": -91, "longitude": 0}, "location.latitude"),
        ({"latitude": 0, "longitude": 180.01}, "location.longitude"),
        ({"latitude": "51.5", "longitude": 0}, "location.latitude"),
        ({"latitude": True, "longitude": 0}, "location.latitude"),
        ({"latitude": 10**400, "longitude": 0}, "location.latitude"),
        ({"latitude": 51.5}, "location"),
        ({"longitude": 0.1}, "location"),
        ({"accuracy_km": 1}, "location"),
        ({"latitude": 1, "longitude": 1, "accuracy_km": -1}, "location.accuracy_km"),
        ({"latitude": 1, "longitude": 1, "accuracy_km": 30_000}, "location.accuracy_km"),
        ({"place": "x" * 81}, "location.place"),
        ({"place": 7}, "location.place"),
        ({"planet": "Mars"}, "planet"),
        ("London", "location"),
        ([], "location"),
        (None, "location"),
    ],
)
def test_a_place_that_is_none_is_named_and_changes_nothing(adas, hers, his, location, field):
    before = everything()
    answer = ask(
        adas, "transfer", source=hers.public_id, target=his.public_id, amount="10.00",
        currency="EUR", location=location,
    )  # fmt: skip
    assert answer.status_code == 400, answer.content
    assert answer.json()["field"].startswith(field)
    assert everything() == before


@pytest.mark.parametrize("corner", [(90, 180), (-90, -180), (0, 0)])
def test_the_corners_of_the_earth_are_places(pay, corner):
    latitude, longitude = corner
    assert pay({"latitude": latitude, "longitude": longitude}).status_code == 201


@pytest.mark.parametrize("name", ["", "x" * 61, "with space", "ünicode", "<script>", "a\tb"])
def test_a_device_without_a_proper_name_is_refused(adas, pay, name):
    assert pay(device=name).status_code == 400
    if name:
        answer = adas.get("/api/v1/accounts/", headers={"X-Device": name})
        assert (answer.status_code, answer.json()["code"]) == (400, "device-invalid")


def test_the_longest_name_of_a_device_is_kept_whole(pay):
    assert pay(device="x" * 60).status_code == 201
    assert newest().facts_then().device == "api:" + "x" * 60


# --- words and the connection ---------------------------------------------------------------


@pytest.fixture
def cities(tmp_path, settings):
    networks = {
        "81.2.69.0/24": mmdb.city("Lisbon", "PT", 38.72, -9.14, 20),
        "102.89.0.0/16": mmdb.city("Lagos", "NG", 6.45, 3.39, 50),
    }
    settings.GEOIP_DATABASE = str(mmdb.write(tmp_path / "city.mmdb", networks))


@pytest.mark.parametrize(
    "where, ip, because",
    [
        ({"place": "Lisbon, PT"}, "81.2.69.1", None),
        ({"place": "Lisbon, PT"}, "10.0.0.1", None),  # nobody knows better
        ({"place": "Lisbon, PT"}, "102.89.1.1", "Your connection comes from Lagos, NG"),
        (None, "102.89.1.1", "Your connection comes from Lagos, NG"),
        ({"latitude": 38.72, "longitude": -9.14}, "102.89.1.1", "connection comes from Lagos, NG"),
        ({"latitude": 38.72, "longitude": -9.14}, "81.2.69.1", None),
        ({"latitude": 38.72, "longitude": -9.14}, "10.0.0.1", "a place that nobody knows"),
        ({"latitude": 6.45, "longitude": 3.39}, "81.2.69.1", "say different places"),
        ({"place": "Lagos, NG"}, "81.2.69.1", "Lagos, NG is not among the places"),
    ],
)
def test_an_own_limit_of_places_is_not_talked_away(
    ada, adas, pay, hers, cities, where, ip, because
):
    own = CustomerPolicies(allowed_locations=("Lisbon, PT",), block_unknown_locations=True)
    set_policies(customer=ada, asked=own, by=ada)
    adas.defaults["REMOTE_ADDR"] = ip
    answer = pay(where)
    assert answer.status_code == 201, answer.content
    decision = newest()
    assert decision.forbidden is (because is not None)
    assert (because or "") in " ".join(reason["text"] for reason in decision.reasons)
    assert answer.json()["status"] == ("refused" if because else "posted")
    hers.refresh_from_db()
    assert hers.balance_minor == (1_000_00 if because else 990_00)
    assert replay(decision).same


# --- held, confirmed, refused ---------------------------------------------------------------


def test_lagos_after_london_waits_for_the_pin_and_is_trusted_by_it(
    ada, adas, pay, django_capture_on_commit_callbacks
):
    set_pin(ada)
    assert pay(LONDON, device="phone").json()["status"] == "posted"
    held = pay(LAGOS, device="strange")
    assert (held.status_code, held.json()["status"]) == (202, "held")
    assert any("km from London, GB" in reason for reason in held.json()["reasons"])
    assert newest().snapshot_then().travel.impossible
    assert pay(LAGOS, device="strange").json()["status"] == "held"  # it has taught nothing
    assert pay(LONDON, device="phone").json()["status"] == "posted"
    path = f"/api/v1/transactions/{held.json()['id']}/confirm"
    with django_capture_on_commit_callbacks(execute=True):
        assert adas.post(path, {"pin": PIN}, format="json").status_code == 200
    assert newest().snapshot_then().around.device_known  # the phone's, of the last payment
    pay(device="strange")
    assert newest().snapshot_then().around.device_known  # the PIN has vouched for it


def test_another_persons_pin_vouches_for_nobody(
    ada, ben, hers, his, django_capture_on_commit_callbacks
):
    """Ben operates Ada's account; she confirms what a thief has asked for in his name."""
    client_of(ben)  # whose address is confirmed
    invitation = sharing.invite_after_pin(
        account=hers, by=ada, email=ben.email, right=Right.OPERATE
    )
    sharing.accept(invitation=invitation, by=ben)

    def pays(where, device):
        with django_capture_on_commit_callbacks(execute=True), context.use(**where, device=device):
            return services.send_transfer(
                by=ben, source=hers, target=his, amount=Money(5_00, "EUR"), request_id=str(uuid7())
            )

    pays(LONDON, "api:bens")
    assert newest().facts_then().asker_id == ben.pk
    held = pays(LAGOS, "api:strange")
    assert held.is_held
    with django_capture_on_commit_callbacks(execute=True):
        services.confirm_after_pin(transfer=held, by=ada)
    assert pays(LAGOS, "api:strange").is_held
    assert newest().snapshot_then().around.device_known is False


def test_what_was_undone_with_its_transaction_was_never_seen(
    ada, hers, his, redis, django_capture_on_commit_callbacks
):
    committing = django_capture_on_commit_callbacks(execute=True)
    with committing, context.use(**LAGOS), pytest.raises(InsufficientFunds):
        services.send_transfer(
            by=ada, source=hers, target=his, amount=Money(5_000_00, "EUR"), request_id="one"
        )
    assert redis.keys("travel:*") == []


def test_what_one_asks_again_is_seen_once(adas, hers, his, django_capture_on_commit_callbacks):
    for _ in range(3):
        with django_capture_on_commit_callbacks(execute=True):
            ask(
                adas, "transfer", "the-same", source=hers.public_id, target=his.public_id,
                amount="10.00", currency="EUR",
            )  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        ask(
            adas, "transfer", source=hers.public_id, target=his.public_id,
            amount="11.00", currency="EUR",
        )  # fmt: skip
    assert newest().snapshot_then().around.tries_60s == 1


def test_whoever_is_held_again_and_again_is_told_that_they_try_too_often(ada, adas, his, pay):
    """Held money has not moved, so it is none of the payments of ten minutes: but it was tried."""
    rich = builders.account(ada, 20_000_00).public_id

    def codes():
        return [reason["code"] for reason in newest().reasons]

    for _ in range(10):
        assert pay(source=rich, amount="1000.00").json()["status"] == "held"
        assert "many_tries" not in codes()
        question = {"source": rich, "target": his.public_id, "amount": "1000.00"}
        asked = adas.post("/api/v1/risk/assess", question | {"currency": "EUR"}, format="json")
        assert asked.status_code == 200
    assert pay(source=rich).json()["status"] == "held"
    assert codes() == ["many_tries"]


def test_a_batch_is_one_try(adas, hers, his, pay, django_capture_on_commit_callbacks):
    one = {"source": hers.public_id, "target": his.public_id, "amount": "1.00", "currency": "EUR"}
    with django_capture_on_commit_callbacks(execute=True):
        answer = adas.post(
            "/api/v1/transactions/batch", {"transfers": [one] * 3, "linked": False},
            format="json", HTTP_IDEMPOTENCY_KEY=str(uuid7()),
        )  # fmt: skip
    assert answer.status_code in (200, 201, 207), answer.content
    pay()
    assert newest().snapshot_then().around.tries_60s == 1


def test_money_moves_while_redis_is_away_and_the_decision_says_so(pay, settings, redis):
    def away():
        settings.REDIS_URL = "redis://127.0.0.1:1/0"

    pay(LONDON)
    away()
    assert pay(LAGOS).json()["status"] == "posted"
    decision = newest()
    assert decision.snapshot_then().degraded == ("redis",)
    assert decision.snapshot_then().travel is None


# --- browsers -------------------------------------------------------------------------------


@pytest.fixture
def online(client, ada):
    client.force_login(ada)
    return client


def test_a_browser_is_known_again_by_a_cookie_no_script_reads(online):
    online.get("/")
    cookie = online.cookies["device"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    assert int(cookie["max-age"]) == 400 * 24 * 60 * 60
    assert "device" not in online.get("/").cookies


def test_strangers_get_no_cookie(client, db):
    assert "device" not in client.get("/").cookies


@pytest.mark.parametrize("value", ["", "forged", "abc:1abc:forged", "x" * 4000])
def test_a_cookie_that_is_not_ours_is_replaced(online, value):
    online.cookies = SimpleCookie({**{k: v.value for k, v in online.cookies.items()}})
    online.cookies["device"] = value
    answer = online.get("/")
    assert answer.status_code == 200
    assert answer.cookies["device"].value != value


def test_a_program_cannot_pass_for_a_browser(online, pay):
    online.get("/")
    pay(device=online.cookies["device"].value.split(":")[0])
    assert newest().facts_then().device.startswith("api:")


def test_a_payment_on_the_page_carries_the_cookie_and_the_place_that_was_typed(
    online, hers, his, django_capture_on_commit_callbacks
):
    online.get("/")
    form = {
        "source": hers.public_id, "payee": his.number, "amount": "10.00", "note": "",
        "name": "", "place": "Lisbon, PT",
    }  # fmt: skip
    preview = online.post("/send/", form)
    assert preview.status_code == 302, preview.content
    page = online.get(preview["Location"])
    assert "Lisbon, PT" in page.text
    draft = page.context["token"]
    online.post("/send/preview/", {"draft": draft})
    facts = newest().facts_then()
    assert facts.place == "Lisbon, PT"
    assert facts.device.startswith("web:")


def test_a_sign_of_life_on_a_page_is_a_sighting_once_a_minute(ada, online, tmp_path, settings):
    settings.GEOIP_DATABASE = str(
        mmdb.write(
            tmp_path / "city.mmdb",
            {
                "81.2.69.0/24": mmdb.city("London", "GB", 51.51, -0.13, 20),
                "102.89.0.0/16": mmdb.city("Lagos", "NG", 6.45, 3.39, 50),
            },
        )
    )
    online.get("/", REMOTE_ADDR="81.2.69.1")
    online.get("/", REMOTE_ADDR="102.89.1.1")
    [told] = Record.objects.filter(action="fraud.travel.impossible")
    assert told.owner_id == ada.pk
    assert "place" not in told.data


def test_signing_in_and_refreshing_over_the_api_are_sightings(ada, tmp_path, settings, client):
    settings.GEOIP_DATABASE = str(
        mmdb.write(
            tmp_path / "city.mmdb",
            {
                "81.2.69.0/24": mmdb.city("London", "GB", 51.51, -0.13, 20),
                "102.89.0.0/16": mmdb.city("Lagos", "NG", 6.45, 3.39, 50),
            },
        )
    )
    sign_in(ada)  # from a private address: nowhere
    body = {"email": ada.email, "password": "correct horse battery"}
    tokens = client.post(
        "/api/v1/auth/login", body, content_type="application/json", REMOTE_ADDR="81.2.69.1"
    ).json()
    with context.use(ip="102.89.1.1"):
        assert travel.seen(ada).impossible
    Record.objects.count()
    client.post(
        "/api/v1/auth/refresh", {"refresh": tokens["refresh"]}, content_type="application/json",
        REMOTE_ADDR="81.2.69.2",
    )  # fmt: skip
    with context.use(ip="81.2.69.3"):
        assert travel.seen(ada).km == 0


def test_many_threads_signing_in_at_once_leave_one_place(bank_of_one):
    """The middleware of a browser with many tabs."""
    together = threading.Barrier(6)
    seen = []

    def tab():
        together.wait()
        with context.use(**LONDON, device="web:phone"):
            seen.append(travel.seen(bank_of_one))

    threads = [threading.Thread(target=tab) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 6
    assert all(way is None or way.km == 0 for way in seen)


@pytest.fixture
def bank_of_one():
    return User(id=uuid7(), email="ada@example.org", name="Ada")
