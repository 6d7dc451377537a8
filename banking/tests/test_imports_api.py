"""Imports through the API: what works, and that what is refused by name changes nothing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from banking.imports import services
from banking.models import Import, OutsideAccount, OutsideEntry
from banking.policy import IMPORTS
from banking.tests import import_files as files
from banking.tests.test_api import client_of

API = "/api/v1"
OUTSIDE = {"name": "Girokonto", "bank": "Sparkasse", "currency": "EUR", "opening": "-12.50"}


@pytest.fixture
def adas(ada):
    return client_of(ada)


@pytest.fixture
def bens(ben):
    return client_of(ben)


@pytest.fixture
def account(adas):
    return adas.post(f"{API}/outside-accounts/", OUTSIDE, format="json").json()["id"]


def bring(client, account, data, name="export.csv", **more):
    body = {"account": account, "file": SimpleUploadedFile(name, data), **more}
    return client.post(f"{API}/transactions/import", body, format="multipart")


def test_from_a_file_to_lines_that_are_not_held_here(adas, account):
    answer = bring(adas, account, files.GERMAN)
    assert answer.status_code == 201, answer.content
    item = answer.json()
    assert answer["Location"].endswith(f"/transactions/import/{item['id']}")
    preview = item["preview"]
    assert (preview["fresh"], preview["money_in"], preview["money_out"]) == (
        4,
        "2850.00",
        "-1243.56",
    )
    assert preview["sample"][0]["amount"] == "-4.50"
    at = f"{API}/transactions/import/{item['id']}"
    confirmed = adas.post(f"{at}/confirm", {"revision": item["revision"]}, format="json")
    assert (confirmed.status_code, confirmed.json()["status"]) == (202, "adding")
    services.work_on_imports()
    assert adas.get(at).json()["status"] == "done"
    again = adas.post(f"{at}/confirm", {"revision": item["revision"]}, format="json")
    assert (again.status_code, again.json()["added"]) == (200, 4)
    found = adas.get(f"{API}/outside-accounts/{account}").json()
    assert (found["lines"], found["held_here"]) == (4, False)
    assert (found["opening"], found["balance"]) == ("-12.50", "1593.94")
    page = adas.get(f"{API}/outside-accounts/{account}/entries?limit=3").json()
    assert [entry["amount"] for entry in page["results"]] == ["-4.50", "-4.50", "2850.00"]
    rest = adas.get(
        f"{API}/outside-accounts/{account}/entries?cursor={page['next_cursor']}&text=strom"
    ).json()
    assert [entry["text"] for entry in rest["results"]] == ['Abschlag "Strom"']
    assert adas.delete(at).status_code == 204
    assert not OutsideEntry.objects.exists()
    assert adas.delete(f"{API}/outside-accounts/{account}").status_code == 204
    assert not OutsideAccount.objects.exists()


def test_the_same_file_again_is_the_same_import(adas, account):
    first, again = (bring(adas, account, files.GERMAN) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert len(adas.get(f"{API}/transactions/import").json()["results"]) == 1


def test_columns_are_corrected_and_an_old_preview_is_not_confirmed(adas, account):
    item = bring(adas, account, b"Date,Amount,Text\n03/04/2024,1.00,x\n").json()
    at = f"{API}/transactions/import/{item['id']}"
    assert item["layout"]["unsure"]
    changed = adas.patch(at, {"date_order": "MDY"}, format="json").json()
    assert changed["preview"]["first"] == "2024-03-04"
    assert not changed["layout"]["unsure"]
    stale = adas.post(f"{at}/confirm", {"revision": item["revision"]}, format="json")
    assert (stale.status_code, stale.json()["code"]) == (409, "import-changed")


@pytest.mark.parametrize(
    "data, status, code",
    [
        (b"", 400, "import-file-empty"),
        (b"PK\x03\x04", 422, "import-format-unknown"),
        (files.camt("08")[:-99], 422, "import-file-broken"),
        (b"<!DOCTYPE x>" + files.camt("08")[39:], 422, "import-file-declares"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(adas, account, data, status, code):
    answer = bring(adas, account, data)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
        status,
        code,
        "file",
    )
    assert not Import.objects.exists()


@pytest.mark.parametrize(
    "body, code, field",
    [
        ({"account": "out_x"}, "invalid", "file"),
        ({"file": "no file"}, "invalid", "account"),
        ({"account": "out_x", "file": None, "what": "x"}, "unknown-field", "what"),
        ({"account": "a\x00b", "file": None}, "invalid", "account"),
        ({"account": "acc_01kahkf19qf7wa2mgdb9wkbn4w", "file": None}, "not-found", "account"),
    ],
)
def test_a_wrong_upload_is_refused_by_name(adas, body, code, field):
    body = {k: v or SimpleUploadedFile("a.csv", files.GERMAN) for k, v in body.items()}
    answer = adas.post(f"{API}/transactions/import", body, format="multipart")
    assert (answer.json()["code"], answer.json()["field"]) == (code, field)
    assert 400 <= answer.status_code < 500


def test_a_file_is_refused_by_its_length_before_anybody_reads_it(adas):
    answer = adas.post(
        f"{API}/transactions/import", b"", content_type="text/csv", CONTENT_LENGTH="60000000"
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "import-file-too-large")
    elsewhere = adas.post(f"{API}/accounts/", b"", content_type="x/y", CONTENT_LENGTH="1000001")
    assert elsewhere.json()["code"] == "body-too-large"


def test_what_is_no_form_with_a_file_is_refused(adas):
    answer = adas.post(f"{API}/transactions/import", {"account": "x"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")
    broken = adas.post(
        f"{API}/transactions/import", b"--x\r\n", content_type="multipart/form-data; boundary=y"
    )
    assert broken.status_code == 400


def test_a_large_file_is_read_later(adas, account):
    data = files.many_lines(10_000)
    assert len(data) > IMPORTS.check_at_once_bytes
    answer = bring(adas, account, data)
    assert (answer.status_code, answer.json()["preview"]) == (202, None)
    early = adas.post(f"{answer['Location']}/confirm", {"revision": 1}, format="json")
    assert (early.status_code, early.json()["code"]) == (409, "import-not-ready")
    services.work_on_imports()
    assert adas.get(answer["Location"]).json()["preview"]["fresh"] == 10_000


@pytest.mark.parametrize(
    "change",
    [
        {"flip": 1},
        {"flip": "true"},
        {"delimiter": "x"},
        {"roles": ["money"]},
        {"roles": []},
        {"roles": [""] * 61},
        {"skip": -1},
        {"date_order": "DYM"},
        {"decimal": ""},
        {"encoding": "rot13"},
        {"unknown": 1},
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(adas, account, change):
    item = bring(adas, account, files.GERMAN).json()
    answer = adas.patch(f"{API}/transactions/import/{item['id']}", change, format="json")
    assert answer.status_code == 400, answer.content
    assert adas.get(f"{API}/transactions/import/{item['id']}").json()["revision"] == 1


@pytest.mark.parametrize(
    "changes, code",
    [
        ({"opening": 12}, "invalid-amount"),
        ({"opening": "1e3"}, "invalid"),
        ({"opening": "1.234"}, "invalid-amount"),
        ({"currency": "XXX"}, "unknown-currency"),
        ({"name": ""}, "invalid"),
        ({"bank": "x" * 81}, "invalid"),
    ],
)
def test_an_outside_account_needs_sound_particulars(adas, changes, code):
    answer = adas.post(f"{API}/outside-accounts/", OUTSIDE | changes, format="json")
    assert answer.json()["code"] == code
    assert 400 <= answer.status_code < 500
    assert not OutsideAccount.objects.exists()


def test_somebody_elses_things_do_not_exist(adas, bens, account):
    item = bring(adas, account, files.GERMAN).json()["id"]
    for answer in (
        bring(bens, account, files.GERMAN),
        bens.get(f"{API}/outside-accounts/{account}"),
        bens.get(f"{API}/outside-accounts/{account}/entries"),
        bens.delete(f"{API}/outside-accounts/{account}"),
        bens.get(f"{API}/transactions/import/{item}"),
        bens.patch(f"{API}/transactions/import/{item}", {"flip": True}, format="json"),
        bens.post(f"{API}/transactions/import/{item}/confirm", {"revision": 1}, format="json"),
        bens.delete(f"{API}/transactions/import/{item}"),
    ):
        assert answer.status_code == 404
    assert Import.objects.get().revision == 1
