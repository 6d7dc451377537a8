"""The words of a condition, each with where it stands. No Django here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fraud.errors import ConditionInvalid

LENGTH_MAX = 2_000  # characters; a page of conditions is a rule that nobody can explain
DIGITS_MAX = 16  # of a number: more than a double tells apart
TEXT_MAX = 100  # of a quoted text

NUMBER, NAME, TEXT, SIGN, END = "number", "name", "text", "sign", "end"
WORDS = frozenset({"and", "or", "not", "in", "between", "missing", "min", "max", "abs"})

_PARTS = re.compile(
    r"""(?P<space>\s+)
    | (?P<number>\d[\d_]*(?:\.\d+)?%?)
    | (?P<name>[A-Za-z_]\w*)
    | (?P<text>'[^'\n]*'|"[^"\n]*")
    | (?P<sign><=|>=|!=|<>|==|&&|\|\||[-=<>+*/(),!])""",
    re.VERBOSE | re.ASCII,
)
_SAME = {"==": "=", "<>": "!="}
_INSTEAD = {"&&": "and", "||": "or", "!": "not"}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int  # the first character's place in the condition, from 0

    def __str__(self) -> str:
        return "the end" if self.kind == END else f"`{self.text}`"


def tokens(condition: str) -> Iterator[Token]:
    """All words, and the end."""
    if len(condition) > LENGTH_MAX:
        raise ConditionInvalid(f"A condition has at most {LENGTH_MAX:,} characters.", at=LENGTH_MAX)
    place = 0
    while place < len(condition):
        found = _PARTS.match(condition, place)
        if found is None:
            raise _unreadable(condition, place)
        if found.lastgroup != "space":
            yield _token(found.lastgroup or "", found[0], place)
        place = found.end()
    yield Token(END, "", len(condition))


def _token(kind: str, text: str, at: int) -> Token:
    if kind == NUMBER and sum(letter.isdigit() for letter in text) > DIGITS_MAX:
        raise ConditionInvalid(f"A number has at most {DIGITS_MAX} digits.", at=at)
    if kind == TEXT and len(text) - 2 > TEXT_MAX:
        raise ConditionInvalid(f"A text has at most {TEXT_MAX} characters.", at=at)
    if text in _INSTEAD:
        raise ConditionInvalid(
            f"`{text}` is written as a word here.", at=at, instead=_INSTEAD[text]
        )
    if kind == NAME and text.lower() in WORDS:
        return Token(kind, text.lower(), at)
    return Token(kind, _SAME.get(text, text), at)


def _unreadable(condition: str, place: int) -> ConditionInvalid:
    letter = condition[place]
    if letter in "'\"":
        return ConditionInvalid("This quotation mark is never closed.", at=place)
    if letter == ".":
        return ConditionInvalid("A number starts with a digit.", at=place, instead="0.5")
    return ConditionInvalid(f"`{letter}` means nothing here.", at=place)
