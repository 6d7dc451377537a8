"""Reports of a suspicion: what they say, who stands for them, and the files they become."""

import hashlib
import io
import json
import os
import zipfile
from pathlib import Path

import pypdf
import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from lxml import etree

from audit.models import Record
from fintrust.core import roles
from fintrust.core.errors import Forbidden
from fraud import errors
from fraud.cases import as_goaml, reports, services
from fraud.models import Case, SuspicionReport
from fraud.policy import CASES
from fraud.tests.factories import customer
from fraud.tests.test_cases import officer, suspicious

pytestmark = pytest.mark.django_db
SHARED = Path(os.environ.get("FINTRUST_DATA", settings.BASE_DIR.parent / "shared" / "data"))
WORDS = "She was called by “the bank” & moved everything.\n\nŁódź, 東京, <b>bold</b>."


@pytest.fixture
def olga():
    return officer("olga")


@pytest.fixture
def ravi():
    return officer("ravi")


@pytest.fixture
def case():
    ada = customer()
    suspicious(ada, 600_00)
    suspicious(ada, 700_00)
    return Case.objects.get()


@pytest.fixture
def draft(case, olga):
    return reports.draft_report(case=case, by=olga, narrative=WORDS)


@pytest.fixture
def signed(draft, ravi):
    return reports.sign_report(report=draft, by=ravi)


# --- who writes and who signs ---------------------------------------------------------------


def test_a_draft_says_who_what_when_and_how_much(case, draft):
    content = draft.content
    assert content["customer"]["id"] == case.customer.public_id
    assert [payment["amount"] for payment in content["payments"]] == ["600.00", "700.00"]
    assert content["totals"] == {"GBP": "1300.00"}
    assert content["from"] == content["payments"][0]["at"]
    assert content["narrative"] == WORDS
    assert all(payment["reasons"] for payment in content["payments"])
    assert hashlib.sha256(reports.canonical(content)).hexdigest() == draft.sha256


def test_the_same_draft_again_is_the_same_and_a_new_one_replaces_it(case, draft, olga):
    assert reports.draft_report(case=case, by=olga, narrative=WORDS) == draft
    other = reports.draft_report(case=case, by=olga, narrative="I was wrong.")
    draft.refresh_from_db()
    assert (draft.status, other.status) == ("replaced", "draft")


def test_a_colleague_signs_and_the_author_does_not(draft, olga, ravi):
    with pytest.raises(errors.OwnReport):
        reports.sign_report(report=draft, by=olga)
    signed = reports.sign_report(report=draft, by=ravi)
    assert (signed.status, signed.signed_by) == ("signed", ravi)
    with pytest.raises(errors.ReportNotDraft):
        reports.sign_report(report=draft, by=officer("third"))


def test_a_replaced_draft_is_not_signed(case, draft, olga, ravi):
    reports.draft_report(case=case, by=olga, narrative="I was wrong.")
    with pytest.raises(errors.ReportNotDraft):
        reports.sign_report(report=draft, by=ravi)


def test_the_database_lets_nobody_sign_their_own_nor_change_what_it_says(draft, signed):
    with pytest.raises(IntegrityError), transaction.atomic():
        SuspicionReport.objects.filter(pk=signed.pk).update(signed_by=signed.drafted_by)
    with pytest.raises(Exception, match="permission denied"), transaction.atomic():
        SuspicionReport.objects.filter(pk=signed.pk).update(content={})


@pytest.mark.parametrize("role", [roles.SUPPORT, roles.AUDITOR, roles.CUSTOMER])
def test_nobody_else_writes_or_signs(case, draft, role):
    somebody = officer("somebody", role)
    with pytest.raises(Forbidden):
        reports.draft_report(case=case, by=somebody, narrative=WORDS)
    with pytest.raises(Forbidden):
        reports.sign_report(report=draft, by=somebody)


def test_nobody_reports_or_signs_about_themselves(olga, ravi):
    suspicious(olga)
    case = Case.objects.get()
    with pytest.raises(errors.CaseAboutYou):
        reports.draft_report(case=case, by=olga, narrative=WORDS)
    draft = reports.draft_report(case=case, by=ravi, narrative=WORDS)
    with pytest.raises(errors.CaseAboutYou):
        reports.sign_report(report=draft, by=olga)


@pytest.mark.parametrize(
    "text, refused",
    [
        ("ab", errors.WordsMissing),
        ("abc", None),
        ("x" * CASES.report_text_max, None),
        ("x" * (CASES.report_text_max + 1), errors.WordsTooLong),
    ],
)
def test_a_narrative_has_its_bounds(case, olga, text, refused):
    if refused is None:
        assert reports.draft_report(case=case, by=olga, narrative=text).content["narrative"] == text
    else:
        with pytest.raises(refused):
            reports.draft_report(case=case, by=olga, narrative=text)


