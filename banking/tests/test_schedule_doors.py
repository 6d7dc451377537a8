"""Scheduled payments through their doors: the API, and pages without scripts."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from banking import tasks
from banking.models import Occurrence, Schedule, Transfer
from banking.payees.services import add_payee, remove_payee
from banking.schedules import services
from banking.tests.conftest import open_funded
from banking.tests.test_api import client_of
from banking.tests.test_schedules import TODAY, clock, make
from fintrust.core.ids import to_public, uuid7
from fintrust.core.money import Money

pytestmark = pytest.mark.django_db
API = "/api/v1/schedules/"


@pytest.fixture(autouse=True)
def now():
    with time_machine.travel(clock(), tick=False) as traveller:
        yield traveller


# --- for programs ---------------------------------------------------------------------------


@pytest.fixture
def adas(ada):
    return client_of(ada)


@pytest.fixture
def ask(adas, hers, his):
    def do(key="k-1", **changes):
        body = {
            "source": hers.public_id,
            "target": his.number,
            "amount": "10.00",
            "currency": "EUR",
            "rhythm": "monthly",
            "first_on": "2026-05-31",
            **changes,
        }
        body = {name: value for name, value in body.items() if value != "missing"}
        headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
        return adas.post(API, body, format="json", **headers)

    return do


class TestForPrograms:
    def test_planned_read_changed_and_cancelled(self, adas, ask):
        made = ask(name="Ben Okri", weekend="next")
        assert (made.status_code, made["ETag"]) == (201, '"1"')
        at, seen = made["Location"], made.json()
        assert seen["name"] == "Ben Okri"
        assert seen["next_dates"] == [
            {"due_on": "2026-05-31", "run_on": "2026-06-01"},
            {"due_on": "2026-06-30", "run_on": "2026-06-30"},
            {"due_on": "2026-07-31", "run_on": "2026-07-31"},
        ]
        assert adas.get(at).json() == seen
        changes = {"amount": "12.5", "until": "2026-06-30"}
        changed = adas.patch(at, changes, format="json", HTTP_IF_MATCH='"1"')
        assert (changed.status_code, changed["ETag"]) == (200, '"2"')
        assert changed.json()["amount"] == "12.50" and len(changed.json()["next_dates"]) == 2
        assert adas.patch(at, changes, format="json", HTTP_IF_MATCH='"1"').status_code == 412
        assert adas.patch(at, changes, format="json").status_code == 428
        ended = adas.post(f"{at}/cancel").json()
        assert (ended["status"], ended["ended_because"]) == ("ended", "cancelled")
        for deed in ("cancel", "pause", "resume"):
            assert adas.post(f"{at}/{deed}").json()["code"] == "schedule-ended"
        assert [row["id"] for row in adas.get(API).json()["results"]] == [seen["id"]]

    def test_the_same_request_again_plans_nothing_again(self, ask):
        first, again = ask(), ask()
        assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
        assert again.json() == first.json()
        other = ask(amount="11")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
        assert Schedule.objects.count() == 1

    def test_pause_resume_skip(self, adas, ask):
        at = ask()["Location"]
        assert adas.post(f"{at}/pause").json()["status"] == "paused"
        assert adas.post(f"{at}/resume").json()["status"] == "active"
        for _ in range(2):
            skipped = adas.post(f"{at}/skip", {"due_on": "2026-05-31"}, format="json")
            assert skipped.json()["next_dates"][0]["due_on"] == "2026-06-30"
        wrong = adas.post(f"{at}/skip", {"due_on": "2026-08-31"}, format="json")
        assert (wrong.status_code, wrong.json()["code"]) == (409, "not-the-next-date")
        assert wrong.json()["next_on"] == "2026-06-30"

    def test_what_came_of_it_page_by_page(self, adas, ask, now):
        at = ask(first_on=str(TODAY), rhythm="weekly", amount="1")["Location"]
        for n in range(3):
            now.move_to(clock(TODAY + timedelta(days=7 * n)), tick=False)
            assert tasks.run_schedules() == 1
        adas = client_of(Schedule.objects.get().owner)
        page = adas.get(f"{at}/occurrences", {"limit": 2}).json()
        assert [row["due_on"] for row in page["results"]] == ["2026-05-18", "2026-05-11"]
        assert page["results"][0]["transfer_status"] == "posted"
        rest = adas.get(f"{at}/occurrences", {"cursor": page["next_cursor"]}).json()
        assert [row["due_on"] for row in rest["results"]] == ["2026-05-04"]
        assert rest["next_cursor"] is None
        wrong = adas.get(f"{at}/occurrences", {"cursor": "yesterday"})
        assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid-cursor")

    @pytest.mark.parametrize(
        "change, status, code, field",
        [
            ({"key": None}, 400, "idempotency-key-missing", "Idempotency-Key"),
            ({"first_on": "2026-05-03"}, 422, "schedule-in-past", "first_on"),
            ({"first_on": "2036-05-03"}, 422, "schedule-too-far", "first_on"),
            ({"first_on": "2026-02-30"}, 400, "invalid", "first_on"),
            ({"first_on": "tomorrow"}, 400, "invalid", "first_on"),
            ({"first_on": 20260504}, 400, "invalid", "first_on"),
            ({"first_on": "٢٠٢٦-05-04"}, 400, "invalid", "first_on"),
            ({"first_on": "missing"}, 400, "invalid", "first_on"),
            ({"until": "2026-05-30"}, 422, "schedule-without-dates", "until"),
            ({"until": "9999-12-31"}, 422, "schedule-too-far", "until"),
            ({"times": 0}, 400, "invalid", "times"),
            ({"times": 1000}, 400, "invalid", "times"),
            ({"times": True}, 400, "invalid", "times"),
            ({"every": 2}, 400, "invalid", "every"),
            ({"every": 53, "rhythm": "weekly"}, 400, "invalid", "every"),
            ({"rhythm": "hourly"}, 400, "invalid", "rhythm"),
            ({"weekend": "never"}, 400, "invalid", "weekend"),
            ({"amount": "0"}, 400, "invalid-amount", "amount"),
            ({"amount": "9" * 19}, 400, "amount-too-large", "amount"),
            ({"currency": "USD"}, 400, "currency-mismatch", "currency"),
            ({"note": "x" * 141}, 400, "invalid", "note"),
            ({"target": "itself"}, 409, "same-account", "target"),
            ({"target": "acc_nonsense"}, 404, "unknown-payee", "target"),
            ({"source": "acc_nonsense"}, 404, "not-found", "source"),
            ({"source": "his"}, 404, "not-found", "source"),
            ({"day": 3}, 400, "unknown-field", "day"),
        ],
    )
    def test_what_cannot_be_planned_is_named(self, ask, hers, his, change, status, code, field):
        named = {"itself": hers.public_id, "his": his.public_id}
        change = {name: named.get(str(value), value) for name, value in change.items()}
        answer = ask(**change)
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["field"]) == (status, code, field)
        assert not Schedule.objects.exists()

    @pytest.mark.parametrize(
        "change, status, code",
        [
            ({"amount": "0"}, 400, "invalid-amount"),
            ({"first_on": "2026-05-01"}, 422, "schedule-in-past"),
            ({"rhythm": "weekly", "every": 2, "first_on": "2026-05-05"}, 200, None),
            ({"every": 2}, 400, "invalid"),
            ({"times": None, "until": None}, 200, None),
            ({"target": "acc_x"}, 400, "unknown-field"),
        ],
    )
    def test_a_change_is_judged_like_a_new_one(self, adas, ask, change, status, code):
        at = ask()["Location"]
        answer = adas.patch(at, change, format="json", HTTP_IF_MATCH="*")
        assert (answer.status_code, answer.json().get("code")) == (status, code)

    def test_somebody_elses_looks_like_none(self, ask, ben):
        at, bens = ask()["Location"], client_of(ben)
        for there in (at, f"{API}{to_public('sch', uuid7())}", f"{API}sch_x"):
            assert bens.get(there).status_code == 404
            assert bens.get(f"{there}/occurrences").status_code == 404
            assert bens.patch(there, {}, format="json", HTTP_IF_MATCH="*").status_code == 404
            for deed in ("pause", "resume", "cancel"):
                assert bens.post(f"{there}/{deed}").status_code == 404
            skip = bens.post(f"{there}/skip", {"due_on": "2026-05-31"}, format="json")
            assert skip.status_code == 404
        assert Schedule.objects.get().status == "active"


# --- for people -----------------------------------------------------------------------------


@pytest.fixture
def ada_online(client, ada):
    client.force_login(ada)
    return client


@pytest.fixture
def fill(ada_online, hers, his):
    def do(**changes):
        form = {
            "source": hers.public_id,
            "payee": his.number,
            "name": "Ben Okri",
            "amount": "10",
            "note": "Rent",
            "first_on": "2026-05-31",
            "rhythm": "monthly",
            "weekend": "same",
            "ends": "never",
            **changes,
        }
        return ada_online.post(reverse("schedule-new"), form, follow=True)

    return do


def page_of(answer):
    return answer.content.decode()


class TestForPeople:
    def test_from_form_to_preview_to_plan(self, ada_online, fill):
        preview = fill()
        page = page_of(preview)
        assert "Every month on the 31st, or the last day of a shorter month" in page
        assert "Sun 31 May 2026, Tue 30 Jun 2026, Fri 31 Jul 2026" in page
        assert "Name matches" in page
        for _ in range(2):  # a double click
            made = ada_online.post(
                reverse("schedule-preview"), {"draft": preview.context["token"]}, follow=True
            )
        assert "Sun 31 May 2026" in page_of(made)
        assert Schedule.objects.count() == 1
        again = ada_online.get(reverse("schedule-preview"), {"draft": preview.context["token"]})
        assert "You have planned this already" in page_of(again)

    def test_the_list_says_what_leaves_and_what_will_be_short(self, ada_online, hers, his):
        make(hers, his, 800_00, first=date(2026, 5, 10))
        make(hers, his, 300_00, first=date(2026, 5, 12))
        page = page_of(ada_online.get(reverse("schedules")))
        assert "€1,100.00" in page and "will be €100.00 short" in page
        assert "Sun 10 May, Wed 10 Jun, Fri 10 Jul" in page

    def test_a_failed_date_is_told_first(self, ada_online, ada, his, now):
        schedule = make(open_funded(ada, 5_00), his)
        now.move_to(clock(hour=18), tick=False)
        tasks.run_schedules()
        page = page_of(ada_online.get(reverse("schedules")))
        assert "was not paid on 4 May" in page and "not enough money" in page
        assert "Failed" in page_of(ada_online.get(reverse("schedule", args=[schedule.public_id])))

    def test_a_held_date_leads_to_where_it_is_confirmed(self, ada_online, hers, his):
        schedule = make(hers, his, 950_00)
        tasks.run_schedules()
        page = page_of(ada_online.get(reverse("schedule", args=[schedule.public_id])))
        transfer = Transfer.objects.get(status="held")
        assert "On hold" in page and reverse("transfer", args=[transfer.public_id]) in page

    @pytest.mark.parametrize(
        "changes, field",
        [
            ({"first_on": "2026-05-03"}, "first_on"),
            ({"first_on": ""}, "first_on"),
            ({"first_on": "9999-12-31"}, "first_on"),
            ({"ends": "until", "until": ""}, "until"),
            ({"ends": "until", "until": "2026-05-30"}, "until"),
            ({"ends": "times", "times": "0"}, "times"),
            ({"ends": "times", "times": "1000"}, "times"),
            ({"every": "3"}, "every"),
            ({"rhythm": "hourly"}, "rhythm"),
            ({"amount": "-1"}, "amount"),
            ({"payee": "nobody"}, "payee"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field(self, fill, changes, field):
        answer = fill(**changes)
        assert answer.status_code == 422
        assert field in answer.context["form"].errors

    def test_another_currency_is_said_at_the_payee(self, fill, ben):
        assert "payee" in fill(payee=open_funded(ben, 0, "USD").number).context["form"].errors

    def test_a_changed_or_foreign_draft_plans_nothing(self, client, ada_online, fill, ben):
        token = fill().context["token"]
        at = reverse("schedule-preview")
        assert ada_online.post(at, {"draft": token[:-2] + "xx"}).status_code == 410
        client.force_login(ben)
        assert client.post(at, {"draft": token}).status_code == 410
        assert not Schedule.objects.exists()

    def test_a_draft_of_a_transfer_is_none_of_a_plan(self, ada_online, hers, his):
        form = {"source": hers.public_id, "payee": his.number, "amount": "1"}
        token = ada_online.post(reverse("send"), form, follow=True).context["token"]
        assert ada_online.post(reverse("schedule-preview"), {"draft": token}).status_code == 410

    def test_changing_in_two_windows_loses_nothing(self, ada_online, hers, his):
        schedule = make(hers, his)
        at = reverse("schedule-change", args=[schedule.public_id])
        page = page_of(ada_online.get(at))
        form = dict(re.findall(r'<input[^>]* name="(\w+)" value="([^"]*)"', page))
        form |= {"rhythm": "monthly", "weekend": "same", "ends": "never", "amount": "12.50"}
        assert ada_online.post(at, form).status_code == 302
        late = ada_online.post(at, form | {"amount": "99"})
        assert late.status_code == 422 and "another window" in page_of(late)
        assert Schedule.objects.get().amount == Money(12_50, "EUR")

    def test_skip_pause_resume_cancel_without_scripts(self, ada_online, hers, his):
        schedule = make(hers, his, first=date(2026, 5, 31))
        at = lambda what: reverse(f"schedule-{what}", args=[schedule.public_id])  # noqa: E731
        for _ in range(2):
            ada_online.post(at("skip"), {"due_on": "2026-05-31"})
        assert Occurrence.objects.get().reason == "asked"
        ada_online.post(at("skip"), {"due_on": "x"})
        assert "Paused" in page_of(ada_online.post(at("pause"), follow=True))
        assert "Resumed" in page_of(ada_online.post(at("resume"), follow=True))
        assert "Nothing more is paid" in page_of(ada_online.get(at("cancel")))
        ended = page_of(ada_online.post(at("cancel"), follow=True))
        assert "You cancelled it" in ended
        assert ada_online.post(at("pause")).status_code == 409
        assert ada_online.get(at("change")).status_code == 302

    def test_a_deed_needs_a_post(self, ada_online, hers, his):
        schedule = make(hers, his)
        for what in ("pause", "resume", "skip"):
            there = reverse(f"schedule-{what}", args=[schedule.public_id])
            assert ada_online.get(there).status_code == 405

    @pytest.mark.parametrize("what", ["", "-change", "-cancel", "-pause", "-resume", "-skip"])
    def test_somebody_elses_does_not_exist(self, client, ben, hers, his, what):
        schedule = make(hers, his)
        client.force_login(ben)
        there = reverse(f"schedule{what}", args=[schedule.public_id])
        assert client.post(there, {"due_on": "2026-05-04"}).status_code in {404, 405}
        assert client.get(there).status_code in {404, 405}
        schedule.refresh_from_db()
        assert (schedule.status, schedule.version) == ("active", 1)

    @pytest.mark.parametrize("name", ["schedules", "schedule-new", "payees", "payee-add"])
    def test_strangers_are_asked_to_sign_in(self, client, name):
        assert reverse("account_login") in client.get(reverse(name)).url

    def test_the_list_asks_the_same_number_of_questions_however_long(
        self, ada_online, hers, his, django_assert_max_num_queries
    ):
        for _ in range(12):
            make(hers, his, 1_00, first=date(2026, 5, 10))
        with django_assert_max_num_queries(16):
            assert len(ada_online.get(reverse("schedules")).context["alive"]) == 12


def test_the_clock_sweeps_them(settings):
    assert settings.CELERY_BEAT_SCHEDULE["run-schedules"]["task"] == tasks.run_schedules.name


def test_a_schedule_outlives_the_line_of_the_address_book(ada, hers, his):
    payee = add_payee(by=ada, account=his.number, name="Ben Okri")
    schedule = make(hers, his)
    remove_payee(payee=payee, by=ada)
    assert services.run_due() == 1
    schedule.refresh_from_db()
    assert schedule.name == "Ben"
