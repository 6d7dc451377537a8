"""The officer's side of the bank in the console: books, proposals, integrity, statements, terms."""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import Record
from banking import checks, ledger
from banking.books.services import close_period
from banking.models import (
    AccountLimit,
    Adjustment,
    CheckRequest,
    Closing,
    FxRate,
    InterestTerms,
)
from banking.proposals import services as proposals
from fintrust.console.books import BYTE_ORDER_MARK
from fintrust.core import roles
from fintrust.core.ids import uuid7
from fintrust.core.models import User
from fintrust.core.money import Money
from fintrust.tests import builders
from fintrust.tests.test_console import address, listed, looks, signed_in

pytestmark = pytest.mark.django_db
READERS = [roles.AUDITOR, roles.COMPLIANCE, roles.ADMINISTRATOR]


@pytest.fixture
def two():
    return builders.two_accounts()


@pytest.fixture
def officer():
    return signed_in(roles.COMPLIANCE, "Olga Fisher")


@pytest.fixture
def colleague():
    return signed_in(roles.COMPLIANCE, "Nina Brook")


@pytest.fixture
def auditor():
    return signed_in(roles.AUDITOR)


def door(model, name):
    return reverse(f"admin:banking_{model}_{name}")


def deed(row, name):
    return reverse(f"admin:banking_{row._meta.model_name}_{name}", args=[row.pk])


# --- books ----------------------------------------------------------------------------------

BOOKS = "/admin/books/"


@pytest.mark.parametrize("role", READERS)
def test_who_reads_the_bank_reads_its_books(role, two):
    page = signed_in(role).get(BOOKS)
    sheet, trial = page.context["books"].sheet, page.context["books"].trial
    assert trial.debits == trial.credits == Money(1_000_00, "EUR")
    assert sheet.total_assets == sheet.total_claims == Money(1_000_00, "EUR")
    assert not sheet.difference
    assert "Customers: Current account" in page.content.decode()


@pytest.mark.parametrize("path", [BOOKS, BOOKS + "csv/", "/admin/integrity/"])
def test_support_and_customers_do_not_read_the_books(path, two):
    assert signed_in(roles.SUPPORT).get(path).status_code == 403
    assert signed_in(roles.CUSTOMER).get(path).status_code in {302, 403}


def test_the_books_of_a_moment_are_those_before_it(officer, two):
    before = timezone.now() - timedelta(minutes=2)
    page = officer.get(BOOKS, {"currency": "EUR", "at": before.strftime("%Y-%m-%dT%H:%M")})
    assert not page.context["books"].trial.debits
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    page = officer.get(BOOKS, {"on": yesterday.isoformat()})
    assert not page.context["books"].trial.debits
    page = officer.get(BOOKS, {"on": datetime.now(UTC).date().isoformat()})
    assert page.context["books"].trial.debits.minor == 1_000_00


@pytest.mark.parametrize(
    "query",
    [
        {"currency": "XXX"},
        {"currency": "'; DROP TABLE"},
        {"at": "yesterday"},
        {"at": "2999-01-01T00:00"},
        {"on": "2999-01-01"},
        {"on": "0000-00-00"},
        {"at": "2026-01-01T00:00", "on": "2026-01-01"},
        {"closed": "2020-01-01"},
    ],
)
@pytest.mark.parametrize("path", [BOOKS, BOOKS + "csv/"])
def test_a_question_that_cannot_be_answered_says_why(officer, two, query, path):
    page = officer.get(path, query)
    assert page.status_code == 422
    assert page.context["form"].errors
    assert not Record.objects.filter(action="banking.books.downloaded").exists()


def test_the_file_adds_up_and_leaves_a_record(auditor, two):
    builders.send(two[0], two[1], 5_00)
    answer = auditor.get(BOOKS + "csv/", {"currency": "EUR"})
    assert "no-store" in answer["Cache-Control"]
    text = answer.content.decode()
    assert text.startswith(BYTE_ORDER_MARK)
    rows = list(csv.DictReader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK))))
    *lines, total = rows
    for side in ("debit", "credit"):
        assert sum(Decimal(row[side]) for row in lines) == Decimal(total[side]) == 1000
    record = Record.objects.get(action="banking.books.downloaded")
    assert (record.subject, record.purpose) == ("banking.books EUR", "console")


