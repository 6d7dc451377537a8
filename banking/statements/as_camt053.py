"""camt.053, the bank to customer statement of ISO 20022, in the version that is out of use slowly
(001.02) and in its successor (001.08). They differ in a handful of wrappings.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from xml.sax.saxutils import escape

from banking.statements.statement import Line, Statement
from banking.statements.text import plain
from fintrust.core.text import clean

DIGITS_MAX = 18  # of an amount, in both versions
NAME_MAX, ACCOUNT_NAME_MAX, REMITTANCE_MAX = 140, 70, 140
_BANK = "FinTrust"
# Bank transaction codes of ISO 20022: payments, received or issued credit transfer, in the book of
# one bank; and "not available" for what has no code of its own.
_TRANSFERS = {"transfer", "capture"}


@dataclass(frozen=True, slots=True)
class Version:
    name: str
    successor: bool

    def status(self) -> str:
        return "<Sts><Cd>BOOK</Cd></Sts>" if self.successor else "<Sts>BOOK</Sts>"

    def party(self, role: str, name: str) -> str:
        inside = f"<Nm>{escape(name)}</Nm>"
        if self.successor:
            inside = f"<Pty>{inside}</Pty>"
        return f"<RltdPties><{role}>{inside}</{role}></RltdPties>"

    def amount_of(self, amount: str, mark: str) -> str:
        """The amount of the one transaction in an entry; the older version wraps it."""
        if self.successor:
            return amount + mark
        return f"<AmtDtls><TxAmt>{amount}</TxAmt></AmtDtls>"


OLDER, NEWER = Version("camt.053.001.02", False), Version("camt.053.001.08", True)


def _write(version: Version, statement: Statement) -> Iterator[str]:
    yield _head(version, statement)
    for line in statement.lines():
        yield _entry(version, line, statement)
    yield "</Stmt></BkToCstmrStmt></Document>\n"


write_older, write_newer = partial(_write, OLDER), partial(_write, NEWER)


def _head(version: Version, statement: Statement) -> str:
    made = f"<CreDtTm>{_moment(statement.moment)}</CreDtTm>"
    period = statement.period
    last_second = period.ends_at - timedelta(seconds=1)
    opening, closing = statement.opening.minor, statement.closing.minor
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{version.name}"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>{statement.id}</MsgId>{made}</GrpHdr>\n"
        f"<Stmt><Id>{statement.id}</Id><ElctrncSeqNb>{period.last:%Y%j}</ElctrncSeqNb>{made}"
        f"<FrToDt><FrDtTm>{_moment(period.starts_at)}</FrDtTm>"
        f"<ToDtTm>{_moment(last_second)}</ToDtTm></FrToDt>"
        f"{_account(statement)}"
        f"{_balance('OPBD', opening, period.first, statement)}"
        f"{_balance('CLBD', closing, statement.moment_day, statement)}"
        f"{_summary(statement)}\n"
    )


def _account(statement: Statement) -> str:
    name = clean(statement.name)[:ACCOUNT_NAME_MAX].rstrip()
    holder = clean(statement.holder)[:NAME_MAX].rstrip()
    return (
        f"<Acct><Id><Othr><Id>{statement.account_digits}</Id></Othr></Id>"
        f"<Ccy>{statement.currency}</Ccy>"
        + (f"<Nm>{escape(name)}</Nm>" if name else "")
        + (f"<Ownr><Nm>{escape(holder)}</Nm></Ownr>" if holder else "")
        + f"<Svcr><FinInstnId><Nm>{_BANK}</Nm></FinInstnId></Svcr></Acct>\n"
    )


def _balance(code: str, minor: int, day: date, statement: Statement) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_amount(minor, statement)}"
        f"{_mark(minor)}<Dt><Dt>{day.isoformat()}</Dt></Dt></Bal>"
    )


def _summary(statement: Statement) -> str:
    def sums(tag: str, count: int, minor: int) -> str:
        total = plain(minor, statement.decimals)
        return f"<{tag}><NbOfNtries>{count}</NbOfNtries><Sum>{total}</Sum></{tag}>"

    incoming, outgoing = statement.incoming.minor, statement.outgoing.minor
    return (
        f"<TxsSummry><TtlNtries><NbOfNtries>{statement.count}</NbOfNtries></TtlNtries>"
        + sums("TtlCdtNtries", statement.incoming_count, incoming)
        + sums("TtlDbtNtries", statement.outgoing_count, outgoing)
        + "</TxsSummry>"
    )


def _entry(version: Version, line: Line, statement: Statement) -> str:
    amount, mark = _amount(line.amount_minor, statement), _mark(line.amount_minor)
    return (
        f"<Ntry><NtryRef>{line.seq}</NtryRef>{amount}{mark}"
        + ("<RvslInd>true</RvslInd>" if line.reverses else "")
        + version.status()
        + f"<BookgDt><Dt>{line.booked_on.isoformat()}</Dt></BookgDt>"
        f"<ValDt><Dt>{line.value_date.isoformat()}</Dt></ValDt>"
        f"<AcctSvcrRef>{line.reference}</AcctSvcrRef>{_code(line)}"
        f"<NtryDtls><TxDtls><Refs><AcctSvcrRef>{line.reference}</AcctSvcrRef></Refs>"
        + version.amount_of(amount, mark)
        + _party(version, line)
        + _remittance(line.narrative)
        + "</TxDtls></NtryDtls></Ntry>\n"
    )


def _code(line: Line) -> str:
    family, sub = ("NTAV", "NTAV")
    if line.kind in _TRANSFERS:
        family, sub = ("RCDT" if line.amount_minor > 0 else "ICDT"), "BOOK"
    return (
        f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub}</SubFmlyCd></Fmly>"
        f"</Domn><Prtry><Cd>{escape(clean(line.kind))}</Cd><Issr>{_BANK}</Issr></Prtry></BkTxCd>"
    )


def _party(version: Version, line: Line) -> str:
    name = clean(line.counterparty)[:NAME_MAX].rstrip()
    return version.party("Dbtr" if line.amount_minor > 0 else "Cdtr", name) if name else ""


def _remittance(narrative: str) -> str:
    text = clean(narrative)
    if not text:
        return ""
    parts = (text[at : at + REMITTANCE_MAX] for at in range(0, len(text), REMITTANCE_MAX))
    return f"<RmtInf>{''.join(f'<Ustrd>{escape(part)}</Ustrd>' for part in parts)}</RmtInf>"


def _amount(minor: int, statement: Statement) -> str:
    return f'<Amt Ccy="{statement.currency}">{plain(abs(minor), statement.decimals)}</Amt>'


def _mark(minor: int) -> str:
    return f"<CdtDbtInd>{'DBIT' if minor < 0 else 'CRDT'}</CdtDbtInd>"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
