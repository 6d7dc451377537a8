"""Files of other banks are understood: what is in them, what is wrong with them, and no more."""

import codecs
import contextlib
import csv
import io
import os
import string
import time
import tracemalloc
from datetime import date, timedelta
from pathlib import Path

import ofxtools.Parser
import pytest
from django.conf import settings as django_settings
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from banking.imports import delimited, reading
from banking.imports.amounts import DecimalEvidence, parse_amount
from banking.imports.dates import DateEvidence, parse_date
from banking.imports.delimited import Layout
from banking.imports.lines import Balance, Fault, FileError, Identity, Line, LineError
from banking.imports.texts import ENCODINGS, guess_encoding, records
from banking.tests import import_files as files

TODAY = date(2026, 11, 26)
SCHEMAS = Path(
    os.environ.get("ISO20022_SCHEMAS", django_settings.BASE_DIR.parent / "shared/data/iso20022")
)


def opener(data):
    return lambda: io.BytesIO(data)


def understood(data, currency="EUR", **fixed):
    """Kind, layout, and everything found."""
    kind = reading.kind_of(opener(data))
    layout = reading.guess(kind, opener(data), currency, fixed=fixed)
    found = list(reading.read(kind, opener(data), layout, currency, today=TODAY))
    return kind, layout, found


def lines(data, currency="EUR", **fixed):
    return [one for one in understood(data, currency, **fixed)[2] if isinstance(one, Line)]


def faults(data, currency="EUR", **fixed):
    return [one for one in understood(data, currency, **fixed)[2] if isinstance(one, Fault)]


def told(line):
    return (line.booked.isoformat(), line.amount_minor, line.counterparty, line.text)


# --- files from banks -----------------------------------------------------------------------


def test_a_german_file_with_a_preamble_is_understood():
    kind, layout, found = understood(files.GERMAN)
    assert (kind, layout["encoding"], layout["delimiter"]) == ("csv", "cp1252", ";")
    assert (layout["skip"], layout["decimal"], layout["date_order"]) == (5, ",", "DMY")
    assert not layout["unsure"]
    assert [told(line) for line in found] == [
        ("2024-01-31", -4_50, "Bäckerei Müller", "Brötchen; frisch"),
        ("2024-01-31", -4_50, "Bäckerei Müller", "Brötchen; frisch"),
        ("2024-01-30", 2_850_00, "Arbeit & Söhne GmbH", "Lohn Januar"),
        ("2024-01-02", -1_234_56, "Stadtwerke", 'Abschlag "Strom"'),
    ]
    assert [line.value_date for line in found][2] == date(2024, 2, 1)
    assert {line.reference for line in found} == {""}, "NOTPROVIDED names no line"


def test_an_american_file_is_understood():
    _, layout, found = understood(files.AMERICAN, "USD")
    assert (layout["date_order"], layout["decimal"], layout["unsure"]) == ("MDY", ".", False)
    assert [told(line) for line in found] == [
        ("2024-01-13", -4_75, "", "STARBUCKS, STORE 1234"),
        ("2024-01-05", 1_250_00, "", 'ACME "PAYROLL" DIR DEP'),
    ]
    assert [line.balance_minor for line in found] == [1_245_25, 1_250_00]


def test_a_british_file_has_paid_in_and_paid_out():
    assert [told(line) for line in lines(files.BRITISH, "GBP")] == [
        ("2024-03-12", -12_00, "", "TESCO STORES"),
        ("2024-03-13", 1_200_50, "", "EMPLOYER LTD"),
    ]


def test_a_dutch_file_says_debit_or_credit_in_a_column():
    assert [told(line) for line in lines(files.DUTCH)] == [
        ("2024-01-05", -12_50, "Albert Heijn", "Pas 1"),
        ("2024-01-06", 2_500_00, "Werkgever BV", "Januari"),
    ]


def test_a_file_in_two_bytes_a_letter_with_apostrophes_for_thousands_is_understood():
    assert [told(line) for line in lines(files.SWISS, "CHF")] == [
        ("2024-01-25", -12_50, "", "Kauf, MIGROS Zürich"),
        ("2024-01-26", 4_500_00, "", "Lohn"),
    ]


