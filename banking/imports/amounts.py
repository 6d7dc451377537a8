"""Amounts as other banks write them, and the evidence for their decimal mark. Pure."""

import re
from dataclasses import dataclass

from banking.imports.lines import LineError
from fintrust.core.money import MINOR_MAX, exponent

_SAME = str.maketrans(
    {
        **dict.fromkeys("−–‒﹣－", "-"),
        **dict.fromkeys("\u00a0\u202f\u2009\t", " "),
        **dict.fromkeys("’‘`´", "'"),
        "＋": "+",
    }
)
OUT = {"d", "dr", "debit", "dbit", "s", "soll", "af", "-", "out", "debet", "débit", "dare", "debe"}
IN = {"c", "cr", "credit", "crdt", "h", "haben", "bij", "+", "in", "crédit", "avere", "haber"}
_SYMBOLS = {"€": "EUR", "£": "GBP", "zł": "PLN", "kč": "CZK", "us$": "USD", "₹": "INR"}
_SHAPE = re.compile(
    r"(?P<bracket>\()? ?(?P<sign>[-+])? ?(?P<before>[^\W\d_]{1,3}\$?|[$€£¥₹])? ?(?P<inner>[-+])? ?"
    r"(?P<number>[0-9][0-9.,' ]*|[.,][0-9]+) ?(?P<after>[-+])? ?"
    r"(?P<behind>[^\W\d_]{1,6}|[$€£¥₹])?\)?"
)
_WHOLE = {  # India groups the digits before the last three by two
    ".": re.compile(r"[0-9]*|[0-9]{1,3}(?:[,' ][0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}"),
    ",": re.compile(r"[0-9]*|[0-9]{1,3}(?:[.' ][0-9]{3})+"),
}
_LENGTH_MAX = 60
_NOT_DIGITS = re.compile(r"[^0-9]")


def parse_amount(text: str, decimal: str, currency: str) -> int:
    """Minor units with their sign; LineError for anything that is not exactly one amount."""
    match = _SHAPE.fullmatch(text.strip()[: _LENGTH_MAX + 1].translate(_SAME))
    if match is None or len(text.strip()) > _LENGTH_MAX or _unbalanced(match):
        raise LineError("amount-unreadable", "This is not an amount.")
    negative = _is_negative(match, currency)
    minor = _minor(match["number"].strip(), decimal, currency)
    return -minor if negative else minor


def _unbalanced(match: re.Match[str]) -> bool:
    return bool(match["bracket"]) != match[0].endswith(")")


def _is_negative(match: re.Match[str], currency: str) -> bool:
    """By its one sign or brackets, or by a word; both may be there when they agree."""
    signs = [sign for sign in (match["sign"], match["inner"], match["after"]) if sign]
    signs += "-" if match["bracket"] else ""
    if len(signs) > 1:
        raise LineError("amount-unreadable", "This amount has two signs.")
    for word in (match["before"], match["behind"]):
        if word and word.casefold() in OUT | IN and word.upper() != currency:
            signs.append("-" if word.casefold() in OUT else "+")
        elif word:
            _same_currency(word, currency)
    if len(set(signs)) > 1:
        raise LineError("amount-unreadable", "This amount has two signs.")
    return "-" in signs


def _same_currency(word: str, currency: str) -> None:
    code = _SYMBOLS.get(word.casefold(), word.upper())
    if re.fullmatch(r"[A-Z]{3}", code) and code != currency:
        raise LineError("other-currency", f"This line is in {code}, the account in {currency}.")


def _minor(number: str, decimal: str, currency: str) -> int:
    whole, _, fraction = number.partition(decimal)
    if not _WHOLE[decimal].fullmatch(whole) or not (fraction.isdigit() or not fraction):
        raise LineError("amount-unreadable", "This is not an amount.")
    digits, places = _NOT_DIGITS.sub("", whole), exponent(currency)
    fraction = fraction.rstrip("0") if len(fraction) > places else fraction
    if len(fraction) > places:
        raise LineError("too-many-decimals", f"{currency} has {places} decimals.")
    minor = int(digits + fraction.ljust(places, "0") or "0")
    if minor > MINOR_MAX:
        raise LineError("amount-too-large", "This amount has more than eighteen digits.")
    return minor


def is_amount(text: str) -> bool:
    """Whether a cell can be an amount at all; a plain whole number can."""
    shaped = _SHAPE.fullmatch(text.strip().translate(_SAME)) if len(text) <= _LENGTH_MAX else None
    return shaped is not None and not _unbalanced(shaped)


def sign_of(marker: str) -> int | None:
    """What a column that says debit or credit means; None when it says neither."""
    word = marker.strip().casefold()
    return -1 if word in OUT else 1 if word in IN else None


@dataclass
class DecimalEvidence:
    """Votes for the decimal mark: 1.234,50 and 1,5 prove one, 1,234 proves nothing."""

    comma: int = 0
    point: int = 0

    def hear(self, text: str) -> None:
        number = "".join(c for c in text if c in "0123456789.,")
        if not number:
            return
        last = max(number.rfind(","), number.rfind("."))
        if last < 0:
            return
        mark, other = (number[last], "." if number[last] == "," else ",")
        digits = len(number) - last - 1
        if number.count(mark) > 1:  # only thousands are marked twice
            self._vote(other)
        elif other in number or digits != 3:
            self._vote(mark)

    def _vote(self, mark: str) -> None:
        if mark == ",":
            self.comma += 1
        else:
            self.point += 1

    @property
    def settled(self) -> bool:
        return max(self.comma, self.point) > 20 and min(self.comma, self.point) == 0

    def mark(self, prefer: str) -> str:
        return prefer if self.comma == self.point else "," if self.comma > self.point else "."
