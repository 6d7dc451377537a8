from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group
from rest_framework.test import APIClient

from biometrics.pins import set_pin
from fintrust.core import roles, setup
from fraud import services
from fraud.limits.own import CustomerPolicies
from fraud.limits.selectors import versions_of, written_by
from fraud.tests.factories import NOON, customer, facts

pytestmark = pytest.mark.django_db
POLICIES = "/api/v1/risk/policies"
PIN = "4071"


def client_of(user) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(user)
    return client


@pytest.fixture
def ada():
    return customer()


@pytest.fixture
def api(ada):
    return client_of(ada)


@pytest.fixture
def decision(ada):
    return services.assess(facts(customer_id=ada.pk, amount_minor=1_500_00))


def test_a_customer_reads_their_decision_with_its_reasons(api, decision):
    answer = api.get(f"/api/v1/risk/decisions/{decision.public_id}")
    assert answer.status_code == 200
    assert answer.json() == {
        "id": decision.public_id,
        "subject": decision.subject,
        "verdict": "FLAGGED",
        "risk_level": "SAFE",
        "score": 0.35,
        "by_own_limit": False,
        "reasons": [
            {
                "code": "large_for_newcomer",
                "text": "£1,500.00 is a lot while we know none of your payments: "
                "there is nothing yet to compare it with",
                "weight": 0.35,
            }
        ],
        "contributions": [],
        "would_have_passed": [
            {"code": "amount", "text": "Up to £999.99"},
            {"code": "known_payee", "text": "To a payee you have paid as much before"},
        ],
        "normal": [
            {
                "what": "Amount",
                "this": "£1,500.00",
                "usual": "we know none of your payments in GBP",
            },
            {"what": "Payee", "this": "never paid before", "usual": "no payments to others"},
            {"what": "Hour", "this": "12:00", "usual": "nothing known yet"},
            {"what": "Speed", "this": "the first within 24 hours", "usual": "nothing known yet"},
        ],
        "ruleset": decision.ruleset,
        "officers_ruleset": "",
        "model": "",
        "degraded": [],
        "at": "2026-03-10T12:00:00Z",
    }


@pytest.mark.parametrize("role, status", [(roles.COMPLIANCE, 200), (roles.CUSTOMER, 404)])
def test_only_officers_read_the_decisions_of_others(decision, role, status):
    setup.give_permissions()
    other = customer("other@example.com", is_staff=role in roles.STAFF)
    other.groups.add(Group.objects.get(name=role))
    answer = client_of(other).get(f"/api/v1/risk/decisions/{decision.public_id}")
    assert answer.status_code == status


@pytest.mark.parametrize("name", ["dec_00000000000000000000000000", "trf_x", "1", "%00"])
def test_a_decision_that_is_not_there_is_not_found(api, name):
    answer = api.get(f"/api/v1/risk/decisions/{name}")
    assert answer.status_code in {400, 404}
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", [POLICIES, "/api/v1/risk/decisions/dec_1"])
def test_a_stranger_is_asked_to_sign_in(path):
    assert APIClient().get(path).status_code == 401


def put(api, limits, **more):
    return api.put(POLICIES, {"max_transaction_amount": limits, **more}, format="json")


NOTHING: dict[str, object] = {
    "max_transaction_amount": {},
    "daily_total": {},
    "daily_payments": None,
    "allowed_locations": None,
    "block_unknown_locations": False,
    "allowed_time_range": None,
    "allowed_currencies": None,
    "only_allowed_payees": False,
    "allowed_payees": [],
    "new_payee": None,
    "block_withdrawals": False,
    "timezone": "UTC",
}
EVERYTHING = {
    "max_transaction_amount": {"EUR": "500.00", "GBP": "400.50", "JPY": "90000"},
    "daily_total": {"EUR": "1000.00"},
    "daily_payments": 10,
    "allowed_locations": ["Lisbon, PT", "ES"],
    "block_unknown_locations": True,
    "allowed_time_range": {"start": "22:00", "end": "06:00"},
    "allowed_currencies": ["EUR", "GBP"],
    "only_allowed_payees": True,
    "allowed_payees": ["acc_01kahkf19qf7wa2mgdb9wkbn4x"],
    "new_payee": {"hours": 48, "amount": {"EUR": "100.00"}},
    "block_withdrawals": True,
}