def test_no_record_about_a_report_tells_the_customer(signed, olga):
    reports.look_at(report=signed, by=olga)
    reports.written(report=signed, form="json", by=olga)
    told = Record.objects.filter(action__startswith="fraud.report.")
    assert set(told.values_list("action", flat=True)) == {
        f"fraud.report.{deed}" for deed in ("drafted", "signed", "viewed", "exported")
    }
    assert set(told.values_list("owner", flat=True)) == {None}


def test_what_joins_later_does_not_change_what_was_signed(case, signed):
    suspicious(case.customer, 900_00)
    signed.refresh_from_db()
    assert signed.content["totals"] == {"GBP": "1300.00"}


# --- the forms it is handed out in ----------------------------------------------------------


def test_as_json_it_can_be_checked_against_its_hash(signed, olga):
    written = reports.written(report=signed, form="json", by=olga)
    whole = json.loads(written.content)
    assert hashlib.sha256(reports.canonical(whole["content"])).hexdigest() == whole["sha256"]
    assert (whole["status"], whole["id"]) == ("signed", signed.public_id)
    assert whole["signed_by"] != whole["drafted_by"]


def text_of(content):
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def test_as_pdf_it_says_everything_and_a_draft_says_so(draft, olga, ravi):
    text = text_of(reports.written(report=draft, form="pdf", by=olga).content)
    assert "DRAFT" in text and "Nobody yet" in text
    signed = reports.sign_report(report=draft, by=ravi)
    text = text_of(reports.written(report=signed, form="pdf", by=olga).content)
    assert "DRAFT" not in text
    for words in ("Ada Byron", "600.00 GBP", "1300.00 GBP", "moved everything", "ravi", "<b>bold"):
        assert words in text, words
    assert signed.sha256 in text.replace("\n", "")


def test_a_long_pdf_has_pages(case, olga):
    draft = reports.draft_report(case=case, by=olga, narrative="\n".join(["A line."] * 200))
    written = reports.written(report=draft, form="pdf", by=olga)
    pages = pypdf.PdfReader(io.BytesIO(written.content)).pages
    assert len(pages) > 2
    assert f"Page 2 of {len(pages)}" in pages[1].extract_text().replace("\n", "")


def test_the_same_report_is_the_same_pdf(signed, olga):
    first, second = (reports.written(report=signed, form="pdf", by=olga).content for _ in range(2))
    assert first == second


@pytest.fixture(scope="module")
def goaml():
    file = SHARED / "reports" / "goaml.xsd"
    if not file.exists():
        pytest.skip(f"the goAML schema is not here: {file}")
    return etree.XMLSchema(etree.parse(file))


def test_as_goaml_it_is_valid(goaml, signed, olga):
    written = reports.written(report=signed, form="xml", by=olga)
    found = etree.fromstring(written.content)
    goaml.assertValid(found)
    assert [amount.text for amount in found.iter("amount_local")] == ["600.00", "700.00"]
    assert found.findtext("reason") == WORDS
    assert found.findtext("transaction/t_from/from_account/client_number") is not None


def test_goaml_of_several_currencies_is_a_file_for_each(goaml, case, olga, ravi):
    suspicious(case.customer, 90_000, "JPY")
    draft = reports.draft_report(case=case, by=olga, narrative=WORDS)
    signed = reports.sign_report(report=draft, by=ravi)
    written = reports.written(report=signed, form="xml", by=olga)
    assert written.kind == "application/zip"
    with zipfile.ZipFile(io.BytesIO(written.content)) as packed:
        files = {name: etree.fromstring(packed.read(name)) for name in packed.namelist()}
    for found in files.values():
        goaml.assertValid(found)
    assert sorted(found.findtext("currency_code_local") for found in files.values()) == [
        "GBP",
        "JPY",
    ]


def test_goaml_takes_what_people_write(goaml, signed):
    odd = "a\x0b\ufffe\x85b" + "x" * 8_000
    content = signed.content | {"narrative": odd}
    content["customer"] = content["customer"] | {"name": "Cher"}
    content["payments"][0]["counterparty"] = ""
    content["payments"][1]["outgoing"] = False
    goaml.assertValid(etree.fromstring(as_goaml.render("sar_x", content, "GBP")))


def test_a_report_does_not_need_an_outcome_and_names_it_when_there_is_one(case, olga):
    services.take_case(case=case, by=olga)
    assert reports.content_of(case, WORDS)["outcome"] == ""
    closed = services.close_case(
        case=case, by=olga, outcome=Case.Outcome.NOT_FRAUD, text="all well"
    )
    assert reports.content_of(closed, WORDS)["outcome"] == "not_fraud"
