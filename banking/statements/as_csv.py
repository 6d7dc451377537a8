"""CSV (RFC 4180), one row for each line, between a row with the opening balance and one with the
closing balance; those two have no amount, so the column still adds up to what happened.

UTF-8 with a byte order mark: without it the spreadsheet program most people have reads é as Ã©.
Numbers are bare (`-1234.50`), the same in every country.

Other people write names and notes, and a spreadsheet runs a cell that begins like a formula. So a
text that would is kept text by an apostrophe in front. That is done behind a semicolon, too: where
semicolons separate columns, the part behind one becomes a cell of its own, whatever is quoted.
"""

import csv
import re
from collections.abc import Iterator
from datetime import datetime

from banking.statements.statement import Line, Statement
from banking.statements.text import plain
from fintrust.core.money import Money
from fintrust.core.text import clean

BYTE_ORDER_MARK = "\ufeff"
COLUMNS = (
    "booked_at", "value_date", "kind", "counterparty", "narrative", "amount", "currency",
    "balance", "reference", "reverses",
)  # fmt: skip
_FORMULA = re.compile(r"(^|;)(\s*)(?=[=+\-@\N{FULLWIDTH EQUALS SIGN}＋－＠])")


def write(statement: Statement) -> Iterator[str]:
    rows = csv.writer(_Passing(), lineterminator="\r\n")
    starts_at = statement.period.starts_at
    yield BYTE_ORDER_MARK + rows.writerow(COLUMNS)
    yield rows.writerow(_balance("opening-balance", starts_at, statement.opening, statement))
    for line in statement.lines():
        yield rows.writerow(_row(line, statement))
    yield rows.writerow(_balance("closing-balance", statement.moment, statement.closing, statement))


class _Passing:
    """A file that hands back what is written, so that nothing is kept."""

    def write(self, text: str) -> str:
        return text


def _row(line: Line, statement: Statement) -> tuple[str, ...]:
    return (
        _moment(line.booked_at),
        line.value_date.isoformat(),
        line.kind,
        text_cell(line.counterparty),
        text_cell(line.narrative),
        plain(line.amount_minor, statement.decimals),
        statement.currency,
        plain(line.balance_minor, statement.decimals),
        line.reference,
        line.reversed_reference,
    )


def _balance(kind: str, at: datetime, balance: Money, statement: Statement) -> tuple[str, ...]:
    amount = plain(balance.minor, statement.decimals)
    return (_moment(at), "", kind, "", "", "", statement.currency, amount, "", "")


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def text_cell(text: str) -> str:
    """A text that stays text in a spreadsheet."""
    return _FORMULA.sub(r"\1\2'", clean(text))
