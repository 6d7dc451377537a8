"""The same tree as an expression over columns, for any engine that Ibis speaks to.

Imported by backtests only: Ibis is large, and no payment waits for it. What a missing value does,
and how numbers are read, is said in `closures`; a property test holds both to the same answers.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from functools import reduce, singledispatch
from typing import Any

import ibis
import ibis.expr.types as ir

from fraud.rulebook.closures import LARGEST, SMALLEST
from fraud.rulebook.syntax import (
    Among,
    Arithmetic,
    Between,
    Call,
    Compare,
    Feature,
    Junction,
    Missing,
    Node,
    Not,
    Number,
    Text,
    spelled,
)  # fmt: skip
from fraud.rulebook.vocabulary import KINDS, Kind


def readable(table: ir.Table, names: Iterable[str]) -> ir.Table:
    """The columns that conditions ask about, with values as conditions read them."""
    kinds = {name: KINDS[name] for name in sorted(names)}
    return table.mutate(**{name: _readable(table[name], kind) for name, kind in kinds.items()})


def _readable(column: Any, kind: Kind) -> Any:
    if kind is Kind.FLAG:
        return column
    if kind is Kind.TEXT:
        return column.nullif("")
    # Some engines say that "not a number" is above all numbers, others that it is nowhere: it is
    # not below the largest for any of them.
    usable = column.abs() <= LARGEST
    vanishing = column.abs() < SMALLEST
    return ibis.cases((vanishing, 0.0), (usable, column), else_=ibis.null("float64"))


def column(node: Node, table: ir.Table) -> Any:
    """Whether the condition holds, for each row of a table that came out of `readable`."""
    return _ask(spelled(node), table)


# --- answers: never null, so that not, and, or mean what they mean in a closure ----------------


@singledispatch
def _ask(node: Any, table: ir.Table) -> Any:
    raise TypeError(f"{node!r} is no answer")


@_ask.register
def _(node: Feature, table: ir.Table) -> Any:
    return table[node.name].fill_null(False)


@_ask.register
def _(node: Not, table: ir.Table) -> Any:
    return ~_ask(node.value, table)


@_ask.register
def _(node: Junction, table: ir.Table) -> Any:
    join = operator.and_ if node.word == "and" else operator.or_
    return reduce(join, (_ask(part, table) for part in node.parts))


@_ask.register
def _(node: Missing, table: ir.Table) -> Any:
    return _read(node.value, table).isnull()


_SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@_ask.register
def _(node: Compare, table: ir.Table) -> Any:
    compared = _SIGNS[node.sign](_read(node.left, table), _read(node.right, table))
    return compared.fill_null(False)


@_ask.register
def _(node: Between, table: ir.Table) -> Any:
    value, low, high = (_read(part, table) for part in (node.value, node.low, node.high))
    if not node.inverted:
        return ((low <= value) & (value <= high)).fill_null(False)
    # With any of the three missing it is false, though one comparison alone could tell.
    known = value.notnull() & low.notnull() & high.notnull()
    return (known & ((value < low) | (value > high))).fill_null(False)


@_ask.register
def _(node: Among, table: ir.Table) -> Any:
    options = [_constant(option) for option in node.options if isinstance(option, Number | Text)]
    value = _read(node.value, table)
    found = value.notin(options) if node.inverted else value.isin(options)
    return found.fill_null(False)


# --- values ------------------------------------------------------------------------------------


@singledispatch
def _read(node: Any, table: ir.Table) -> Any:
    raise TypeError(f"{node!r} is no value")


@_read.register(Number)
@_read.register(Text)
def _(node: Number | Text, table: ir.Table) -> Any:
    return _constant(node)


def _constant(node: Number | Text) -> Any:
    """A number as text that the engine reads as a double: a bare 0.333 is a decimal for some, and
    comes out as a neighbour of the double it should be."""
    text = ibis.literal(str(node.value))
    return text if isinstance(node, Text) else text.cast("float64")


@_read.register
def _(node: Feature, table: ir.Table) -> Any:
    return table[node.name]


_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    # Engines differ about dividing by zero: an error, infinite, null. Here it is missing.
    "/": lambda left, right: left / right.nullif(0.0),
}


@_read.register
def _(node: Arithmetic, table: ir.Table) -> Any:
    return _ARITHMETIC[node.sign](_read(node.left, table), _read(node.right, table))


@_read.register
def _(node: Call, table: ir.Table) -> Any:
    values = [_read(value, table) for value in node.values]
    if node.name == "abs":
        return values[0].abs()
    # Engines pass over nulls here; arithmetic with a missing value is missing.
    known = reduce(operator.and_, (value.notnull() for value in values))
    picked = (ibis.least if node.name == "min" else ibis.greatest)(*values)
    return ibis.ifelse(known, picked, ibis.null("float64"))
