"""The pages of imports, as a browser without scripts walks them."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from banking.imports import services
from banking.imports.pages import harmless
from banking.models import Import, OutsideAccount, OutsideEntry
from banking.tests import import_files as files
from banking.tests.test_imports import bring, outside, take_over

pytestmark = pytest.mark.django_db


@pytest.fixture
def online(client, ada):
    client.force_login(ada)
    return client


def send_file(client, account, data, name="export.csv"):
    body = {"account": account.public_id, "file": SimpleUploadedFile(name, data)}
    return client.post(reverse("imports"), body)


def text_of(answer):
    return " ".join(answer.content.decode().split())


def test_from_naming_an_account_to_its_lines(online, ada):
    assert "Which account is it about?" in text_of(online.get(reverse("imports")))
    answer = online.post(
        reverse("outside-open"),
        {"name": "Girokonto", "bank": "Sparkasse", "currency": "EUR", "opening": "100"},
    )
    account = OutsideAccount.objects.get()
    assert answer.url == f"{reverse('imports')}?account={account.public_id}"
    at = send_file(online, account, files.GERMAN).url
    page = text_of(online.get(at))
    assert "Bäckerei Müller" in page and "Add 4 lines" in page
    item = Import.objects.get()
    online.post(reverse("import-confirm", args=[item.public_id]), {"revision": item.revision})
    page = text_of(online.get(at))
    assert "Adding the lines" in page and 'http-equiv="refresh"' in page
    services.work_on_imports()
    page = text_of(online.get(at))
    assert "4" in page and "See the lines" in page and 'http-equiv="refresh"' not in page
    history = text_of(online.get(reverse("outside", args=[account.public_id])))
    assert "From a file, not held here" in history
    assert "Abschlag &quot;Strom&quot;" in history
    assert "€1,706.44" in history
    assert "Girokonto" in text_of(online.get(reverse("accounts")))


def test_columns_are_corrected_by_form(online, ada):
    item = bring(ada, outside(ada), b"Date,Amount,Text\n03/04/2024,1.00,x\n")
    at = reverse("import", args=[item.public_id])
    page = online.get(at)
    assert "Look at the dates" in text_of(page)
    form = page.context["form"]
    said = {field.html_name: field.value() for field in form if field.value() not in (None, False)}
    online.post(reverse("import-columns", args=[item.public_id]), said | {"date_order": "MDY"})
    page = text_of(online.get(at))
    assert "4 Mar 2024" in page and "Look at the dates" not in page
    item.refresh_from_db()
    assert item.revision == 2
    online.post(reverse("import-columns", args=[item.public_id]), said | {"date_order": "MDY"})
    item.refresh_from_db()
    assert item.revision == 2, "what is said already changes nothing"


def test_columns_that_are_not_understood_are_asked_for(online, ada):
    item = bring(ada, outside(ada), b"a,b\nc,d\ne,f\n")
    page = online.get(reverse("import", args=[item.public_id]))
    assert "Tell us what the columns are" in text_of(page)
    assert "import-confirm" not in page.content.decode()


def test_a_wrong_correction_stays_on_the_page(online, ada):
    item = bring(ada, outside(ada), files.GERMAN)
    answer = online.post(reverse("import-columns", args=[item.public_id]), {"delimiter": "x"})
    assert answer.status_code == 422
    item.refresh_from_db()
    assert item.revision == 1


def test_an_account_of_several_in_a_statement_is_chosen(online, ada):
    other = files.OFX2.replace(b"532013000", b"999").replace(b">A1<", b">B1<")
    first = files.OFX2.partition(b"</BANKMSGSRSV1>")[0]
    item = bring(ada, outside(ada), first + other[other.index(b"<STMTTRNRS>") :])
    assert item.report["accounts"] == {"532013000": 2, "999": 2}
    online.post(reverse("import-columns", args=[item.public_id]), {"account": "999"})
    item.refresh_from_db()
    assert (item.layout, item.report["fresh"]) == ({"account": "999"}, 2)


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", "There is nothing in this file."),
        (b"PK\x03\x04", "a ZIP or Excel file"),
        (b"Dear bank,\nhow are you?\n", "No columns were found"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_beside_the_field(online, ada, data, words):
    answer = send_file(online, outside(ada), data)
    assert answer.status_code == 422
    assert words in answer.context["form"].errors["file"][0]


def test_text_of_a_file_is_shown_as_text(online, ada):
    evil = b"2024-01-02,-1.00,<script>alert(1)</script>\n2024-01-02,x,=<b>1+1\n"
    bad = b"Date,Amount,Description\n" + evil
    account = outside(ada)
    item = take_over(ada, account, bad)
    for address in (
        reverse("import", args=[item.public_id]),
        reverse("outside", args=[account.public_id]),
    ):
        page = online.get(address).content.decode()
        assert "<script>alert" not in page and "<b>1+1" not in page
    assert OutsideEntry.objects.get().text == "<script>alert(1)</script>", "kept as it came"


def test_faults_are_downloaded_without_formulas(online, ada):
    rows = b'=1+1;-1,00;EUR\n"@SUM(A1)";x;EUR\n31.01.2024;-;EUR\n' * 2
    item = bring(
        ada, outside(ada), b"Datum;Betrag;Waehrung\n" + b"31.01.2024;-1,00;EUR\n" * 9 + rows
    )
    answer = online.get(reverse("import-errors", args=[item.public_id]))
    assert answer["Content-Type"].startswith("text/csv")
    assert "attachment" in answer["Content-Disposition"]
    found = list(csv.reader(io.StringIO(answer.content.decode())))
    assert len(found) == 7
    assert found[1] == ["11", "date-unreadable", found[1][2], "'=1+1;-1,00;EUR"]
    assert found[2][3].startswith("'@SUM")


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_a_formula_is_shown_instead_of_carried_out(cell):
    assert harmless(cell) == f"'{cell}"
    assert harmless("plain") == "plain"


def test_an_old_preview_is_not_confirmed(online, ada):
    item = bring(ada, outside(ada), files.GERMAN)
    services.correct_import(item=item, by=ada, changes={"flip": True})
    for revision in ("1", "", "x", "9" * 30):
        answer = online.post(
            reverse("import-confirm", args=[item.public_id]), {"revision": revision}
        )
        assert answer.status_code == 409
        assert "look again" in text_of(answer)
    assert services.work_on_imports() == 0


def test_an_import_is_undone_and_an_account_deleted(online, ada):
    account = outside(ada)
    item = take_over(ada, account, files.GERMAN)
    at = reverse("import-undo", args=[item.public_id])
    assert "4 lines" in text_of(online.get(at))
    assert online.post(at).url == reverse("imports")
    assert not OutsideEntry.objects.exists()
    at = reverse("outside-delete", args=[account.public_id])
    assert "Sparkasse" in text_of(online.get(at))
    online.post(at)
    assert not OutsideAccount.objects.exists()


def test_htmx_gets_the_progress_and_a_new_page_when_the_state_changes(online, ada):
    item = bring(ada, outside(ada), files.GERMAN)
    services.confirm_import(item=item, by=ada, revision=1)
    at = reverse("import", args=[item.public_id])
    part = online.get(at, headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith('<section id="import-progress"')
    services.work_on_imports()
    assert online.get(at, headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_somebody_elses_pages_do_not_exist(client, ada, ben):
    account = outside(ada)
    item = bring(ada, account, files.GERMAN)
    client.force_login(ben)
    for name in ("import", "import-undo", "import-errors"):
        assert client.get(reverse(name, args=[item.public_id])).status_code == 404
    for name in ("import-undo", "import-confirm", "import-columns"):
        assert client.post(reverse(name, args=[item.public_id])).status_code == 404
    for name in ("outside", "outside-delete"):
        assert client.get(reverse(name, args=[account.public_id])).status_code == 404
    assert send_file(client, account, files.GERMAN).status_code == 422
    assert Import.objects.count() == 1


def test_a_strangers_file_is_not_even_received(ada):
    """The login is asked for first; the form's token, which lies in the body, only then."""
    stranger = Client(enforce_csrf_checks=True)
    answer = send_file(stranger, outside(ada), files.GERMAN)
    assert answer.status_code == 302
    assert "/account/login/" in answer.url
    customer = Client(enforce_csrf_checks=True)
    customer.force_login(ada)
    assert send_file(customer, OutsideAccount.objects.get(), files.GERMAN).status_code == 403
    assert not Import.objects.exists()


def test_a_page_needs_no_more_queries_for_more_rows(online, ada):
    account = outside(ada)
    online.get(reverse("imports"))  # the first look at a session writes it down
    needed = []
    for count in (1, 10):
        for number in range(count):
            take_over(ada, account, files.GERMAN + b"\n" * number)
        for address in (reverse("imports"), reverse("outside", args=[account.public_id])):
            with CaptureQueriesContext(connection) as asked:
                online.get(address)
            needed.append(len(asked))
    assert needed[:2] == needed[2:]
