"""OFX 1 (SGML) and OFX 2 (XML): the same names, closed or not, read as a stream of tags. Pure.

Nothing is expanded: of entities only the five that every OFX file may use mean something, and a
document that declares its own is refused. What is kept of an entry is bounded.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import BinaryIO

from banking.imports import texts
from banking.imports.amounts import DecimalEvidence, parse_amount
from banking.imports.delimited import check_day
from banking.imports.lines import Balance, Fault, FileError, Line, LineError, Opener
from banking.policy import IMPORTS, ImportPolicy

_READ = 1 << 15
_TOKEN = re.compile(r"<(/?)([A-Za-z0-9_.]{1,40})[^<>]*?(/?)>([^<]*)")
_INSTRUCTION = re.compile(r"<\?[^<>]*\?>")
_OPENED = re.compile(r"<!(?:\[CDATA\[|--)")
_DECLARATION = re.compile(r"<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST)", re.IGNORECASE)
_ENTITY = re.compile(r"&(amp|lt|gt|quot|apos|nbsp|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'", "nbsp": " "}
_CHARSET = re.compile(rb"(?:CHARSET:|ENCODING:|encoding=[\"'])\s*([A-Za-z0-9_-]+)")
_CHARSETS = {"1252": "cp1252", "8859-1": "cp1252", "1250": "cp1250", "1251": "cp1251"}
_KEPT = {
    "DTPOSTED", "DTAVAIL", "TRNAMT", "FITID", "NAME", "MEMO", "CURRENCY", "CURSYM", "PAYEE",
    "CHECKNUM", "EXTDNAME",
}  # fmt: skip
_OF_BALANCE = {"BALAMT", "DTASOF"}


def looks_like(head: str) -> bool:
    return bool(re.search(r"OFXHEADER|<OFX[\s>]", head, re.IGNORECASE))


def read(
    open_file: Opener, currency: str, *, today: date, policy: ImportPolicy = IMPORTS
) -> Iterator[Line | Fault | Balance]:
    """Every entry in the file's order, and its closing balances; FileError when it is no OFX."""
    reader, encoding = _Reader(currency, today, policy), _encoding(open_file)
    with open_file() as file:
        for closing, name, value in _tokens(file, encoding, policy):
            yield from reader.hear(closing, name.upper(), value)
    if reader.unfinished:
        raise FileError("import-file-broken", "This OFX file ends in the middle of an entry.")
    if not reader.began:
        raise FileError("import-file-broken", "This OFX file holds no statement.")


def _encoding(open_file: Opener) -> str:
    """What the bytes are, not what the header promises; the header decides between old ones."""
    found = texts.guess_encoding(open_file)
    if found.startswith("utf"):
        return found
    with open_file() as file:
        names = [name.decode().casefold() for name in _CHARSET.findall(file.read(1024))]
    return next((_CHARSETS[name] for name in names if name in _CHARSETS), found)


def _tokens(file: BinaryIO, encoding: str, policy: ImportPolicy) -> Iterator[tuple[bool, str, str]]:
    """Each tag with whether it closes and the text behind it."""
    text = texts.open_text(file, encoding)
    left = ""
    while block := text.read(_READ):
        left = _without_cdata(left + block)
        if _DECLARATION.search(left):
            raise FileError("import-file-declares", "This file declares a document type.")
        opened = _OPENED.search(left)  # what is left of CDATA and comments is not closed yet
        whole = opened.start() if opened else left.rfind("<")  # nor may the last tag be
        done, left = left[:whole], left[whole:] if whole >= 0 else left[-_READ:]
        if len(left) > policy.line_chars_max * 4:
            raise FileError("import-file-broken", "A part of this OFX file is too long.")
        yield from _found(done)
    yield from _found(left)


def _without_cdata(text: str) -> str:
    """Literal text escaped, comments and instructions left out; found by their ends, in one go."""
    text = _replaced(text, "<![CDATA[", "]]>", _escaped)
    text = _replaced(text, "<!--", "-->", lambda _: "")
    return _INSTRUCTION.sub("", text)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _replaced(text: str, start: str, end: str, by: Callable[[str], str]) -> str:
    done, at = [], 0
    while (begins := text.find(start, at)) >= 0:
        ends = text.find(end, begins)
        if ends < 0:  # the rest of it comes with the next block
            break
        done += [text[at:begins], by(text[begins + len(start) : ends])]
        at = ends + len(end)
    return "".join([*done, text[at:]])


def _found(text: str) -> Iterator[tuple[bool, str, str]]:
    for match in _TOKEN.finditer(text):
        yield bool(match[1]), match[2], _plain(match[4])


