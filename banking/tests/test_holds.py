"""Money that a program sets aside: captured, released or given back, once."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from audit.models import Record
from banking import ledger
from banking.holds.services import expire_holds
from banking.limits.services import set_account_limit
from banking.models import Account, Hold, Reservation, Transfer
from banking.tests.conftest import open_funded
from banking.tests.test_api import API, client_of, everything, set_pin
from banking.transfers import services
from banking.verify import verify_ledger
from fintrust.core.ids import to_public, uuid7
from fintrust.core.models import User
from fraud.tests.factories import limit_payments


@pytest.fixture
def adas(ada):
    return client_of(ada)


@pytest.fixture
def bens(ben):
    return client_of(ben)


def ask(client, path, key=None, **body):
    headers = {"HTTP_IDEMPOTENCY_KEY": key or str(uuid7())}
    return client.post(f"{API}/holds/{path}", body, format="json", **headers)


@pytest.fixture
def place(adas, hers):
    def do(amount="30.00", key=None, **changes):
        body = {
            "account": hers.public_id,
            "amount": amount,
            "currency": "EUR",
            "reason": "Room 12",
        }
        return ask(adas, "", key, **body | changes)

    return do


@pytest.fixture
def hold(place):
    return place().json()["id"]


def available(client, account):
    return client.get(f"{API}/accounts/{account.public_id}/balance").json()["available"]


def left_behind():
    return everything() | {
        "reservations": Reservation.objects.count(),
        "held": dict(Account.objects.values_list("pk", "held_minor")),
    }


@pytest.mark.django_db
class TestPlacing:
    def test_what_is_set_aside_cannot_be_spent_and_has_not_moved(self, adas, hers, place):
        answer = place("30.00")
        assert answer.status_code == 201
        seen = answer.json()
        assert (seen["status"], seen["amount"], seen["reason"]) == ("open", "30.00", "Room 12")
        assert (seen["captured"], seen["transfer"], seen["ended_at"]) == (None, None, None)
        assert adas.get(answer["Location"]).json() == seen
        assert available(adas, hers) == "970.00"
        hers.refresh_from_db()
        assert hers.balance_minor == 1_000_00
        record = Record.objects.get(action="banking.hold.placed")
        assert (record.subject, record.owner_id) == (seen["id"], hers.owner_id)

    def test_the_same_request_again_is_answered_and_not_repeated(self, place):
        first = place(key="hold-1")
        before = left_behind()
        for key in ("hold-1", '"hold-1"'):
            again = place(key=key)
            assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
            assert again.json() == first.json()
        other = place("31.00", key="hold-1")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
        assert left_behind() == before

    @pytest.mark.parametrize(
        "change, status, code, field",
        [
            ({"amount": "1000.01"}, 409, "insufficient-funds", "amount"),
            ({"amount": "0"}, 400, "invalid-amount", "amount"),
            ({"currency": "GBP"}, 400, "currency-mismatch", "currency"),
            ({"reason": "x"}, 400, "invalid", "reason"),
            ({"reason": "x" * 501}, 400, "invalid", "reason"),
            ({"reason": "  a  "}, 400, "invalid", "reason"),
            ({"expires_at": "2020-01-01T00:00:00Z"}, 400, "hold-time-invalid", "expires_at"),
            ({"expires_at": "2100-01-01T00:00:00Z"}, 400, "hold-time-invalid", "expires_at"),
            ({"expires_at": "tomorrow"}, 400, "invalid", "expires_at"),
            ({"account": "acc_nonsense"}, 404, "not-found", "account"),
            ({"tip": "1"}, 400, "unknown-field", "tip"),
        ],
    )
    def test_what_cannot_be_set_aside_is_named(self, place, change, status, code, field):
        before = left_behind()
        problem = place(**change)
        assert (problem.status_code, problem.json()["code"]) == (status, code)
        assert problem.json()["field"] == field
        assert left_behind() == before

    def test_the_longest_time_still_works(self, place):
        until = timezone.now() + timedelta(days=30) - timedelta(minutes=1)
        assert place(expires_at=until.isoformat()).status_code == 201

    def test_somebody_elses_account_does_not_exist(self, bens, hers):
        body = {"account": hers.public_id, "amount": "1", "currency": "EUR", "reason": "mine now"}
        answer = ask(bens, "", **body)
        assert (answer.status_code, answer.json()["field"]) == (404, "account")

    def test_a_key_is_needed(self, adas, hers, hold):
        for path in ("", f"{hold}/capture", f"{hold}/release"):
            answer = adas.post(f"{API}/holds/{path}", {}, format="json")
            assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")


@pytest.mark.django_db
class TestCapturing:
    @pytest.mark.parametrize("part, rest", [("30.00", "970.00"), ("12.50", "987.50")])
    def test_all_or_a_part_is_sent_and_the_rest_is_free(
        self, adas, hers, his, hold, part, rest, bens
    ):
        body = {"target": his.number, "amount": part, "currency": "EUR", "note": "Room"}
        answer = ask(adas, f"{hold}/capture", **body)
        assert (answer.status_code, answer.json()["status"]) == (201, "posted")
        seen = adas.get(f"{API}/holds/{hold}").json()
        assert (seen["status"], seen["captured"]) == ("captured", part)
        assert seen["transfer"] == answer.json()["id"]
        assert available(adas, hers) == rest
        hers.refresh_from_db()
        assert hers.held_minor == 0
        assert Hold.objects.get().end.outcome == "captured"
        assert verify_ledger() == []

    def test_without_an_amount_it_is_all(self, adas, his, hold):
        assert ask(adas, f"{hold}/capture", target=his.public_id).json()["amount"] == "30.00"

    def test_all_the_account_has_can_be_captured(self, adas, hers, ada):
        """What is held is not asked for a second time."""
        also = open_funded(ada, 0)
        body = {"account": hers.public_id, "amount": "1000", "currency": "EUR", "reason": "All"}
        placed = ask(adas, "", **body).json()["id"]
        answer = ask(adas, f"{placed}/capture", target=also.public_id)
        assert answer.status_code in {201, 202}, answer.content
        assert answer.json()["status"] in {"posted", "held"}

    def test_it_is_judged_and_refused_it_stays_set_aside(self, ada, adas, hers, his, hold):
        limit_payments(ada, {"EUR": 20_00})
        answer = ask(adas, f"{hold}/capture", "k", target=his.public_id)
        assert (answer.status_code, answer.json()["status"]) == (201, "refused")
        assert answer.json()["reasons"]
        seen = adas.get(f"{API}/holds/{hold}").json()
        assert (seen["status"], seen["transfer"]) == ("open", None)
        assert available(adas, hers) == "970.00"
        body = {"target": his.public_id, "amount": "20.00", "currency": "EUR"}
        assert ask(adas, f"{hold}/capture", **body).json()["status"] != "refused"

    def test_it_counts_against_what_the_account_may_send(self, adas, hers, his, hold, treasurer):
        set_account_limit(account=hers, by=treasurer, reason="small", day_minor=29_99)
        before = left_behind()
        answer = ask(adas, f"{hold}/capture", target=his.public_id)
        assert (answer.status_code, answer.json()["code"]) == (409, "account-limit-reached")
        assert left_behind() == before

    def test_the_same_capture_again_is_answered_and_another_is_refused(self, adas, his, hold):
        first = ask(adas, f"{hold}/capture", "c-1", target=his.public_id)
        again = ask(adas, f"{hold}/capture", "c-1", target=his.public_id)
        assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
        before = left_behind()
        other = ask(adas, f"{hold}/capture", "c-2", target=his.public_id)
        assert (other.status_code, other.json()["code"]) == (409, "hold-ended")
        assert other.json()["outcome"] == "captured"
        late = ask(adas, f"{hold}/release")
        assert (late.status_code, late.json()["code"]) == (409, "hold-ended")
        assert left_behind() == before

    @pytest.mark.parametrize(
        "body, status, code, field",
        [
            ({"amount": "30.01", "currency": "EUR"}, 409, "hold-too-small", "amount"),
            ({"amount": "1", "currency": "GBP"}, 400, "currency-mismatch", "currency"),
            ({"amount": "1"}, 400, "invalid", "currency"),
            ({"currency": "EUR"}, 400, "invalid", "amount"),
            ({"amount": "0", "currency": "EUR"}, 400, "invalid-amount", "amount"),
            ({"target": "acc_nonsense"}, 404, "unknown-payee", "target"),
            ({"target": "itself"}, 409, "same-account", "target"),
        ],
    )
    def test_what_cannot_be_captured_changes_nothing(
        self, adas, hers, his, hold, body, status, code, field
    ):
        body = {"target": his.public_id} | body
        if body["target"] == "itself":
            body["target"] = hers.public_id
        before = left_behind()
        answer = ask(adas, f"{hold}/capture", **body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.json()["field"] == field
        assert left_behind() == before

    def test_a_frozen_account_captures_nothing_and_releases(self, adas, hers, his, hold):
        ledger.set_status(hers, "frozen")
        answer = ask(adas, f"{hold}/capture", target=his.public_id)
        assert (answer.status_code, answer.json()["code"]) == (409, "account-frozen")
        assert ask(adas, f"{hold}/release").json()["status"] == "released"

    def test_one_that_is_held_waits_on_the_hold_and_ends_it_in_its_own_way(
        self, ada, adas, hers, his
    ):
        set_pin(ada)
        body = {"account": hers.public_id, "amount": "950", "currency": "EUR", "reason": "Car"}
        hold = ask(adas, "", **body).json()["id"]
        part = {"target": his.public_id, "amount": "900", "currency": "EUR"}
        answer = ask(adas, f"{hold}/capture", **part)
        assert (answer.status_code, answer.json()["status"]) == (202, "held")
        transfer = Transfer.objects.get(status="held")
        seen = adas.get(f"{API}/holds/{hold}").json()
        assert (seen["status"], seen["transfer"]) == ("waiting", transfer.public_id)
        assert available(adas, hers) == "50.00"  # set aside once, not twice
        before = left_behind()
        for path, more in (("capture", {"target": his.public_id}), ("release", {})):
            answer = ask(adas, f"{hold}/{path}", **more)
            assert (answer.status_code, answer.json()["code"]) == (409, "hold-in-use")
        assert left_behind() == before
        services.confirm_after_pin(transfer=transfer, by=ada)
        assert adas.get(f"{API}/holds/{hold}").json()["captured"] == "900.00"
        assert available(adas, hers) == "100.00"
        assert verify_ledger() == []


@pytest.mark.django_db
class TestReleasing:
    def test_it_is_free_again_and_the_same_request_says_so_again(self, adas, hers, hold):
        first = ask(adas, f"{hold}/release", "r-1")
        assert (first.status_code, first.json()["status"]) == (200, "released")
        assert available(adas, hers) == "1000.00"
        before = left_behind()
        again = ask(adas, f"{hold}/release", "r-1")
        assert (again["Idempotent-Replayed"], again.json()) == ("true", first.json())
        twice = ask(adas, f"{hold}/release", "r-2")
        assert (twice.status_code, twice.json()["code"]) == (409, "hold-ended")
        assert left_behind() == before

    def test_a_key_releases_one_hold(self, adas, place, hold):
        other = place().json()["id"]
        ask(adas, f"{hold}/release", "r-1")
        answer = ask(adas, f"{other}/release", "r-1")
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")


@pytest.mark.django_db
class TestWhoSeesIt:
    def test_a_stranger_meets_nothing(self, bens, his, hold):
        for answer in (
            bens.get(f"{API}/holds/{hold}"),
            ask(bens, f"{hold}/release"),
            ask(bens, f"{hold}/capture", target=his.public_id),
        ):
            assert answer.status_code == 404
        assert bens.get(f"{API}/holds/").json() == {"results": [], "next_cursor": None}

    def test_what_a_held_transfer_waits_on_has_no_door_here(self, adas, hers, his, send):
        transfer = send(900_00)
        assert transfer.is_held
        hold = to_public("hld", transfer.hold_id)
        for path in ("release", "capture"):
            assert ask(adas, f"{hold}/{path}", target=his.public_id).status_code == 404
        assert adas.get(f"{API}/holds/{hold}").status_code == 404
        assert adas.get(f"{API}/holds/").json()["results"] == []

    def test_the_list_is_read_in_pages_newest_first(self, adas, place):
        made = [place("1.00").json()["id"] for _ in range(5)]
        seen, cursor = [], None
        while True:
            query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = adas.get(f"{API}/holds/", query).json()
            seen += [row["id"] for row in page["results"]]
            if not (cursor := page["next_cursor"]):
                break
        assert seen == made[::-1]
        answer = adas.get(f"{API}/holds/", {"cursor": "x"})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-cursor")


@pytest.mark.django_db
class TestTimeIsUp:
    def test_it_goes_back_by_itself(self, adas, hers, hold):
        late = datetime.now(UTC) + timedelta(days=8)
        assert expire_holds() == 0
        assert expire_holds(now=late) == 1
        assert expire_holds(now=late) == 0
        assert adas.get(f"{API}/holds/{hold}").json()["status"] == "expired"
        assert available(adas, hers) == "1000.00"
        assert Record.objects.filter(action="banking.hold.expired", subject=hold).exists()

    def test_what_ran_out_cannot_be_captured_before_it_is_swept_either(self, adas, his, place):
        until = timezone.now() + timedelta(milliseconds=300)
        hold = place(expires_at=until.isoformat()).json()["id"]
        threading.Event().wait(0.4)
        before = left_behind()
        answer = ask(adas, f"{hold}/capture", target=his.public_id)
        assert (answer.status_code, answer.json()["code"]) == (409, "hold-expired")
        assert left_behind() == before


def test_two_tabs_at_once_end_a_hold_once(bank):
    ada = User.objects.create_user("ada@example.org", "correct horse battery", name="Ada Byron")
    ben = User.objects.create_user("ben@example.org", "correct horse battery", name="Ben Okri")
    hers, his = open_funded(ada, 1_000_00), open_funded(ben, 0)
    client = client_of(ada)
    body = {"account": hers.public_id, "amount": "10", "currency": "EUR", "reason": "Room"}
    hold = ask(client, "", **body).json()["id"]
    answers, start = [], threading.Barrier(6)

    def go(path, **body):
        start.wait()
        try:
            answers.append(ask(client, f"{hold}/{path}", **body))
        finally:
            connection.close()

    threads = [
        threading.Thread(target=go, args=["capture"], kwargs={"target": his.public_id})
        for _ in range(4)
    ] + [threading.Thread(target=go, args=["release"]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = sorted(answer.status_code for answer in answers)
    assert codes in ([200] + [409] * 5, [201] + [409] * 5)
    hers.refresh_from_db()
    his.refresh_from_db()
    assert (hers.held_minor, hers.balance_minor + his.balance_minor) == (0, 1_000_00)
    assert his.balance_minor == (10_00 if 201 in codes else 0)
    assert verify_ledger() == []
