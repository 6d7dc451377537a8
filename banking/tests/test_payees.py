"""The address book, and that nobody reads the bank's customers out of it."""

import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.urls import reverse

from audit.models import Record
from banking import selectors as bank
from banking.models import Check, NameCheck, Payee, Transfer
from banking.numbers import number_of
from banking.payees import services
from banking.payees.errors import PayeesExhausted, TooManyLooks
from banking.payees.services import Found
from banking.payees.warnings import warnings_for
from banking.policy import PayeePolicy
from banking.tests.conftest import open_funded
from banking.tests.test_api import client_of
from fintrust.core.errors import NotFound
from fintrust.core.etags import PreconditionFailed
from fintrust.core.ids import to_public, uuid7
from fintrust.core.models import User
from fintrust.core.money import Money

API = "/api/v1/payees/"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def add(ada, his, name="Ben Okri", **more):
    return services.add_payee(by=ada, account=his.number, name=name, **more)


def nowhere(n: int) -> str:
    """A well-formed number that no account has."""
    return number_of(900_000_000_000 + n)


# --- looking --------------------------------------------------------------------------------


@pytest.mark.django_db
class TestLooking:
    @pytest.mark.parametrize(
        "name, check, shown",
        [
            ("Okri, Ben", Check.MATCH, "Ben Okri"),
            ("Benn Okri", Check.NONE, "Benn Okri"),  # three letters forgive nothing
            ("Ben Okry", Check.CLOSE, "Ben Okri"),
            ("Carl Jung", Check.NONE, "Carl Jung"),
            ("", None, "B•• O•••"),
        ],
    )
    def test_only_who_nearly_knew_the_name_is_told_it(self, ada, his, name, check, shown):
        found = services.look_up(by=ada, text=his.number, name=name)
        assert (found.check or None, found.shown) == (check, shown)

    def test_what_is_known_costs_nothing(self, ada, hers, his, send):
        services.look_up(by=ada, text=hers.number)
        send(1_00)
        found = services.look_up(by=ada, text=his.number, name="Somebody Else")
        assert (found.shown, found.check, found.paid) == ("Ben Okri", Check.NONE, True)
        assert not NameCheck.objects.exists()

    def test_the_same_look_again_is_one_look_and_another_name_is_another(self, ada, his):
        for _ in range(3):
            services.look_up(by=ada, text=his.number, name="Ben Okri")
        assert NameCheck.objects.count() == 1
        services.look_up(by=ada, text=his.number, name="Ben Okra")
        assert NameCheck.objects.count() == 2

    def test_an_id_is_not_guessed_so_only_a_name_is_a_question(self, ada, his):
        services.look_up(by=ada, text=his.public_id)
        assert not NameCheck.objects.exists()
        services.look_up(by=ada, text=his.public_id, name="Ben Okri")
        assert NameCheck.objects.count() == 1

    @pytest.mark.parametrize("looks, allowed", [(20, True), (21, False)])
    def test_twenty_looks_an_hour_and_not_one_more(self, ada, looks, allowed):
        with time_machine.travel(NOON, tick=False):
            for n in range(looks - 1):
                with pytest.raises(NotFound):
                    services.look_up(by=ada, text=nowhere(n))
            with pytest.raises(NotFound if allowed else TooManyLooks) as refused:
                services.look_up(by=ada, text=nowhere(looks))
        if not allowed:
            assert refused.value.wait == 3600
            later = time_machine.travel(NOON + timedelta(hours=1), tick=False)
            with later, pytest.raises(NotFound):
                services.look_up(by=ada, text=nowhere(0))

    def test_sixty_looks_a_day_however_patient(self, ada):
        for n in range(60):
            later = time_machine.travel(NOON + timedelta(minutes=4 * n), tick=False)
            with later, pytest.raises(NotFound):
                services.look_up(by=ada, text=nowhere(n))
        evening = time_machine.travel(NOON + timedelta(hours=20), tick=False)
        with evening, pytest.raises(TooManyLooks) as refused:
            services.look_up(by=ada, text=nowhere(61))
        assert refused.value.wait == 4 * 3600

    def test_somebody_elses_looks_are_not_mine(self, ada, ben, his):
        for n in range(20):
            with pytest.raises(NotFound):
                services.look_up(by=ben, text=nowhere(n))
        assert services.look_up(by=ada, text=his.number).shown == "B•• O•••"

    def test_a_saved_stranger_whose_name_was_wrong_stays_unnamed(self, ada, his):
        add(ada, his, "Carl Jung")
        assert services.look_up(by=ada, text=his.number).shown == "Carl Jung"
        assert Payee.objects.get().registered_name == ""