def _plain(text: str) -> str:
    text = text.strip()
    return _ENTITY.sub(_meaning, text) if "&" in text else text


def _meaning(match: re.Match[str]) -> str:
    name = match[1]
    if not name.startswith("#"):
        return _NAMED[name]
    number = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
    return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else "�"


class _Reader:
    """Where in the statement we are, and what has been said of the present entry."""

    def __init__(self, currency: str, today: date, policy: ImportPolicy) -> None:
        self._currency, self._policy = currency, policy
        self._today = today
        self.began = False
        self._number = 0
        self._account = self._default = ""
        self._entry: dict[str, str] | None = None
        self._parts = 0
        self._ledger: dict[str, str] | None = None

    @property
    def unfinished(self) -> bool:
        return self._entry is not None

    def hear(self, closing: bool, name: str, value: str) -> Iterator[Line | Fault | Balance]:
        if name == "STMTTRN":
            yield from self._entry_ended()  # SGML may leave the closing tag away
            self._entry = None if closing else {}
        elif name in {"BANKTRANLIST", "LEDGERBAL", "STMTRS", "CCSTMTRS"}:
            yield from self._entry_ended()
            yield from self._section(closing, name)
        elif not closing and value:
            self._keep(name, value)

    def _section(self, closing: bool, name: str) -> Iterator[Balance]:
        if self._ledger:
            yield from self._balance(self._ledger)
        self._ledger = {} if name == "LEDGERBAL" and not closing else None
        if name.endswith("STMTRS"):
            self.began = True
            if not closing:
                self._account = self._default = ""

    def _keep(self, name: str, value: str) -> None:
        if self._entry is not None:
            self._parts += 1
            if name in _KEPT and self._parts <= self._policy.entry_parts_max:
                self._entry.setdefault(name, value)
        elif self._ledger is not None and name in _OF_BALANCE:
            self._ledger.setdefault(name, value)
        elif name == "CURDEF":
            self._default = value.upper()
        elif name == "ACCTID" and not self._account:
            self._account = value

    def _entry_ended(self) -> Iterator[Line | Fault]:
        said, self._entry, self._parts = self._entry, None, 0
        if said is None:
            return
        self._number += 1
        try:
            yield self._line(said)
        except LineError as error:
            yield error.at(self._number, " ".join(said.values()))

    def _line(self, said: dict[str, str]) -> Line:
        if any("\x00" in value for value in said.values()):
            raise LineError("nul-character", "This line contains a NUL character.")
        currency = said.get("CURSYM", "").upper() or self._default or self._currency
        if currency != self._currency:
            reason = f"This line is in {currency[:10]}, the account in {self._currency}."
            raise LineError("other-currency", reason)
        name, memo = said.get("NAME") or said.get("PAYEE", ""), said.get("MEMO", "")
        return Line(
            number=self._number,
            booked=self._day(said, "DTPOSTED"),
            value_date=self._day(said, "DTAVAIL") if "DTAVAIL" in said else None,
            amount_minor=self._amount(said.get("TRNAMT", "")),
            currency=currency,
            counterparty=name,
            text=memo,
            reference=said.get("FITID", ""),
            account=self._account,
        )

    def _amount(self, text: str) -> int:
        if not text:
            raise LineError("amount-missing", "There is no amount.")
        marks = DecimalEvidence()
        marks.hear(text)
        return parse_amount(text, marks.mark("."), self._currency)

    def _day(self, said: dict[str, str], name: str) -> date:
        text = said.get(name, "")
        if not text:
            raise LineError("date-missing", "There is no booking date.")
        day = day_of(text)
        check_day(day, self._policy.earliest, self._today + self._policy.ahead)
        return day

    def _balance(self, said: dict[str, str]) -> Iterator[Balance]:
        try:
            amount = self._amount(said.get("BALAMT", ""))
            on = day_of(said.get("DTASOF", ""))
        except LineError:  # a balance is only compared; a file without one is as good
            return
        yield Balance(self._account, "closing", amount, self._default or self._currency, on)


def day_of(text: str) -> date:
    """The day of an OFX time, 20240105120000.000[-5:EST]: as the other bank's clock has it."""
    digits = re.match(r"([0-9]{4})([0-9]{2})([0-9]{2})(?![0-9]{1}\b)", text)
    if digits is None:
        raise LineError("date-unreadable", f"“{text[:20]}” is not a date.")
    try:
        return date(int(digits[1]), int(digits[2]), int(digits[3]))
    except ValueError:
        raise LineError("date-unreadable", f"“{text[:20]}” is not a date.") from None
