"""A payment that does not happen: judged like a real one, by whom it concerns, and forgotten."""

from datetime import timedelta

import pytest
import redis
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from audit.models import Record
from banking.care.services import freeze_account
from banking.models import NameCheck, Right
from banking.numbers import number_of
from banking.tests.conftest import open_funded
from banking.tests.test_sharing import PIN, share
from biometrics import pins
from fintrust.core import roles, setup
from fintrust.core.models import User
from fraud.limits.own import CustomerPolicies
from fraud.limits.services import set_policies
from fraud.tests import mmdb
from fraud.tests.factories import limit_payments

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/risk/assess"


@pytest.fixture(autouse=True)
def fresh_budget():
    cache.clear()


def client_of(user) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(user)
    return client


@pytest.fixture
def api(ada):
    return client_of(ada)


@pytest.fixture
def officer():
    setup.give_permissions()
    person = User.objects.create_user("olga2@example.org", "x" * 12, name="Olga", is_staff=True)
    person.groups.add(Group.objects.get(name=roles.COMPLIANCE))
    return person


@pytest.fixture
def body(hers, his):
    return {
        "source": hers.public_id,
        "target": his.public_id,
        "amount": "600.00",
        "currency": "EUR",
    }


def ask(api, body, **changes):
    return api.post(ADDRESS, {**body, **changes}, format="json")


def rows():
    """How many rows each table has."""
    models = apps.get_models(include_auto_created=True)
    with connection.cursor() as cursor:
        counts = {}
        for table in {model._meta.db_table for model in models if model._meta.managed}:
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            counts[table] = cursor.fetchone()[0]
    return counts


def in_redis():
    """Everything Redis holds, but what counts requests."""
    server = redis.Redis.from_url(settings.REDIS_URL)
    keys = [key for key in server.scan_iter() if not key.startswith(b"rate:")]
    return {key: server.dump(key) for key in keys}


# --- what is answered -----------------------------------------------------------------------


def test_it_is_judged_like_the_real_one(api, ada, body, send):
    foretold = ask(api, body).json()
    transfer = send(600_00)
    decision = transfer.decision
    assert (foretold["verdict"], foretold["score"]) == (decision.verdict, decision.score)
    assert foretold["reasons"] == [
        {name: reason[name] for name in ("code", "text", "weight")} for reason in decision.reasons
    ]
    assert foretold["risk_level"] == decision.risk_level
    assert foretold["ruleset"] == decision.ruleset
    assert foretold["outcome"] == transfer.status == "held"


@pytest.mark.parametrize("amount, outcome", [("99.99", "posted"), ("600.00", "held")])
def test_the_outcome_says_what_would_become_of_it(api, body, amount, outcome):
    assert ask(api, body, amount=amount).json()["outcome"] == outcome


def test_a_limit_of_ones_own_is_named_as_violated(api, ada, body):
    limit_payments(ada, {"EUR": 50_00})
    answer = ask(api, body, amount="50.01").json()
    assert (answer["outcome"], answer["by_own_limit"]) == ("refused", True)
    assert [one["code"] for one in answer["policies_violated"]] == ["largest_amount"]
    answer = ask(api, body, amount="50.00").json()
    assert (answer["by_own_limit"], answer["policies_violated"]) == (False, [])


def test_the_hour_is_that_of_the_moment_asked_about(api, ada, body, send):
    tomorrow = timezone.now() + timedelta(days=1)
    answer = ask(api, body, at=tomorrow.isoformat()).json()
    assert answer["at"].startswith(tomorrow.isoformat()[:16])


@pytest.mark.parametrize(
    "location",
    [
        {"place": "Lisbon, PT"},
        {"latitude": 38.7, "longitude": -9.1, "accuracy_km": 5},
        {"latitude": 90, "longitude": -180},
    ],
)
def test_a_place_may_be_said(api, body, location):
    assert ask(api, body, location=location).status_code == 200


def test_a_limit_of_places_looks_at_the_connection_too(officer, ada, api, body, settings, tmp_path):
    networks = {"102.89.0.0/16": mmdb.city("Lagos", "NG", 6.45, 3.39, 50)}
    settings.GEOIP_DATABASE = str(mmdb.write(tmp_path / "city.mmdb", networks))
    own = CustomerPolicies(allowed_locations=("Lisbon, PT",))
    set_policies(customer=ada, asked=own, by=ada)
    said = {"amount": "50.00", "location": {"place": "Lisbon, PT"}}
    assert ask(api, body, **said).json()["outcome"] == "posted"
    officers = client_of(officer)
    for client in (api, officers):
        client.defaults["REMOTE_ADDR"] = "102.89.1.1"
    answer = ask(api, body, **said).json()
    assert answer["outcome"] == "refused"
    [violated] = answer["policies_violated"]
    assert violated["text"].startswith("Your connection comes from Lagos, NG")
    assert answer["would_pass"] == []
    # An officer's own connection is nobody's place.
    assert ask(officers, body, **said).json()["outcome"] == "posted"
    assert ask(officers, body, amount="50.00").json()["by_own_limit"] is False


