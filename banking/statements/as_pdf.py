"""PDF: the statement on paper, for people who will show it to others.

Lines are drawn as they come. A page knows its number but not yet how many will follow, so the
count is one drawing that every page refers to and that is made last.
"""

from collections.abc import Iterator, Sequence

from banking.statements.statement import Line, Statement, day_words
from banking.statements.text import grouped
from fintrust.core.paper.letters import REGULAR, STRONG, drawable, width, wrapped
from fintrust.core.paper.pages import (
    BANK,
    BOTTOM,
    INK,
    LEFT,
    MUTED,
    PETROL,
    RIGHT,
    Paper,
)

SIZE, SMALL = 8.6, 7.6
LEADING = 10.4
DATE_ROOM = 62.0
HOLDER_ROOM = 215.0
LEGAL = (
    "Please check this statement and tell us of anything you do not recognise. Days are those of "
    "the bank's books, in UTC."
)


def write(statement: Statement) -> Iterator[bytes]:
    yield _Sheet(statement).drawn()


class _Sheet:
    """The statement and the paper it is drawn on, with `y` as the place of the pen."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        title = f"Account statement {statement.number}, {statement.period.words}"
        folio = f"{BANK} · {statement.number} · {statement.period.words}"
        self.paper = Paper(
            title=title, subject=statement.id, moment=statement.moment, folio=folio, legal=LEGAL
        )
        largest = self.amount(-statement.largest_minor)
        self.column = max(72.0, width(largest, STRONG, SIZE) + 12)
        self.room = RIGHT - LEFT - DATE_ROOM - 2 * self.column
        self.y = 0.0

    def amount(self, minor: int) -> str:
        return grouped(minor, self.statement.decimals)

    def drawn(self) -> bytes:
        self.paper.turn()
        self.paper.letterhead("Account statement")
        self._address()
        self._summary()
        self._table_head()
        self._balance_row("Opening balance", self.statement.opening.minor)
        before = self.statement.opening.minor
        for line in self.statement.lines():
            self._line(line, before)
            before = line.balance_minor
        if not self.statement.count:
            self._remark("Nothing was booked in this period.")
        self._end()
        return self.paper.finish()

    # --- the head -----------------------------------------------------------------------------

    def _address(self) -> None:
        """Who it is for on the left, what it is of on the right."""
        paper, statement = self.paper, self.statement
        y = 132.0
        for text in wrapped(drawable(statement.holder), STRONG, 11, HOLDER_ROOM)[:4]:
            paper.text(LEFT, y, text, face=STRONG, size=11)
            y += 14
        for text in wrapped(drawable(statement.name), REGULAR, 9, HOLDER_ROOM)[:3]:
            paper.text(LEFT, y, text, size=9, colour=MUTED)
            y += 12
        facts = (
            ("Account number", statement.number),
            ("Period", statement.period.words),
            ("Currency", statement.currency),
            ("Statement", statement.id),
            ("As of", f"{day_words(statement.moment.date())}, {statement.moment:%H:%M} UTC"),
        )
        below = 132.0
        for name, value in facts:
            paper.text(LEFT + 250, below, name, size=SMALL, colour=MUTED)
            paper.text(RIGHT, below, value, size=SMALL + 0.4, right=True)
            below += 13
        self.y = max(y, below) + 12
        if not statement.finished:
            self._notice("This period is not over: what is booked later is not on this statement.")

    def _notice(self, text: str) -> None:
        self.paper.text(LEFT, self.y, text, face=STRONG, size=SIZE, colour=PETROL)
        self.y += 16

    def _summary(self) -> None:
        """Opening, in, out, closing: side by side, or below each other when they are huge."""
        statement = self.statement
        figures = (
            ("Opening balance", statement.opening.minor),
            (f"Money in ({statement.incoming_count:,})", statement.incoming.minor),
            (f"Money out ({statement.outgoing_count:,})", -statement.outgoing.minor),
            ("Closing balance", statement.closing.minor),
        )
        quarter = (RIGHT - LEFT) / 4
        size = 12.5
        while max(width(self.amount(minor), STRONG, size) for _, minor in figures) > quarter - 16:
            size -= 0.5
        self.paper.box(self.y, 48)
        for number, (name, minor) in enumerate(figures):
            x = LEFT + 10 + number * quarter
            self.paper.text(x, self.y + 18, name, size=SMALL, colour=MUTED)
            self.paper.text(x, self.y + 35, self.amount(minor), face=STRONG, size=size)
        self.y += 70

    # --- the table ----------------------------------------------------------------------------

    def _table_head(self) -> None:
        paper, y = self.paper, self.y
        balance = f"Balance, {self.statement.currency}"
        for x, text, right in (
            (LEFT, "Booked", False),
            (LEFT + DATE_ROOM, "Details", False),
            (RIGHT - self.column, "Amount", True),
            (RIGHT, balance, True),
        ):
            paper.text(x, y, text, face=STRONG, size=SMALL, colour=PETROL, right=right)
        paper.bar(y + 5)
        self.y = y + 5

    def _balance_row(self, name: str, minor: int) -> None:
        self.y += 13
        self.paper.text(LEFT + DATE_ROOM, self.y, name, size=SIZE, colour=MUTED)
        self.paper.text(RIGHT, self.y, self.amount(minor), face=STRONG, size=SIZE, right=True)
        self.y += 5
        self.paper.rule(self.y)

    def _line(self, line: Line, before: int) -> None:
        who = wrapped(drawable(line.counterparty), STRONG, SIZE, self.room)
        what = wrapped(_details(line), REGULAR, SMALL, self.room)
        height = 8 + LEADING * max(2, max(1, len(who)) + len(what))
        if self.y + height > BOTTOM:
            self._next_page(before)
        self._draw(line, who, what)
        self.y += height
        self.paper.rule(self.y)

    def _draw(self, line: Line, who: Sequence[str], what: Sequence[str]) -> None:
        """In the order of reading, so that what is copied out of it makes sense."""
        paper, y = self.paper, self.y + 13
        amount = ("+" if line.amount_minor > 0 else "") + self.amount(line.amount_minor)
        paper.text(LEFT, y, day_words(line.booked_on), size=SIZE)
        paper.text(LEFT + DATE_ROOM, y, who[0] if who else "", face=STRONG, size=SIZE)
        paper.text(RIGHT - self.column, y, amount, size=SIZE, right=True)
        paper.text(RIGHT, y, self.amount(line.balance_minor), size=SIZE, right=True)
        paper.text(LEFT, y + LEADING, f"No. {line.seq}", size=SMALL, colour=MUTED)
        for text in who[1:]:
            y += LEADING
            paper.text(LEFT + DATE_ROOM, y, text, face=STRONG, size=SIZE)
        for text in what:
            y += LEADING
            paper.text(LEFT + DATE_ROOM, y, text, size=SMALL, colour=MUTED)

    def _next_page(self, before: int) -> None:
        paper = self.paper
        paper.turn()
        paper.text(LEFT, 52, BANK, face=STRONG, size=11, colour=PETROL)
        paper.text(RIGHT, 52, self.statement.number, size=SIZE, right=True)
        self.y = 78.0
        self._table_head()
        self._balance_row("Balance brought forward", before)

    def _remark(self, text: str) -> None:
        self.y += 14
        self.paper.text(LEFT + DATE_ROOM, self.y, text, size=SIZE, colour=MUTED)
        self.y += 6
        self.paper.rule(self.y)

    def _end(self) -> None:
        statement = self.statement
        if self.y + 62 > BOTTOM:
            self._next_page(statement.closing.minor)
        for name, minor in (
            ("Total in", statement.incoming.minor),
            ("Total out", -statement.outgoing.minor),
        ):
            self.y += 13
            self.paper.text(LEFT + DATE_ROOM, self.y, name, size=SIZE, colour=MUTED)
            amount = self.amount(minor)
            self.paper.text(RIGHT - self.column, self.y, amount, size=SIZE, right=True)
        self.y += 7
        self.paper.bar(self.y)
        self.y += 14
        closing = self.amount(statement.closing.minor)
        self.paper.text(
            LEFT + DATE_ROOM, self.y, f"Closing balance on {day_words(statement.moment_day)}",
            face=STRONG, size=SIZE + 0.6, colour=INK,
        )  # fmt: skip
        self.paper.text(RIGHT, self.y, closing, face=STRONG, size=SIZE + 0.6, right=True)


def _details(line: Line) -> str:
    """What for, and what is unusual about it."""
    parts = [drawable(line.narrative)]
    if line.reverses:
        parts.append("reverses an earlier movement")
    if line.value_date != line.booked_on:
        parts.append(f"value date {day_words(line.value_date)}".replace(" ", "\N{NO-BREAK SPACE}"))
    return " · ".join(part for part in parts if part)
