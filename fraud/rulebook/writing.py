"""A tree as text: the one way to write it, and plain English. No Django here."""

from collections.abc import Sequence
from functools import singledispatch
from typing import Any

from fraud.features.aggregates import HOURS
from fraud.rulebook.syntax import (
    MIRRORED,
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
)  # fmt: skip
from fraud.rulebook.vocabulary import VOCABULARY, Kind

# --- the one way to write it ------------------------------------------------------------------
_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _ALONE = range(1, 8)


def canonical(node: Node) -> str:
    """What `parse` reads as the same tree. Two conditions that say the same look the same."""
    return _write(node)[0]


def _within(node: Node, least: int) -> str:
    """In parentheses only where they are needed."""
    text, strength = _write(node)
    return text if strength >= least else f"({text})"


@singledispatch
def _write(node: Any) -> tuple[str, int]:
    raise TypeError(f"{node!r} cannot be written")


@_write.register
def _(node: Number) -> tuple[str, int]:
    return node.digits, _ALONE


@_write.register
def _(node: Text) -> tuple[str, int]:
    mark = '"' if "'" in node.value else "'"
    return f"{mark}{node.value}{mark}", _ALONE


@_write.register
def _(node: Feature) -> tuple[str, int]:
    return node.name, _ALONE


@_write.register
def _(node: Arithmetic) -> tuple[str, int]:
    strength = _SUM if node.sign in "+-" else _PRODUCT
    # The order of doubles matters: a + (b + c) keeps its parentheses.
    left, right = _within(node.left, strength), _within(node.right, strength + 1)
    return f"{left} {node.sign} {right}", strength


@_write.register
def _(node: Call) -> tuple[str, int]:
    return f"{node.name}({_listed(node.values)})", _ALONE


@_write.register
def _(node: Missing) -> tuple[str, int]:
    return f"missing({canonical(node.value)})", _ALONE


@_write.register
def _(node: Compare) -> tuple[str, int]:
    return f"{_within(node.left, _SUM)} {node.sign} {_within(node.right, _SUM)}", _COMPARE


@_write.register
def _(node: Between) -> tuple[str, int]:
    value, low, high = (_within(part, _SUM) for part in (node.value, node.low, node.high))
    word = "not between" if node.inverted else "between"
    return f"{value} {word} {low} and {high}", _COMPARE


@_write.register
def _(node: Among) -> tuple[str, int]:
    word = "not in" if node.inverted else "in"
    return f"{_within(node.value, _SUM)} {word} ({_listed(node.options)})", _COMPARE


@_write.register
def _(node: Not) -> tuple[str, int]:
    return f"not {_within(node.value, _NOT)}", _NOT


@_write.register
def _(node: Junction) -> tuple[str, int]:
    strength = _AND if node.word == "and" else _OR
    parts = (_within(part, strength + 1) for part in node.parts)
    return f" {node.word} ".join(parts), strength


def _listed(nodes: Sequence[Node]) -> str:
    return ", ".join(canonical(node) for node in nodes)


# --- plain English ----------------------------------------------------------------------------
_WHOSE = {"own": "the customer's", "they": "the customer"}


def english(node: Node) -> str:
    """What it says, for officers: a clause without a full stop."""
    return _said(node).format(**_WHOSE)


@singledispatch
def _said(node: Any) -> str:
    raise TypeError(f"{node!r} cannot be said")


@_said.register
def _(node: Feature) -> str:
    return VOCABULARY[node.name].noun


@_said.register
def _(node: Not) -> str:
    if isinstance(node.value, Feature):
        return VOCABULARY[node.value.name].no
    if isinstance(node.value, Junction) and node.value.word == "or":
        return "neither " + " nor ".join(_nested(part) for part in node.value.parts)
    return f"it is not so that {_nested(node.value)}"


@_said.register
def _(node: Junction) -> str:
    if night := _night(node):
        return night
    *most, last = [_nested(part) for part in node.parts]
    return f"{', '.join(most)}, {node.word} {last}"


def _nested(node: Node) -> str:
    if not isinstance(node, Junction):
        return _said(node)
    if night := _night(node):
        return night
    start = "both" if node.word == "and" else "either"
    return f"{start} " + f" {node.word} ".join(_nested(part) for part in node.parts)


@_said.register
def _(node: Missing) -> str:
    whether = isinstance(node.value, Feature) and node.value.kind is Kind.FLAG
    if whether:
        return f"it is not known whether {_said(node.value)}"
    return f"{_noun(node.value)} is not known"


_VERBS = {
    "=": "is", "!=": "is not", "<": "is less than", "<=": "is at most",
    ">": "is more than", ">=": "is at least",
}  # fmt: skip


@_said.register
def _(node: Compare) -> str:
    if isinstance(node.left, Number | Text) and not isinstance(node.right, Number | Text):
        sign = MIRRORED.get(node.sign, node.sign)
        return _said(Compare(sign, node.right, node.left))
    if _is_weekday(node.left) and isinstance(node.right, Number):
        return f"the day of the week {_DAY_VERBS[node.sign]} {_day(node.right)}"
    return f"{_subject(node.left, node.right)} {_VERBS[node.sign]} {_measure(node, node.right)}"


