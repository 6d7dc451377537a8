"""Each format is opened by somebody else's program, which must find what the ledger says."""

import csv
import io
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import mt940
import pytest
from django.conf import settings
from lxml import etree
from ofxtools.Parser import OFXTree
from pypdf import PdfReader

from banking import ledger
from banking.statements import formats
from banking.statements.errors import StatementDoesNotFit, StatementTooLong
from banking.statements.formats import FORMATS, written
from banking.statements.statement import Statement, StatementBroken
from banking.tests.ledger_help import account as ledger_account
from banking.tests.ledger_help import customer
from banking.tests.statement_help import NASTY, feed, months_later, now_of
from fintrust.core.ids import uuid7
from fintrust.core.money import MINOR_MAX, Money, exponent

pytestmark = pytest.mark.django_db
SCHEMAS = Path(
    os.environ.get("ISO20022_SCHEMAS", settings.BASE_DIR.parent / "shared" / "data" / "iso20022")
)


# --- what the others read -------------------------------------------------------------------


@dataclass
class Found:
    """What a program found in a file."""

    opening: Decimal
    closing: Decimal
    amounts: list[Decimal]


def by_json(data: bytes) -> Found:
    read = json.loads(data)
    return Found(
        Decimal(read["opening"]),
        Decimal(read["closing"]),
        [Decimal(line["amount"]) for line in read["lines"]],
    )


def by_csv(data: bytes) -> Found:
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    first, *lines, last = rows
    assert (first["kind"], last["kind"]) == ("opening-balance", "closing-balance")
    return Found(
        Decimal(first["balance"]),
        Decimal(last["balance"]),
        [Decimal(line["amount"]) for line in lines],
    )


def by_ofxtools(data: bytes) -> Found:
    tree = OFXTree()
    tree.parse(io.BytesIO(data))
    (statement,) = tree.convert().statements
    ids = [line.fitid for line in statement.transactions]
    assert len(set(ids)) == len(ids)
    return Found(
        statement.ballist[0].value,
        statement.ledgerbal.balamt,
        [line.trnamt for line in statement.transactions],
    )


def by_mt940(data: bytes) -> Found:
    messages = data.decode("ascii").split("-\r\n")[:-1]
    read = [mt940.parse(message) for message in messages]
    found = Found(
        read[0].data["final_opening_balance"].amount.amount,
        read[-1].data["final_closing_balance"].amount.amount,
        [line.data["amount"].amount for message in read for line in message],
    )
    for number, (before, after) in enumerate(pairwise(read), 2):
        assert (
            before.data["intermediate_closing_balance"].amount
            == after.data["intermediate_opening_balance"].amount
        )
        assert int(after.data["sequence_number"]) == number
    return found


def by_lxml(data: bytes) -> Found:
    root = etree.fromstring(data)
    space = {"c": root.nsmap[None]}

    def signed(node):
        amount = Decimal(node.findtext("c:Amt", namespaces=space))
        return amount if node.findtext("c:CdtDbtInd", namespaces=space) == "CRDT" else -amount

    balances = {
        node.findtext("c:Tp/c:CdOrPrtry/c:Cd", namespaces=space): signed(node)
        for node in root.iterfind(".//c:Bal", space)
    }
    summary = root.find(".//c:TxsSummry", space)
    entries = [signed(node) for node in root.iterfind(".//c:Ntry", space)]
    assert int(summary.findtext("c:TtlNtries/c:NbOfNtries", namespaces=space)) == len(entries)
    for tag, one_way in (("Cdt", 1), ("Dbt", -1)):
        said = summary.findtext(f"c:Ttl{tag}Ntries/c:Sum", namespaces=space)
        assert Decimal(said) == sum(one_way * amount for amount in entries if amount * one_way > 0)
    return Found(balances["OPBD"], balances["CLBD"], entries)


def by_pypdf(data: bytes) -> Found:
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    number = r"[−+]?[\d,]+(?:\.\d+)?"

    def decimal(found: str) -> Decimal:
        return Decimal(found.replace(",", "").replace("−", "-").replace("+", ""))

    opening = re.search(rf"^Opening balance ({number})$", text, re.M)
    closing = re.search(rf"^Closing balance on \d+ \w+ \d+ ({number})$", text, re.M)
    amounts = re.findall(rf"^\d+ \w{{3}} \d{{4}}.* ({number}) {number}$", text, re.M)
    assert opening and closing
    return Found(decimal(opening[1]), decimal(closing[1]), [decimal(one) for one in amounts])


READERS = {
    "json": by_json,
    "csv": by_csv,
    "ofx": by_ofxtools,
    "mt940": by_mt940,
    "camt053": by_lxml,
    "camt053.08": by_lxml,
    "pdf": by_pypdf,
}


def data_of(statement: Statement, name: str) -> bytes:
    return b"".join(written(statement, FORMATS[name]))


@pytest.fixture(params=READERS)
def name(request):
    return request.param