def test_looks_at_once_are_counted_one_by_one(bank):
    ada = User.objects.create_user("ada@example.org", "correct horse battery", name="Ada Byron")
    said = []

    def look(n):
        try:
            services.look_up(by=ada, text=nowhere(n))
        except NotFound:
            said.append("looked")
        except TooManyLooks:
            said.append("stopped")
        finally:
            connection.close()

    threads = [threading.Thread(target=look, args=(n,)) for n in range(26)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (said.count("looked"), said.count("stopped")) == (20, 6)


# --- warnings -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "check, paid, minor, tones",
    [
        (Check.MATCH, False, 10_00, ["info"]),
        (Check.MATCH, False, 249_99, ["info"]),
        (Check.MATCH, False, 250_00, ["warning"]),
        (None, False, 10_00, ["info"]),
        (Check.CLOSE, False, 10_00, ["warning"]),
        (Check.CLOSE, False, 300_00, ["warning", "warning"]),
        (Check.NONE, False, 1_00, ["error", "warning"]),
        (Check.NONE, True, 900_00, []),
        (Check.MATCH, True, 900_00, []),
    ],
)
def test_the_warning_fits_the_risk(his, check, paid, minor, tones):
    found = Found(his, "Ben Okri", check, paid)
    warnings = warnings_for(found, Money(minor, "EUR"), Money(1_000_00, "EUR"))
    assert [warning.tone for warning in warnings] == tones


@pytest.mark.parametrize("minor, loud", [(49_99, False), (50_00, True)])
def test_half_of_the_account_is_much(his, minor, loud):
    (warning,) = warnings_for(
        Found(his, "Ben Okri", Check.MATCH), Money(minor, "EUR"), Money(100_00, "EUR")
    )
    assert ("Did somebody call" in warning.text) is loud


# --- the book -------------------------------------------------------------------------------


@pytest.mark.django_db
class TestTheBook:
    def test_every_deed_is_remembered(self, ada, his):
        payee = add(ada, his, nickname="Benny")
        services.change_payee(payee=payee, by=ada, nickname="B")
        services.remove_payee(payee=payee, by=ada)
        actions = Record.objects.filter(action__startswith="banking.payee").order_by("id")
        assert [one.action.split(".")[-1] for one in actions] == ["added", "changed", "removed"]
        assert (actions[1].before, actions[1].after) == ({"nickname": "Benny"}, {"nickname": "B"})

    def test_nothing_changed_is_no_change(self, ada, his):
        payee = add(ada, his)
        assert services.change_payee(payee=payee, by=ada, name=" Ben  Okri ").version == 1

    def test_a_book_has_an_end(self, ada, his, ben):
        add(ada, his)
        with pytest.raises(PayeesExhausted):
            services.add_payee(
                by=ada,
                account=open_funded(ben, 0).number,
                name="Ben Okri",
                policy=PayeePolicy(payees_max=1),
            )

    def test_a_new_name_is_checked_again_and_the_same_one_is_not(self, ada, his):
        payee = add(ada, his)
        changed = services.change_payee(payee=payee, by=ada, name="Carl Jung")
        assert (changed.check_result, changed.version) == (Check.NONE, 2)
        assert NameCheck.objects.count() == 2

    def test_who_was_removed_is_still_in_the_history(self, ada, his, send):
        payee = add(ada, his)
        transfer = send(1_00)
        services.remove_payee(payee=payee, by=ada)
        transfer.refresh_from_db()
        assert transfer.target == his

    def test_of_two_who_change_it_one_is_told(self, ada, his):
        payee = add(ada, his)
        seen = frozenset({str(payee.version)})
        services.change_payee(payee=payee, by=ada, nickname="first", expected=seen)
        with pytest.raises(PreconditionFailed):
            services.change_payee(payee=payee, by=ada, nickname="second", expected=seen)
        assert Payee.objects.get().nickname == "first"

    def test_nobody_else_can_change_or_remove_it(self, ada, ben, his):
        payee = add(ada, his)
        with pytest.raises(NotFound):
            services.change_payee(payee=payee, by=ben, nickname="mine")
        with pytest.raises(NotFound):
            services.remove_payee(payee=payee, by=ben)