_DAY_VERBS = {
    "=": "is", "!=": "is not", "<": "is before", "<=": "is no later than",
    ">": "is after", ">=": "is no earlier than",
}  # fmt: skip


@_said.register
def _(node: Between) -> str:
    if _is_weekday(node.value) and isinstance(node.low, Number) and isinstance(node.high, Number):
        verb = "is not" if node.inverted else "is"
        return f"the day of the week {verb} from {_day(node.low)} to {_day(node.high)}"
    verb = "is not between" if node.inverted else "is between"
    constant = isinstance(node.low, Number) and isinstance(node.high, Number)
    low = _number(node.low, node.value) if isinstance(node.low, Number) else _noun(node.low)
    high = _measured(node.high, node.value) if constant else _noun(node.high)
    return f"{_subject(node.value, node.high if constant else node.low)} {verb} {low} and {high}"


def _night(node: Junction) -> str | None:
    """`hour >= 22 or hour < 6`: over midnight, which no range can say."""
    if node.word != "or" or len(node.parts) != 2:
        return None
    match node.parts:
        case (
            Compare(">=", Feature("hour") as hour, Number(digits=start)),
            Compare("<", Feature("hour"), Number(digits=end)),
        ) if f"{start}{end}".isdecimal() and int(end) <= int(start) < HOURS:
            return f"{_noun(hour)} is between {int(start):02}:00 and {int(end):02}:00"
    return None


@_said.register
def _(node: Among) -> str:
    if _is_weekday(node.value):
        return _on_days(node)
    verb = "is none of" if node.inverted else "is one of"
    if len(node.options) == 1:
        verb = "is not" if node.inverted else "is"
    options = ", ".join(_number(option, node.value) for option in node.options)
    unit = _unit(node.value)
    return f"{_subject(node.value, node.options[0])} {verb} {options}{unit}"


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _on_days(node: Among) -> str:
    *most, last = [_day(one) for one in node.options if isinstance(one, Number)]
    listed = f"{', '.join(most)} or {last}" if most else last
    return f"the day of the week is {'not ' * node.inverted}{listed}"


def _is_weekday(node: Node) -> bool:
    return isinstance(node, Feature) and node.name == "weekday"


def _day(number: Number) -> str:
    """A day that is none is said as its number."""
    return dict(enumerate(_DAYS)).get(number.value, number.digits)  # type: ignore[call-overload]


def _subject(node: Node, other: Node) -> str:
    """A multiple is spoken of as what is multiplied, when a plain number stands beside it."""
    if isinstance(node, Feature) and VOCABULARY[node.name].of and isinstance(other, Number):
        return VOCABULARY[node.name].noun
    return _noun(node)


def _measure(node: Compare, other: Node) -> str:
    return _measured(other, node.left) if isinstance(other, Number | Text) else _noun(other)


def _measured(constant: Node, of: Node) -> str:
    return _number(constant, of) + _unit(of)


def _unit(of: Node) -> str:
    """What follows a plain number that a value is compared with."""
    if not isinstance(of, Feature):
        return ""
    if VOCABULARY[of.name].of:
        return f" times {VOCABULARY[of.name].of}"
    return {Kind.HOURS: " hours", Kind.DAYS: " days", Kind.HOUR: " o'clock"}.get(of.kind, "")


def _number(constant: Node, of: Node) -> str:
    if isinstance(constant, Text):
        # Braces are for our own words; what an officer quotes is said as it is.
        return f"“{constant.value}”".replace("{", "{{").replace("}", "}}")
    assert isinstance(constant, Number)
    share = isinstance(of, Feature) and of.kind is Kind.SHARE
    if share and not constant.digits.endswith("%"):
        return f"{round(constant.value * 100, 10):,.10g}%"
    whole, point, rest = constant.digits.partition(".")
    sign, whole = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    percent, whole = ("%", whole[:-1]) if whole.endswith("%") else ("", whole)
    return f"{sign}{int(whole):,}{point}{rest}{percent}"


@singledispatch
def _noun(node: Any) -> str:
    raise TypeError(f"{node!r} is no value")


@_noun.register(Number)
@_noun.register(Text)
def _(node: Number | Text) -> str:
    return _number(node, node)


@_noun.register
def _(node: Feature) -> str:
    word = VOCABULARY[node.name]
    return f"{word.noun} as a multiple of {word.of}" if word.of else word.noun


_WORDS = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}


@_noun.register
def _(node: Arithmetic) -> str:
    return f"{_operand(node.left)} {_WORDS[node.sign]} {_operand(node.right)}"


def _operand(node: Node) -> str:
    return f"({_noun(node)})" if isinstance(node, Arithmetic) else _noun(node)


@_noun.register
def _(node: Call) -> str:
    if node.name == "abs":
        return f"the size of ({_noun(node.values[0])})"
    *most, last = [_noun(value) for value in node.values]
    which = "smallest" if node.name == "min" else "largest"
    return f"the {which} of {', '.join(most)} and {last}"
