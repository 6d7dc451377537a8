"""Files as banks of several countries write them, made up in their likeness: in `files/` as they
would arrive, byte for byte; statements of ISO 20022 and long files are made here."""

from pathlib import Path

_FILES = Path(__file__).parent / "files"
GERMAN = (_FILES / "german.csv").read_bytes()
AMERICAN = (_FILES / "american.csv").read_bytes()
BRITISH = (_FILES / "british.csv").read_bytes()
DUTCH = (_FILES / "dutch.csv").read_bytes()
SWISS = (_FILES / "swiss_utf16.csv").read_bytes()
OFX1 = (_FILES / "sgml.ofx").read_bytes()
OFX2 = (_FILES / "xml.ofx").read_bytes()


def camt(version: str, *, entries: str | None = None, closing: str = "1245.25") -> bytes:
    """A statement that the scheme of this version accepts: 02 or 08."""
    party = "<Pty><Nm>{}</Nm></Pty>" if version == "08" else "<Nm>{}</Nm>"
    status = "<Sts><Cd>{}</Cd></Sts>" if version == "08" else "<Sts>{}</Sts>"
    if entries is None:
        entries = (
            entry("4.75", "DBIT", "2024-01-13", party.format("Bäckerei Müller"), status)
            + entry("1250.00", "CRDT", "2024-01-05", party.format("Arbeit GmbH"), status, "R2")
            + entry("9.99", "DBIT", "2024-01-31", party.format("Später"), status, "R3", "PDNG")
        )
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">
<BkToCstmrStmt>
<GrpHdr><MsgId>M1</MsgId><CreDtTm>2024-01-31T12:00:00</CreDtTm></GrpHdr>
<Stmt><Id>S1</Id><CreDtTm>2024-01-31T12:00:00</CreDtTm>
<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">0.00</Amt>\
<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2024-01-01</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{closing}</Amt>\
<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2024-01-31</Dt></Dt></Bal>
{entries}
</Stmt></BkToCstmrStmt></Document>
""".encode()


def entry(
    amount: str,
    sign: str,
    day: str,
    party: str,
    status: str,
    reference: str = "R1",
    booked: str = "BOOK",
) -> str:
    side = "Cdtr" if sign == "DBIT" else "Dbtr"
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{status.format(booked)}'
        f"<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>"
        f"<AcctSvcrRef>{reference}</AcctSvcrRef>"
        "<BkTxCd><Prtry><Cd>NMSC</Cd></Prtry></BkTxCd>"
        f"<NtryDtls><TxDtls><RltdPties><{side}>{party}</{side}></RltdPties>"
        "<RmtInf><Ustrd>Brötchen</Ustrd><Ustrd>frisch</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )


def many_lines(count: int) -> bytes:
    """A long German-looking CSV; every seventh line is a coffee like many others."""
    rows = ["Buchungstag;Name;Verwendungszweck;Betrag"]
    for n in range(count):
        day = f"{n % 28 + 1:02}.{n // 28 % 12 + 1:02}.{2000 + n // 336 % 20}"
        said = "Café Übersee;Kaffee;-2,50" if n % 7 == 0 else f"Nr {n};Text;{n},01"
        rows.append(f"{day};{said}")
    return "\r\n".join(rows).encode("cp1252")
