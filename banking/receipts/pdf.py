"""A receipt on one page. Values in, bytes out; the same receipt is the same bytes.

Texts are drawn, never parsed: a note full of markup is printed as it was written.
"""

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import reportlab
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from fintrust.core.paper.press import PRESS

INK, HINT, LINE, PETROL = map(HexColor, ("#14262b", "#53656a", "#d5dedf", "#0b4f5a"))
PLAIN, BOLD = "Vera", "VeraBd"
WIDTH, HEIGHT = A4
LEFT, RIGHT, VALUES = 22 * mm, WIDTH - 22 * mm, 72 * mm
LINES_MAX = 3  # of one value


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is printed, in words."""

    title: str
    amount: str
    state: str
    facts: tuple[tuple[str, str], ...]
    footer: str


def render(sheet: Sheet) -> bytes:
    _fonts()
    out = io.BytesIO()
    page = Canvas(out, pagesize=A4, invariant=1, lang="en-GB")
    page.setTitle(_drawable(sheet.title))
    page.setAuthor("FinTrust")
    _head(page, sheet)
    below = _facts(page, sheet, HEIGHT - 92 * mm)
    _footer(page, sheet.footer, below)
    page.showPage()
    with PRESS:
        page.save()
    return out.getvalue()


@lru_cache
def _fonts() -> None:
    """Of reportlab itself, so that every machine prints the same."""
    folder = Path(reportlab.__file__).parent / "fonts"
    for name in (PLAIN, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))


def _drawable(text: str) -> str:
    """What the font has no letter for is shown as missing, not left out."""
    letters = pdfmetrics.getFont(PLAIN).face.charToGlyph
    return "".join(c if ord(c) in letters else "?" for c in " ".join(text.split()))


def _head(page: Canvas, sheet: Sheet) -> None:
    page.setFillColor(PETROL)
    page.rect(0, HEIGHT - 34 * mm, WIDTH, 34 * mm, stroke=0, fill=1)
    page.setFillColor(HexColor("#ffffff"))
    page.setFont(BOLD, 15)
    page.drawString(LEFT, HEIGHT - 21 * mm, "FinTrust")
    page.setFont(PLAIN, 10)
    page.drawRightString(RIGHT, HEIGHT - 21 * mm, _drawable(sheet.title))
    page.setFillColor(INK)
    page.setFont(BOLD, 26)
    page.drawString(LEFT, HEIGHT - 60 * mm, _drawable(sheet.amount))
    page.setFillColor(HINT)
    page.setFont(PLAIN, 11)
    page.drawString(LEFT, HEIGHT - 69 * mm, _drawable(sheet.state))


def _facts(page: Canvas, sheet: Sheet, y: float) -> float:
    page.setStrokeColor(LINE)
    page.setLineWidth(0.6)
    for name, value in sheet.facts:
        page.setFillColor(HINT)
        page.setFont(PLAIN, 9)
        page.drawString(LEFT, y, name)
        page.setFillColor(INK)
        page.setFont(PLAIN, 9.5)
        lines = simpleSplit(_drawable(value), PLAIN, 9.5, RIGHT - VALUES)[:LINES_MAX]
        for line in lines:
            page.drawString(VALUES, y, line)
            y -= 4.8 * mm
        page.line(LEFT, y + 1.6 * mm, RIGHT, y + 1.6 * mm)
        y -= 3.6 * mm
    return y


def _footer(page: Canvas, text: str, y: float) -> None:
    page.setFillColor(HINT)
    page.setFont(PLAIN, 8)
    y -= 4 * mm
    for line in simpleSplit(_drawable(text), PLAIN, 8, RIGHT - LEFT):
        page.drawString(LEFT, y, line)
        y -= 4.2 * mm