def test_what_was_looked_up_cannot_be_unseen(bank, app_sql, owner_sql):
    ada = User.objects.create_user("ada@example.org", "correct horse battery", name="Ada Byron")
    with pytest.raises(NotFound):
        services.look_up(by=ada, text=nowhere(1))
    for sql in (app_sql, owner_sql):
        with pytest.raises(Exception, match=r"append-only|permission denied"):
            sql("DELETE FROM banking_namecheck")


@pytest.mark.django_db
class TestWhatAHeldPaymentTells:
    """Asking for a payment that is held, and cancelling it, must not tell whose a number is."""

    @pytest.fixture
    def held(self, send):
        transfer = send(950_00)
        assert transfer.is_held
        return transfer

    def found(self, ada, text):
        rows = bank.history(ada, bank.Filters(text=text)).newest(9)
        return [one.other for one in bank.as_seen_by(ada, rows) if not one.incoming]

    def test_a_stranger_stays_masked_and_cannot_be_searched_for(self, ada, held):
        (seen,) = bank.as_seen_by(ada, [held])
        assert seen.other == "B•• O•••"
        assert self.found(ada, "okri") == []

    def test_who_was_named_right_is_named(self, ada, his, held):
        services.look_up(by=ada, text=his.number, name="Ben Okri")
        assert self.found(ada, "okri") == ["Ben Okri"]

    def test_who_was_named_wrong_is_not(self, ada, his, held):
        services.look_up(by=ada, text=his.number, name="Carl Jung")
        assert self.found(ada, "okri") == []

    def test_who_was_paid_is_named(self, ada, held, send):
        send(1_00)
        assert self.found(ada, "okri") == ["Ben Okri", "Ben Okri"]

    def test_a_list_of_many_asks_as_few_questions_as_of_one(
        self, ada, held, send, django_assert_num_queries
    ):
        send(20_00)
        many = bank.transfers_of(ada).newest(9) * 3
        with django_assert_num_queries(1):
            bank.as_seen_by(ada, many)


# --- for programs ---------------------------------------------------------------------------


@pytest.fixture
def adas(ada):
    return client_of(ada)


@pytest.fixture
def saved(adas, his):
    body = {"account": his.number, "name": "Ben Okri", "nickname": "Benny"}
    return adas.post(API, body, format="json")