def test_a_file_without_names_above_its_columns_is_understood():
    data = b'"01/02/2024","-12.00","*","","COFFEE"\n"01/13/2024","1,000.00","*","","PAY"\n'
    found = lines(data, "USD")
    assert [told(line) for line in found] == [
        ("2024-01-02", -12_00, "", "COFFEE"),
        ("2024-01-13", 1_000_00, "", "PAY"),
    ]


@pytest.mark.parametrize(
    "data, currency", [(files.OFX1, "USD"), (files.OFX2, "EUR")], ids=["sgml", "xml"]
)
def test_ofx_is_read_as_an_independent_reader_reads_it(data, currency):
    kind, _, found = understood(data, currency)
    assert kind == "ofx"
    parser = ofxtools.Parser.OFXTree()
    parser.parse(io.BytesIO(data))
    (statement,) = parser.convert().statements
    ours = [one for one in found if isinstance(one, Line)]
    assert [
        (line.reference, line.amount_minor, line.counterparty, line.text, line.booked)
        for line in ours
    ] == [
        (t.fitid, int(t.trnamt * 100), t.name, t.memo or "", t.dtposted.date())
        for t in statement.transactions
    ]
    assert {line.account for line in ours} == {statement.account.acctid}
    (closing,) = [one for one in found if isinstance(one, Balance)]
    assert closing.amount_minor == int(statement.ledgerbal.balamt * 100)


@pytest.mark.parametrize("version", ["02", "08"])
def test_camt_053_is_understood(version):
    kind, _, found = understood(files.camt(version))
    assert kind == "camt"
    assert [told(one) for one in found if isinstance(one, Line)] == [
        ("2024-01-13", -4_75, "Bäckerei Müller", "Brötchen frisch"),
        ("2024-01-05", 1_250_00, "Arbeit GmbH", "Brötchen frisch"),
    ]
    assert [one.code for one in found if isinstance(one, Fault)] == ["not-booked"]
    assert [(b.kind, b.amount_minor) for b in found if isinstance(b, Balance)] == [
        ("opening", 0),
        ("closing", 1_245_25),
    ]


@pytest.mark.parametrize("version", ["02", "08"])
def test_our_camt_files_are_what_the_scheme_says(version):
    path = SCHEMAS / f"camt.053.001.{version}.xsd"
    if not path.exists():
        pytest.skip(f"NOT VALIDATED: no {path}; set ISO20022_SCHEMAS to where the schemas are")
    scheme = etree.XMLSchema(etree.parse(str(path)))
    scheme.assertValid(etree.fromstring(files.camt(version)))


def test_a_collected_booking_is_one_line():
    party = "<Nm>Somebody</Nm>"
    one = files.entry("30.00", "DBIT", "2024-01-13", party, "<Sts>{}</Sts>")
    details = one[one.index("<TxDtls>") : one.index("</NtryDtls>")]
    (line,) = lines(files.camt("02", entries=one.replace(details, details * 3)))
    assert (line.amount_minor, line.counterparty) == (-30_00, "")
    assert line.text == "3 payments booked as one"


# --- dates ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, order, day",
    [
        ("31.12.2023", "DMY", date(2023, 12, 31)),
        ("12/31/2023", "MDY", date(2023, 12, 31)),
        ("2023-12-31", "YMD", date(2023, 12, 31)),
        ("2023-12-31T10:11:12Z", "YMD", date(2023, 12, 31)),
        ("2023-12-31 10:11", "YMD", date(2023, 12, 31)),
        ("20231231", "YMD", date(2023, 12, 31)),
        ("31.12.23", "DMY", date(2023, 12, 31)),
        ("1.2.99", "DMY", date(1999, 2, 1)),
        ("31 Dec 2023", "MDY", date(2023, 12, 31)),
        ("31-Dec-23", "DMY", date(2023, 12, 31)),
        ("Dec 31, 2023", "DMY", date(2023, 12, 31)),
        ("15. März 2024", "DMY", date(2024, 3, 15)),
        ("3 août 2024", "DMY", date(2024, 8, 3)),
        ("29.02.2023", "DMY", None),
        ("31.12.2023", "MDY", None),
        ("٣١.12.2023", "DMY", None),
        ("12.50", "DMY", None),
        ("", "DMY", None),
        ("0000-00-00", "YMD", None),
    ],
)
def test_a_day_is_read_in_an_order(text, order, day):
    assert parse_date(text, order) == day