def test_what_else_would_stop_it_is_said_too(api, body, ben, his):
    assert ask(api, body).json()["obstacle"] is None
    assert ask(api, body, amount="1000.01").json()["obstacle"]["code"] == "insufficient-funds"
    later = (timezone.now() + timedelta(days=1)).isoformat()
    assert ask(api, body, amount="1000.01", at=later).json()["obstacle"] is None  # who knows
    freeze_account(account=his, by=ben)
    assert ask(api, body).json()["obstacle"]["code"] == "account-frozen"


# --- nothing is left behind -----------------------------------------------------------------


def test_nothing_is_booked_learned_or_alerted(api, ada, body):
    limit_payments(ada, {"EUR": 700_00})
    before, kept = rows(), in_redis()
    for amount in ("1.00", "600.00", "900.00", "5000.00"):
        for location in ({"place": "Lisbon, PT"}, {"latitude": 38.7, "longitude": -9.1}):
            assert ask(api, body, amount=amount, location=location).status_code == 200
    assert rows() == before
    assert in_redis() == kept


def test_asking_changes_no_later_verdict(api, body, send):
    first = ask(api, body).json()
    for _ in range(12):
        ask(api, body, amount="99.00")
    assert ask(api, body).json()["score"] == first["score"]


def test_an_officers_look_is_remembered_and_nothing_else(officer, ada, body, hers):
    before = rows()
    assert ask(client_of(officer), body).status_code == 200
    after = rows()
    assert {table for table in after if after[table] != before[table]} == {"audit_record"}
    record = Record.objects.get(purpose="what-if")
    assert (record.owner_id, record.actor_id) == (ada.pk, officer.pk)
    assert (record.action, record.subject) == ("core.customer.viewed", hers.public_id)


# --- who may ask ----------------------------------------------------------------------------


def test_an_officer_asks_about_any_customer_and_hears_what_the_customer_would(
    officer, api, body, ben, his
):
    assert ask(client_of(officer), body).json()["reasons"] == ask(api, body).json()["reasons"]
    other = ask(client_of(officer), body, source=body["target"], target=body["source"])
    assert other.status_code == 200


def test_a_customer_asks_about_nobody_else(api, body):
    answer = ask(api, body, source=body["target"], target=body["source"])
    assert (answer.status_code, answer.json()["field"]) == (404, "source")


def test_support_asks_about_nobody(body):
    setup.give_permissions()
    sam = User.objects.create_user("sam@example.org", "x" * 12, name="Sam", is_staff=True)
    sam.groups.add(Group.objects.get(name=roles.SUPPORT))
    assert ask(client_of(sam), body).status_code == 404


def test_a_partner_judges_nobody(ada, body):
    ada.groups.add(Group.objects.get(name=roles.PARTNER))
    answer = ask(client_of(User.objects.get(pk=ada.pk)), body)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_a_stranger_is_asked_to_sign_in(body):
    assert APIClient().post(ADDRESS, body, format="json").status_code == 401


def test_who_operates_a_shared_account_is_not_told_what_is_normal_for_its_owner(
    ada, ben, hers, body
):
    pins.set_pin(user=ada, pin=PIN, password_ok=True)
    share(hers, ben, Right.OPERATE)
    assert ask(client_of(ben), body).status_code == 404


def test_numbers_are_not_found_out_by_asking(api, ada, body, his, send):
    """A number that exists and one that does not sound the same, and cost no look."""
    cy = User.objects.create_user("cy@example.org", "x" * 12, name="Cy")
    theirs = open_funded(cy, 0)
    freeze_account(account=theirs, by=cy)
    exists = ask(api, body, target=theirs.number).json()
    nobody = ask(api, body, target=number_of(99_999_999)).json()
    assert nobody | {"at": ""} == exists | {"at": ""}
    assert exists["outcome"] == "held"
    assert not NameCheck.objects.exists()


def test_a_known_number_is_the_known_payee(api, body, his, send):
    send(10_00)
    by_id, by_number = ask(api, body).json(), ask(api, body, target=his.number).json()
    assert by_id | {"at": ""} == by_number | {"at": ""}