@pytest.mark.django_db
class TestForPrograms:
    def test_added_read_changed_removed(self, adas, saved, his):
        assert (saved.status_code, saved["ETag"]) == (201, '"1"')
        assert saved.json()["check"] == "match"
        at = saved["Location"]
        assert adas.get(at).json() == saved.json()
        changed = adas.patch(at, {"nickname": "B"}, format="json", HTTP_IF_MATCH='"1"')
        assert (changed.status_code, changed["ETag"]) == (200, '"2"')
        assert [row["nickname"] for row in adas.get(API).json()["results"]] == ["B"]
        assert adas.delete(at, HTTP_IF_MATCH='"1"').status_code == 412
        assert adas.delete(at, HTTP_IF_MATCH='"2"').status_code == 204
        assert adas.get(at).status_code == 404
        assert adas.delete(at, HTTP_IF_MATCH="*").status_code == 404

    @pytest.mark.parametrize(
        "tag, status, code",
        [
            (None, 428, "precondition-required"),
            ("", 428, "precondition-required"),
            ('"2"', 412, "precondition-failed"),
            ('W/"1"', 412, "precondition-failed"),
            ("1", 412, "precondition-failed"),
            ('"99999999999999999999"', 412, "precondition-failed"),
            ('"7", "1"', 200, None),
            ("*", 200, None),
        ],
    )
    def test_a_change_says_what_it_changes(self, adas, saved, tag, status, code):
        header = {} if tag is None else {"HTTP_IF_MATCH": tag}
        answer = adas.patch(saved["Location"], {"nickname": "x"}, format="json", **header)
        assert (answer.status_code, answer.json().get("code")) == (status, code)
        assert (Payee.objects.get().nickname == "x") is (status == 200)

    def test_twice_the_same_account_is_told_which(self, adas, saved, his):
        again = adas.post(API, {"account": his.public_id, "name": "Ben"}, format="json")
        assert (again.status_code, again.json()["code"]) == (409, "payee-exists")
        assert again.json()["payee"] == saved.json()["id"]

    @pytest.mark.parametrize(
        "change, status, code, field",
        [
            ({"account": "FT61 0000 0010 0043"}, 400, "account-number-invalid", "account"),
            ({"account": nowhere(1)}, 404, "unknown-payee", "account"),
            ({"account": "acc_nonsense"}, 404, "unknown-payee", "account"),
            ({"account": "mine"}, 409, "payee-is-you", "account"),
            ({"account": 1}, 400, "invalid", "account"),
            ({"name": ""}, 400, "invalid", "name"),
            ({"name": "x" * 121}, 400, "invalid", "name"),
            ({"nickname": "x" * 61}, 400, "invalid", "nickname"),
            ({"customer": "usr_x"}, 400, "unknown-field", "customer"),
        ],
    )
    def test_what_cannot_be_is_named_and_nothing_is_kept(
        self, adas, hers, his, change, status, code, field
    ):
        if change.get("account") == "mine":
            change = {"account": hers.number}
        body = {"account": his.number, "name": "Ben Okri"} | change
        answer = adas.post(API, body, format="json")
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["field"]) == (status, code, field)
        assert not Payee.objects.exists()

    def test_somebody_elses_looks_like_none(self, saved, ben):
        bens = client_of(ben)
        for at in (saved["Location"], f"{API}{to_public('pay', uuid7())}", f"{API}pay_x"):
            assert bens.get(at).status_code == 404
            assert bens.delete(at, HTTP_IF_MATCH="*").status_code == 404

    @pytest.mark.parametrize(
        "name, answer",
        [
            ("ben okri", {"check": "match", "name": "Ben Okri"}),
            ("Ben Okry", {"check": "close", "name": "Ben Okri"}),
            ("Carl Jung", {"check": "none", "name": None}),
            ("?", {"check": "cannot", "name": None}),
        ],
    )
    def test_a_name_is_checked_before_it_is_trusted(self, adas, his, name, answer):
        body = {"account": his.number, "name": name}
        assert adas.post(f"{API}check", body, format="json").json() == answer

    def test_numbers_cannot_be_tried_out_by_any_door(self, adas, hers, his):
        """Checks, payees and transfers share one budget; filters of the history tell nothing."""
        pay = {"source": hers.public_id, "amount": "5000", "currency": "EUR"}

        def doors(n):
            number = nowhere(n)
            yield lambda: adas.post(f"{API}check", {"account": number, "name": "A"}, format="json")
            yield lambda: adas.post(API, {"account": number, "name": "A"}, format="json")
            yield lambda: adas.post(
                "/api/v1/transactions/transfer",
                {**pay, "target": number},
                format="json",
                HTTP_IDEMPOTENCY_KEY=str(uuid7()),
            )

        answers = [door() for n in range(7) for door in doors(n)]
        assert [answer.status_code for answer in answers] == [404] * 20 + [429]
        assert 3500 < int(answers[-1]["Retry-After"]) <= 3601
        assert answers[-1].json()["code"] == "too-many-looks"
        query = {"counterparty": nowhere(99)}
        assert adas.get("/api/v1/transactions/", query).json()["results"] == []
        # Who is known is still paid.
        body = {**pay, "amount": "1", "target": his.public_id}
        paid = adas.post(
            "/api/v1/transactions/transfer", body, format="json", HTTP_IDEMPOTENCY_KEY="k"
        )
        assert paid.status_code == 201


# --- for people -----------------------------------------------------------------------------


@pytest.fixture
def ada_online(client, ada):
    client.force_login(ada)
    return client


def page_of(answer):
    return answer.content.decode()


