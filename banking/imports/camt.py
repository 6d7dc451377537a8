"""camt.053, the bank's statement of ISO 20022, in any version. Pure.

The parser is fed in blocks and builds no tree: what is kept is the present entry, and it is
bounded. A document type ends the reading before anything it declares is looked at.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from lxml import etree

from banking.imports.amounts import parse_amount
from banking.imports.delimited import check_day
from banking.imports.lines import Balance, Fault, FileError, Line, LineError, Opener
from banking.policy import IMPORTS, ImportPolicy

_READ = 1 << 16
_SPACE = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.[0-9]{2}\}Document")
_TEXT_MAX = 2_000  # of one element
_OPENING, _CLOSING = {"OPBD", "PRCD"}, {"CLBD"}
# Of these an entry may have many, and all are told.
_SEVERAL = {"RmtInf/Ustrd", "RmtInf/Strd/CdtrRefInf/Ref", "AddtlTxInf"}


def looks_like(head: str) -> bool:
    return "camt.053" in head or "<BkToCstmrStmt" in head


def read(
    open_file: Opener, currency: str, *, today: date, policy: ImportPolicy = IMPORTS
) -> Iterator[Line | Fault | Balance]:
    """Every booked entry in the file's order, and its balances; FileError when it is no camt."""
    statement = _Statement(currency, today, policy)
    parser = etree.XMLParser(
        target=statement,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    with open_file() as file:
        try:
            while block := file.read(_READ):
                parser.feed(block)
                yield from statement.take()
            parser.close()
        except etree.XMLSyntaxError as error:
            reason = f"This is not well-formed XML: {str(error)[:200]}"
            raise FileError("import-file-broken", reason) from None
    yield from statement.take()


class _Statement:
    """The parser's target: a path, the text of the element we are in, and the present entry."""

    def __init__(self, currency: str, today: date, policy: ImportPolicy) -> None:
        self._currency, self._policy, self._today = currency, policy, today
        self._path: list[str] = []
        self._text: list[str] = []
        self._length = self._parts = self._number = 0
        self._account = ""
        self._part: dict[str, str] | None = None  # an entry or a balance, by path within
        self._from = 0  # how deep it began
        self._details = 0
        self._done: list[Line | Fault | Balance] = []

    def take(self) -> list[Line | Fault | Balance]:
        done, self._done = self._done, []
        return done

    # --- what the parser calls --------------------------------------------------------------

    def doctype(self, *_: Any) -> None:
        raise FileError("import-file-declares", "This file declares a document type.")

    def start(self, tag: str, attributes: Any) -> None:
        if not self._path and not _SPACE.fullmatch(tag):
            raise FileError("import-format-unknown", "This XML file is not a camt.053 statement.")
        name = tag.rpartition("}")[2]
        self._path.append(name)
        if len(self._path) > self._policy.depth_max:
            raise FileError("import-file-broken", "This file is nested too deeply.")
        self._text, self._length = [], 0
        if self._part is None and name in {"Ntry", "Bal"} and len(self._path) == 4:
            self._part, self._from, self._parts, self._details = {}, len(self._path), 0, 0
        elif self._part is not None:
            self._count(name, attributes)
        elif name == "Stmt":
            self._account = ""

    def _count(self, name: str, attributes: Any) -> None:
        self._parts += 1
        if self._parts > self._policy.entry_parts_max:
            raise FileError("import-file-broken", "An entry of this file has too many parts.")
        if name == "TxDtls":
            self._details += 1
        if name == "Amt" and len(self._path) == self._from + 1:
            self._keep("Ccy", attributes.get("Ccy", ""))

    def data(self, text: str) -> None:
        if self._length < _TEXT_MAX:
            self._text.append(text)
            self._length += len(text)

    def end(self, tag: str) -> None:
        if self._text:
            self._said("".join(self._text).strip()[:_TEXT_MAX])
            self._text = []
        if self._part is not None and len(self._path) == self._from:
            part, self._part = self._part, None
            if self._path[-1] == "Ntry":
                self._entry(part)
            else:
                self._balance(part)
        self._path.pop()

    def close(self) -> None:
        pass

    # --- what it means ----------------------------------------------------------------------

    def _said(self, text: str) -> None:
        if not text:
            return
        if self._part is not None:
            self._keep("/".join(self._path[self._from :]), text)
        elif self._path[3:] in (["Acct", "Id", "IBAN"], ["Acct", "Id", "Othr", "Id"]):
            self._account = self._account or text

    def _keep(self, path: str, text: str) -> None:
        assert self._part is not None
        details = "NtryDtls/TxDtls/"
        if path.startswith(details):
            path = path.removeprefix(details)
            if path in _SEVERAL and path in self._part and self._details == 1:
                self._part[path] = f"{self._part[path]} {text}"[:_TEXT_MAX]
        self._part.setdefault(path, text)

    def _entry(self, said: dict[str, str]) -> None:
        self._number += 1
        status = said.get("Sts/Cd") or said.get("Sts", "BOOK")
        try:
            if status != "BOOK":
                raise LineError("not-booked", "The other bank has not booked this line yet.")
            self._done.append(self._line(said))
        except LineError as error:
            excerpt = " ".join(said[key] for key in sorted(said))
            self._done.append(error.at(self._number, excerpt))

    def _line(self, said: dict[str, str]) -> Line:
        value = said.get("ValDt/Dt") or said.get("ValDt/DtTm")
        booked = said.get("BookgDt/Dt") or said.get("BookgDt/DtTm") or value
        if booked is None:
            raise LineError("date-missing", "There is no booking date.")
        amount = self._signed(said)
        return Line(
            number=self._number,
            booked=self._day(booked),
            value_date=self._day(value) if value else None,
            amount_minor=amount,
            currency=self._currency,
            counterparty=self._name(said, paid=amount < 0),
            text=self._words(said),
            reference=said.get("AcctSvcrRef", ""),
            account=self._account,
        )

    def _signed(self, said: dict[str, str]) -> int:
        code = said.get("Ccy", "")
        if code != self._currency:
            reason = f"This line is in {code[:10] or 'no currency'}, the account in "
            raise LineError("other-currency", f"{reason}{self._currency}.")
        signs = {"CRDT": 1, "DBIT": -1}
        sign = signs.get(said.get("CdtDbtInd", ""))
        if sign is None:
            raise LineError("sign-unreadable", "This line says neither debit nor credit.")
        text = said.get("Amt", "")
        if not text or not re.fullmatch(r"[0-9]*\.?[0-9]*", text):
            raise LineError("amount-unreadable", "This is not an amount.")
        return sign * parse_amount(text, ".", self._currency)

    def _day(self, text: str) -> date:
        try:
            day = date.fromisoformat(text[:10])
        except ValueError:
            raise LineError("date-unreadable", f"“{text[:20]}” is not a date.") from None
        check_day(day, self._policy.earliest, self._today + self._policy.ahead)
        return day

    def _name(self, said: dict[str, str], *, paid: bool) -> str:
        """The other side of a single payment; a collected booking has many and names none."""
        if self._details > 1:
            return ""
        for side in ("Cdtr", "UltmtCdtr") if paid else ("Dbtr", "UltmtDbtr"):
            for path in (f"RltdPties/{side}/Nm", f"RltdPties/{side}/Pty/Nm"):
                if path in said:
                    return said[path]
        return ""

    def _words(self, said: dict[str, str]) -> str:
        if self._details > 1:
            several = f"{self._details} payments booked as one"
            return f"{said.get('AddtlNtryInf', '')} · {several}".strip(" ·")
        for path in ("RmtInf/Ustrd", "RmtInf/Strd/CdtrRefInf/Ref", "AddtlTxInf", "AddtlNtryInf"):
            if path in said:
                return said[path]
        return ""

    def _balance(self, said: dict[str, str]) -> None:
        code = said.get("Tp/CdOrPrtry/Cd", "")
        kind = "opening" if code in _OPENING else "closing" if code in _CLOSING else ""
        on = said.get("Dt/Dt") or said.get("Dt/DtTm", "")
        try:
            if kind:
                amount, day = self._signed(said), self._day(on)
                self._done.append(Balance(self._account, kind, amount, self._currency, day))
        except LineError:  # a balance is only compared; a file without one is as good
            return