@pytest.mark.parametrize(
    "column, order, unsure",
    [
        (["03/04/2024", "13/04/2024"], "DMY", False),
        (["03/04/2024", "04/13/2024"], "MDY", False),
        (["01/02/2024", "02/02/2024", "03/02/2024"], "DMY", True),
        (["02/01/2024", "02/02/2024", "02/03/2024"], "MDY", True),
        (["05/05/2024"], "DMY", False),
        (["03/04/2024"], "DMY", True),
        (["2024-04-03"], "YMD", False),
    ],
)
def test_the_whole_column_says_what_one_day_does_not(column, order, unsure):
    assert DateEvidence().hear_all(column).order() == (order, unsure)


def test_a_day_late_in_a_long_file_still_decides():
    rows = [f"0{n % 9 + 1}/0{n % 9 + 1}/2024;-1,00;x" for n in range(5_000)]
    data = "\n".join(["Datum;Betrag;Text", *rows, "12/31/2024;-1,00;x"]).encode()
    assert understood(data)[1]["date_order"] == "MDY"


# --- amounts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, decimal, minor",
    [
        ("12.50", ".", 12_50),
        ("-12,5", ",", -12_50),
        ("1.234.567,89", ",", 1_234_567_89),
        ("1,234,567.89", ".", 1_234_567_89),
        ("1'234.50", ".", 1_234_50),
        ("1\u202f234,50", ",", 1_234_50),
        ("12,34,567.00", ".", 1_234_567_00),
        ("(12.00)", ".", -12_00),
        ("12.00-", ".", -12_00),
        ("−12.00", ".", -12_00),
        ("£12.00", ".", None),
        ("€ -12,00", ",", -12_00),
        ("12,00 EUR", ",", 12_00),
        ("12,00 S", ",", -12_00),
        ("12.00 CR", ".", 12_00),
        ("+000000012,34", ",", 12_34),
        (",50", ",", 50),
        ("7", ".", 7_00),
        ("12.5000", ".", 12_50),
        ("999999999999999.99", ".", 99999999999999999),
        ("9999999999999999.99", ".", 999999999999999999),
        ("10000000000000000.00", ".", None),
        ("9" * 50, ".", None),
        ("12.345", ".", None),
        ("1.23.456", ",", None),
        ("--5", ".", None),
        ("-5-", ".", None),
        ("(5", ".", None),
        ("NaN", ".", None),
        ("inf", ".", None),
        ("1e9", ".", None),
        ("0x10", ".", None),
        ("٣", ".", None),
        ("12,00 USD", ",", None),
        ("=1+1", ".", None),
        ("", ".", None),
        ("-", ".", None),
    ],
)
def test_an_amount_is_exact_or_refused(text, decimal, minor):
    if minor is None:
        with pytest.raises(LineError):
            parse_amount(text, decimal, "EUR")
    else:
        assert parse_amount(text, decimal, "EUR") == minor


@pytest.mark.parametrize(
    "currency, text, minor", [("JPY", "1200", 1200), ("JPY", "12.5", None), ("BHD", "1.234", 1234)]
)
def test_decimals_are_the_currencys(currency, text, minor):
    if minor is None:
        with pytest.raises(LineError):
            parse_amount(text, ".", currency)
    else:
        assert parse_amount(text, ".", currency) == minor


@pytest.mark.parametrize(
    "column, mark",
    [(["1.234", "5,10"], ","), (["1,234", "5.10"], "."), (["1.234.567"], ","), (["1,234"], "?")],
)
def test_the_column_says_which_mark_is_the_decimal_one(column, mark):
    evidence = DecimalEvidence()
    for text in column:
        evidence.hear(text)
    assert evidence.mark("?") == mark


# --- lines that are wrong -------------------------------------------------------------------

