"""Statements through the API and on the pages: only one's own, only what can be answered."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from audit.models import Record
from banking import ledger
from banking.policy import STATEMENTS
from banking.statements.formats import FORMATS
from banking.tests.conftest import open_funded
from banking.tests.statement_help import book_at, feed, months_later, opened_on
from banking.tests.test_api import API, client_of
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import MINOR_MAX, Money


def today() -> date:
    return datetime.now(UTC).date()


def days(first: date, last: date) -> dict[str, str]:
    return {"from": first.isoformat(), "to": last.isoformat()}


@pytest.fixture
def adas(ada):
    return client_of(ada)


@pytest.fixture
def statement(adas, hers):
    def ask(account=hers, accept=None, **query):
        query = {**days(today(), today()), **query}
        headers = {"HTTP_ACCEPT": accept} if accept else {}
        return adas.get(f"{API}/accounts/{account.public_id}/statement", query, **headers)

    return ask


def body(answer) -> bytes:
    return b"".join(answer.streaming_content)


@pytest.mark.django_db
class TestApi:
    def test_json_is_what_it_gives_unless_asked(self, statement, hers):
        answer = statement()
        read = json.loads(body(answer))
        assert answer["Content-Type"] == "application/json"
        assert (read["account"], read["opening"], read["closing"]) == (
            hers.public_id,
            "0.00",
            "1000.00",
        )
        assert [line["counterparty"] for line in read["lines"]] == ["Card top-up"]

    @pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS.keys())
    def test_each_format_is_a_file_of_its_type(self, statement, hers, format):
        answer = statement(format=format.name)
        assert answer.status_code == 200
        assert answer["Content-Type"] == format.media_type
        name = answer["Content-Disposition"].partition('filename="')[2].rstrip('"')
        assert name.startswith(f"statement-{hers.number.replace(' ', '')}-")
        assert name.endswith(f".{format.extension}")
        assert answer["Cache-Control"] == "private, no-store"
        assert answer.streaming
        assert len(body(answer)) > 100

    @pytest.mark.parametrize(
        "accept, type",
        [
            ("text/csv", "text/csv; charset=utf-8"),
            ("application/pdf", "application/pdf"),
            ("application/xml;q=0.9, application/x-ofx", "application/x-ofx"),
            ("application/xml", "application/xml"),
            ("*/*", "application/json"),
            ("text/html;q=0.5, application/*;q=0.1", "application/json"),
        ],
    )
    def test_accept_chooses_too(self, statement, accept, type):
        assert statement(accept=accept)["Content-Type"] == type

    def test_what_no_format_is_cannot_be_accepted(self, statement):
        answer = statement(accept="image/png")
        assert (answer.status_code, answer.json()["code"]) == (406, "not-acceptable")

    def test_the_word_in_the_address_goes_before_accept(self, statement):
        assert statement(accept="text/csv", format="pdf")["Content-Type"] == "application/pdf"

    @pytest.mark.parametrize(
        "query, code, field",
        [
            ({"from": "2026-13-01"}, "invalid", "from"),
            ({"from": "yesterday"}, "invalid", "from"),
            ({"to": "99999-01-01"}, "invalid", "to"),
            ({"to": "9999-12-31"}, "period-in-future", "to"),
            ({"from": "9999-12-31"}, "period-reversed", "to"),
            ({"from": "0001-01-01"}, "period-too-long", "from"),
            ({"format": "xls"}, "invalid", "format"),
            ({"format": "json\r\nX: y"}, "invalid", "format"),
            ({"form": "csv"}, "unknown-field", "form"),
        ],
    )
    def test_what_cannot_be_answered_has_a_name(self, statement, query, code, field):
        answer = statement(**query)
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["field"]) == (400, code, field)

    def test_both_ends_of_the_period_are_asked_for(self, adas, hers):
        answer = adas.get(f"{API}/accounts/{hers.public_id}/statement", {"from": "2026-01-01"})
        assert (answer.status_code, answer.json()["field"]) == (400, "to")

    def test_a_period_given_twice_is_a_mistake(self, adas, hers):
        query = "from=2026-01-01&to=2026-01-02&to=2026-01-03"
        answer = adas.get(f"{API}/accounts/{hers.public_id}/statement?{query}")
        assert answer.json()["code"] == "invalid"

    def test_the_last_day_that_works_and_the_first_that_does_not(self, statement):
        longest = today() - timedelta(days=STATEMENTS.days_max - 1)
        assert statement(**days(longest, today())).status_code == 200
        too_long = statement(**days(longest - timedelta(days=1), today())).json()
        assert (too_long["code"], too_long["days_max"]) == ("period-too-long", 366)
        tomorrow = today() + timedelta(days=1)
        assert statement(**days(today(), tomorrow)).json()["code"] == "period-in-future"
        yesterday = today() - timedelta(days=1)
        assert statement(**days(yesterday, yesterday)).json()["code"] == "before-opening"

    def test_what_does_not_fit_is_a_problem_and_no_broken_file(self, statement, hers):
        feed(hers, MINOR_MAX)
        answer = statement(format="mt940")
        assert (answer.status_code, answer.json()["code"]) == (422, "statement-does-not-fit")
        assert answer["Content-Type"] == "application/problem+json"
        assert statement(format="ofx").status_code == 200

    def test_somebody_elses_account_looks_like_one_that_does_not_exist(self, statement, his):
        unknown = type(his)(uuid=uuid7())
        internal = ledger.internal("clearing", "EUR")
        answers = [statement(account=account) for account in (his, unknown, internal)]
        assert {(a.status_code, a.json()["code"]) for a in answers} == {(404, "not-found")}

    def test_strangers_are_sent_away(self, client, hers):
        address = f"{API}/accounts/{hers.public_id}/statement"
        assert client.get(address, days(today(), today())).status_code == 401

    def test_reading_ones_own_leaves_no_record_and_changes_nothing(self, statement):
        before = Record.objects.count()
        body(statement(format="pdf"))
        assert Record.objects.count() == before


@pytest.mark.django_db
class TestBalanceThen:
    def ask(self, adas, account, at):
        return adas.get(f"{API}/accounts/{account.public_id}/balance", {"at": at})

    def test_the_balance_before_the_last_entry(self, adas, hers):
        before = ledger.entries(hers).first().booked_at + timedelta(microseconds=1)
        feed(hers, -10_00)
        answer = self.ask(adas, hers, before.isoformat().replace("+00:00", "Z")).json()
        assert (answer["balance"], answer["available"]) == ("1000.00", "1000.00")
        assert datetime.fromisoformat(answer["at"]) == before

    def test_the_same_moment_in_another_zone(self, adas, hers):
        moment = datetime.now(UTC)
        west = (moment - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%S.%f-05:00")
        answer = self.ask(adas, hers, west).json()
        assert datetime.fromisoformat(answer["at"]) == moment

    @pytest.mark.parametrize(
        "at, code",
        [
            ("2999-01-01T00:00:00Z", "moment-in-future"),
            ("2001-01-01T00:00:00Z", "before-opening"),
            ("9999-12-31T23:59:59-23:59", "invalid"),
            ("0001-01-01T00:00:00+23:59", "invalid"),
            ("noon", "invalid"),
            ("", "invalid"),
        ],
    )
    def test_what_cannot_be_known_has_a_name(self, adas, hers, at, code):
        answer = self.ask(adas, hers, at)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert answer.json()["field"] == "at"


@pytest.mark.django_db
class TestPages:
    @pytest.fixture
    def ada_online(self, client, ada):
        client.force_login(ada)
        return client

    def show(self, client, account, name="account-statement", more=(), **query):
        query = {"since": today().isoformat(), "until": today().isoformat(), **query}
        return client.get(reverse(name, args=[account.public_id, *more]), query)

    def test_the_list_names_this_month_as_not_finished(self, ada_online, hers):
        page = ada_online.get(reverse("account-statements", args=[hers.public_id]))
        text = page.content.decode()
        assert f"{today():%B %Y}" in text
        assert text.count("Not finished") == 1
        for format in FORMATS.values():
            assert f"/statement/{format.name}/?since=" in text

    def test_a_finished_month_is_not_called_unfinished(self, ada_online, hers):
        month = today().replace(day=1)
        with months_later(40):
            ada_online.force_login(hers.owner)
            last = {"last": month.isoformat()}
            text = ada_online.get(
                reverse("account-statements", args=[hers.public_id]), last
            ).content.decode()
        assert "Not finished" not in text

    def test_a_period_shows_its_lines_and_adds_up(self, ada_online, hers):
        feed(hers, -12_34, narrative="<b>Rent</b>")
        text = self.show(ada_online, hers).content.decode()
        assert "&lt;b&gt;Rent&lt;/b&gt;" in text
        for amount in ("€1,000.00", "€12.34", "€987.66"):
            assert amount in text
        assert "This period is not finished" in text

    def test_held_money_stands_apart(self, ada_online, hers, send):
        transfer = send(900_00)
        assert transfer.is_held
        text = self.show(ada_online, hers).content.decode()
        assert "Set aside, not on this statement" in text
        assert transfer.public_id in text
        assert "€1,000.00" in text
        assert (
            transfer.public_id
            not in body(self.show(ada_online, hers, "account-statement-file", ["json"])).decode()
        )

    def test_an_empty_period_says_so(self, ada_online, ada):
        empty = ledger.open_account(owner=ada, product="savings", currency="EUR")
        assert "Nothing was booked" in self.show(ada_online, empty).content.decode()

    def test_many_lines_are_pages_that_meet(self, ada_online, hers):
        clearing = ledger.internal("clearing", "EUR")
        ledger.move_many(
            [
                ledger.Instruction(uuid7(), clearing, hers, Money(1, "EUR"))
                for _ in range(STATEMENTS.page_lines + 49)
            ]
        )
        first, second = self.show(ada_online, hers), self.show(ada_online, hers, line="200")
        assert "Entries 1–200 of 250" in first.content.decode()
        assert "Entries 201–250 of 250" in second.content.decode()
        assert second.context["before"].minor == first.context["lines"][-1]["is"].balance_minor
        past = self.show(ada_online, hers, line="9" * 18)
        assert past.status_code == 200

    @pytest.mark.parametrize("line", ["-1", "x", "٣", "9" * 19])
    def test_a_line_nobody_gave_out_is_refused(self, ada_online, hers, line):
        assert self.show(ada_online, hers, line=line).status_code == 400

    @pytest.mark.parametrize(
        "query, field",
        [
            ({"since": "31.12.2025"}, "since"),
            ({"until": "2999-01-01"}, "until"),
            ({"since": "2999-01-01"}, "until"),
            ({"since": "1999-01-01"}, "since"),
            ({"since": "2020-01-01", "until": "2020-01-31"}, "until"),
        ],
    )
    def test_a_period_that_cannot_be_comes_back_with_the_reason(
        self, ada_online, hers, query, field
    ):
        answer = self.show(ada_online, hers, **query)
        assert answer.status_code == 422
        assert field in answer.context["form"].errors
        assert "Another period" in answer.content.decode()

    def test_a_list_from_no_day_is_refused(self, ada_online, hers):
        address = reverse("account-statements", args=[hers.public_id])
        assert ada_online.get(address, {"last": "soon"}).status_code == 400
        assert ada_online.get(address, {"last": "0001-01-01"}).status_code == 200
        assert ada_online.get(address, {"last": "9999-12-31"}).status_code == 200

    def test_the_file_is_the_same_as_the_apis(self, ada_online, adas, hers):
        page = self.show(ada_online, hers, "account-statement-file", ["csv"])
        api = adas.get(
            f"{API}/accounts/{hers.public_id}/statement",
            {**days(today(), today()), "format": "csv"},
        )
        assert body(page) == body(api)

    def test_somebody_elses_do_not_exist(self, ada_online, his):
        assert (
            ada_online.get(reverse("account-statements", args=[his.public_id])).status_code == 404
        )
        assert self.show(ada_online, his).status_code == 404
        assert self.show(ada_online, his, "account-statement-file", ["pdf"]).status_code == 404

    def test_a_format_nobody_writes_does_not_exist(self, ada_online, hers):
        assert self.show(ada_online, hers, "account-statement-file", ["xls"]).status_code == 404

    def test_strangers_are_asked_to_sign_in(self, client, hers):
        assert self.show(client, hers).status_code == 302


def test_a_year_of_days_in_one_file(bank, owner_sql, ada_in_bank):
    """Through the door, with the day each line was booked on."""
    client, account = ada_in_bank
    opened_on(owner_sql, account, date(2026, 1, 1))
    for month in range(1, 7):
        book_at(owner_sql, account, 100, datetime(2026, month, 15, 23, 30, tzinfo=UTC))
    answer = client.get(
        f"{API}/accounts/{account.public_id}/statement",
        {**days(date(2026, 2, 1), date(2026, 5, 31)), "format": "csv"},
    )
    rows = list(csv.DictReader(io.StringIO(body(answer).decode("utf-8-sig"))))
    assert [row["booked_at"][:10] for row in rows[1:-1]] == [
        f"2026-{month:02}-15" for month in range(2, 6)
    ]
    assert (rows[0]["balance"], rows[-1]["balance"]) == ("1.00", "5.00")


@pytest.fixture
def ada_in_bank(bank):
    ada = User.objects.create_user("ada@example.org", "correct horse battery", name="Ada Byron")
    return client_of(ada), open_funded(ada, 0)