def test_who_never_wrote_any_has_no_limits(api):
    answer = api.get(POLICIES)
    assert answer.json() == NOTHING | {"version": 0, "pending": []}
    assert answer["ETag"] == '"0"'


def test_every_kind_of_limit_is_set_and_read(api, ada):
    answer = api.put(POLICIES, EVERYTHING, format="json")
    shown = EVERYTHING | {"timezone": "Europe/London", "version": 1, "pending": []}
    assert (answer.status_code, answer.json(), answer["ETag"]) == (200, shown, '"1"')
    assert api.get(POLICIES).json() == shown
    assert services.assess(facts(customer_id=ada.pk, amount_minor=400_51)).forbidden


def test_what_is_read_can_be_sent_back_and_changes_nothing(api, ada):
    api.put(POLICIES, EVERYTHING, format="json")
    seen = api.get(POLICIES).json()
    again = {name: seen[name] for name in EVERYTHING}
    assert api.put(POLICIES, again, format="json").json() == seen
    assert versions_of(ada).count() == 1


def test_limits_replace_those_before(api, ada):
    api.put(POLICIES, EVERYTHING, format="json")
    body = {"max_transaction_amount": {"GBP": "300.00", "USD": None}}
    set_pin(user=ada, pin=PIN, password_ok=True)
    shown = api.put(POLICIES, body | {"pin": PIN}, format="json").json()
    assert shown == NOTHING | body_shown({"GBP": "300.00"}, version=2)
    nothing = {"max_transaction_amount": {}, "pin": PIN}
    assert api.put(POLICIES, nothing, format="json").json() == NOTHING | {
        "version": 3,
        "pending": [],
    }


@pytest.mark.parametrize("body", [{}, {"pin": PIN}])
def test_a_body_without_limits_is_a_mistake_and_lifts_none(api, ada, body):
    set_pin(user=ada, pin=PIN, password_ok=True)
    put(api, {"GBP": "100.00"})
    answer = api.put(POLICIES, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "limits-missing")
    assert versions_of(ada).count() == 1


@pytest.mark.parametrize("name", ["daily_payments", "hours"])
@pytest.mark.parametrize("value, works", [(3, True), ("3", False), (3.0, False), (True, False)])
def test_a_count_is_a_number_and_no_text(api, name, value, works):
    body = {"daily_payments": value}
    if name == "hours":
        body = {"new_payee": {"hours": value, "amount": {"GBP": "5.00"}}}
    answer = api.put(POLICIES, body, format="json")
    assert (answer.status_code == 200) is works


def body_shown(amounts, *, version):
    return {"max_transaction_amount": amounts, "version": version, "pending": []}


@pytest.mark.parametrize("nothing", [{"allowed_locations": []}, {"allowed_locations": None}])
def test_an_empty_list_of_places_limits_nothing(api, nothing):
    assert api.put(POLICIES, nothing, format="json").json()["allowed_locations"] is None


# --- looser over a token --------------------------------------------------------------------


def test_a_looser_limit_waits_and_says_until_when(api, ada):
    with time_machine.travel(NOON, tick=False):
        put(api, {"GBP": "100.00"}, daily_total={"GBP": "900.00"})
        answer = put(api, {"GBP": "200.00"}, daily_total={"GBP": "300.00"}).json()
    assert (answer["max_transaction_amount"], answer["daily_total"]) == (
        {"GBP": "100.00"},
        {"GBP": "300.00"},
    )
    [pending] = answer["pending"]
    assert pending["takes_effect_at"] == "2026-03-11T12:00:00Z"
    assert pending["looser"] == ["max_transaction_amount"]
    assert pending["policies"]["max_transaction_amount"] == {"GBP": "200.00"}
    with time_machine.travel(NOON + timedelta(hours=24), tick=False):
        now = api.get(POLICIES).json()
    assert (now["max_transaction_amount"], now["pending"]) == ({"GBP": "200.00"}, [])


def test_sending_what_is_in_force_takes_a_looser_limit_back(api):
    put(api, {"GBP": "100.00"})
    put(api, {"GBP": "200.00"})
    answer = put(api, {"GBP": "100.00"}).json()
    assert (answer["max_transaction_amount"], answer["pending"]) == ({"GBP": "100.00"}, [])