def test_a_name_that_begins_like_a_formula_stays_a_text(auditor, two, owner_sql_in_test):
    owner_sql_in_test("UPDATE banking_account SET name = '=1+1' WHERE gl_code = 'clearing'")
    text = auditor.get(BOOKS + "csv/").content.decode()
    assert ",'=1+1," in text


@pytest.fixture
def owner_sql_in_test():
    """The application may rename accounts, so no more rights are needed."""
    from django.db import connection

    def run(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)

    return run


def test_a_closed_period_shows_the_figures_that_were_kept(officer, two):
    day = datetime.now(UTC).date() - timedelta(days=1)
    close_period(currency="EUR", until_day=day)
    page = officer.get(BOOKS)
    assert [period.until_day for period in page.context["periods"]] == [day]
    kept = officer.get(BOOKS, {"currency": "EUR", "closed": day.isoformat()})
    assert kept.status_code == 200
    assert "as kept when" in kept.context["books"].words


# --- adjustments ----------------------------------------------------------------------------


def lines(*legs, **more):
    data = {"legs-TOTAL_FORMS": "20", "legs-INITIAL_FORMS": "0"}
    for place in range(20):
        data[f"legs-{place}-currency"] = "EUR"
    for place, (source, target, amount) in enumerate(legs):
        data[f"legs-{place}-source"] = source
        data[f"legs-{place}-target"] = target
        data[f"legs-{place}-amount"] = amount
    words = {"narrative": "Fee returned", "reason": "taken twice", "id": str(uuid7())}
    return {**data, **words, **more}


@pytest.fixture
def proposed(officer, two):
    sent = lines(("fees", two[0].number, "10"), ("rounding", two[1].public_id, "0.01"))
    assert officer.post(door("adjustment", "propose"), sent).status_code == 302
    return Adjustment.objects.get()


def test_an_officer_proposes_and_a_colleague_books(proposed, officer, colleague, two):
    page = officer.get(address(proposed)).content.decode()
    assert "Ada Byron" in page
    assert "/withdraw" in page
    assert "/approve" not in page
    assert officer.get(deed(proposed, "approve")).status_code == 403
    assert officer.post(deed(proposed, "approve"), {"reason": ""}).status_code == 403
    asked = colleague.get(deed(proposed, "approve")).content.decode()
    assert "€10.00" in asked
    assert colleague.post(deed(proposed, "approve"), {"reason": ""}).status_code == 302
    assert ledger.entries(two[0]).first().narrative == "Fee returned"
    assert colleague.post(deed(proposed, "approve"), {"reason": ""}).status_code == 403
    assert ledger.entries(two[1]).count() == 1


def test_the_customer_reads_the_entry_on_their_account(proposed, colleague, two, client):
    colleague.post(deed(proposed, "approve"), {"reason": ""})
    client.force_login(two[0].owner)
    page = client.get(f"/accounts/{two[0].public_id}/").content.decode()
    assert "Fee returned" in page
    assert "taken twice" not in page


def test_looking_at_a_proposal_is_a_look_at_its_customers(proposed, auditor):
    auditor.get(address(proposed))
    assert {email for what, email in looks() if what == "banking.adjustment"} == {
        "ada.byron@example.com",
        "bob.frost@example.com",
    }


@pytest.mark.parametrize("role", [roles.AUDITOR, roles.ADMINISTRATOR, roles.SUPPORT])
def test_others_propose_and_decide_nothing(proposed, role):
    other = signed_in(role)
    for path in (
        door("adjustment", "propose"),
        door("closing", "propose"),
        deed(proposed, "approve"),
        deed(proposed, "reject"),
        deed(proposed, "withdraw"),
    ):
        assert other.post(path, {"reason": "because"}).status_code == 403
    assert Adjustment.objects.get().is_open


