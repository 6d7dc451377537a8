"""Many transfers at once: each on its own, or all or none; and the same answer when asked again."""

import threading

import pytest
from django.db import connection

from audit.models import Record
from banking.models import Account, Batch, Transfer
from banking.tests.conftest import open_funded
from banking.tests.test_api import API, client_of, everything
from banking.verify import verify_ledger
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fraud.models import Alert, Decision
from fraud.tests.factories import limit_payments


@pytest.fixture
def adas(ada):
    return client_of(ada)


def post(client, transfers, key=None, **more):
    return client.post(
        f"{API}/transactions/batch",
        {"transfers": transfers, **more},
        format="json",
        HTTP_IDEMPOTENCY_KEY=key or str(uuid7()),
    )


@pytest.fixture
def item(hers, his):
    def do(amount="1.00", **changes):
        usual = {"source": hers.public_id, "target": his.number, "currency": "EUR"}
        return usual | {"amount": amount} | changes

    return do


def statuses(answer):
    return [row["status"] for row in answer.json()["results"]]


@pytest.mark.django_db
class TestEachOnItsOwn:
    def test_what_can_happen_does_and_the_rest_says_why_not(self, adas, item, hers, his):
        transfers = [item("1.00"), item("5000"), item("2.00"), item(target="acc_nonsense")]
        answer = post(adas, transfers)
        assert (answer.status_code, statuses(answer)) == (201, [201, 409, 201, 404])
        rows = answer.json()["results"]
        assert [row["index"] for row in rows] == [0, 1, 2, 3]
        assert rows[0]["transfer"]["status"] == "posted"
        assert (rows[1]["problem"]["code"], rows[1]["problem"]["field"]) == (
            "insufficient-funds",
            "amount",
        )
        assert (rows[3]["problem"]["code"], rows[3]["transfer"]) == ("unknown-payee", None)
        his.refresh_from_db()
        assert his.balance_minor == 53_00
        assert Decision.objects.filter(facts__kind="transfer").count() == 2
        assert Record.objects.filter(action="banking.transfer.posted").count() == 4  # and deposits
        assert verify_ledger() == []

    def test_asked_again_it_is_the_same_answer_also_about_what_failed(self, adas, item, ada, hers):
        transfers = [item("1.00"), item("1200.00")]
        first = post(adas, transfers, "wages")
        open_more = {"account": hers.public_id, "amount": "500.00", "currency": "EUR"}
        adas.post(
            f"{API}/transactions/deposit", open_more, format="json", HTTP_IDEMPOTENCY_KEY="more"
        )
        before = everything()
        again = post(adas, transfers, "wages")
        assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
        assert again.json() == first.json()
        other = post(adas, [item("1.01")], "wages")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
        assert everything() == before

    @pytest.mark.parametrize(
        "transfers, code, field",
        [
            ([], "invalid", "transfers"),
            (["x"], "wrong-shape", "transfers.0"),
            ([12], "wrong-shape", "transfers.0"),
            ({}, "invalid", "transfers"),
            ("bad amount", "invalid-amount", "transfers.1.amount"),
            ("no source", "invalid", "transfers.1.source"),
            ("unknown", "unknown-field", "transfers.1.tip"),
            ("too many", "invalid", "transfers"),
        ],
    )
    def test_what_cannot_be_read_changes_nothing(self, adas, item, transfers, code, field):
        broken = {
            "bad amount": [item(), item("1e3")],
            "no source": [item(), {k: v for k, v in item().items() if k != "source"}],
            "unknown": [item(), item(tip="1")],
            "too many": [item() for _ in range(101)],
        }
        known = isinstance(transfers, str)
        before = everything()
        answer = post(adas, broken[transfers] if known else transfers)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert answer.json()["field"] == field
        assert everything() == before

    def test_a_stranger_s_account_pays_nothing(self, ben, item):
        answer = post(client_of(ben), [item()])
        assert statuses(answer) == [404]
        assert not Transfer.objects.filter(kind="transfer").exists()

    def test_it_has_a_small_budget_and_says_so(self, adas, item):
        answers = [post(adas, [item("5000")]) for _ in range(13)]
        assert [answer.status_code for answer in answers] == [201] * 12 + [429]
        assert int(answers[-1]["Retry-After"]) > 0
        for answer in answers:
            assert '"batch"' in answer["RateLimit"]
            assert "RateLimit-Policy" in answer


@pytest.mark.django_db
class TestLinked:
    def test_all(self, adas, item, his):
        answer = post(adas, [item("1.00"), item("2.00")], linked=True)
        assert statuses(answer) == [201, 201]
        his.refresh_from_db()
        assert his.balance_minor == 53_00

    def test_or_none_and_the_first_that_cannot_happen_is_named(self, adas, item):
        before = everything()
        answer = post(adas, [item("1.00"), item("5000")], "k", linked=True)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (409, "insufficient-funds")
        assert (problem["field"], problem["item"]) == ("transfers.1.amount", 1)
        assert everything() == before
        assert post(adas, [item("1.00")], "k", linked=True).status_code == 201

    def test_what_was_judged_is_kept_though_nothing_moves(self, ada, adas, item):
        limit_payments(ada, {"EUR": 50_00})
        balances = everything()["balances"]
        transfers = [item("1.00"), item("60.00"), item("2.00")]
        answer = post(adas, transfers, "k", linked=True)
        assert statuses(answer) == [409, 201, 409]
        rows = answer.json()["results"]
        assert rows[0]["problem"]["code"] == "linked-undone"
        assert (rows[1]["transfer"]["status"], rows[1]["transfer"]["verdict"]) == (
            "refused",
            "BLOCKED",
        )
        assert everything()["balances"] == balances
        refused = Transfer.objects.get(kind="transfer")
        assert Alert.objects.filter(decision=refused.decision).exists()
        assert Record.objects.filter(action="fraud.decision.made", subject=(
            refused.decision.public_id)).count() == 1  # fmt: skip
        assert post(adas, transfers, "k", linked=True).json() == answer.json()

    def test_held_money_does_not_wait_in_it_either(self, adas, item):
        answer = post(adas, [item("900.00")], linked=True)
        [row] = answer.json()["results"]
        assert (row["transfer"]["status"], row["transfer"]["verdict"]) == ("refused", "FLAGGED")
        assert not Account.objects.filter(held_minor__gt=0).exists()


def test_two_tabs_and_batches_that_cross_keep_all_the_money(bank):
    ada = User.objects.create_user("ada@example.org", "correct horse battery", name="Ada Byron")
    one, two = open_funded(ada, 100_00), open_funded(ada, 100_00)
    client, answers, start = client_of(ada), [], threading.Barrier(4)

    def there(a, b):
        row = {"source": a.public_id, "target": b.public_id, "amount": "1.00", "currency": "EUR"}
        return [row] * 5

    def go(key, transfers):
        start.wait()
        try:
            answers.append(post(client, transfers, key))
        finally:
            connection.close()

    plans = [("x", there(one, two)), ("x", there(one, two)), ("y", there(two, one))]
    plans.append(("z", [*there(two, one), *there(one, two)]))
    threads = [threading.Thread(target=go, args=plan) for plan in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 201, 201, 201]
    assert Batch.objects.count() == 3
    one.refresh_from_db()
    two.refresh_from_db()
    assert one.balance_minor + two.balance_minor == 200_00
    assert verify_ledger() == []
