"""OFX 2.2, a bank statement response, for accounting programs.

`FITID` is the movement's own id, so a program that loads overlapping periods sees each line once.
OFX has one ledger balance, the closing one; the opening balance is in the list of other balances.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from banking.statements.statement import Line, Statement, midnight
from banking.statements.text import plain
from fintrust.core.money import Money
from fintrust.core.text import clean

NAME_MAX, LONG_NAME_MAX, MEMO_MAX = 32, 100, 255
_BANK = "FINTRUST"
_KINDS = {"deposit": "DEP", "transfer": "XFER"}
_HEADER = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    '<?OFX OFXHEADER="200" VERSION="220" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>\n'
)
_OK = "<STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"


def write(statement: Statement) -> Iterator[str]:
    kind = "SAVINGS" if statement.product == "savings" else "CHECKING"
    starts, ends = statement.period.starts_at, statement.period.ends_at
    yield (
        f"{_HEADER}<OFX><SIGNONMSGSRSV1><SONRS>{_OK}<DTSERVER>{_at(statement.moment)}</DTSERVER>"
        "<LANGUAGE>ENG</LANGUAGE></SONRS></SIGNONMSGSRSV1>\n"
        f"<BANKMSGSRSV1><STMTTRNRS><TRNUID>0</TRNUID>{_OK}<STMTRS>"
        f"<CURDEF>{statement.currency}</CURDEF><BANKACCTFROM><BANKID>{_BANK}</BANKID>"
        f"<ACCTID>{statement.account_digits}</ACCTID><ACCTTYPE>{kind}</ACCTTYPE></BANKACCTFROM>"
        f"<BANKTRANLIST><DTSTART>{_at(starts)}</DTSTART><DTEND>{_at(ends)}</DTEND>\n"
    )
    for line in statement.lines():
        yield _transaction(line, statement.decimals)
    yield (
        f"</BANKTRANLIST><LEDGERBAL><BALAMT>{_amount(statement.closing, statement)}</BALAMT>"
        f"<DTASOF>{_at(statement.moment)}</DTASOF></LEDGERBAL>"
        "<BALLIST><BAL><NAME>Opening balance</NAME><DESC>Before the first line</DESC>"
        f"<BALTYPE>DOLLAR</BALTYPE><VALUE>{_amount(statement.opening, statement)}</VALUE>"
        f"<DTASOF>{_at(starts)}</DTASOF></BAL></BALLIST>"
        "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
    )


def _transaction(line: Line, decimals: int) -> str:
    kind = _KINDS.get(line.kind, "CREDIT" if line.amount_minor > 0 else "DEBIT")
    name, memo = clean(line.counterparty), clean(line.narrative)
    return (
        f"<STMTTRN><TRNTYPE>{kind}</TRNTYPE><DTPOSTED>{_at(line.booked_at)}</DTPOSTED>"
        f"<DTAVAIL>{_at(midnight(line.value_date))}</DTAVAIL>"
        f"<TRNAMT>{plain(line.amount_minor, decimals)}</TRNAMT><FITID>{line.reference}</FITID>"
        + _text("NAME", name, NAME_MAX)
        + (_text("EXTDNAME", name, LONG_NAME_MAX) if len(name) > NAME_MAX else "")
        + _text("MEMO", memo, MEMO_MAX)
        + "</STMTTRN>\n"
    )


def _text(tag: str, text: str, size: int) -> str:
    return f"<{tag}>{escape(text[:size].rstrip())}</{tag}>" if text else ""


def _amount(money: Money, statement: Statement) -> str:
    return plain(money.minor, statement.decimals)


def _at(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%d%H%M%S}.{at.microsecond // 1000:03d}[0:GMT]"
