"""The partner's API: who may enter, what it answers, how it refuses."""

import pytest
from rest_framework.test import APIClient

from consent import services
from consent.models import Consent, Disclosure
from fintrust.core.ids import to_public, uuid7

BASE = "/api/v1/shared/accounts/"


@pytest.fixture
def api(clearview):
    client = APIClient()
    client.force_authenticate(clearview.user)
    return client


def _refused(response, status, code):
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == code
    return True


def test_a_partner_lists_what_is_shared_now_and_nothing_else(api, account, clearview, shop):
    assert api.get(BASE).json() == {"results": []}
    consent = shop.grant(account, clearview, scopes=["balance"])
    shop.grant(shop.account(account.owner), shop.partner("other"))
    (shared,) = api.get(BASE).json()["results"]
    assert shared["account"] == account.public_id
    assert shared["consent"] == consent.public_id
    assert (shared["scopes"], shared["purpose"]) == (["balance"], "budgeting")
    services.revoke_consent(consent=consent, by=account.owner)
    assert api.get(BASE).json() == {"results": []}


def test_the_list_names_nobody_and_is_no_disclosure(api, account, clearview, shop):
    shop.grant(account, clearview)
    text = api.get(BASE).content.decode()
    for secret in (account.owner.name, account.owner.email, account.number, account.name):
        assert secret not in text
    assert not Disclosure.objects.exists()


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("", {"account", "number", "product", "currency", "status", "opened", "holder", "email"}),
        ("/balance", {"account", "number", "balance", "available"}),
        ("/transactions", {"results", "next_cursor"}),
    ],
)
def test_a_consent_opens_its_scopes_and_no_copy_is_kept_on_the_way(
    api, account, clearview, shop, path, members
):
    shop.grant(account, clearview)
    response = api.get(f"{BASE}{account.public_id}{path}")
    assert response.status_code == 200
    assert members <= response.json().keys()
    assert response["Cache-Control"] == "no-store"
    for secret in (account.owner.name, account.owner.email, account.number):
        assert secret not in response.content.decode()


def test_refusals_have_a_status_and_a_code(api, account, clearview, shop):
    balance = f"{BASE}{account.public_id}/balance"
    assert _refused(api.get(balance), 404, "consent-missing")
    consent = shop.grant(account, clearview, scopes=["balance"])
    assert api.get(balance).status_code == 200
    problem = api.get(f"{BASE}{account.public_id}/transactions")
    assert _refused(problem, 403, "scope-not-granted")
    assert problem.json()["scopes"] == ["balance"]
    services.revoke_consent(consent=consent, by=account.owner)
    assert _refused(api.get(balance), 403, "consent-ended")
    assert _refused(api.get(f"{BASE}{to_public('acc', uuid7())}/balance"), 404, "consent-missing")
    assert _refused(api.get(f"{BASE}nonsense/balance"), 404, "consent-missing")


@pytest.mark.parametrize("path", ["", "x/balance", "x/transactions", "x"])
def test_a_customer_has_no_business_here(account, path):
    client = APIClient()
    client.force_authenticate(account.owner)
    assert _refused(client.get(BASE + path), 403, "not-a-partner")


@pytest.mark.parametrize("path", ["", "x/balance"])
def test_a_stranger_signs_in_first(db, path):
    assert _refused(APIClient().get(BASE + path), 401, "unauthenticated")


def test_a_partner_out_of_the_group_is_out(api, account, clearview, shop):
    shop.grant(account, clearview)
    clearview.user.groups.clear()
    assert _refused(api.get(f"{BASE}{account.public_id}/balance"), 403, "not-a-partner")


def test_transactions_go_on_where_the_page_before_ended(api, account, clearview, shop):
    noah = shop.account(shop.customer("noah", "Noah Fulbright"))
    for cents in (1, 2, 3):
        shop.pay(account, noah, cents)
    shop.grant(account, clearview)
    path = f"{BASE}{account.public_id}/transactions"
    first = api.get(path, {"limit": 2}).json()
    second = api.get(path, {"limit": 2, "cursor": first["next_cursor"]}).json()
    amounts = [row["amount"]["amount"] for row in first["results"] + second["results"]]
    assert amounts == ["-0.03", "-0.02", "-0.01", "1234.00"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"cursor": "abc"}, "invalid-cursor"),
        ({"cursor": "٣"}, "invalid-cursor"),
        ({"cursor": "9" * 19}, "invalid-cursor"),
        ({"limit": "0"}, "invalid"),
        ({"limit": "101"}, "invalid"),
        ({"limit": "ten"}, "invalid"),
        ({"owner": "mia"}, "unknown-field"),
    ],
)
def test_a_question_that_makes_no_sense_discloses_nothing(
    api, account, clearview, shop, query, code
):
    shop.grant(account, clearview)
    response = api.get(f"{BASE}{account.public_id}/transactions", query)
    assert _refused(response, 400, code)
    assert not Disclosure.objects.exists()


def test_the_request_id_leads_from_the_answer_to_the_disclosure(api, account, clearview, shop):
    shop.grant(account, clearview)
    response = api.get(f"{BASE}{account.public_id}/balance")
    disclosure = Disclosure.objects.get()
    assert disclosure.request_id
    assert disclosure.request_id == response["X-Request-ID"]
    assert Consent.objects.get() == disclosure.consent