def test_who_rejects_says_why(proposed, colleague):
    again = colleague.post(deed(proposed, "reject"), {"reason": " "})
    assert again.context["form"].errors
    colleague.post(deed(proposed, "reject"), {"reason": "it was right"})
    done = Adjustment.objects.get()
    assert (done.status, done.decision_reason) == ("rejected", "it was right")


def test_what_the_ledger_refuses_is_said_in_words(officer, colleague, two):
    officer.post(door("adjustment", "propose"), lines((two[1].number, "fees", "5")))
    page = colleague.post(deed(Adjustment.objects.get(), "approve"), {"reason": ""})
    assert "cannot cover this amount" in page.content.decode()
    assert Adjustment.objects.get().is_open


@pytest.mark.parametrize(
    "legs",
    [
        [],
        [("fees", "nowhere", "1")],
        [("fees", "FT61 0000 0010 0042", "1")],
        [("fees", "fees", "1")],
        [("fees", "rounding", "0")],
        [("fees", "rounding", "-1")],
        [("fees", "rounding", "1.001")],
        [("fees", "rounding", "9" * 25)],
        [("fees", "", "1")],
        [("fees\x00", "rounding", "1")],
        [("fees", "rounding", "1")] * 19 + [("x" * 41, "rounding", "1")],
    ],
)
def test_a_draft_that_cannot_be_right_is_shown_again(officer, legs):
    page = officer.post(door("adjustment", "propose"), lines(*legs))
    assert page.status_code == 200
    assert "console-error" in page.content.decode()
    assert not Adjustment.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"id": "nonsense"},
        {"id": "00000000-0000-0000-0000-000000000000"},
        {"legs-TOTAL_FORMS": "9999"},
        {"legs-TOTAL_FORMS": "x"},
        {"value_date": "2999-01-01"},
        {"narrative": "x" * 501},
        {"legs-0-currency": "USD"},
        {"legs-0-currency": "XXX"},
    ],
)
def test_a_form_that_was_tampered_with_proposes_nothing(officer, two, change):
    sent = lines(("fees", two[0].number, "1")) | change
    page = officer.post(door("adjustment", "propose"), sent)
    assert page.status_code == 200
    assert not Adjustment.objects.exists()


def test_a_double_click_is_one_proposal(officer, two):
    sent = lines(("fees", two[0].number, "1"))
    for _ in range(2):
        assert officer.post(door("adjustment", "propose"), sent).status_code == 302
    assert Adjustment.objects.count() == 1


def test_the_sidebar_counts_what_waits(proposed, officer):
    groups = officer.get("/admin/").context["sidebar_navigation"]
    badges = {item["title"]: item.get("badge") for group in groups for item in group["items"]}
    assert (badges["Adjustments"], badges["Closings"]) == ("1", None)
    assert {"Books", "Integrity"} <= set(badges)


def test_the_queue_is_filtered_and_searched(proposed, officer):
    def found(query):
        return officer.get(listed(Adjustment), query).context["cl"].result_count

    assert found({"status__exact": "open"}) == 1
    assert found({"status__exact": "approved"}) == 0
    assert found({"q": proposed.public_id}) == 1
    assert found({"q": "zebra"}) == 0


# --- closing --------------------------------------------------------------------------------


def test_a_period_is_closed_by_two_officers(officer, colleague):
    day = datetime.now(UTC).date() - timedelta(days=3)
    sent = {"currency": "EUR", "until_day": day.isoformat(), "reason": "month end"}
    assert officer.post(door("closing", "propose"), sent).status_code == 302
    closing = Closing.objects.get()
    assert "waits for a colleague" in officer.get(BOOKS).content.decode()
    again = officer.post(door("closing", "propose"), sent)
    assert "waits for a colleague already" in again.content.decode()
    assert officer.post(deed(closing, "approve"), {"reason": ""}).status_code == 403
    assert colleague.post(deed(closing, "approve"), {"reason": ""}).status_code == 302
    assert Closing.objects.get().close.until_day == day
    again = officer.post(door("closing", "propose"), sent)
    assert "The books of that day are closed" in again.content.decode()


