"""What a rule or a policy answers with, and how amounts are said in it. No Django here."""

from dataclasses import dataclass
from typing import Any

from fintrust.core.money import Money, exponent

_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥"}


@dataclass(frozen=True, slots=True)
class Hit:
    """Something noticed: a code, how much it weighs (0..1), and why, in the customer's words."""

    code: str
    weight: float
    because: str

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= 1:
            raise ValueError(f"a weight lies between 0 and 1, not at {self.weight}")

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, "text": self.because, "weight": self.weight}


def say(minor: float, currency: str) -> str:
    """An amount in a reason: `€1,234.50`. Own spelling, because a stored sentence must come out
    the same on replay, whatever a locale library says next year."""
    decimal = Money(round(minor), currency).decimal
    number = f"{decimal:,.{exponent(currency)}f}"
    return _SIGNS[currency] + number if currency in _SIGNS else f"{number} {currency}"


def times(ratio: float) -> str:
    """`6.2 times`, `12 times`, `1,420 times`: a decimal only where it tells something."""
    tenths = round(ratio, 1)
    number = f"{tenths:.1f}".removesuffix(".0") if tenths < 10 else f"{ratio:,.0f}"
    return f"{number} times"


def ordinal(number: int) -> str:
    """`1st`, `12th`, `1,003rd`."""
    tail = "th" if number % 100 in {11, 12, 13} else _TAILS.get(number % 10, "th")
    return f"{number:,}{tail}"


_TAILS = {1: "st", 2: "nd", 3: "rd"}
