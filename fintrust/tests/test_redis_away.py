"""Money moves while Redis is away: judged by what PostgreSQL knows, and marked so."""

import socket
import time

import pytest

from fintrust import tokens
from fintrust.core import budgets
from fintrust.core.ids import uuid7
from fintrust.tests import builders
from fraud.models import Decision
from fraud.travel import store

pytestmark = pytest.mark.django_db
ME, TRANSFER = "/api/v1/auth/me", "/api/v1/transactions/transfer"


def forget():
    budgets._redis.cache_clear()
    for patience in (budgets._PATIENCE, tokens._PATIENCE, store.PATIENCE):
        patience.resting_until = 0.0


@pytest.fixture
def silent(settings):
    """A server that takes connections and never says a word: worse than one that is gone."""
    settings.TRAVEL_SECONDS_MAX = None
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"redis://127.0.0.1:{listening.getsockname()[1]}/0"
        cache = settings.CACHES["default"]
        settings.REDIS_URL, settings.CACHES = url, {"default": {**cache, "LOCATION": url}}
        forget()
        yield
    forget()


@pytest.fixture
def accounts():
    return builders.two_accounts()


@pytest.fixture
def ada(accounts):
    return accounts[0].owner


def degraded(newest):
    return [decision.degraded for decision in Decision.objects.order_by("-id")[:newest]]


def test_a_transfer_over_the_api_is_judged_without_it_and_says_so(accounts, silent, ada, signed_in):
    hers, his = accounts
    body = {"source": hers.public_id, "target": his.public_id, "amount": "1.00", "currency": "EUR"}
    adas = signed_in(ada)
    begun = time.perf_counter()
    answers = [
        adas.post(TRANSFER, body, format="json", HTTP_IDEMPOTENCY_KEY=str(uuid7())) for _ in "abc"
    ]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert time.perf_counter() - begun < 5  # once, everybody who asks Redis has waited
    assert degraded(3) == [["redis"]] * 3


def test_budgets_still_end(silent, ada, signed_in):
    answers = [signed_in(ada).get(ME) for _ in range(3)]
    left = [int(answer["RateLimit"].split(";r=")[1].split(";")[0]) for answer in answers]
    assert left == [left[0], left[0] - 1, left[0] - 2]


def test_a_sign_in_that_has_ended_stays_ended(silent, ada, api):
    issued, other = tokens.issue(ada), tokens.issue(ada)
    family = tokens.Refresh(issued.refresh)[tokens.FAMILY]
    alive = {"HTTP_AUTHORIZATION": f"Bearer {other.access}"}
    ended = {"HTTP_AUTHORIZATION": f"Bearer {issued.access}"}
    assert api.get(ME, **ended).status_code == 200
    tokens.BlacklistedToken.objects.create(token=tokens.OutstandingToken.objects.get(token=family))
    assert api.get(ME, **ended).status_code == 401
    assert api.get(ME, **alive).status_code == 200


def test_a_signed_in_customer_pays_on_the_page(client, accounts, silent, ada):
    hers, his = accounts
    client.force_login(ada)
    form = {
        "source": hers.public_id, "payee": his.number, "amount": "10.00", "note": "",
        "name": "", "place": "",
    }  # fmt: skip
    page = client.get(client.post("/send/", form)["Location"])
    sent = client.post("/send/preview/", {"draft": page.context["token"]})
    assert sent.status_code == 302
    assert client.get(sent["Location"]).status_code == 200
    assert degraded(1) == [["redis"]]


def test_nobody_new_signs_in_meanwhile(silent, ada, api):
    """Guesses are counted where all processes see them, so without that nobody may guess."""
    body = {"email": ada.email, "password": builders.PASSWORD}
    answer = api.post("/api/v1/auth/login", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
