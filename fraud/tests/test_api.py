import pytest
from django.contrib.auth.models import Group
from rest_framework.test import APIClient

from fintrust.core import roles, setup
from fraud import selectors, services
from fraud.models import CustomerLimit
from fraud.tests.factories import customer, facts

pytestmark = pytest.mark.django_db
POLICIES = "/api/v1/risk/policies"


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
                "text": "£1,500.00 is a lot while we know only 0 of your payments: "
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
                "usual": "we know 0 of your payments in GBP",
            },
            {"what": "Payee", "this": "never paid before", "usual": "0 payments to others"},
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


def put(api, limits):
    return api.put(POLICIES, {"max_transaction_amount": limits}, format="json")


def test_limits_are_set_and_read(api, ada):
    limits = {"EUR": "500.00", "GBP": "400.5", "JPY": "90000"}
    shown = {"max_transaction_amount": {"EUR": "500.00", "GBP": "400.50", "JPY": "90000"}}
    assert put(api, limits).json() == shown
    assert api.get(POLICIES).json() == shown
    assert services.assess(facts(customer_id=ada.pk, amount_minor=400_51)).forbidden


def test_limits_replace_those_before(api, ada):
    put(api, {"EUR": "500.00", "GBP": "400.00"})
    assert put(api, {"GBP": "300.00", "USD": None}).json() == {
        "max_transaction_amount": {"GBP": "300.00"}
    }
    assert [limit.currency for limit in selectors.limits_of(ada)] == ["GBP"]
    assert put(api, {}).json() == {"max_transaction_amount": {}}


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
def test_bad_limits_are_refused_by_name_and_change_nothing(api, limits, code):
    put(api, {"GBP": "400.00"})
    answer = put(api, limits)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["field"].startswith("max_transaction_amount")
    assert [limit.largest_minor for limit in CustomerLimit.objects.all()] == [400_00]


def test_an_unknown_member_is_refused(api):
    answer = api.put(POLICIES, {"max_transaction_amount": {}, "maximum": 1}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown-field")
