"""Cases in the console: the queue, the page, the dialogs, and who is offered what."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from audit.models import Record
from fintrust.core import roles
from fraud.cases import reports, selectors, services
from fraud.labels.services import label
from fraud.models import Case, EvidenceFile, Label, SuspicionReport
from fraud.tests.factories import customer
from fraud.tests.test_cases import officer, suspicious

pytestmark = pytest.mark.django_db
FRAUD, NOT_FRAUD = Case.Outcome.FRAUD, Case.Outcome.NOT_FRAUD


@pytest.fixture
def case():
    suspicious(customer())
    return Case.objects.get()


@pytest.fixture
def olga():
    return officer("olga")


@pytest.fixture
def ravi():
    return officer("ravi")


@pytest.fixture
def desk(client, olga):
    client.force_login(olga)
    return client


def url(page, *args, model="case"):
    return reverse(f"admin:fraud_{model}_{page}", args=args)


def press(client, case, deed, model="case", **form):
    """Fill in the dialog, as the browser does."""
    answer = client.post(url(deed, case.pk, model=model), {"_form_submitted": "True", **form})
    case.refresh_from_db()
    return answer


def seen(client, case, deed):
    """The place in the history that the dialog remembers."""
    page = client.get(url(deed, case.pk)).content.decode()
    found = re.search(r'name="seen" value="(\d+)"', page)
    assert found, page
    return found[1]


def listed(client, **query):
    answer = client.get(url("changelist"), query)
    assert answer.status_code == 200
    return list(answer.context["cl"].queryset)


# --- the queue ------------------------------------------------------------------------------


def test_the_queue_is_in_the_order_of_work_and_shows_what_is_open(desk, olga):
    people = {name: customer(f"{name}@example.org") for name in ("small", "large", "late", "done")}
    for minor, person in zip((500_00, 900_00, 501_00, 950_00), people.values(), strict=True):
        suspicious(person, minor)
    Case.objects.filter(customer=people["late"]).update(due_at=timezone.now())
    done = services.take_case(case=Case.objects.get(customer=people["done"]), by=olga)
    services.close_case(case=done, by=olga, outcome=NOT_FRAUD, text="all well")
    order = [case.customer.email.partition("@")[0] for case in listed(desk)]
    assert order == ["late", "large", "small"]
    assert len(listed(desk, work="all")) == 4
    assert [case.pk for case in listed(desk, work="closed")] == [done.pk]


@pytest.mark.parametrize("work", ["mine", "free", "late", "escalated", "review", "nonsense"])
def test_the_queue_is_narrowed(desk, case, olga, work):
    other = suspicious(customer("bob@example.org"), 5_000_00, "EUR")
    others = Case.objects.get(customer=other.customer)
    changes = {
        "mine": {"assigned_to": olga},
        "free": {},
        "late": {"due_at": timezone.now() - timedelta(seconds=1)},
        "escalated": {"escalated_at": timezone.now(), "escalated_by": olga},
        "review": {"status": "review", "outcome": "fraud", "proposed_by": olga},
        "nonsense": {"assigned_to": olga},
    }
    Case.objects.filter(pk=others.pk).update(**changes[work])
    if work == "free":
        Case.objects.filter(pk=case.pk).update(assigned_to=olga)
    expected = {case.pk, others.pk} if work == "nonsense" else {others.pk}
    assert {found.pk for found in listed(desk, work=work)} == expected


def test_a_case_is_found_by_every_name_it_has(desk, case):
    suspicious(customer("bob@example.org"))
    entry = case.entries.get(kind="alert")
    names = [case.public_id, entry.alert.public_id, entry.decision.public_id]
    for name in [*names, case.customer.public_id, " ADA@example.com "]:
        assert [found.pk for found in listed(desk, q=name)] == [case.pk], name


def test_the_queue_asks_no_more_for_more_rows(desk, django_assert_max_num_queries):
    def queries():
        with django_assert_max_num_queries(40) as asked:
            listed(desk)
        return len(asked)

    suspicious(customer("b0@example.org"))
    queries()
    few = queries()
    for number in range(1, 5):
        suspicious(customer(f"b{number}@example.org"))
    assert queries() == few


# --- a case's page --------------------------------------------------------------------------


def test_the_page_tells_the_whole_story_and_escapes_what_people_wrote(desk, case, olga):
    services.take_case(case=case, by=olga)
    services.add_note(case=case, by=olga, text="<script>alert(1)</script>")
    services.add_file(case=case, by=olga, name="<b>.txt", content=b"a letter")
    label(case.entries.get(kind="alert").decision, fraud=True, source="customer")
    page = desk.get(url("change", case.pk)).content.decode()
    for words in ("Alert joined", "Taken", "a lot while we know none", "the customer said so"):
        assert words in page, words
    assert "&lt;script&gt;alert(1)" in page and "<script>alert(1)" not in page


def test_looking_at_a_case_tells_the_customer_that_somebody_looked_and_not_at_what(desk, case):
    desk.get(url("change", case.pk))
    record = Record.objects.get(action="core.customer.viewed")
    assert (record.owner_id, record.subject) == (case.customer_id, case.customer.public_id)
    assert "case" not in str(record.data)


def test_nothing_can_be_edited_in_the_usual_ways(desk, case):
    assert desk.get(url("add")).status_code == 403
    assert desk.post(url("change", case.pk), {"status": "closed"}).status_code == 403
    assert desk.post(url("delete", case.pk), {"post": "yes"}).status_code == 403


def test_evidence_is_handed_out_to_be_saved_and_only_to_who_may_see_cases(desk, client, case, olga):
    services.take_case(case=case, by=olga)
    file = SimpleUploadedFile("x.html", b"<script>alert(1)</script>", "text/html")
    assert desk.post(url("evidence", case.pk), {"file": file}).status_code == 302
    kept = EvidenceFile.objects.get()
    answer = desk.get(url("file", kept.public_id))
    assert answer["Content-Type"] == "text/plain"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert desk.get(url("file", "evf_nonsense")).status_code == 404
    client.force_login(officer("nobody", roles.PARTNER))
    assert client.get(url("file", kept.public_id)).status_code in {403, 404}


@pytest.mark.parametrize("content, words", [(b"MZ\x00", "PDF, a PNG"), (b"", "empty")])
def test_a_file_that_is_none_is_refused_on_the_page(desk, case, olga, content, words):
    services.take_case(case=case, by=olga)
    file = SimpleUploadedFile("a.pdf", content)
    answer = desk.post(url("evidence", case.pk), {"file": file})
    assert answer.status_code == 422 and words in answer.content.decode()
    assert not EvidenceFile.objects.exists()


# --- the deeds ------------------------------------------------------------------------------


def test_from_taking_to_deciding_by_dialogs(desk, case, olga, ravi):
    assert press(desk, case, "take")["HX-Redirect"] == url("change", case.pk)
    assert case.assigned_to == olga
    press(desk, case, "note", text="she called")
    decision = case.entries.get(kind="alert").decision
    press(desk, case, "link", decision=decision.subject, text="the payment itself")
    assert case.entries.filter(kind="linked", decision=decision).exists()
    place = seen(desk, case, "close")
    press(desk, case, "close", outcome="fraud", text="a stolen card", seen=place)
    assert (case.status, Label.objects.get().fraud) == ("closed", True)
    press(desk, case, "reopen", text="he called again")
    assert case.status == "open"


def test_a_case_is_handed_over_put_back_and_escalated_by_dialogs(desk, case, olga, ravi):
    press(desk, case, "take")
    offered = desk.get(url("hand_over", case.pk)).content.decode()
    assert "ravi" in offered and "olga@" not in offered
    press(desk, case, "hand_over", to=ravi.pk, text="night shift")
    assert case.assigned_to == ravi
    desk.force_login(ravi)
    press(desk, case, "put_back")
    assert case.assigned_to is None
    press(desk, case, "take")
    press(desk, case, "escalate", text="a ring, I think")
    assert case.escalated_by == ravi


def test_a_second_officer_agrees_or_returns(desk, olga, ravi):
    suspicious(customer(), 5_000_00, "EUR")
    case = Case.objects.get()
    press(desk, case, "take")
    place = seen(desk, case, "close")
    press(desk, case, "close", outcome="fraud", text="a stolen card", seen=place)
    assert case.status == "review"
    assert desk.get(url("approve", case.pk)).status_code == 403  # her own
    desk.force_login(ravi)
    assert "a stolen card" in desk.get(url("approve", case.pk)).content.decode()
    press(desk, case, "return_proposal", text="which card?")
    assert case.status == "open"
    desk.force_login(olga)
    place = seen(desk, case, "close")
    press(desk, case, "close", outcome="fraud", text="the blue one", seen=place)
    desk.force_login(ravi)
    press(desk, case, "approve", seen=seen(desk, case, "approve"))
    assert (case.status, case.closed_by) == ("closed", ravi)


def test_what_joined_since_the_dialog_opened_is_looked_at_first(desk, case):
    press(desk, case, "take")
    place = seen(desk, case, "close")
    suspicious(case.customer)
    press(desk, case, "close", outcome="not_fraud", text="all well", seen=place)
    assert case.status == "open" and not Label.objects.exists()
    assert "Something joined" in desk.get(url("change", case.pk)).content.decode()


@pytest.mark.parametrize(
    "deed, form",
    [
        ("close", {"outcome": "", "text": "all well"}),
        ("close", {"outcome": "perhaps", "text": "all well"}),
        ("close", {"outcome": "fraud", "text": "x"}),
        ("note", {"text": ""}),
        ("link", {"decision": "trf_nonsense"}),
        ("hand_over", {"to": "nobody"}),
        ("report", {"narrative": "x"}),
    ],
)
def test_a_dialog_that_is_filled_in_wrongly_changes_nothing(desk, case, deed, form):
    press(desk, case, "take")
    lines = case.entries.count()
    form = {"seen": selectors.newest_entry(case), **form}
    assert "HX-Redirect" not in press(desk, case, deed, **form)
    assert (case.status, case.entries.count()) == ("open", lines)


DEEDS = ("take", "close", "approve", "return_proposal", "evidence", "link", "hand_over",
         "put_back", "escalate", "report", "reopen")  # fmt: skip


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("role", [roles.SUPPORT, roles.AUDITOR])
def test_support_and_auditors_read_and_decide_nothing(client, case, role, deed):
    client.force_login(officer("reader", role))
    assert client.get(url("change", case.pk)).status_code == 200
    press(client, case, deed, outcome="fraud", text="all well", narrative="all well", seen=0)
    assert (case.status, case.assigned_to) == ("open", None)
    assert case.entries.count() == 2


def test_support_writes_notes_and_auditors_do_not(client, case):
    client.force_login(officer("sam", roles.SUPPORT))
    press(client, case, "note", text="she called")
    client.force_login(officer("ada", roles.AUDITOR))
    assert press(client, case, "note", text="me too").status_code == 403
    assert case.entries.filter(kind="note").count() == 1


# --- reports --------------------------------------------------------------------------------


@pytest.fixture
def report(case, olga):
    return reports.draft_report(case=case, by=olga, narrative="A scam.")


def test_a_report_is_drafted_read_signed_and_handed_out(desk, case, ravi):
    press(desk, case, "report", narrative="A scam.")
    report = SuspicionReport.objects.get()
    page = url("change", report.pk, model="suspicionreport")
    assert "A scam." in desk.get(page).content.decode()
    own = url("sign", report.pk, model="suspicionreport")
    assert desk.post(own, {"_form_submitted": "True"}).status_code == 403
    desk.force_login(ravi)
    press(desk, report, "sign", model="suspicionreport")
    assert report.signed_by == ravi
    for deed, start in (("as_json", b"{"), ("as_pdf", b"%PDF"), ("as_goaml", b"<?xml")):
        answer = desk.get(url(deed, report.pk, model="suspicionreport"))
        assert answer.content.startswith(start)
        assert answer["Content-Disposition"].startswith("attachment")
    assert Record.objects.filter(action="fraud.report.exported").count() == 3
    assert not Record.objects.filter(action="core.customer.viewed").exists()


def test_a_draft_does_not_go_to_the_authority(desk, report):
    assert desk.get(url("as_goaml", report.pk, model="suspicionreport")).status_code == 403


def test_who_may_not_read_reports_does_not_learn_of_one(client, case, report):
    client.force_login(officer("sam", roles.SUPPORT))
    page = client.get(url("change", case.pk)).content.decode()
    assert "Report" not in page and report.public_id not in page
    for deed in ("change", "as_json", "as_pdf"):
        answer = client.get(url(deed, report.pk, model="suspicionreport"))
        assert answer.status_code in {302, 403}, deed


# --- labels ---------------------------------------------------------------------------------


def test_labels_are_read_and_their_age_has_a_page(desk, client, case):
    decision = case.entries.get(kind="alert").decision
    made = label(decision, fraud=True, source="customer")
    assert desk.get(url("changelist", model="label")).status_code == 200
    assert desk.get(url("change", made.pk, model="label")).status_code == 200
    page = desk.get(reverse("admin:label-age")).content.decode()
    assert "The customer said so" in page and "100%" in page
    client.force_login(officer("sam", roles.SUPPORT))
    assert client.get(reverse("admin:label-age")).status_code == 403


def test_the_page_of_ages_works_without_any_label(desk):
    assert "nothing known" in desk.get(reverse("admin:label-age")).content.decode()


@pytest.mark.parametrize("role, may", [(roles.COMPLIANCE, True), (roles.SUPPORT, False)])
def test_a_payee_is_listed_straight_from_the_case_by_who_may(client, case, role, may):
    client.force_login(officer("uma", role))
    payee = selectors.suspected(case).get().facts["counterparty"]
    link = f"{reverse('admin:fraud_listentry_write')}?kind=payee&amp;value={payee}"
    assert (link in client.get(url("change", case.pk)).content.decode()) is may
    if may:
        assert f'value="{payee}"' in client.get(link.replace("&amp;", "&")).content.decode()