@pytest.mark.django_db
class TestForPeople:
    def test_a_matching_name_is_added_at_once(self, ada_online, his):
        form = {"account": his.number, "name": "ben okri", "nickname": "Benny"}
        page = page_of(ada_online.post(reverse("payee-add"), form, follow=True))
        assert "Benny is in your address book" in page and his.number in page
        assert "Not paid yet" in page

    def test_a_slip_is_corrected_in_one_press(self, ada_online, his):
        form = {"account": his.number, "name": "Ben Okry", "nickname": ""}
        page = page_of(ada_online.post(reverse("payee-add"), form))
        assert "Nearly right" in page and "Add Ben Okri" in page
        assert not Payee.objects.exists()
        ada_online.post(reverse("payee-add"), form | {"name": "Ben Okri"})
        assert Payee.objects.get().check_result == Check.MATCH

    def test_a_wrong_name_is_added_only_after_it_was_seen(self, ada_online, his):
        form = {"account": his.number, "name": "Carl Jung"}
        page = page_of(ada_online.post(reverse("payee-add"), form))
        assert "not the one on this account" in page and "Okri" not in page
        assert not Payee.objects.exists()
        ada_online.post(reverse("payee-add"), form | {"seen": "close"})  # that was another check
        assert not Payee.objects.exists()
        ada_online.post(reverse("payee-add"), form | {"seen": "none"})
        assert Payee.objects.get().name == "Carl Jung"
        assert "Name does not match" in page_of(ada_online.get(reverse("payees")))

    def test_renaming_in_two_windows_loses_nothing(self, ada_online, ada, his):
        payee = add(ada, his)
        at = reverse("payee", args=[payee.public_id])
        ada_online.post(at, {"name": "Ben Okri", "nickname": "first", "version": 1})
        late = ada_online.post(at, {"name": "Ben Okri", "nickname": "second", "version": 1})
        assert late.status_code == 422
        assert "changed in another window" in page_of(late)
        assert Payee.objects.get().nickname == "first"
        found = re.search(r'name="version" value="(\d+)"', page_of(ada_online.get(at)))
        assert found and found[1] == "2"

    def test_removing_asks_first(self, ada_online, ada, his):
        payee = add(ada, his)
        at = reverse("payee-remove", args=[payee.public_id])
        assert "stays in your activity" in page_of(ada_online.get(at))
        assert Payee.objects.exists()
        ada_online.post(at)
        assert not Payee.objects.exists()
        assert ada_online.post(at).status_code == 404

    @pytest.mark.parametrize("name", ["payee", "payee-remove"])
    def test_somebody_elses_does_not_exist(self, client, ada, ben, his, name):
        payee = add(ada, his)
        client.force_login(ben)
        assert client.get(reverse(name, args=[payee.public_id])).status_code == 404

    def test_the_send_form_offers_them_and_the_preview_says_what_the_check_said(
        self, ada_online, ada, hers, his
    ):
        add(ada, his, nickname="Benny")
        assert "Benny" in page_of(ada_online.get(reverse("send")))
        form = {"source": hers.public_id, "payee": his.number, "amount": "10"}
        page = page_of(ada_online.post(reverse("send"), form | {"name": "Ben Okri"}, follow=True))
        assert "Name matches" in page and "First payment to them" in page
        page = page_of(ada_online.post(reverse("send"), form | {"name": "Carl Jung"}, follow=True))
        assert "Did somebody call" in page and "Okri" not in page

    def test_the_form_and_its_preview_are_one_look(self, ada_online, hers, his):
        form = {"source": hers.public_id, "payee": his.number, "amount": "10", "name": "Ben Okri"}
        preview = ada_online.post(reverse("send"), form, follow=True)
        ada_online.post(reverse("send-preview"), {"draft": preview.context["token"]})
        assert NameCheck.objects.count() == 1
        assert Transfer.objects.filter(kind="transfer").count() == 1

    def test_who_looks_too_often_is_told_when_it_goes_on(self, ada_online, hers):
        form = {"source": hers.public_id, "amount": "1"}
        for n in range(20):
            ada_online.post(reverse("send"), form | {"payee": nowhere(n)})
        answer = ada_online.post(reverse("send"), form | {"payee": nowhere(20)})
        assert answer.status_code == 429 and int(answer["Retry-After"]) > 3500
        assert "Try again in 60 minutes" in page_of(answer)
        add_page = ada_online.post(reverse("payee-add"), {"account": nowhere(21), "name": "A B"})
        assert add_page.status_code == 429