HEAD = "Datum;Betrag;Währung;Name\n"
GOOD = "31.01.2024;-4,50;EUR;Bäckerei\n"


@pytest.mark.parametrize(
    "line, code",
    [
        ("31.01.2024;NaN;EUR;x", "amount-unreadable"),
        ("31.01.2024;1e5;EUR;x", "amount-unreadable"),
        ("31.01.2024;;EUR;x", "amount-missing"),
        ("31.01.2024;1,234;EUR;x", "too-many-decimals"),
        ("31.01.2024;99999999999999999999,00;EUR;x", "amount-too-large"),
        ("32.01.2024;1,00;EUR;x", "date-unreadable"),
        (";1,00;EUR;x", "date-missing"),
        ("01.01.1969;1,00;EUR;x", "date-out-of-range"),
        ("01.01.2127;1,00;EUR;x", "date-out-of-range"),
        ("31.01.2024;1,00;USD;x", "other-currency"),
        ("31.01.2024;$1,00;USD;x", "other-currency"),
        ("31.01.2024;1,00;EUR;a\x00b", "nul-character"),
        ("31.01.2024;1,00;EUR;" + "x" * 30_000, "line-too-long"),
        ("31.01.2024" + ";" * 1_000, "too-many-columns"),
        ('31.01.2024;1,00;EUR;"never closed', "quote-unclosed"),
    ],
)
def test_a_wrong_line_is_named_and_costs_only_itself(line, code):
    data = (HEAD + GOOD * 3 + line + "\n" + GOOD * 60).encode()
    _, _, found = understood(data)
    wrong = [one for one in found if isinstance(one, Fault)]
    assert [(one.number, one.code) for one in wrong] == [(5, code)]
    assert len(found) == 64
    assert wrong[0].reason.endswith(".")
    assert len(wrong[0].excerpt) <= 120
    assert "\x00" not in wrong[0].excerpt


def test_a_quoted_line_may_go_on_below_and_the_next_is_still_counted_right():
    data = (HEAD + '31.01.2024;-1,00;EUR;"one\ntwo"\n' + "31.01.2024;x;EUR;y\n" + GOOD).encode()
    _, _, found = understood(data)
    assert found[0].counterparty == "one\ntwo"
    assert (found[1].number, found[1].code) == (4, "amount-unreadable")


def test_marks_inside_of_marks_are_read_as_they_are_meant():
    data = (HEAD + '31.01.2024;-1,00;EUR;"He said "hi", twice"\n' + GOOD * 3).encode()
    assert lines(data)[0].counterparty == 'He said hi", twice"'
    assert len(lines(data)) == 4


def test_a_line_of_ten_megabytes_is_never_held():
    data = (HEAD + GOOD).encode() + b"x" * 10_000_000 + b"\n" + GOOD.encode()
    tracemalloc.start()
    found = list(records(opener(data), "utf-8", ";", '"'))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [isinstance(cells, Fault) for _, cells in found] == [False, False, True, False]
    assert peak < 2_000_000


def test_a_million_columns_are_one_wrong_line():
    data = (HEAD + GOOD).encode() + b";" * 1_000_000 + b"\n" + GOOD.encode()
    assert [one.code for one in faults(data)] == ["line-too-long"]


def test_a_mark_that_is_never_closed_does_not_eat_the_file():
    good = '31.01.2024;-4,50;EUR;"Bäckerei"\n'
    data = (HEAD + '31.01.2024;1,00;EUR;"open\n' + good * 10).encode()
    assert len(lines(data)) == 10
    assert [one.number for one in faults(data)] == [2]


def test_the_letters_that_split_lines_in_unicode_do_not_split_ours():
    data = (HEAD + "31.01.2024;-1,00;EUR;a\u2028b\x0bc\x85d\n").encode()
    assert lines(data)[0].counterparty == "a\u2028b\x0bc\x85d"


# --- files that are wrong -------------------------------------------------------------------

