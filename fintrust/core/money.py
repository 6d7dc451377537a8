"""Money as whole minor units of one currency. No floats, no bare numbers."""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_currency, get_currency_precision

from fintrust.core.errors import Invalid

MINOR_MAX = 10**18 - 1  # eighteen digits: far above any real amount, safely inside a bigint
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")  # ASCII digits only: no ٣, no 1e9, no commas
_CURRENCY = re.compile(r"[A-Z]{3}")


class InvalidAmount(Invalid):
    """The amount must be a positive number with no more decimals than its currency has."""

    code, field = "invalid-amount", "amount"


class AmountTooLarge(Invalid):
    """The amount has more than eighteen digits."""

    code, field = "amount-too-large", "amount"


class CurrencyMismatch(Invalid):
    """These amounts are in different currencies."""

    code, field = "currency-mismatch", "currency"


@lru_cache
def exponent(currency: str) -> int:
    """Decimals of the currency's minor unit (ISO 4217): EUR 2, JPY 0, BHD 3."""
    return get_currency_precision(currency)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """`Money(12_50, "EUR")` is twelve euro fifty. Signed; arithmetic stays in one currency."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if isinstance(self.minor, bool) or not isinstance(self.minor, int):
            raise InvalidAmount("Money is counted in whole minor units.")
        if not _CURRENCY.fullmatch(self.currency):
            raise CurrencyMismatch("A currency is three capital letters.")

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """A positive amount as a person types it: `12`, `12.5`, `12.50`.

        Raises InvalidAmount (not a number, zero, negative, too many decimals) or AmountTooLarge.
        """
        text = text.strip()
        if not _NUMBER.fullmatch(text):
            raise InvalidAmount("Write the amount as a number, for example 12.50.")
        whole, _, fraction = text.partition(".")
        if len(whole.lstrip("0")) + len(fraction) > 18:
            raise AmountTooLarge()
        scaled = Decimal(text).scaleb(exponent(currency))
        if scaled != scaled.to_integral_value():
            raise InvalidAmount(f"{currency} has {exponent(currency)} decimals.")
        minor = int(scaled)
        if minor == 0:
            raise InvalidAmount("The amount must be more than zero.")
        if minor > MINOR_MAX:
            raise AmountTooLarge()
        return cls(minor, currency)

    @property
    def decimal(self) -> Decimal:
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def format(self, locale: str = "en_GB") -> str:
        return format_currency(self.decimal, self.currency, locale=locale)

    def __str__(self) -> str:
        return f"{self.decimal:.{exponent(self.currency)}f} {self.currency}"

    def _same(self, other: "Money") -> int:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not mix.")
        return other.minor

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0