def agree(statement: Statement, name: str) -> Found:
    found = READERS[name](data_of(statement, name))
    said = [Money(line.amount_minor, statement.currency).decimal for line in statement.lines()]
    assert found.amounts == said
    assert (found.opening, found.closing) == (statement.opening.decimal, statement.closing.decimal)
    assert found.opening + sum(found.amounts) == found.closing
    return found


# --- what must come through -----------------------------------------------------------------


def test_every_format_has_a_reader_of_somebody_else():
    assert READERS.keys() == FORMATS.keys()


@pytest.fixture
def nasty():
    """An account on which everything happened that breaks files."""
    account = ledger_account(500_00, name='My "<own>" & account')
    account.owner.name = "Zoë O'Brien-Łukasiewicz & 日本 👩‍👩‍👧"
    account.owner.save()
    for name, note in NASTY:
        other = ledger.open_account(owner=customer(), product="checking", currency="EUR")
        other.owner.name = name
        other.owner.save()
        moved = ledger.move(uuid7(), account, other, Money(12_34, "EUR"), narrative=note)
    ledger.reverse(uuid7(), moved.id, narrative="back")
    return account


def test_nasty_names_and_notes_come_through(nasty, name):
    assert len(agree(now_of(nasty), name).amounts) == len(NASTY) + 2


def test_the_same_statement_is_the_same_bytes(nasty, name):
    assert data_of(now_of(nasty), name) == data_of(now_of(nasty), name)
    with months_later():
        finished = data_of(now_of(nasty), name)
    with months_later(days=200):
        assert data_of(now_of(nasty), name) == finished


@pytest.mark.parametrize("currency", ["EUR", "JPY", "BHD"])
def test_currencies_keep_their_decimals(name, currency):
    account = ledger_account(1_234_567, currency)
    feed(account, -1)
    found = agree(now_of(account), name)
    assert found.amounts[0] == Decimal(1_234_567).scaleb(-exponent(currency))


def test_an_empty_period(name):
    assert agree(now_of(ledger_account()), name).amounts == []


def test_a_period_with_one_entry(name):
    assert len(agree(now_of(ledger_account(1)), name).amounts) == 1


def test_an_overdrawn_account(name):
    account = ledger_account(10, overdraft=Money(100_00, "EUR"))
    feed(account, -70_00)
    assert agree(now_of(account), name).closing == Decimal("-69.90")


def test_more_lines_than_a_page_or_a_message_holds(name, nasty):
    for number in range(60):
        feed(nasty, 1 + number, narrative=f"Number {number}")
    agree(now_of(nasty), name)


# --- the largest amounts --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["json", "csv", "ofx", "pdf", "camt053", "camt053.08"])
def test_the_largest_amount_the_ledger_takes(name):
    assert agree(now_of(ledger_account(MINOR_MAX)), name).closing == Decimal("9999999999999999.99")


@pytest.mark.parametrize("name", ["json", "csv", "ofx", "pdf"])
def test_a_balance_of_nineteen_digits(name):
    account = ledger_account(MINOR_MAX)
    feed(account, MINOR_MAX)
    agree(now_of(account), name)


@pytest.mark.parametrize(
    "name, minor, fits",
    [
        ("mt940", 10**14 - 1, True),
        ("mt940", 10**14, False),
        ("camt053.08", 10**18 - 1, True),
        ("camt053.08", 2 * 10**18 - 2, False),
        ("camt053", 2 * 10**18 - 2, False),
    ],
)
def test_what_a_format_has_no_room_for_is_said_before_it_is_sent(name, minor, fits):
    account = ledger_account(min(minor, MINOR_MAX))
    if minor > MINOR_MAX:
        feed(account, minor - MINOR_MAX)
    if fits:
        agree(now_of(account), name)
        return
    with pytest.raises(StatementDoesNotFit):
        written(now_of(account), FORMATS[name])


def test_too_many_lines_for_a_pdf_are_refused(nasty):
    statement = now_of(nasty)
    pdf = FORMATS["pdf"]
    for lines_max, works in ((statement.count, True), (statement.count - 1, False)):
        short = formats.Format(
            pdf.name, pdf.label, pdf.use, pdf.extension, pdf.media_type, pdf.write,
            lines_max=lines_max,
        )  # fmt: skip
        if works:
            assert b"".join(written(statement, short)).startswith(b"%PDF")
        else:
            with pytest.raises(StatementTooLong):
                written(statement, short)


# --- each by its own rules ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["camt053", "camt053.08"])
def test_camt_is_valid(name, nasty):
    version = {"camt053": "02", "camt053.08": "08"}[name]
    schema = SCHEMAS / f"camt.053.001.{version}.xsd"
    if not schema.exists():
        pytest.skip(f"NOT VALIDATED: no {schema}; set ISO20022_SCHEMAS to where the schemas are")
    valid = etree.XMLSchema(etree.parse(schema))
    for account in (nasty, ledger_account(), ledger_account(5, "JPY"), ledger_account(5, "BHD")):
        valid.assertValid(etree.fromstring(data_of(now_of(account), name)))
    internal = ledger.internal("clearing", "EUR")
    valid.assertValid(etree.fromstring(data_of(now_of(internal), name)))