def test_a_day_that_runs_is_not_closed(officer):
    sent = {"currency": "EUR", "until_day": "2999-01-01", "reason": "month end"}
    page = officer.post(door("closing", "propose"), sent)
    assert "Only days that are over" in page.content.decode()


def test_a_proposal_that_ran_out_has_no_buttons(proposed, colleague):
    proposals.expire_proposals(now=proposed.expires_at)
    assert colleague.get(deed(proposed, "approve")).status_code == 403
    assert "/approve" not in colleague.get(address(proposed)).content.decode()


# --- integrity ------------------------------------------------------------------------------

INTEGRITY = "/admin/integrity/"


def test_an_officer_has_the_books_checked(officer, auditor, two):
    assert "not checked yet" in officer.get(INTEGRITY).content.decode()
    officer.post(INTEGRITY)
    assert "asked for a check" in auditor.get(INTEGRITY).content.decode()
    officer.post(INTEGRITY)
    assert CheckRequest.objects.count() == 1
    assert checks.answer_asked() == 1
    page = officer.get(INTEGRITY)
    assert page.context["last"].intact
    assert "in balance" in page.content.decode()


def test_an_auditor_looks_and_asks_for_nothing(auditor):
    assert "Compliance and administrators" in auditor.get(INTEGRITY).content.decode()
    assert auditor.post(INTEGRITY).status_code == 403
    assert not CheckRequest.objects.exists()


# --- statements -----------------------------------------------------------------------------


def period(**more):
    today = datetime.now(UTC).date().isoformat()
    return {"since": today, "until": today, "format": "csv", **more}


@pytest.mark.parametrize("role", READERS)
def test_staff_read_a_statement_and_the_customer_can_see_that(role, two):
    answer = signed_in(role).post(deed(two[0], "statement"), period())
    assert "1000.00" in b"".join(answer.streaming_content).decode()
    record = Record.objects.get(action="core.customer.viewed", data__statement="csv")
    assert (record.owner_id, record.purpose) == (two[0].owner_id, "console")
    assert record.subject == two[0].public_id


def test_the_banks_own_account_has_statements(auditor, two):
    answer = auditor.post(
        deed(ledger.internal("clearing", "EUR", beside=two[0]), "statement"), period()
    )
    assert "-1000.00" in b"".join(answer.streaming_content).decode()


@pytest.mark.parametrize(
    "change",
    [
        {"format": "exe"},
        {"since": "2999-01-01", "until": "2999-01-02"},
        {"since": "2020-01-01"},
        {"since": "x"},
        {"since": "2020-01-01", "until": "2020-01-02"},
    ],
)
def test_a_statement_that_cannot_be_made_is_explained(auditor, two, change):
    page = auditor.post(deed(two[0], "statement"), period(**change))
    assert page.context["form"].errors
    assert not Record.objects.filter(data__has_key="statement").exists()


def test_support_reads_no_statement(two):
    page = signed_in(roles.SUPPORT).post(deed(two[0], "statement"), period())
    assert page.status_code == 403


def test_a_statement_of_no_account_is_not_found(auditor, two):
    path = reverse("admin:banking_account_statement", args=[999_999])
    assert auditor.post(path, period()).status_code == 404


# --- rates, terms and limits ----------------------------------------------------------------

RATE = {"base": "EUR", "quote": "USD", "rate": "1.0842", "source": "ECB", "reason": "of today"}


def terms(**more):
    day = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
    return {
        "product": "savings", "currency": "EUR", "valid_from": day, "day_count": "act/365",
        "tiers": "0 2.25\n10000: 1.5%", "overdraft": "9.5", "reason": "a new year", **more,
    }  # fmt: skip


@pytest.fixture
def boss():
    return signed_in(roles.ADMINISTRATOR, "The Boss")


