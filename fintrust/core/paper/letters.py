"""Letters on a page: which of our faces draws which, how wide they are, and where a line ends."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from fintrust.core.text import clean

MISSING = "□"  # what no face has a letter for: Chinese, Arabic, emoji
_FONTS = Path(__file__).parent / "fonts"


def _font(name: str, file: str) -> TTFont:
    font = TTFont(name, _FONTS / file)
    pdfmetrics.registerFont(font)
    return font


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One of the bank's weights, and the widths of all that can be drawn with it."""

    name: str
    own: frozenset[str]
    widths: dict[str, float]  # in em


_REST = _font("FinTrust-Rest", "DejaVuSans-Subset.ttf")


def _face(name: str, file: str) -> Face:
    font = _font(name, file)
    own = _widths(font)
    return Face(name, frozenset(own), {**_widths(_REST), **own})


def _widths(font: Any) -> dict[str, float]:
    metrics = font.face
    return {chr(code): metrics.charWidths[code] / 1000 for code in metrics.charToGlyph}


REGULAR = _face("FinTrust", "HankenGrotesk-Regular.ttf")
STRONG = _face("FinTrust-Strong", "HankenGrotesk-SemiBold.ttf")


def drawable(text: str) -> str:
    """The text in letters we have. A picture made of several characters is missing once."""
    text = unicodedata.normalize("NFC", clean(text))
    if REGULAR.own.issuperset(text):
        return text
    return _replaced(text)


def _replaced(text: str) -> str:
    kept: list[str] = []
    for letter in text:
        if letter in REGULAR.widths:
            kept.append(letter)
        elif unicodedata.category(letter) not in {"Cf", "Mn", "Me", "Sk"} and kept[-1:] != [
            MISSING
        ]:
            kept.append(MISSING)
    return "".join(kept)


def width(text: str, face: Face, size: float) -> float:
    return size * sum(map(face.widths.__getitem__, text))


def runs(text: str, face: Face) -> Iterator[tuple[str, str]]:
    """The text in parts, each with the name of the font that draws it."""
    if face.own.issuperset(text):
        yield face.name, text
        return
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or (text[at] in face.own) != (text[start] in face.own):
            yield (face.name if text[start] in face.own else _REST.fontName), text[start:at]
            start = at


@lru_cache(maxsize=2_000)  # the same people and shops appear again and again
def wrapped(text: str, face: Face, size: float, room: float) -> tuple[str, ...]:
    """Lines no wider than the room; a word that is wider by itself is broken."""
    if not text:
        return ()
    if width(text, face, size) <= room:
        return (text,)
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if width(longer, face, size) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        *full, line = _broken(word, face, size, room)
        lines += full
    return (*lines, line)


def _broken(word: str, face: Face, size: float, room: float) -> list[str]:
    parts, part, used = [], "", 0.0
    for letter in word:
        used += size * face.widths[letter]
        if used > room:
            parts.append(part)
            part, used = "", size * face.widths[letter]
        part += letter
    return [*parts, part]