def test_with_the_pin_it_holds_at_once(api, ada):
    set_pin(user=ada, pin=PIN, password_ok=True)
    put(api, {"GBP": "100.00"})
    answer = put(api, {"GBP": "200.00"}, pin=PIN).json()
    assert (answer["max_transaction_amount"], answer["pending"]) == ({"GBP": "200.00"}, [])


@pytest.mark.parametrize("pin, code", [("9999", "pin-wrong"), ("", "invalid"), (4071, "invalid")])
def test_a_wrong_pin_changes_nothing_at_all(api, ada, pin, code):
    set_pin(user=ada, pin=PIN, password_ok=True)
    put(api, {"GBP": "100.00"})
    answer = put(api, {"GBP": "50.00"}, pin=pin)
    assert 400 <= answer.status_code < 500 and answer.json()["code"] == code
    assert api.get(POLICIES).json()["max_transaction_amount"] == {"GBP": "100.00"}


def test_without_a_pin_set_there_is_no_step_up(api):
    answer = put(api, {"GBP": "50.00"}, pin=PIN)
    assert answer.json()["code"] == "pin-not-set"


def test_pins_cannot_be_guessed_here(api, ada):
    set_pin(user=ada, pin=PIN, password_ok=True)
    put(api, {"GBP": "100.00"})
    for _ in range(5):
        put(api, {"GBP": "200.00"}, pin="9999")
    assert put(api, {"GBP": "200.00"}, pin=PIN).json()["code"] == "pin-locked"
    assert api.get(POLICIES).json()["max_transaction_amount"] == {"GBP": "100.00"}


def test_a_mistake_in_the_body_is_no_guess(api, ada):
    set_pin(user=ada, pin=PIN, password_ok=True)
    for _ in range(6):
        assert put(api, {"QQQ": "1.00"}, pin="9999").json()["code"] == "invalid-limit"
    assert put(api, {"GBP": "1.00"}, pin=PIN).status_code == 200


# --- two programs at once -------------------------------------------------------------------


@pytest.mark.parametrize(
    "tag, status", [('"1"', 200), ("*", 200), ('"0"', 412), ('W/"1"', 412), ("1", 412), ("", 200)]
)
def test_who_says_what_was_seen_overwrites_nothing_unseen(api, tag, status):
    put(api, {"GBP": "100.00"})
    headers = {"HTTP_IF_MATCH": tag}
    body = {"max_transaction_amount": {"GBP": "50.00"}}
    answer = api.put(POLICIES, body, format="json", **headers)
    assert answer.status_code == status
    kept = api.get(POLICIES).json()["max_transaction_amount"]["GBP"]
    assert kept == ("50.00" if status == 200 else "100.00")


def test_so_many_looser_changes_wait_and_then_it_is_a_conflict(api):
    with time_machine.travel(NOON, tick=False) as clock:
        answers = []
        for count in range(1, 8):
            answers.append(api.put(POLICIES, {"daily_payments": count}, format="json"))
            clock.shift(60)
    assert [answer.status_code for answer in answers] == [200] * 6 + [409]
    assert answers[-1].json()["code"] == "too-many-pending-changes"


