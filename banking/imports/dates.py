"""Days as other banks write them, and the evidence for the order of their parts. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from babel import Locale

DMY, MDY, YMD = ORDERS = ("DMY", "MDY", "YMD")
_LOCALES = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da")
_TIME = re.compile(r"[ T,]+[0-9]{1,2}[:.][0-9]{2}.*$")
_PARTS = re.compile(r"([0-9]{1,4})([./ -])([0-9]{1,2})\2 ?([0-9]{1,4})\.?", re.ASCII)
_SOLID = re.compile(r"[0-9]{8}|[0-9]{6}", re.ASCII)
_NAMED = re.compile(r"([0-9]{1,2})\.?[ /-]?([^\W\d_]{3,12})\.?[ ,/-]*([0-9]{4}|[0-9]{2})")
_NAME_FIRST = re.compile(r"([^\W\d_]{3,12})\.?[ -]([0-9]{1,2})(?:st|nd|rd|th)?,?[ -]+([0-9]{4})")
_CENTURY_TURN = 70  # two digits from here on mean the last century
_LENGTH_MAX = 40


@lru_cache
def _months() -> dict[str, int]:
    """The months' names and short names in the languages we know; English wins a quarrel."""
    found: dict[str, int] = {}
    for code in _LOCALES:
        for names in Locale(code).months["format"].values():
            for number, name in names.items():
                plain = name.strip(".").casefold()
                if len(plain) >= 3:
                    found.setdefault(plain, number)
                    found.setdefault(plain[:3], number)
    return found


def parse_date(text: str, order: str) -> date | None:
    """The day, when the text is one in this order; a time behind it does not matter."""
    text = text.strip()
    return _parsed(text, order) if len(text) <= _LENGTH_MAX else None


@lru_cache(maxsize=8192)  # days come again and again; what is too long never gets here
def _parsed(text: str, order: str) -> date | None:
    text = _TIME.sub("", text)
    if match := _PARTS.fullmatch(text):
        return _ordered((match[1], match[3], match[4]), order)
    if _SOLID.fullmatch(text):
        return _ordered(_cut(text, order), order)
    if match := _NAMED.fullmatch(text):
        return _made(match[3], _months().get(match[2].casefold(), 0), match[1])
    if match := _NAME_FIRST.fullmatch(text):
        return _made(match[3], _months().get(match[1].casefold(), 0), match[2])
    return None


def _cut(digits: str, order: str) -> tuple[str, str, str]:
    if order == YMD:
        return digits[:-4], digits[-4:-2], digits[-2:]
    return digits[:2], digits[2:4], digits[4:]


def _ordered(parts: tuple[str, str, str], order: str) -> date | None:
    by_name = dict(zip(order, parts, strict=True))
    years = (2, 4) if order != YMD else (4,)  # 05.01.24 never begins with its year
    if len(by_name["D"]) > 2 or len(by_name["M"]) > 2 or len(by_name["Y"]) not in years:
        return None
    return _made(by_name["Y"], int(by_name["M"]), by_name["D"])


def _made(year: str, month: int, day: str) -> date | None:
    number = int(year)
    if len(year) == 2:
        number += 1900 if number >= _CENTURY_TURN else 2000
    try:
        return date(number, month, int(day))
    except ValueError:
        return None


def is_date(text: str) -> bool:
    return any(parse_date(text, order) for order in ORDERS)


@dataclass
class DateEvidence:
    """Which orders every day of a column can be read in, and which reading is the calmer one.

    03/04 proves nothing, 13/04 does; so the whole column is heard. When both orders stay
    possible, the one whose days follow each other with smaller steps is more likely, since
    banks write their lines in order of time.
    """

    rejected: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ORDERS, 0))
    walked: dict[str, timedelta] = field(default_factory=lambda: dict.fromkeys(ORDERS, timedelta()))
    _last: dict[str, date] = field(default_factory=dict)
    count: int = 0

    def hear(self, text: str) -> None:
        days = {order: parse_date(text, order) for order in ORDERS}
        if not any(days.values()):
            return
        self.count += 1
        for order, day in days.items():
            if day is None:
                self.rejected[order] += 1
                continue
            self.walked[order] += abs(day - self._last.get(order, day))
            self._last[order] = day

    def hear_all(self, texts: Iterable[str]) -> "DateEvidence":
        for text in texts:
            self.hear(text)
        return self

    @property
    def possible(self) -> list[str]:
        fewest = min(self.rejected.values())
        return [order for order in ORDERS if self.rejected[order] == fewest]

    @property
    def settled(self) -> bool:
        """No later line can change which order it is."""
        return len(self.possible) == 1 and self.count > 0 and min(self.rejected.values()) == 0

    def order(self, prefer: str = DMY) -> tuple[str, bool]:
        """The order, and whether it is only a guess between two readings that differ."""
        possible = self.possible
        if len(possible) == 1 or not self.count:
            return possible[0] if self.count else prefer, False
        calm = min(self.walked[order] for order in possible)
        calmest = [order for order in possible if self.walked[order] == calm]
        chosen = prefer if prefer in calmest else calmest[0]
        same = len({self._last[order] for order in possible}) == 1 and len(calmest) == len(possible)
        return chosen, not same
