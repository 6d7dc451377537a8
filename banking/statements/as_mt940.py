"""MT940, the customer statement of SWIFT (Standards MT, category 9).

A message has room for 2,000 characters, so a long statement is many messages: the first begins
with the opening balance (`:60F:`) and the last ends with the closing one (`:62F:`); between them
each begins with the balance (`:60M:`) that the one before ended with (`:62M:`). `:28C:` counts
them. Only SWIFT's own characters are used, see `text.swift`; JSON and camt.053 carry the true ones.
"""

import textwrap
from collections.abc import Iterator
from datetime import date

from banking.statements.statement import ONE_DAY, Line, Statement
from banking.statements.text import plain, swift

MESSAGE_MAX = 2_000
LINES_MAX, LINE_MAX = 6, 65  # of field 86
AMOUNT_DIGITS_MAX = 14  # fifteen characters, one of them the comma
STATEMENT_LINES_MAX = 3 * 99_999  # three of the longest fit a message, and five digits count those
_END = "-\r\n"
_BALANCE_MAX = 32  # `:62M:C260731EUR`, an amount of fifteen characters, the end of the line


def write(statement: Statement) -> Iterator[str]:
    sequence, before = 1, statement.opening.minor
    message = _head(statement, sequence) + _balance(
        "60F", before, statement.period.first - ONE_DAY, statement
    )
    for line in statement.lines():
        entry = _entry(line, statement.decimals)
        if len(message) + len(entry) + _BALANCE_MAX + len(_END) > MESSAGE_MAX:
            booked_on = line.booked_on
            yield message + _balance("62M", before, booked_on, statement) + _END
            sequence += 1
            message = _head(statement, sequence) + _balance("60M", before, booked_on, statement)
        message += entry
        before = line.balance_minor
    closing = _balance("62F", statement.closing.minor, statement.moment_day, statement)
    yield message + closing + _END


def _head(statement: Statement, sequence: int) -> str:
    first, last = statement.period.first, statement.period.last
    return (
        f":20:ST{first:%y%m%d}{last:%y%m%d}\r\n"
        f":25:{statement.account_digits}\r\n"
        f":28C:{last:%y%j}/{sequence:05d}\r\n"
    )


def _balance(field: str, minor: int, day: date, statement: Statement) -> str:
    mark = "D" if minor < 0 else "C"
    return (
        f":{field}:{mark}{day:%y%m%d}{statement.currency}{_amount(minor, statement.decimals)}\r\n"
    )


def _entry(line: Line, decimals: int) -> str:
    credit = line.amount_minor > 0
    # A reversal of a debit gives money back, so RD is a credit, and RC a debit.
    mark = ("RD" if credit else "RC") if line.reverses else ("C" if credit else "D")
    code = "NTRF" if line.kind == "transfer" else "NMSC"
    return (
        f":61:{line.value_date:%y%m%d}{line.booked_on:%m%d}{mark}"
        f"{_amount(line.amount_minor, decimals)}{code}NONREF//{line.seq}\r\n"
        f"{swift(line.reference)}\r\n"
        f"{_information(line)}"
    )


def _information(line: Line) -> str:
    """Field 86: who and what for, in six lines; none of them may look like a field or an end."""
    parts = [part for part in (swift(line.counterparty), swift(line.narrative)) if part]
    if not parts:
        return ""
    wrapped = textwrap.wrap(
        " / ".join(parts), LINE_MAX, max_lines=LINES_MAX, placeholder="...", break_on_hyphens=False
    )
    safe = ("." + text[1:] if text[0] in ":-" else text for text in wrapped)
    return ":86:" + "\r\n".join(safe) + "\r\n"


def _amount(minor: int, decimals: int) -> str:
    """With a comma that stays when there are no decimals: `1234,`."""
    text = plain(abs(minor), decimals, ",")
    return text if decimals else f"{text},"
