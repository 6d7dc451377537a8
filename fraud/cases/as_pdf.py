"""A report of a suspicion on paper: read by people who have many of them. Values in, bytes out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fintrust.core.paper.letters import REGULAR, STRONG, Face, drawable, wrapped
from fintrust.core.paper.pages import BOTTOM, INK, LEFT, MUTED, PETROL, RIGHT, Paper

SIZE, LEADING = 9.0, 12.5
NAMES = 150.0  # room for what a value is
LEGAL = "Confidential. Whoever is named in it must not learn that it was made."


@dataclass(frozen=True, slots=True)
class Sheet:
    """A report and what stands around it."""

    id: str
    content: dict[str, Any]
    sha256: str
    drafted: str  # who and when, in words
    signed: str  # nothing while it is a draft
    moment: datetime


def render(sheet: Sheet) -> bytes:
    return _Report(sheet).drawn()


class _Report:
    """The paper, with `y` as the place of the pen."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet, self.content = sheet, sheet.content
        self.paper = Paper(
            title=f"Report of a suspicion {sheet.id}",
            subject=sheet.id,
            moment=sheet.moment,
            folio=sheet.id,
            legal=LEGAL,
        )
        self.y = 0.0

    def drawn(self) -> bytes:
        self._turn()
        self._people()
        self._heading("What happened")
        for paragraph in self.content["narrative"].splitlines():
            self._lines(paragraph)
            self.y += 3
        self._heading(f"Payments ({len(self.content['payments'])})")
        for payment in self.content["payments"]:
            self._payment(payment)
        self._heading("What was noticed")
        for alert in self.content["alerts"]:
            self._fact(_when(alert["at"]), alert["text"])
        self._heading("Who stands for it")
        self._fact("Written by", self.sheet.drafted)
        self._fact("Signed by", self.sheet.signed or "Nobody yet: this is a draft")
        self._fact("Hash of the content", f"SHA-256 {self.sheet.sha256}")
        return self.paper.finish()

    def _people(self) -> None:
        customer, totals = self.content["customer"], self.content["totals"]
        self._fact("Customer", f"{customer['name']}, {customer['email']}", face=STRONG)
        self._fact("Known as", customer["id"])
        self._fact("Customer since", _when(customer["since"]))
        if self.content["from"]:
            self._fact("Period", f"{_when(self.content['from'])} to {_when(self.content['to'])}")
        self._fact("In all", ", ".join(f"{total} {name}" for name, total in totals.items()) or "-")
        self._fact("Case", self.content["case"])
        self._fact("Outcome", self.content["outcome"].replace("_", " ") or "still open")

    def _payment(self, payment: dict[str, Any]) -> None:
        other = payment["counterparty"] or "outside"
        way = f"{payment['account']} to {other}"
        if not payment["outgoing"]:
            way = f"{other} to {payment['account']}"
        self._fact(
            _when(payment["at"]),
            f"{payment['amount']} {payment['currency']}, {payment['kind']}",
            face=STRONG,
        )
        # Reports of before blocked payments could wait for an officer do not say it.
        effect = f", {payment['effect']}" if "effect" in payment else ""
        judged = f"{payment['verdict']}{effect}, score {payment['score']}"
        for line in (way, payment["transfer"], judged, *payment["reasons"]):
            self._fact("", line)
        self.y += 4

    # --- drawing ------------------------------------------------------------------------------

    def _turn(self) -> None:
        self.paper.turn()
        state = "Report of a suspicion" if self.sheet.signed else "Report of a suspicion: DRAFT"
        self.paper.letterhead(state)
        self.y = 128.0

    def _room(self, height: float) -> None:
        if self.y + height > BOTTOM:
            self._turn()

    def _heading(self, text: str) -> None:
        self._room(44)
        self.y += 16
        self.paper.text(LEFT, self.y, drawable(text), face=STRONG, size=11, colour=PETROL)
        self.y += 6
        self.paper.bar(self.y)
        self.y += 16

    def _fact(self, name: str, value: str, *, face: Face = REGULAR) -> None:
        self._room(LEADING)
        self.paper.text(LEFT, self.y, drawable(name), size=SIZE, colour=MUTED)
        self._lines(value, face=face, left=LEFT + NAMES)

    def _lines(self, text: str, *, face: Face = REGULAR, left: float = LEFT) -> None:
        for line in wrapped(drawable(text), face, SIZE, RIGHT - left):
            self._room(LEADING)
            self.paper.text(left, self.y, line, face=face, size=SIZE, colour=INK)
            self.y += LEADING


def _when(text: str) -> str:
    return f"{datetime.fromisoformat(text):%-d %B %Y, %H:%M %Z}"
