"""A4 pages as the bank draws them: letterhead, folio and legal line, measured from the top."""

import io
import math
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.lib.utils import TimeStamp
from reportlab.pdfgen.canvas import Canvas

from fintrust.core.paper.letters import REGULAR, STRONG, Face, drawable, runs, width
from fintrust.core.paper.press import PRESS

PAGE_WIDTH, PAGE_HEIGHT = 595.28, 841.89
LEFT, RIGHT = 48.0, PAGE_WIDTH - 48.0
BOTTOM = PAGE_HEIGHT - 74.0  # of what may be written; the folio is below
INK, PETROL, MUTED = HexColor("#12262b"), HexColor("#0b5560"), HexColor("#586a70")
HAIR, TINT, WAVE, WHITE = map(HexColor, ("#cfd9db", "#f0f5f5", "#b9d2d4", "#ffffff"))
BANK = "FinTrust"
SMALLEST = 6.8
rl_config.useA85 = 0  # bytes may be bytes: a fifth smaller than in letters
_PAGES = "pages"  # a form drawn on each page, and written when the last is known


class Paper:
    """A document that grows page by page. The same content is the same file, to the byte."""

    def __init__(self, *, title: str, subject: str, moment: datetime, folio: str, legal: str):
        self._file = io.BytesIO()
        self._canvas = Canvas(
            self._file,
            pagesize=(PAGE_WIDTH, PAGE_HEIGHT),
            pageCompression=1,
            invariant=1,
            lang="en-GB",
        )
        self._canvas.setTitle(title)
        self._canvas.setSubject(subject)
        self._canvas.setAuthor(BANK)
        self._canvas.setCreator(BANK)
        self._canvas.setViewerPreference("DisplayDocTitle", "true")
        # The file is as old as what it says, not as the clock when somebody asked for it.
        self._canvas._doc._timeStamp = _stamp(moment)
        self._folio, self._legal = drawable(folio), drawable(legal)
        self.page = 0
        self._letters: Any = None
        self._rules: list[tuple[float, float, float, float]] = []
        self._colour: HexColor | None = None
        self._font = ("", 0.0)

    # --- drawing ------------------------------------------------------------------------------

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        face: Face = REGULAR,
        size: float = 8.5,
        colour: HexColor = INK,
        right: bool = False,
    ) -> None:
        """One line with its baseline at y, from x, or up to x."""
        letters = self._letters
        if colour is not self._colour:
            letters.setFillColor(colour)
            self._colour = colour
        if right:
            x -= width(text, face, size)
        letters.setTextOrigin(x, PAGE_HEIGHT - y)
        for font, part in runs(text, face):
            if (font, size) != self._font:
                letters.setFont(font, size)
                self._font = (font, size)
            letters.textOut(part)

    def rule(self, y: float) -> None:
        """A hairline. Like the letters, those of a page are drawn together when it is full."""
        self._rules.append((LEFT, PAGE_HEIGHT - y, RIGHT, PAGE_HEIGHT - y))

    def bar(self, y: float) -> None:
        """A line that separates what is above from what is below."""
        self._canvas.setStrokeColor(PETROL)
        self._canvas.setLineWidth(0.9)
        self._canvas.line(LEFT, PAGE_HEIGHT - y, RIGHT, PAGE_HEIGHT - y)

    def box(self, y: float, height: float) -> None:
        self._canvas.setFillColor(TINT)
        self._canvas.roundRect(
            LEFT, PAGE_HEIGHT - y - height, RIGHT - LEFT, height, 5, stroke=0, fill=1
        )

    # --- pages --------------------------------------------------------------------------------

    def turn(self) -> None:
        """Finish this page, if there is one, and begin the next."""
        if self.page:
            self._finish_page()
        self.page += 1
        self._begin_text()
        self._rules = []

    def _begin_text(self) -> None:
        self._letters = self._canvas.beginText()
        self._colour, self._font = None, ("", 0.0)

    def _finish_page(self) -> None:
        """Lines, letters, folio: in the order in which they are read aloud."""
        canvas, y = self._canvas, PAGE_HEIGHT - 46
        self.rule(y - 14)
        canvas.setStrokeColor(HAIR)
        canvas.setLineWidth(0.5)
        canvas.lines(self._rules)
        words = f"Page {self.page} of "
        self.text(LEFT, y, self._legal, size=SMALLEST, colour=MUTED)
        self.text(LEFT, y + 11, words, size=SMALLEST, colour=MUTED)
        canvas.drawText(self._letters)
        canvas.saveState()
        canvas.translate(LEFT + width(words, REGULAR, SMALLEST), PAGE_HEIGHT - y - 11)
        canvas.doForm(_PAGES)
        canvas.restoreState()
        self._begin_text()
        self.text(RIGHT, y + 11, self._folio, size=SMALLEST, colour=MUTED, right=True)
        canvas.drawText(self._letters)
        canvas.showPage()

    def letterhead(self, headline: str) -> None:
        """The mark, the name and a band of engraved lines, as on a banknote."""
        canvas = self._canvas
        canvas.saveState()
        canvas.setLineWidth(0.25)
        canvas.setStrokeColor(WAVE)
        for turn in range(9):
            path = canvas.beginPath()
            for number, (x, y) in enumerate(_wave(turn)):
                (path.lineTo if number else path.moveTo)(x, PAGE_HEIGHT - y)
            canvas.drawPath(path)
        canvas.restoreState()
        self._mark(LEFT, 62)
        self.text(LEFT + 30, 82, BANK, face=STRONG, size=17, colour=PETROL)
        self.text(RIGHT, 81, headline, face=STRONG, size=12, right=True)

    def _mark(self, x: float, y: float) -> None:
        canvas = self._canvas
        canvas.saveState()
        canvas.translate(x, PAGE_HEIGHT - y)
        canvas.scale(22 / 32, -22 / 32)  # the drawing is 32 wide and counts downwards
        canvas.setFillColor(PETROL)
        canvas.roundRect(0, 0, 32, 32, 8, stroke=0, fill=1)
        canvas.setStrokeColor(WHITE)
        canvas.setLineWidth(3.5)
        canvas.setLineCap(1)
        stem = canvas.beginPath()
        stem.moveTo(10.75, 24)
        stem.lineTo(10.75, 13.5)
        stem.curveTo(10.75, 11, 12.8, 9, 15.25, 9)
        stem.lineTo(22, 9)
        stem.moveTo(16, 16.75)
        stem.lineTo(20.5, 16.75)
        canvas.drawPath(stem)
        canvas.restoreState()

    def finish(self) -> bytes:
        self._finish_page()
        canvas = self._canvas
        canvas.beginForm(_PAGES, 0, -4, 40, 12)
        canvas.setFillColor(MUTED)
        canvas.setFont(REGULAR.name, SMALLEST)
        canvas.drawString(0, 0, str(self.page))
        canvas.endForm()
        with PRESS:
            canvas.save()
        return self._file.getvalue()


def _stamp(moment: datetime) -> TimeStamp:
    stamp = TimeStamp(invariant=1)
    stamp.t = int(moment.timestamp())
    stamp.lt = time.gmtime(stamp.t)
    stamp.YMDhms = tuple(stamp.lt)[:6]
    return stamp


def _wave(turn: int) -> Iterator[tuple[float, float]]:
    """One of the curves of the band: the same two waves, shifted a little each time."""
    for step in range(121):
        t = step / 120
        swell = 11 * math.sin(2 * math.pi * (3 * t) + turn * math.pi / 4.5)
        yield PAGE_WIDTH * t, 26 + swell * math.cos(math.pi * t) + 3 * math.sin(14 * math.pi * t)
