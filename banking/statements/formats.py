"""Every format a statement is written in. To add one: a module with `write(statement)`, a row here.

A writer is pure and takes lines as they come; what it may not write is said before its first byte,
since nobody can be told afterwards.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from banking.policy import STATEMENTS
from banking.statements import as_camt053, as_csv, as_json, as_mt940, as_ofx
from banking.statements.errors import StatementDoesNotFit, StatementTooLong
from banking.statements.statement import Statement
from banking.statements.text import blocks

Writer = Callable[[Statement], Iterable[str | bytes]]


def _write_pdf(statement: Statement) -> Iterable[bytes]:
    # reportlab costs a process 19 MB, so only one that draws a page loads it.
    from banking.statements import as_pdf

    return as_pdf.write(statement)


@dataclass(frozen=True, slots=True)
class Format:
    name: str  # as programs ask for it
    label: str  # as people read it
    use: str  # what they want it for
    extension: str
    media_type: str
    write: Writer
    digits_max: int | None = None  # of an amount, where the format has a limit
    lines_max: int | None = None


FORMATS = {
    format.name: format
    for format in (
        Format(
            "pdf", "PDF", "to keep or to print", "pdf", "application/pdf", _write_pdf,
            lines_max=STATEMENTS.pdf_lines_max,
        ),
        Format(
            "csv", "CSV", "for a spreadsheet", "csv", "text/csv; charset=utf-8", as_csv.write,
        ),
        Format("json", "JSON", "for programs", "json", "application/json", as_json.write),
        Format("ofx", "OFX", "for accounting", "ofx", "application/x-ofx", as_ofx.write),
        Format(
            "mt940", "MT940", "SWIFT", "sta", "application/x-mt940", as_mt940.write,
            digits_max=as_mt940.AMOUNT_DIGITS_MAX, lines_max=as_mt940.STATEMENT_LINES_MAX,
        ),
        Format(
            "camt053.08", "camt.053", "ISO 20022, version 8", "xml", "application/xml",
            as_camt053.write_newer, digits_max=as_camt053.DIGITS_MAX,
        ),
        Format(
            "camt053", "camt.053 v2", "ISO 20022, version 2", "xml", "application/xml",
            as_camt053.write_older, digits_max=as_camt053.DIGITS_MAX,
        ),
    )
}  # fmt: skip


def written(statement: Statement, format: Format) -> Iterator[bytes]:
    """The statement in this format, in blocks, or why it cannot be; asked before it is sent."""
    if format.lines_max is not None and statement.count > format.lines_max:
        raise StatementTooLong(lines=statement.count, lines_max=format.lines_max)
    if format.digits_max is not None and len(str(statement.largest_minor)) > format.digits_max:
        raise StatementDoesNotFit(digits_max=format.digits_max)
    return blocks(format.write(statement))


def file_name(statement: Statement, format: Format) -> str:
    version = "-v2" if format.name == "camt053" else ""
    return f"statement-{statement.id}{version}.{format.extension}"
