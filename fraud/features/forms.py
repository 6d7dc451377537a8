"""How a feature is worked out from facts and aggregates: for one payment and for a column of them.

Each form says its arithmetic once for one payment (`one`) and once for arrays (`many`), in the
same operations on the same kinds of numbers: whole numbers add up and multiply exactly, then each
becomes a double, then doubles are multiplied and divided in the written order. IEEE 754 makes the
rest equal bit for bit; a test compares them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Ints = np.ndarray[Any, np.dtype[Any]]

Value = float | int | bool | str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One payment: its whole numbers by name, and what is no whole number."""

    whole: Callable[[str], int | None]
    given: Callable[[str], Value]


class Columns(Protocol):
    """Many payments: a whole number for each, and where it is known."""

    def whole(self, name: str) -> "tuple[Ints, Ints]": ...

    def given(self, name: str) -> "Floats": ...


class Form(Protocol):
    def one(self, row: Row) -> Value: ...

    def many(self, columns: Columns) -> "Floats": ...


def _double(column: "Ints") -> "Floats":
    import numpy as np

    return column.astype(np.float64)


def _known(values: "Floats", known: "Ints") -> "Floats":
    import numpy as np

    return np.where(known, values, np.nan)


@dataclass(frozen=True, slots=True)
class Given:
    """As it stands: a fact, or the answer of another part of the bank."""

    name: str

    def one(self, row: Row) -> Value:
        return row.given(self.name)

    def many(self, columns: Columns) -> "Floats":
        return columns.given(self.name)


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number as it was counted."""

    name: str

    def one(self, row: Row) -> Value:
        return row.whole(self.name)

    def many(self, columns: Columns) -> "Floats":
        values, known = columns.whole(self.name)
        return _known(_double(values), known)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Products of whole numbers, divided. Unknown when one of them is, or nothing divides."""

    above: tuple[str, ...]
    below: tuple[str, ...]

    def one(self, row: Row) -> Value:
        above = _product_of(row, self.above)
        below = _product_of(row, self.below)
        return above / below if above is not None and below is not None and below > 0 else None

    def many(self, columns: Columns) -> "Floats":
        import numpy as np

        above, above_known = _products_of(columns, self.above)
        below, below_known = _products_of(columns, self.below)
        known = above_known & below_known & (below > 0)
        return _known(above / np.where(known, below, 1.0), known)


def _product_of(row: Row, names: tuple[str, ...]) -> float | None:
    product = 1.0
    for name in names:
        value = row.whole(name)
        if value is None:
            return None
        product *= float(value)
    return product


def _products_of(columns: Columns, names: tuple[str, ...]) -> "tuple[Floats, Ints]":
    product, known = None, None
    for name in names:
        values, there = columns.whole(name)
        doubles = _double(values)
        product = doubles if product is None else product * doubles
        known = there if known is None else known & there
    assert product is not None and known is not None
    return product, known


@dataclass(frozen=True, slots=True)
class Since:
    """The time from a moment to the payment, in a unit."""

    moment: str
    unit: int  # microseconds

    def one(self, row: Row) -> Value:
        then, at = row.whole(self.moment), row.whole("at")
        return None if then is None or at is None else float(at - then) / self.unit

    def many(self, columns: Columns) -> "Floats":
        (then, known), (at, _) = columns.whole(self.moment), columns.whole("at")
        return _known(_double(at - then) / self.unit, known)


@dataclass(frozen=True, slots=True)
class Nothing:
    """A flag: this count is nothing. Unknown while what it is about was not given."""

    count: str
    about: str  # a flag among the facts

    def one(self, row: Row) -> Value:
        return not row.whole(self.count) if row.whole(self.about) else None

    def many(self, columns: Columns) -> "Floats":
        (counts, _), (about, _) = columns.whole(self.count), columns.whole(self.about)
        return _known(_double(counts == 0), about.astype(bool))


@dataclass(frozen=True, slots=True)
class Deviations:
    """How far the amount lies above the own mean, in standard deviations.

    The deviation has a floor, a share of the mean: who always pays the same is not surprised by a
    little more.
    """

    count: str
    sum: str
    squares: str
    floor_share: float

    def one(self, row: Row) -> Value:
        n, total, squares = (row.whole(name) or 0 for name in (self.count, self.sum, self.squares))
        amount = row.whole("amount_minor")
        if n < 2 or amount is None:
            return None
        mean = float(total) / float(n)
        deviation = math.sqrt(float(n * squares - total * total) / float(n * (n - 1)))
        return (float(amount) - mean) / max(deviation, self.floor_share * mean)

    def many(self, columns: Columns) -> "Floats":
        import numpy as np

        (n, _), (total, _), (squares, _) = (
            columns.whole(name) for name in (self.count, self.sum, self.squares)
        )
        amount, _ = columns.whole("amount_minor")
        known = n >= 2
        n = np.where(known, n, 2)
        total, squares = np.where(known, total, 1), np.where(known, squares, 1)
        mean = _double(total) / _double(n)
        deviation = np.sqrt(_double(_exact(n, total, squares)) / _double(n * (n - 1)))
        return _known(
            (_double(amount) - mean) / np.maximum(deviation, self.floor_share * mean), known
        )


def _exact(n: "Ints", total: "Ints", squares: "Ints") -> "Ints":
    """n times the squares less the square of the sum; in Python's own numbers where 64 bits might
    not hold them."""
    import numpy as np

    largest = max(
        int(total.max(initial=0)) ** 2, int(n.max(initial=0)) * int(squares.max(initial=0))
    )
    if largest >= 1 << 63:
        n, total, squares = (column.astype(object) for column in (n, total, squares))
    product: np.ndarray[Any, np.dtype[Any]] = n * squares - total * total
    return product
