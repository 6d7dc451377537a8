"""Bytes to records: encoding, lines and CSV, in flat memory whatever is sent. Pure."""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from charset_normalizer import from_bytes

from banking.imports.lines import Fault, FileError, LineError, Opener
from banking.policy import IMPORTS, ImportPolicy

_BOMS = (  # the longer ones first: UTF-32 begins like UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What banks still write besides Unicode; the first is what browsers take latin-1 to be.
_OLD = ("cp1252", "iso8859_15", "cp1250", "iso8859_2", "cp1251", "cp850", "mac_roman")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", *_OLD)
# Not what Western banks print: other signs, or a word of accents only, which is another alphabet.
_ODD = re.compile(
    r"[^\x00-\x7f\u00a0£€§°«»’‘“”–—…·´¿¡ºª²³½¼®™©À-ÖØ-öø-ÿŒœŠšŽž]|[À-ÿ]{4,}|[ŠŽšž„](?=[a-z])"
)
_READ = 1 << 16
_EVIDENCE_BYTES = 1 << 15
_PACKED = {
    b"PK\x03\x04": "a ZIP or Excel file",
    b"PK\x05\x06": "a ZIP file",
    b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"7z\xbc\xaf": "a 7z file",
    b"Rar!": "a RAR file",
    b"(\xb5/\xfd": "a zstd file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"%PDF": "a PDF file",
}


def refuse_packed(head: bytes) -> None:
    """What is packed could unpack to anything, so the person unpacks it."""
    for magic, name in _PACKED.items():
        if head.startswith(magic):
            raise FileError(
                "import-format-unknown",
                f"This is {name}. Export the transactions as CSV, OFX or camt.053.",
            )


def guess_encoding(open_file: Opener) -> str:
    """By its mark, by its zeros, by being UTF-8 to the last byte; else by its odd letters."""
    with open_file() as file:
        head = file.read(4096)
        for mark, name in _BOMS:
            if head.startswith(mark):
                return name
        if b"\x00" in head[:1024]:
            return _by_zeros(head)
        strange = _not_utf8(head, file)
    return _by_letters(strange) if strange else "utf-8"


def _by_zeros(head: bytes) -> str:
    """UTF-16 without its mark: every second byte of plain text is zero."""
    half = len(head) // 2 or 1
    even, odd = head[0::2].count(0) / half, head[1::2].count(0) / half
    if odd > 0.6 and even < 0.1:
        return "utf-16-le"
    if even > 0.6 and odd < 0.1:
        return "utf-16-be"
    return "utf-8"  # lines with a NUL in them; each will be refused


def _not_utf8(head: bytes, rest: BinaryIO) -> bytes:
    """The lines with letters outside ASCII, when they are not UTF-8; else nothing."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    evidence, valid, block = bytearray(), True, head
    while block:
        if valid:
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                valid = False
        if not block.isascii() and len(evidence) < _EVIDENCE_BYTES:
            odd = (line for line in block.splitlines(keepends=True) if not line.isascii())
            evidence += b"".join(odd)[:_EVIDENCE_BYTES]
        block = rest.read(_READ)
    return b"" if valid and _complete(decoder) else bytes(evidence)


def _complete(decoder: codecs.IncrementalDecoder) -> bool:
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _by_letters(evidence: bytes) -> str:
    """Western letters where one expects them are Western; else the statistics of languages."""
    unicode = evidence.decode("utf-8", "replace")
    if unicode.count("�") < 0.1 * sum(not letter.isascii() for letter in unicode):
        return "utf-8"  # with a few broken letters
    western = evidence.decode(_OLD[0], "replace")
    if not _ODD.search(western):
        return _OLD[0]
    best = from_bytes(evidence, cp_isolation=list(_OLD), enable_fallback=False).best()
    return best.encoding if best else _OLD[0]


def open_text(file: BinaryIO, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")


class _Unclosed(Exception):
    """The record that is being read does not come to an end."""


class _Feed:
    """Lines for the CSV reader, numbered; a record that went wrong can be given back."""

    def __init__(self, text: io.TextIOWrapper, policy: ImportPolicy) -> None:
        self._text, self._policy = text, policy
        self._again: deque[str | None] = deque()
        self._taken: list[str | None] = []
        self._more = False
        self.first = 1  # the line on which the present record begins

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        if len(self._taken) >= self._policy.record_lines_max:
            raise _Unclosed()
        line = self._again.popleft() if self._again else self._line()
        self._more = bool(self._taken)  # the reader wants more only inside of quotes
        if line == "":
            if self._taken:
                raise _Unclosed()
            raise StopIteration
        self._taken.append(line)
        if line is None:
            raise _Unclosed()
        return line

    def _line(self) -> str | None:
        """The next line, "" at the end, None for one that is too long to be looked at."""
        limit = self._policy.line_chars_max
        line = self._text.readline(limit)
        if len(line) < limit or line.endswith(("\n", "\r")):
            return line
        while line and not line.endswith(("\n", "\r")):
            line = self._text.readline(limit)
        return None

    def only_line(self) -> str | None:
        """The line of a record that went wrong on its first line, unless it is no line at all
        or has no end."""
        whole = len(self._taken) == 1 and not self._more
        return self._taken[0] if whole else None

    def done(self) -> None:
        self.first += len(self._taken)
        self._taken.clear()

    def give_back(self) -> Fault:
        """Refuse the first line of a record that went wrong; the others are read again."""
        first, *others = self._taken
        self._again.extendleft(reversed(others))
        self._taken = [first]
        number = self.first
        self.done()
        if first is None:
            return Fault(number, "line-too-long", "This line is too long.")
        reason = "A quotation mark on this line is never closed."
        return LineError("quote-unclosed", reason).at(number, first.strip())


def records(
    open_file: Opener,
    encoding: str,
    delimiter: str,
    quote: str,
    policy: ImportPolicy = IMPORTS,
) -> Iterator[tuple[int, list[str] | Fault]]:
    """Each record with the number of its first line; a faulty one costs only itself."""
    with open_file() as file:
        feed = _Feed(open_text(file, encoding), policy)
        while True:
            reader = csv.reader(feed, delimiter=delimiter, quotechar=quote, strict=True)
            try:
                for cells in reader:
                    yield feed.first, _checked(cells, feed.first, policy)
                    feed.done()
                return
            except (_Unclosed, csv.Error):
                number, line = feed.first, feed.only_line()
                if line is None:
                    yield number, feed.give_back()
                else:  # quotation marks inside of others: what they surround is still clear
                    (cells,) = csv.reader([line], delimiter=delimiter, quotechar=quote)
                    yield number, _checked(cells, number, policy)
                    feed.done()


def _checked(cells: list[str], number: int, policy: ImportPolicy) -> list[str] | Fault:
    if len(cells) > policy.columns_max:
        return Fault(number, "too-many-columns", f"More than {policy.columns_max} columns.")
    if any("\x00" in cell for cell in cells):
        fault = LineError("nul-character", "This line contains a NUL character.")
        return fault.at(number, " ".join(cells))
    return cells