def test_an_administrator_sets_a_rate(boss):
    assert boss.post(door("fxrate", "set_rate"), RATE).status_code == 302
    assert FxRate.objects.latest("id").rate == Decimal("1.0842")
    assert Record.objects.get(action="banking.rate.set").reason == "of today"


@pytest.mark.parametrize(
    "change",
    [{"rate": "0"}, {"rate": "-1"}, {"rate": "NaN"}, {"rate": "1e30"}, {"quote": "EUR"},
     {"source": " "}, {"reason": ""}, {"base": "XXX"}, {"valid_from": "2999-01-01T00:00"}],
)  # fmt: skip
def test_a_rate_that_cannot_be_is_explained(boss, change):
    page = boss.post(door("fxrate", "set_rate"), RATE | change)
    assert page.context["form"].errors
    assert not FxRate.objects.exists()


def test_an_administrator_sets_interest_terms(boss):
    assert boss.post(door("interestterms", "set_terms"), terms()).status_code == 302
    made = InterestTerms.objects.get()
    assert made.tiers == [(0, Decimal("0.0225")), (10_000_00, Decimal("0.015"))]
    assert made.overdraft_parts == 95_000
    assert Record.objects.get(action="banking.interest.terms_set").reason == "a new year"


@pytest.mark.parametrize(
    "change",
    [{"tiers": "5 1"}, {"tiers": "0"}, {"tiers": "0 x"}, {"tiers": "0 101"}, {"tiers": "0 NaN"},
     {"tiers": "0 1\n0 2"}, {"tiers": "0 1e999999"}, {"tiers": "0.001 1"}, {"tiers": "\n".join(
         f"{n} 1" for n in range(11))}, {"product": "internal"}, {"valid_from": "1990-01-01"},
     {"overdraft": "-1"}, {"reason": "x"}, {"tiers": "0 1.23456789"}, {"tiers": "-1 1"},
     {"tiers": "1e99999999 1"}],
)  # fmt: skip
def test_terms_that_cannot_be_are_explained(boss, change):
    page = boss.post(door("interestterms", "set_terms"), terms(**change))
    assert page.context["form"].errors
    assert not InterestTerms.objects.exists()


@pytest.mark.parametrize("role", [roles.AUDITOR, roles.COMPLIANCE, roles.SUPPORT])
def test_only_administrators_set_rates_and_terms(role):
    other = signed_in(role)
    assert other.post(door("fxrate", "set_rate"), RATE).status_code == 403
    assert other.post(door("interestterms", "set_terms"), terms()).status_code == 403
    assert not FxRate.objects.exists()
    assert not InterestTerms.objects.exists()


def test_an_officer_limits_an_account(officer, two):
    sent = {"day": "500", "month": "", "day_count": "3", "reason": "asked by the customer"}
    assert officer.post(deed(two[0], "limits"), sent).status_code == 302
    made = AccountLimit.objects.get()
    assert (made.day_minor, made.month_minor, made.day_count) == (500_00, None, 3)
    assert made.set_by == User.objects.get(name="Olga Fisher")
    officer.post(deed(two[0], "limits"), sent | {"day": "0"})
    assert AccountLimit.objects.latest("id").day_minor == 0


@pytest.mark.parametrize(
    "change", [{"day": "-1"}, {"day": "x"}, {"day_count": "-1"}, {"day_count": "9" * 9},
               {"reason": ""}, {"month": "9" * 25}],
)  # fmt: skip
def test_a_limit_that_cannot_be_is_explained(officer, two, change):
    sent = {"day": "500", "month": "", "day_count": "", "reason": "because"} | change
    assert officer.post(deed(two[0], "limits"), sent).context["form"].errors
    assert not AccountLimit.objects.exists()


def test_the_banks_own_accounts_and_other_roles_have_no_limits(officer, auditor, two):
    sent = {"day": "500", "reason": "because"}
    assert auditor.post(deed(two[0], "limits"), sent).status_code == 403
    own = ledger.internal("fees", "EUR")
    assert officer.post(deed(own, "limits"), sent).status_code == 403
    assert not AccountLimit.objects.exists()