def test_mt940_keeps_to_the_characters_and_lengths_of_swift(nasty):
    for number in range(60):
        feed(nasty, 100, narrative="ß€ " * 160 + str(number))
    text = data_of(now_of(nasty), "mt940").decode("ascii")
    assert set(text) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ \r\n"
    )
    messages = text.split("-\r\n")[:-1]
    assert len(messages) > 5
    for message in messages:
        assert len(message) + len("-\r\n") <= 2_000
        lines = message.split("\r\n")[:-1]
        assert all(len(line.removeprefix(":86:")) <= 65 for line in lines)
        inside = [line for line in lines if not re.match(r":(20|25|28C|6[012][FM]?|86):", line)]
        assert not any(line[0] in ":-" for line in inside)
        for field in re.findall(r":86:((?:.*\r\n(?!:))*.*)", message):
            assert len(field.split("\r\n")) <= 7
    assert text.count("\r\n:60F:") == text.count("\r\n:62F:") == 1
    assert "Ivan Petrov" in text
    assert "Zoe Muller-Lukasiewicz" in text


def test_no_cell_of_a_spreadsheet_is_a_formula(nasty):
    text = data_of(now_of(nasty), "csv").decode("utf-8-sig")
    for delimiter in ",;":  # as a spreadsheet of another country would split it
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            for cell in row:
                begins = cell.lstrip()[:1] in tuple("=+@-\t\r")
                assert not begins or re.fullmatch(r"-[\d.]+", cell), cell


def test_csv_begins_with_the_mark_spreadsheets_need(nasty):
    data = data_of(now_of(nasty), "csv")
    assert data.startswith(b"\xef\xbb\xbfbooked_at,")
    assert "Zoë Müller-Łukasiewicz".encode() in data
    assert data.count(b"\n") == data.count(b"\r\n") == len(NASTY) + 5


def test_json_keeps_every_text_as_it_was(nasty):
    read = json.loads(data_of(now_of(nasty), "json"))
    told = [(line["counterparty"], line["narrative"]) for line in read["lines"]]
    assert told[1:-1] == list(NASTY)
    assert read["lines"][-1]["reverses"] == read["lines"][-2]["reference"]
    assert read["holder"] == nasty.owner.name


def test_ofx_names_each_movement_once_for_ever(nasty):
    statement = now_of(nasty)
    tree = OFXTree()
    tree.parse(io.BytesIO(data_of(statement, "ofx")))
    (read,) = tree.convert().statements
    assert [line.fitid for line in read.transactions] == [
        line.reference for line in statement.lines()
    ]
    assert read.account.acctid == nasty.number.replace(" ", "")
    assert read.transactions[4].name == "O'Brien & Sons <Ltd>"


class TestPdf:
    def read(self, account) -> PdfReader:
        return PdfReader(io.BytesIO(data_of(now_of(account), "pdf")))

    def test_it_says_whose_it_is_and_counts_its_pages(self, nasty):
        for number in range(80):
            feed(nasty, 5_00, narrative=f"Payment number {number}")
        reader = self.read(nasty)
        texts = [page.extract_text() for page in reader.pages]
        assert len(texts) > 2
        for number, text in enumerate(texts, 1):
            assert re.search(rf"Page {number} of\s+{len(texts)}\b", text)
            assert nasty.number in text
        assert "Zoë O'Brien-Łukasiewicz & □ □" in texts[0]
        assert "Balance brought forward" in texts[1]
        assert "Иван Петров" in "".join(texts)

    def test_it_names_itself_and_its_language(self, nasty):
        reader = self.read(nasty)
        about: Any = reader.metadata
        assert about.author == "FinTrust"
        assert nasty.number in about.title
        assert str(reader.root_object["/Lang"]) == "en-GB"
        assert about.creation_date == now_of(nasty).moment.replace(microsecond=0)

    def test_several_are_drawn_at_once(self, nasty):
        made = now_of(nasty)
        object.__setattr__(made, "entries", list(made.entries))
        alone = data_of(made, "pdf")
        with ThreadPoolExecutor(4) as threads:
            for together in threads.map(lambda _: data_of(made, "pdf"), range(12)):
                assert together == alone

    def test_every_font_is_inside(self, nasty):
        for page in self.read(nasty).pages:
            resources: Any = page["/Resources"]
            for font in resources["/Font"].values():
                descriptor = font.get_object().get("/FontDescriptor")
                if descriptor is not None:
                    assert "/FontFile2" in descriptor.get_object()

    def test_an_unfinished_period_says_so(self, nasty):
        assert "This period is not over" in self.read(nasty).pages[0].extract_text()
        with months_later():
            assert "not over" not in self.read(nasty).pages[0].extract_text()


def test_a_statement_that_does_not_add_up_is_not_made(nasty, name):
    statement = now_of(nasty)
    missing = _Missing(statement.entries)
    object.__setattr__(statement, "entries", missing)
    with pytest.raises(StatementBroken):
        data_of(statement, name)


class _Missing:
    """Lines of which one was lost on the way."""

    def __init__(self, lines):
        self.lines = lines

    def __iter__(self):
        return (line for number, line in enumerate(self.lines) if number != 3)