@pytest.mark.parametrize(
    "changes, status, code",
    [
        ({"amount": "0"}, 400, "invalid-amount"),
        ({"amount": 5}, 400, "invalid-amount"),
        ({"amount": "1" * 19}, 400, "amount-too-large"),
        ({"currency": "USD"}, 400, "currency-mismatch"),
        ({"source": "acc_x"}, 404, "not-found"),
        ({"target": "acc_x"}, 404, "unknown-payee"),
        ({"target": "FT00 0000"}, 400, "account-number-invalid"),
        ({"at": "yesterday"}, 400, "invalid"),
        ({"at": "0001-01-01T00:00:00Z"}, 400, "moment-out-of-range"),
        ({"at": "9999-12-31T23:59:59Z"}, 400, "moment-out-of-range"),
        ({"at": 5}, 400, "invalid"),
        ({"location": {"latitude": 91, "longitude": 0}}, 400, "invalid"),
        ({"location": {"latitude": 1}}, 400, "invalid"),
        ({"location": {"latitude": "1", "longitude": 1}}, 400, "invalid"),
        ({"location": {"latitude": True, "longitude": 1}}, 400, "invalid"),
        ({"location": {"latitude": 10**400, "longitude": 1}}, 400, "invalid"),
        ({"location": {"planet": "Mars"}}, 400, "unknown-field"),
        ({"location": 5}, 400, "invalid"),
        ({"location": ["Lisbon"]}, 400, "invalid"),
        ({"location": "Lisbon, PT"}, 400, "invalid"),
        ({"location": {"place": "x" * 81}}, 400, "invalid"),
        ({"quote": "x"}, 400, "unknown-field"),
        ({"score": 0}, 400, "unknown-field"),
    ],
)
def test_a_bad_question_is_refused_by_name(api, body, changes, status, code):
    answer = ask(api, body, **changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_an_account_does_not_pay_itself(api, body):
    answer = ask(api, body, target=body["source"])
    assert (answer.status_code, answer.json()["code"]) == (409, "same-account")


@pytest.mark.parametrize(
    "shift, works",
    [
        (timedelta(days=-180, minutes=1), True),
        (timedelta(days=-180, minutes=-1), False),
        (timedelta(days=31, minutes=-1), True),
        (timedelta(days=31, minutes=1), False),
    ],
)
def test_how_far_back_and_ahead(api, body, shift, works):
    answer = ask(api, body, at=(timezone.now() + shift).isoformat())
    assert (answer.status_code == 200) is works


def test_nobody_finds_the_edge_by_asking_without_end(api, body, settings):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {"what-if": "3/hour"}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    assert [ask(api, body).status_code for _ in range(4)] == [200, 200, 200, 429]


# --- what an officer may pretend ----------------------------------------------------------------


def test_an_officer_pretends_that_other_things_were_known(officer, body):
    desk = client_of(officer)
    plain = ask(desk, body).json()
    known = ask(desk, body, known={"pair_count": 3, "pair_largest": 600_00}).json()
    assert plain["outcome"] == "held"
    assert known["score"] < plain["score"]


def test_a_customer_does_not_pretend(api, body):
    answer = ask(api, body, known={"pair_count": 3})
    assert (answer.status_code, answer.json()["field"]) == (403, "known")


@pytest.mark.parametrize(
    "known", [{"score": 1}, {"pair_count": 2**63}, {f"own_hour_{n}": 1 for n in range(13)}]
)
def test_only_known_numbers_a_few_at_a_time_are_pretended(officer, body, known):
    answer = ask(client_of(officer), body, known=known)
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown-number")


@pytest.mark.parametrize(
    "known", [{"pair_count": 1.5}, {"pair_count": True}, [], {"pair_count": None}]
)
def test_only_whole_numbers_are_pretended(officer, body, known):
    assert ask(client_of(officer), body, known=known).status_code == 400


# --- the page -------------------------------------------------------------------------------


@pytest.fixture
def web(client, ada):
    client.force_login(ada)
    return client


PAGE = "/send/would-it-pass/"


def typed(hers, his, **changes):
    return {
        "source": hers.public_id,
        "payee": his.number,
        "amount": "600",
        "at": "",
        "place": "",
    } | changes


@pytest.mark.parametrize(
    "amount, words",
    [("50", "It would be sent at once"), ("600", "It would wait for you to confirm it"),
     ("1200", "something else is in the way")],
)  # fmt: skip
def test_the_page_says_what_would_happen(web, hers, his, amount, words):
    web.get(PAGE)  # the session is told apart from others when it is first seen
    before = rows()
    page = web.post(PAGE, typed(hers, his, amount=amount))
    assert page.status_code == 200
    assert words in page.content.decode()
    assert rows() == before


def test_the_page_shows_reasons_with_their_weight_and_what_is_normal(web, hers, his):
    text = web.post(PAGE, typed(hers, his)).content.decode()
    assert "<meter" in text
    assert "Beside what is normal for you" in text


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"amount": "x"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"payee": "FT00 0000"}, "payee"),
        ({"source": "acc_x"}, "source"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2001-01-01T00:00"}, "at"),
        ({"place": "x" * 81}, "place"),
    ],
)
def test_a_mistake_on_the_page_is_told_beside_its_field(web, hers, his, changes, field):
    page = web.post(PAGE, typed(hers, his, **changes))
    assert page.status_code == 422
    assert list(page.context["form"].errors) == [field]


def test_the_page_is_budgeted_like_the_api(web, api, body, hers, his, settings):
    rates = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"] | {"what-if": "2/hour"}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    ask(api, body)
    assert web.post(PAGE, typed(hers, his)).status_code == 200
    assert web.post(PAGE, typed(hers, his)).status_code == 429


def test_the_page_of_a_transfer_shows_the_payment_beside_what_is_normal(web, send):
    text = web.get(f"/transfers/{send(600_00).public_id}/").content.decode()
    assert "Beside what is normal for you" in text and "Never paid before" in text