# --- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["max_transaction_amount", "daily_total"])
@pytest.mark.parametrize(
    "limits, code",
    [
        ({"EUR": "0"}, "invalid-amount"),
        ({"EUR": "-1"}, "invalid-amount"),
        ({"EUR": "1.234"}, "invalid-amount"),
        ({"EUR": "abc"}, "invalid-amount"),
        ({"EUR": ""}, "invalid-amount"),
        ({"EUR": 5}, "invalid-amount"),
        ({"EUR": 5.5}, "invalid-amount"),
        ({"EUR": True}, "invalid-amount"),
        ({"EUR": ["5"]}, "invalid-amount"),
        ({"EUR": "١٢"}, "invalid-amount"),
        ({"EUR": " 5 "}, "invalid-amount"),
        ({"EUR": "1" * 19}, "amount-too-large"),
        ({"QQQ": "5.00"}, "invalid-limit"),
        ({"eur": "5.00"}, "invalid-limit"),
        ({"": "5.00"}, "invalid-limit"),
        ({"EUR" * 1000: "5.00"}, "invalid-limit"),
        ([], "invalid"),
        (None, "invalid"),
        ("5.00", "invalid"),
    ],
)
def test_bad_amounts_are_refused_by_name_and_change_nothing(api, ada, field, limits, code):
    put(api, {"GBP": "400.00"})
    answer = api.put(POLICIES, {field: limits}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["field"].startswith(field)
    assert written_by(ada).asked == CustomerPolicies(max_transaction_amount={"GBP": 400_00})


@pytest.mark.parametrize(
    "field, value, code",
    [
        ("daily_payments", 0, "invalid"),
        ("daily_payments", 1001, "invalid"),
        ("daily_payments", "3", "invalid"),
        ("daily_payments", 3.5, "invalid"),
        ("daily_payments", True, "invalid"),
        ("allowed_locations", "PT", "invalid"),
        ("allowed_locations", [5], "invalid"),
        ("allowed_locations", [""], "invalid"),
        ("allowed_locations", ["P"], "invalid-limit"),
        ("allowed_locations", ["x" * 61], "invalid-limit"),
        ("allowed_locations", ["x" * 201], "invalid"),
        ("allowed_locations", ["Lis\u200bbon"], "invalid-limit"),
        ("allowed_locations", ["Porto", "PORTO"], "invalid-limit"),
        ("allowed_locations", [f"Town {n} x" for n in range(31)], "invalid"),
        ("block_unknown_locations", "true", "invalid"),
        ("block_unknown_locations", 1, "invalid"),
        ("block_unknown_locations", None, "invalid"),
        ("allowed_time_range", {"start": "09:00"}, "invalid"),
        ("allowed_time_range", {"start": "9:00", "end": "17:00"}, "invalid"),
        ("allowed_time_range", {"start": "09:00", "end": "24:00"}, "invalid"),
        ("allowed_time_range", {"start": "09:00", "end": "٠٩:٠٠"}, "invalid"),
        ("allowed_time_range", {"start": "09:00", "end": "17:00\n"}, "ok"),
        ("allowed_time_range", {"start": "09:00", "end": "09:00"}, "invalid-limit"),
        ("allowed_time_range", {"start": "1:00", "end": "2:00", "zone": "UTC"}, "unknown-field"),
        ("allowed_time_range", [], "invalid"),
        ("allowed_currencies", ["QQQ"], "invalid-limit"),
        ("allowed_currencies", ["eur"], "invalid-limit"),
        ("only_allowed_payees", "yes", "invalid"),
        ("allowed_payees", None, "invalid"),
        ("allowed_payees", ["usr_01kahkf19qf7wa2mgdb9wkbn4x"], "invalid-limit"),
        ("allowed_payees", ["acc_01kahkf19qf7wa2mgdb9wkbn4x"] * 2, "invalid-limit"),
        ("new_payee", {"hours": 0, "amount": {"EUR": "1.00"}}, "invalid"),
        ("new_payee", {"hours": 721, "amount": {"EUR": "1.00"}}, "invalid"),
        ("new_payee", {"hours": 24, "amount": {}}, "invalid-limit"),
        ("new_payee", {"hours": 24, "amount": {"EUR": None}}, "invalid-limit"),
        ("new_payee", {"hours": 24, "amount": {"EUR": 1}}, "invalid-amount"),
        ("new_payee", {"hours": 24}, "invalid"),
        ("block_withdrawals", "no", "invalid"),
        ("timezone", "Asia/Tokyo", "unknown-field"),
        ("version", 1, "unknown-field"),
        ("pending", [], "unknown-field"),
    ],
)
def test_what_is_no_limit_is_refused_by_name_and_changes_nothing(api, ada, field, value, code):
    answer = api.put(POLICIES, {field: value}, format="json")
    if code == "ok":
        assert answer.status_code == 200
        return
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["field"].startswith((field, "amount", "zone"))  # or what is inside it
    assert not versions_of(ada).exists()


def test_an_unknown_member_is_refused(api):
    answer = api.put(POLICIES, {"max_transaction_amount": {}, "maximum": 1}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown-field")
