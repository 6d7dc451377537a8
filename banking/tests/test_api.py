"""The bank through its API: what works, and that what is refused by name changes nothing."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from audit.models import Record
from banking import ledger
from banking.models import Account, Hold, Movement, Transfer
from banking.tests.conftest import open_funded
from banking.tests.test_ledger_concurrency import at_once
from banking.transfers import services
from biometrics import pins
from fintrust.core.ids import to_public, uuid7
from fintrust.core.models import User
from fintrust.core.money import Money
from fraud.models import Decision
from fraud.tests.factories import limit_payments

API = "/api/v1"
PIN = "4711"


def sign_in(user):
    """Tokens of somebody whose address is confirmed, as a program gets them."""
    EmailAddress.objects.get_or_create(user=user, email=user.email, verified=True, primary=True)
    body = {"email": user.email, "password": "correct horse battery"}
    return APIClient().post(f"{API}/auth/login", body, format="json").json()


def client_of(user):
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {sign_in(user)['access']}")
    return client


@pytest.fixture
def adas(ada):
    return client_of(ada)


@pytest.fixture
def bens(ben):
    return client_of(ben)


def ask(client, what, key=None, **body):
    """Ask for money to move, as a new request unless a key is given."""
    headers = {"HTTP_IDEMPOTENCY_KEY": key or str(uuid7())}
    return client.post(f"{API}/transactions/{what}", body, format="json", **headers)


@pytest.fixture
def send(adas, hers, his):
    def do(amount="10.00", key=None, **changes):
        body = {
            "source": hers.public_id,
            "target": his.public_id,
            "amount": amount,
            "currency": "EUR",
        }
        return ask(adas, "transfer", key, **body | changes)

    return do


@pytest.fixture
def held(ada, send):
    """A transfer that waits: far more than usual, to somebody new."""
    set_pin(ada)
    answer = send("900.00")
    assert (answer.status_code, answer.json()["status"]) == (202, "held")
    return answer.json()["id"]


def set_pin(user):
    pins._store(user, PIN)


def everything():
    """All that money, or a judgement about it, leaves behind."""
    return {
        "transfers": Transfer.objects.count(),
        "movements": Movement.objects.count(),
        "holds": Hold.objects.count(),
        "decisions": Decision.objects.count(),
        "records": Record.objects.filter(action__startswith="banking.").count(),
        "balances": dict(Account.objects.values_list("pk", "balance_minor")),
    }


@pytest.mark.django_db
class TestAccounts:
    def test_a_new_account_is_empty_and_can_be_read_where_the_answer_says(self, adas):
        body = {"product": "savings", "currency": "JPY", "name": "Kyoto"}
        answer = adas.post(f"{API}/accounts/", body, format="json")
        assert answer.status_code == 201
        assert answer.json()["balance"] == "0"
        assert adas.get(answer["Location"]).json() == answer.json()

    def test_a_customer_sees_their_own(self, adas, bens, hers, his):
        assert [row["id"] for row in adas.get(f"{API}/accounts/").json()["results"]] == [
            hers.public_id
        ]
        assert [row["id"] for row in bens.get(f"{API}/accounts/").json()["results"]] == [
            his.public_id
        ]

    def test_the_balance_says_what_can_be_spent(self, adas, hers, held):
        answer = adas.get(f"{API}/accounts/{hers.public_id}/balance").json()
        assert datetime.fromisoformat(answer.pop("at")) <= datetime.now(UTC)
        assert answer == {
            "account": hers.public_id,
            "currency": "EUR",
            "balance": "1000.00",
            "available": "100.00",
            "held": "900.00",
        }

    @pytest.mark.parametrize("path", ["", "/balance"])
    def test_somebody_elses_account_looks_like_one_that_does_not_exist(self, adas, his, path):
        answers = [
            adas.get(f"{API}/accounts/{name}{path}")
            for name in (his.public_id, to_public("acc", uuid7()), "acc_nonsense", "1")
        ]
        assert {answer.status_code for answer in answers} == {404}
        bodies = [answer.json() for answer in answers]
        for body in bodies:
            body.pop("request_id")
        assert bodies.count(bodies[0]) == len(bodies)

    @pytest.mark.parametrize(
        "change, status, code, field",
        [
            ({"product": "internal"}, 400, "invalid", "product"),
            ({"product": None}, 400, "invalid", "product"),
            ({"currency": "XXX"}, 404, "unknown-currency", "currency"),
            ({"currency": "eur"}, 400, "invalid", "currency"),
            ({"currency": "ＥＵＲ"}, 400, "invalid", "currency"),
            ({"name": "a" * 81}, 400, "invalid", "name"),
            ({"owner": "usr_x"}, 400, "unknown-field", "owner"),
        ],
    )
    def test_an_account_that_cannot_be_is_refused(self, adas, change, status, code, field):
        body = {"product": "savings", "currency": "EUR"} | change
        answer = adas.post(f"{API}/accounts/", body, format="json")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.json()["field"] == field
        assert not Account.objects.filter(owner__isnull=False).exists()


@pytest.mark.django_db
class TestMovingMoney:
    def test_a_small_transfer_is_posted(self, send, adas, bens, hers, his):
        answer = send("10.00", note="Lunch")
        assert answer.status_code == 201
        seen = answer.json()
        assert (seen["status"], seen["verdict"], seen["direction"]) == ("posted", "VERIFIED", "out")
        assert (seen["source"], seen["target"]) == (hers.public_id, his.public_id)
        assert adas.get(answer["Location"]).json() == seen
        assert adas.get(f"{API}/accounts/{hers.public_id}/balance").json()["balance"] == "990.00"
        assert bens.get(f"{API}/accounts/{his.public_id}/balance").json()["balance"] == "60.00"
        assert Transfer.objects.get(note="Lunch").channel == "api"

    def test_the_receiver_sees_the_money_and_who_sent_it_but_not_what_was_thought(
        self, send, bens, his
    ):
        transfer = send("10.00").json()["id"]
        seen = bens.get(f"{API}/transactions/{transfer}").json()
        assert (seen["direction"], seen["amount"], seen["counterparty"]) == (
            "in",
            "10.00",
            "Ada Byron",
        )
        assert (seen["source"], seen["target"]) == (None, his.public_id)
        assert (seen["verdict"], seen["reasons"]) == (None, [])
        assert bens.get(f"{API}/transactions/{transfer}/decision").status_code == 404

    def test_the_payee_may_be_named_by_account_number(self, send, his):
        assert send("10.00", target=his.number).json()["target"] == his.public_id

    def test_deposit_and_withdrawal(self, adas, hers):
        body = {"account": hers.public_id, "amount": "20.5", "currency": "EUR"}
        assert ask(adas, "deposit", **body).json()["status"] == "posted"
        answer = ask(adas, "withdraw", **body | {"amount": "0.5"})
        assert (answer.status_code, answer.json()["kind"]) == (201, "withdrawal")
        assert adas.get(f"{API}/accounts/{hers.public_id}/balance").json()["balance"] == "1020.00"

    def test_the_same_request_again_is_answered_and_not_repeated(self, send):
        first = send("10.00", key="order-1")
        before = everything()
        again = send("10.00", key="order-1")
        assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
        assert again.json() == first.json()
        assert "Idempotent-Replayed" not in first
        assert everything() == before

    def test_a_key_is_the_customers_own(self, send, bens, his, hers):
        send("10.00", key="order-1")
        body = {
            "source": his.public_id,
            "target": hers.public_id,
            "amount": "1",
            "currency": "EUR",
        }
        assert ask(bens, "transfer", "order-1", **body).status_code == 201

    def test_more_than_the_customers_own_limit_is_refused_and_kept(self, ada, send, adas):
        limit_payments(ada, {"EUR": 50_00})
        balances = everything()["balances"]
        answer = send("50.01")
        assert (answer.status_code, answer.json()["status"]) == (201, "refused")
        assert answer.json()["reasons"]
        assert everything()["balances"] == balances
        decision = adas.get(f"{API}/transactions/{answer.json()['id']}/decision").json()
        assert (decision["verdict"], decision["transfer"]) == ("BLOCKED", answer.json()["id"])
        assert decision["by_own_limit"] is True
        assert send("50.00").json()["status"] != "refused"


@pytest.mark.django_db
class TestHeldMoney:
    def test_it_says_until_when_it_waits(self, adas, held):
        assert adas.get(f"{API}/transactions/{held}").json()["expires_at"].endswith("Z")

    def test_nobody_else_sees_it(self, bens, held):
        for method, path in (
            ("get", ""),
            ("post", "/confirm"),
            ("post", "/cancel"),
            ("get", "/decision"),
        ):
            body = {"pin": PIN} if path == "/confirm" else None
            answer = getattr(bens, method)(f"{API}/transactions/{held}{path}", body, format="json")
            assert answer.status_code == 404

    def test_taken_back_it_stays_where_it_was(self, adas, hers, held):
        answer = adas.post(f"{API}/transactions/{held}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
        assert adas.get(f"{API}/accounts/{hers.public_id}/balance").json()["available"] == "1000.00"
        again = adas.post(f"{API}/transactions/{held}/cancel")
        problem = again.json()
        assert (again.status_code, problem["code"]) == (409, "transfer-not-held")
        assert (problem["status"], problem["transfer_status"]) == (409, "cancelled")

    @pytest.mark.parametrize("pin", [4711, "", "123456789", None, ["4711"]])
    def test_what_is_no_pin_is_not_tried(self, adas, held, pin):
        answer = adas.post(f"{API}/transactions/{held}/confirm", {"pin": pin}, format="json")
        assert (answer.status_code, answer.json()["field"]) == (400, "pin")


class TestConfirming:
    """On a database of its own: the count of wrong PINs commits by itself."""

    @pytest.fixture
    def held(self, bank):
        ada = User.objects.create_user("ada@example.org", "correct horse battery", name="Ada Byron")
        ben = User.objects.create_user("ben@example.org", "correct horse battery", name="Ben Okri")
        source, target = open_funded(ada, 1_000_00), open_funded(ben, 0)
        set_pin(ada)
        transfer = services.send_transfer(
            by=ada,
            source=source,
            target=target,
            amount=Money(900_00, "EUR"),
            request_id=str(uuid7()),
        )
        assert transfer.is_held
        return transfer

    @pytest.fixture
    def confirm(self, held):
        client = client_of(held.requested_by)

        def do(pin):
            path = f"{API}/transactions/{held.public_id}/confirm"
            answer = client.post(path, {"pin": pin}, format="json")
            return answer.status_code, answer.json()

        return do

    def test_the_pin_sends_it_on_its_way_once(self, held, confirm):
        assert confirm(PIN)[1]["status"] == "posted"
        status, problem = confirm(PIN)
        assert (status, problem["code"]) == (409, "transfer-not-held")
        held.target.refresh_from_db()
        assert held.target.balance_minor == 900_00

    def test_two_tabs_that_confirm_at_once_send_it_once(self, held):
        client = client_of(held.requested_by)
        path = f"{API}/transactions/{held.public_id}/confirm"
        answers = at_once(*[lambda: client.post(path, {"pin": PIN}, format="json")] * 2)
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        [late] = [answer.json() for answer in answers if answer.status_code == 409]
        assert (late["code"], late["transfer_status"]) == ("transfer-not-held", "posted")
        balances = Account.objects.in_bulk([held.source_id, held.target_id])
        assert balances[held.target_id].balance_minor == 900_00
        assert balances[held.source_id].held_minor == 0

    def test_a_wrong_pin_says_how_many_tries_are_left_and_then_locks(self, confirm):
        before = everything()
        answers = [confirm("9999") for _ in range(9)]
        codes = [problem["code"] for _, problem in answers]
        wrong = codes.index("pin-locked")
        assert wrong > 0
        assert set(codes[:wrong]) == {"pin-wrong"}
        assert answers[0][1]["tries_left"] == wrong
        assert confirm(PIN)[0] == 423
        assert everything() == before


def test_twins_at_once_are_one_transfer(bank):
    ada = User.objects.create_user("ada@example.org", "correct horse battery", name="Ada Byron")
    hers, also_hers = open_funded(ada, 100_00), open_funded(ada, 0)
    body = {
        "source": hers.public_id,
        "target": also_hers.public_id,
        "amount": "10.00",
        "currency": "EUR",
    }
    client, answers = client_of(ada), []

    def go():
        try:
            answers.append(ask(client, "transfer", "twin", **body))
        finally:
            connection.close()

    threads = [threading.Thread(target=go) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    hers.refresh_from_db()
    assert hers.balance_minor == 90_00


MONEY = [
    # what is sent, and how it is refused
    ({"amount": "0"}, 400, "invalid-amount", "amount"),
    ({"amount": "0.00"}, 400, "invalid-amount", "amount"),
    ({"amount": "-1"}, 400, "invalid-amount", "amount"),
    ({"amount": "+1"}, 400, "invalid-amount", "amount"),
    ({"amount": "1.001"}, 400, "invalid-amount", "amount"),
    ({"amount": "1,00"}, 400, "invalid-amount", "amount"),
    ({"amount": "1e3"}, 400, "invalid-amount", "amount"),
    ({"amount": "ten"}, 400, "invalid-amount", "amount"),
    ({"amount": "1e5"}, 400, "invalid-amount", "amount"),
    ({"amount": "NaN"}, 400, "invalid-amount", "amount"),
    ({"amount": "Infinity"}, 400, "invalid-amount", "amount"),
    ({"amount": "-Infinity"}, 400, "invalid-amount", "amount"),
    ({"amount": "1.000,00"}, 400, "invalid-amount", "amount"),
    ({"amount": "1\u00a0000"}, 400, "invalid-amount", "amount"),
    ({"amount": ""}, 400, "invalid-amount", "amount"),
    ({"amount": " 1"}, 400, "invalid-amount", "amount"),
    ({"amount": "1\n"}, 400, "invalid-amount", "amount"),
    ({"amount": "١٢"}, 400, "invalid-amount", "amount"),
    ({"amount": "１２"}, 400, "invalid-amount", "amount"),
    ({"amount": "9" * 19}, 400, "amount-too-large", "amount"),
    ({"amount": "9" * 400}, 400, "amount-too-large", "amount"),
    ({"amount": 10}, 400, "invalid-amount", "amount"),
    ({"amount": 10.5}, 400, "invalid-amount", "amount"),
    ({"amount": True}, 400, "invalid-amount", "amount"),
    ({"amount": ["10"]}, 400, "invalid-amount", "amount"),
    ({"amount": {"minor": 10}}, 400, "invalid-amount", "amount"),
    ({"amount": None}, 400, "invalid", "amount"),
    ({"currency": "GBP"}, 400, "currency-mismatch", "currency"),
    ({"currency": "XXX"}, 400, "currency-mismatch", "currency"),
    ({"currency": "eur"}, 400, "invalid", "currency"),
    ({"currency": "EURO"}, 400, "invalid", "currency"),
    ({"currency": 978}, 400, "invalid", "currency"),
    ({"amount": "1000.01"}, 409, "insufficient-funds", "amount"),
    ({"tip": "1.00"}, 400, "unknown-field", "tip"),
]


@pytest.mark.django_db
class TestBadInput:
    @pytest.mark.parametrize("change, status, code, field", MONEY)
    def test_money_that_cannot_move(self, send, change, status, code, field):
        before = everything()
        answer = send(**change)
        assert answer["Content-Type"] == "application/problem+json"
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["field"]) == (status, code, field)
        assert problem["type"] == f"/errors/#{code}"
        assert everything() == before

    @pytest.mark.parametrize("what", ["deposit", "withdraw"])
    @pytest.mark.parametrize("change, status, code, field", MONEY)
    def test_cash_that_cannot_move(self, adas, hers, what, change, status, code, field):
        if code == "insufficient-funds" and what == "deposit":
            change, status, code = {"amount": "25000.01"}, 422, "deposit-too-large"
        body = {"account": hers.public_id, "amount": "10.00", "currency": "EUR"}
        before = everything()
        answer = ask(adas, what, **body | change)
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["field"]) == (status, code, field)
        assert everything() == before

    @pytest.mark.parametrize(
        "side, other, status, code, field",
        [
            ("target", "itself", 409, "same-account", "target"),
            ("target", "acc_nonsense", 404, "unknown-payee", "target"),
            ("target", "acc_01kahkf19qf7wa2mgdb9wkbn4w", 404, "unknown-payee", "target"),
            ("target", "FT61 0000 0010 0043", 400, "account-number-invalid", "target"),
            ("target", "ＦＴ61 0000 0010 0042", 400, "account-number-invalid", "target"),
            ("target", "clearing", 400, "account-number-invalid", "target"),
            ("target", 42, 400, "invalid", "target"),
            ("target", None, 400, "invalid", "target"),
            ("source", "somebody else's", 404, "not-found", "source"),
            ("source", "acc_nonsense", 404, "not-found", "source"),
            ("source", "acc_01kahkf19qf7wa2mgdb9wkbn4w", 404, "not-found", "source"),
            ("source", "", 400, "invalid", "source"),
            ("note", "x" * 141, 400, "invalid", "note"),
            ("note", 7, 400, "invalid", "note"),
        ],
    )
    def test_sides_that_do_not_fit(self, send, hers, his, side, other, status, code, field):
        named = {"itself": hers.public_id, "somebody else's": his.public_id}
        before = everything()
        answer = send(**{side: named.get(other, other) if isinstance(other, str) else other})
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["field"]) == (status, code, field)
        assert everything() == before

    @pytest.mark.parametrize("missing", ["source", "target", "amount", "currency"])
    def test_what_is_missing_is_named(self, adas, hers, his, missing):
        body = {
            "source": hers.public_id,
            "target": his.public_id,
            "amount": "1",
            "currency": "EUR",
        }
        del body[missing]
        before = everything()
        answer = ask(adas, "transfer", **body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert answer.json()["field"] == missing
        assert answer.json()["errors"] == [
            {"field": missing, "code": "required", "message": "This field is required."}
        ]
        assert everything() == before

    @pytest.mark.parametrize("side", ["source", "target"])
    @pytest.mark.parametrize(
        "status, code", [("frozen", "account-frozen"), ("closed", "account-closed")]
    )
    def test_frozen_and_closed_accounts(self, send, ada, ben, his, side, status, code):
        account = open_funded(ada if side == "source" else ben, 0)
        ledger.set_status(account, status)
        before = everything()
        answer = send("1.00", **{side: account.public_id})
        assert (answer.status_code, answer.json()["code"]) == (409, f"account-{status}")
        assert everything() == before

    @pytest.mark.parametrize(
        "change",
        [{"amount": "10.01"}, {"note": "another"}, {"target": "mine"}, {"source": "mine"}],
    )
    def test_a_key_means_one_request(self, send, ada, change):
        also_hers = open_funded(ada, 100_00)
        send("10.00", key="order-1")
        before = everything()
        body = {"amount": "10.00"} | {
            name: also_hers.public_id if value == "mine" else value
            for name, value in change.items()
        }
        answer = send(key="order-1", **body)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
        assert answer.json()["field"] == "Idempotency-Key"
        assert everything() == before

    @pytest.mark.parametrize(
        "key, code",
        [
            (None, "idempotency-key-missing"),
            ("", "idempotency-key-missing"),
            ("x" * 101, "idempotency-key-invalid"),
            ("a b", "idempotency-key-invalid"),
            ("schlüssel", "idempotency-key-invalid"),
        ],
    )
    @pytest.mark.parametrize("what", ["deposit", "withdraw", "transfer"])
    def test_a_request_without_a_good_key_is_refused(self, adas, hers, what, key, code):
        headers = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
        before = everything()
        answer = adas.post(f"{API}/transactions/{what}", {}, format="json", **headers)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert answer.json()["field"] == "Idempotency-Key"
        assert everything() == before

    def test_a_key_of_a_hundred_characters_works(self, send):
        assert send(key="x" * 100).status_code == 201

    @pytest.mark.parametrize(
        "body, status, code",
        [
            (b"", 400, "invalid"),
            (b"{", 400, "malformed-json"),
            (b"amount=10", 400, "malformed-json"),
            (b"\xff\xfe", 400, "malformed-json"),
            (b'{"amount": NaN}', 400, "malformed-json"),
            (b'{"amount": -Infinity}', 400, "malformed-json"),
            (b'{"amount": "1\\u00002"}', 400, "nul-character"),
            (b'{"note": ' * 20_000, 400, "malformed-json"),
            (b'{"amount": 1e999}', 400, "malformed-json"),
            (b'{"amount": "1", "amount": "2"}', 400, "malformed-json"),
            (b'{"note": "\\ud800"}', 400, "malformed-json"),
            (b"[" * 20_000, 400, "malformed-json"),
            (b"9" * 9_000, 400, "malformed-json"),
            (b'{"note": "\\u0000"}', 400, "nul-character"),
            (b'{"note": "a\x00b"}', 400, "malformed-json"),
            (b'{"a\\u0000": 1}', 400, "nul-character"),
            (b"[]", 400, "wrong-shape"),
            (b"null", 400, "wrong-shape"),
            (b'"text"', 400, "wrong-shape"),
            (b"12", 400, "wrong-shape"),
            (b'[{"amount": "1"}]', 400, "wrong-shape"),
            (b" " * 10_000_000, 413, "body-too-large"),
        ],
    )
    def test_bodies_that_cannot_be_read(self, adas, hers, body, status, code):
        before = everything()
        answer = adas.generic(
            "POST",
            f"{API}/transactions/transfer",
            body,
            content_type="application/json",
            HTTP_IDEMPOTENCY_KEY="k",
        )
        assert answer["Content-Type"] == "application/problem+json"
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert everything() == before

    def test_an_escaped_backslash_is_no_nul(self, send):
        assert send(note="\\u0000").json()["note"] == "\\u0000"

    @pytest.mark.parametrize(
        "media", ["text/plain", "application/x-www-form-urlencoded", "application/xml"]
    )
    def test_only_json_is_read(self, adas, hers, media):
        answer = adas.generic(
            "POST", f"{API}/transactions/transfer", b"{}", content_type=media,
            HTTP_IDEMPOTENCY_KEY="k",
        )  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")

    @pytest.mark.parametrize("token", ["expired", "of a refresh", "changed", "none"])
    def test_without_a_good_token_nothing_moves(self, hers, his, ada, token):
        pair = sign_in(ada)
        bearer = {
            "expired": pair["access"],
            "of a refresh": pair["refresh"],
            "changed": pair["access"][:-8] + "AAAAAAAA",
        }
        client = APIClient(raise_request_exception=False)
        if token != "none":
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {bearer[token]}")
        body = {"source": hers.public_id, "target": his.public_id, "amount": "1", "currency": "EUR"}
        before = everything()
        late = timedelta(minutes=11) if token == "expired" else timedelta()
        with time_machine.travel(datetime.now(tz=UTC) + late):
            answer = ask(client, "transfer", **body)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert everything() == before


@pytest.mark.django_db
class TestHistory:
    @pytest.fixture
    def some(self, send):
        return [send(f"{amount}.00").json()["id"] for amount in (1, 2, 3, 4, 5)]

    def ids(self, client, **query):
        answer = client.get(f"{API}/transactions/", query)
        assert answer.status_code == 200, answer.content
        return [row["id"] for row in answer.json()["results"]]

    def test_newest_first_in_pages_that_miss_and_repeat_nothing(self, adas, some, send):
        seen, cursor = [], None
        while True:
            query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = adas.get(f"{API}/transactions/", query).json()
            seen += [row["id"] for row in page["results"]]
            cursor = page["next_cursor"]
            if not cursor:
                break
            send("1.00")  # what arrives meanwhile does not move what was there
        assert seen[:5] == some[::-1]
        assert len(seen) == 6  # and the deposit that funded the account

    def test_both_sides_see_it(self, bens, some):
        assert set(some) <= set(self.ids(bens))

    @pytest.mark.parametrize(
        "query, found",
        [
            ({"min_amount": "4.00", "currency": "EUR"}, [4, 3, "funding"]),
            ({"min_amount": "4.01", "currency": "EUR"}, [4, "funding"]),
            ({"max_amount": "2", "currency": "EUR"}, [1, 0]),
            ({"kind": "transfer", "limit": "2"}, [4, 3]),
            ({"kind": "deposit"}, ["funding"]),
            ({"status": "held"}, []),
            ({"verdict": "BLOCKED"}, []),
            ({"currency": "GBP"}, []),
            ({"since": "2100-01-01T00:00:00Z"}, []),
            ({"until": "2000-01-01T00:00:00Z"}, []),
            ({"account": "hers", "kind": "transfer"}, [4, 3, 2, 1, 0]),
            ({"counterparty": "his"}, [4, 3, 2, 1, 0]),
            ({"counterparty": "his number"}, [4, 3, 2, 1, 0]),
        ],
    )
    def test_it_can_be_narrowed(self, adas, some, hers, his, query, found):
        names = {"hers": hers.public_id, "his": his.public_id, "his number": his.number}
        funding = self.ids(adas, kind="deposit")[0]
        wanted = [funding if what == "funding" else some[what] for what in found]
        assert self.ids(adas, **{key: names.get(v, v) for key, v in query.items()}) == wanted

    @pytest.mark.parametrize(
        "query, status, code, field",
        [
            ("limit=0", 400, "invalid", "limit"),
            ("limit=201", 400, "invalid", "limit"),
            ("limit=٣", 400, "invalid", "limit"),
            ("limit=1.0", 400, "invalid", "limit"),
            ("limit=", 400, "invalid", "limit"),
            ("limit=1&limit=2", 400, "invalid", "limit"),
            ("cursor=x", 400, "invalid-cursor", "cursor"),
            ("cursor=acc_01kahkf19qf7wa2mgdb9wkbn4w", 400, "invalid-cursor", "cursor"),
            ("kind=gift", 400, "invalid", "kind"),
            ("min_amount=1", 400, "invalid", "currency"),
            ("min_amount=x&currency=EUR", 400, "invalid-amount", "min_amount"),
            ("since=yesterday", 400, "invalid", "since"),
            ("since=9999-12-31T23:59:59-23:00", 400, "invalid", "since"),
            ("until=0001-01-01T00:00:00%2B14:00", 400, "invalid", "until"),
            ("account=acc_01kahkf19qf7wa2mgdb9wkbn4w", 404, "not-found", "account"),
            ("counterparty=nobody", 400, "account-number-invalid", "counterparty"),
            ("colour=red", 400, "unknown-field", "colour"),
            ("kind=%00", 400, "nul-character", None),
            ("%FF=1", 400, "unknown-field", "\ufffd"),
        ],
    )
    def test_a_question_that_cannot_be_asked_is_named(self, adas, hers, query, status, code, field):
        answer = adas.get(f"{API}/transactions/?{query}")
        assert answer.status_code == status, answer.content
        assert (answer.json()["code"], answer.json().get("field")) == (code, field)

    def test_a_long_history_costs_as_many_queries_as_a_short_one(self, adas, send):
        send("900.00")  # held: whose name is masked is one more question for the whole page
        send("1.00")
        with_one = self.queries(adas)
        for _ in range(8):
            send("1.00")
        assert self.queries(adas) == with_one

    def queries(self, client):
        client.get(f"{API}/transactions/")  # the keys of tokens are read again every few seconds
        with CaptureQueriesContext(connection) as captured:
            client.get(f"{API}/transactions/")
        return len(captured)