BOMB = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>"""
XXE = '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
CAMT_BODY = files.camt("02").decode().partition("?>")[2]


@pytest.mark.parametrize(
    "data, code",
    [
        (b"", "import-file-empty"),
        (b" \n\n ", "import-file-empty"),
        (b"PK\x03\x04rest", "import-format-unknown"),
        (b"\x1f\x8b\x08rest", "import-format-unknown"),
        (b"%PDF-1.7", "import-format-unknown"),
        (bytes(range(256)) * 20, "import-format-unknown"),
        (b"Dear bank,\nhow are you?\n", "import-format-unknown"),
        (b'{"a": 1}', "import-format-unknown"),
        (b"<html><body>Sign in</body></html>", "import-format-unknown"),
        (files.camt("02").replace(b"camt.053", b"camt.052"), "import-format-unknown"),
        ((BOMB + CAMT_BODY.replace("Brötchen", "&c;")).encode(), "import-file-declares"),
        ((XXE + CAMT_BODY.replace("Brötchen", "&x;")).encode(), "import-file-declares"),
        (files.camt("02").replace(b"Br", b"&nope;"), "import-file-broken"),
        (files.camt("02")[:-200], "import-file-broken"),
        (files.camt("02").replace(b"<Ntry>", b"<Ntry>" + b"<a>" * 100, 1), "import-file-broken"),
        (
            files.camt("02").replace(b"<Ntry>", b"<Ntry>" + b"<a/>" * 30_000, 1),
            "import-file-broken",
        ),
        (
            files.OFX2.replace(b"<OFX>", b"<!DOCTYPE x [<!ENTITY y 'z'>]><OFX>"),
            "import-file-declares",
        ),
        (files.OFX1.partition(b"<FITID>202401050001")[0], "import-file-broken"),
        (b"OFXHEADER:100\n\n<OFX></OFX>", "import-file-broken"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data, code):
    with pytest.raises(FileError) as refused:
        understood(data)
    assert refused.value.code == code


def test_a_declared_entity_is_never_looked_at():
    """The reader stops at the declaration, so a bomb costs nothing."""
    bomb = BOMB.replace(
        "]>", "".join(f'<!ENTITY {n} "{f"&{chr(ord(n) - 1)};" * 10}">' for n in "defghijk") + "]>"
    )
    tracemalloc.start()
    with pytest.raises(FileError):
        understood((bomb + CAMT_BODY.replace("Brötchen", "&k;")).encode())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_ofx_knows_only_the_entities_of_ofx():
    data = files.OFX1.replace(b"&amp; CO", b"&amp;lt; &nope; &#65;&#0;")
    assert lines(data, "USD")[0].counterparty == "STARBUCKS &lt; &nope; A�"


def test_literal_text_and_comments_may_contain_tags():
    data = files.OFX2.replace(b"Arbeit GmbH", b"<![CDATA[A < B & <STMTTRN> Co]]>").replace(
        b"<BANKTRANLIST>", b"<!-- <STMTTRN> --><BANKTRANLIST>"
    )
    assert [line.counterparty for line in lines(data)] == [
        "Bäckerei <Müller>",
        "A < B & <STMTTRN> Co",
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"OFXHEADER:100\n<OFX><STMTRS>" + b"<!--" * 250_000,
        b"OFXHEADER:100\n<OFX><STMTRS>" + b"<![CDATA[" * 100_000,
        b"OFXHEADER:100\n<OFX><STMTRS>" + b"<A" * 500_000,
        b"Date,Amount,x\n" + (b"(" * 19_000 + b",1,2\n") * 40 + b"2024-01-02,1.00,x\n",
        b"Date,Amount,x\n" + (b'"' + b"x" * 15_000 + b"\n") * 60 + b"2024-01-02,1.00,x\n",
        b"Date,Amount,x\n" + (b"2024-01-02" + b" " * 15_000 + b"1,1.00,x\n") * 60,
    ],
    ids=["comments", "literals", "tags", "brackets", "quotes", "blanks"],
)
def test_what_looks_for_an_end_does_not_look_for_ever(data):
    began = time.process_time()
    with contextlib.suppress(FileError):
        understood(data)
    assert time.process_time() - began < 3


def test_lines_of_another_currency_are_refused_one_by_one():
    data = files.camt("02").replace(b'<Ntry><Amt Ccy="EUR">', b'<Ntry><Amt Ccy="USD">', 1)
    assert [one.code for one in faults(data)] == ["other-currency", "not-booked"]
    assert len(lines(data)) == 1
    assert {one.code for one in faults(files.OFX1, "EUR")} == {"other-currency"}


def test_of_several_accounts_in_a_file_one_is_chosen():
    other = files.OFX2.replace(b"532013000", b"999").replace(b">A1<", b">B1<")
    first = files.OFX2.partition(b"</BANKMSGSRSV1>")[0]
    second = other[other.index(b"<STMTTRNRS>") :]
    data = first + second
    assert len(lines(data)) == 4
    assert [line.reference for line in lines(data, account="999")] == ["B1", "A2"]


# --- encodings ------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("text", ["Bäckerei Müller", "Café crème", "Año £12 – €3", "plain"])
def test_letters_arrive_whatever_the_encoding(encoding, text):
    data = (HEAD + f"31.01.2024;-1,00;EUR;{text}\n" * 5).encode(encoding)
    assert {line.counterparty for line in lines(data)} == {text}


def test_one_odd_letter_at_the_end_of_a_long_file_decides():
    data = b"31.01.2024;-1,00;EUR;plain\n" * 20_000 + "31.01.2024;-1,00;EUR;é".encode("cp1252")
    assert guess_encoding(opener(data)) == "cp1252"


def test_a_broken_letter_in_a_unicode_file_does_not_make_it_an_old_one():
    data = (HEAD + GOOD * 200).encode() + b"31.01.2024;-1,00;EUR;\xe9\n"
    assert lines(data)[0].counterparty == "Bäckerei"


def test_every_encoding_on_offer_exists():
    for name in ENCODINGS:
        codecs.lookup(name)


# --- anything we write ourselves ------------------------------------------------------------

_letters = st.text(string.ascii_letters + "äöüéèñß ,;|'\"&.-", min_size=1, max_size=25)
texts = _letters.map(lambda text: f"x{text}x")  # cells are trimmed, so what is tested is inside
amounts = st.integers(-10_000_000_00, 10_000_000_00)
DATES = {"DMY": "%d.%m.%Y", "MDY": "%m/%d/%Y", "YMD": "%Y-%m-%d"}


@st.composite
def exports(draw):
    count = draw(st.integers(1, 12))
    start = draw(st.dates(date(1990, 1, 1), date(2025, 12, 1)))
    steps = draw(st.lists(st.integers(0, 9), min_size=count, max_size=count))
    day, rows = start, []
    for step in steps:
        day += timedelta(days=step)
        rows.append((day, draw(amounts), draw(texts)))
    return {
        "rows": rows,
        "order": draw(st.sampled_from(list(DATES))),
        "decimal": draw(st.sampled_from(",.")),
        "thousands": draw(st.booleans()),
        "two_columns": draw(st.booleans()),
        "delimiter": draw(st.sampled_from(",;\t|")),
        "quote": draw(st.sampled_from("\"'")),
        "quoting": draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])),
        "end": draw(st.sampled_from(["\n", "\r\n", "\r"])),
        "encoding": draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"])),
        "preamble": draw(st.integers(0, 4)),
        "header": draw(st.booleans()),
    }


def written(export):
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=export["delimiter"],
        quotechar=export["quote"],
        quoting=export["quoting"],
        lineterminator=export["end"],
    )
    for number in range(export["preamble"]):
        writer.writerow([f"About the account {number}"])
    if export["header"]:
        money = ["Paid out", "Paid in"] if export["two_columns"] else ["Amount"]
        writer.writerow(["Date", *money, "Description"])
    for day, minor, text in export["rows"]:
        cells = [_cell(minor, export)]
        if export["two_columns"]:
            shown = _cell(abs(minor), export)
            cells = [shown, ""] if minor < 0 else ["", shown]
        writer.writerow([day.strftime(DATES[export["order"]]), *cells, text])
    return out.getvalue().encode(export["encoding"])


def _cell(minor, export):
    text = f"{abs(minor) / 100:,.2f}" if export["thousands"] else f"{abs(minor) / 100:.2f}"
    if export["decimal"] == ",":
        text = text.translate(str.maketrans(",.", ".,"))
    return f"-{text}" if minor < 0 else text


@settings(max_examples=150, deadline=None)
@given(exports())
def test_any_csv_we_write_is_read_back_the_same(export):
    data, said = written(export), {}
    if not export["header"] or len(export["rows"]) < 4:
        # So few lines prove nothing about columns; their owner says what they are, as on the page.
        money = ["debit", "credit"] if export["two_columns"] else ["amount"]
        said["roles"] = ["booked", *money, "text"]
        said["skip"] = export["preamble"] + export["header"]
        said |= {"delimiter": export["delimiter"], "quote": export["quote"]}
    layout = delimited.guess(opener(data), "EUR", fixed=said)
    if layout.unsure:
        said["date_order"] = export["order"]
        layout = delimited.guess(opener(data), "EUR", fixed=said)
    found = list(delimited.read(opener(data), layout, "EUR", today=TODAY))
    told = [
        one if isinstance(one, Fault) else (one.booked, one.amount_minor, one.text) for one in found
    ]
    assert told == export["rows"], (data, layout)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
@example(b"\xff\xfe\x00\xd8a\x00")
@example(b'";";"\n' * 3)
def test_no_bytes_whatever_break_the_reader(data):
    try:
        _, _, found = understood(data)
    except FileError as error:
        assert error.reason
    else:
        assert all(isinstance(one, (Line, Fault, Balance)) for one in found)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2_500), st.binary(min_size=1, max_size=12), st.sampled_from(["ofx", "camt"]))
def test_no_damage_to_a_statement_breaks_the_reader(at, damage, kind):
    data = files.OFX2 if kind == "ofx" else files.camt("08")
    damaged = data[:at] + damage + data[at + len(damage) :]
    try:
        understood(damaged)
    except FileError as error:
        assert error.code.startswith("import-")


# --- identity -------------------------------------------------------------------------------


def keys(data, currency="EUR"):
    identity = Identity()
    return [identity.key_of(line) for line in lines(data, currency)]


def test_two_equal_coffees_in_one_file_are_two_and_the_same_file_is_the_same():
    first = keys(files.GERMAN)
    assert len(set(first)) == 4
    assert keys(files.GERMAN) == first


def test_a_reference_names_a_line_whatever_is_written_around_it():
    changed = files.OFX2.replace(b"Arbeit GmbH", b"ARBEIT").replace(b"20240105", b"20240106")
    assert keys(changed) == keys(files.OFX2)
    twice = files.OFX2.replace(b">A2<", b">A1<").replace(b"1250.00<", b"-4.75<")
    assert [repeated for _, repeated in keys(twice)] == [False, True]


def test_one_reference_for_two_amounts_is_two_lines():
    reused = files.OFX2.replace(b">A2<", b">A1<")
    assert len({key for key, _ in keys(reused)}) == 2


# --- what the owner says --------------------------------------------------------------------


def test_what_the_owner_says_is_not_guessed_again():
    data = b"Date,Amount,Text\n03/04/2024,12.00,Card\n"
    (line,) = lines(data, "EUR", date_order="MDY", flip=True)
    assert (line.booked, line.amount_minor) == (date(2024, 3, 4), -12_00)


def test_columns_that_do_not_say_when_or_how_much_are_asked_for():
    layout = Layout("utf-8", ",", '"', 0, (), ("text", "text"), "DMY", ".")
    assert len(delimited.problems_of(layout)) == 2
    twice = Layout("utf-8", ",", '"', 0, (), ("booked", "booked", "amount"), "DMY", ".")
    assert delimited.problems_of(twice) == ["Only one column can be “Booking date”."]


def test_a_long_file_is_read_in_flat_memory():
    data = files.many_lines(30_000)
    tracemalloc.start()
    layout = delimited.guess(opener(data), "EUR")
    count = sum(1 for _ in delimited.read(opener(data), layout, "EUR", today=TODAY))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 30_000
    assert peak < 12_000_000, "a sample of the beginning, and one line at a time"
