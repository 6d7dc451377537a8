"""From words to a tree: a Pratt parser that knows the kinds of values. No Django here.

A tree is frozen, bounded in depth and size, and right in its kinds: what comes out of `parse` can
be turned into a closure, into columns and into English without another check.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from difflib import get_close_matches

from fraud.errors import ConditionInvalid
from fraud.features.catalogue import FEATURES, comparable
from fraud.rulebook.tokens import END, NAME, NUMBER, SIGN, TEXT, WORDS, Token, tokens
from fraud.rulebook.vocabulary import KINDS, Kind

DEPTH_MAX = 20  # parentheses within parentheses
NODES_MAX = 200
OPTIONS_MAX = 50  # of a list after `in`
# Multiplications and divisions in one chain: values lie within 1e±30, so that nothing a rule can
# say overflows or vanishes, on any engine.
FACTORS_MAX = 4

COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
CALLS = {"min": (2, 10), "max": (2, 10), "abs": (1, 1)}  # how many values each takes


@dataclass(frozen=True, slots=True)
class Number:
    value: float
    digits: str  # as it is written: 1000, 0.5, 50%


@dataclass(frozen=True, slots=True)
class Text:
    value: str


@dataclass(frozen=True, slots=True)
class Feature:
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Arithmetic:
    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    values: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Missing:
    value: "Node"


@dataclass(frozen=True, slots=True)
class Compare:
    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Between:
    value: "Node"
    low: "Node"
    high: "Node"
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class Among:
    value: "Node"
    options: tuple["Node", ...]
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    value: "Node"


@dataclass(frozen=True, slots=True)
class Junction:
    word: str  # and, or
    parts: tuple["Node", ...]


Node = (
    Number | Text | Feature | Arithmetic | Call | Missing | Compare | Between | Among | Not
    | Junction
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Part:
    """A node while it is read: of which kind, where it begins, how many factors deep."""

    node: Node
    kind: Kind
    at: int
    factors: int = 0


def parse(condition: str, kinds: Mapping[str, Kind] = KINDS) -> Node:
    """The tree of a condition, or ConditionInvalid with the place and what was meant."""
    return _Parser(condition, kinds).whole()


def parse_new(condition: str) -> Node:
    """The same for what is written now: also refused is what no value could ever answer. What is
    stored already stays readable."""
    return _Parser(condition, KINDS, new=True).whole()


_POWER = {
    "or": 1, "and": 2, **dict.fromkeys((*COMPARISONS, "in", "between", "not"), 4),
    "+": 5, "-": 5, "*": 6, "/": 6,
}  # fmt: skip
_NOT_POWER, _MINUS_POWER = 3, 7
_GROUPED = re.compile(r"\d+(_\d+)*(\.\d+)?%?", re.ASCII)
_DIMENSIONLESS = {Kind.NUMBER, Kind.COUNT, Kind.SHARE}


class _Parser:
    def __init__(self, condition: str, kinds: Mapping[str, Kind], *, new: bool = False) -> None:
        self.new = new
        self.words = list(tokens(condition))
        self.kinds = kinds
        self.place = self.depth = self.nodes = 0

    @property
    def next(self) -> Token:
        return self.words[self.place]

    def take(self) -> Token:
        token = self.next
        self.place += 1
        return token

    def expect(self, text: str, why: str) -> Token:
        if self.next.text != text or self.next.kind == TEXT:
            raise ConditionInvalid(f"{why}, not {self.next}.", at=self.next.at)
        return self.take()

    def whole(self) -> Node:
        if self.next.kind == END:
            raise ConditionInvalid("Write a condition.", at=0)
        part = self.expression(0)
        if self.next.kind != END:
            raise ConditionInvalid(
                f"Here should be `and`, `or` or a comparison, not {self.next}.", at=self.next.at
            )
        node = self.yes_or_no(part).node
        if not features_of(node):
            raise ConditionInvalid("A condition asks about at least one feature.", at=0)
        return node

    def expression(self, least: int) -> _Part:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise ConditionInvalid(f"This nests deeper than {DEPTH_MAX} levels.", at=self.next.at)
        part = self.prefix()
        while self.next.kind in (NAME, SIGN) and _POWER.get(self.next.text, 0) > least:
            part = self.infix(part)
        self.depth -= 1
        return part

    def made(self, node: Node, kind: Kind, at: int, factors: int = 0) -> _Part:
        self.nodes += 1
        if self.nodes > NODES_MAX:
            raise ConditionInvalid(f"A condition has at most {NODES_MAX} parts.", at=at)
        return _Part(node, kind, at, factors)

    # --- what may begin an expression --------------------------------------------------------

    def prefix(self) -> _Part:
        token = self.take()
        if token.kind == NUMBER:
            if self.new and not _GROUPED.fullmatch(token.text):
                instead = _number(token.text).digits
                raise ConditionInvalid(
                    "One `_` stands between two digits.", at=token.at, instead=instead
                )
            return self.made(_number(token.text), Kind.NUMBER, token.at)
        if token.kind == TEXT:
            return self.made(Text(token.text[1:-1]), Kind.TEXT, token.at)
        if token.kind == NAME and token.text not in WORDS:
            return self.feature(token)
        return self.word(token)

    def word(self, token: Token) -> _Part:
        if token.text == "(":
            part = self.expression(0)
            self.expect(")", "This parenthesis should be closed by `)`")
            return _Part(part.node, part.kind, token.at, part.factors)
        if token.text == "-":
            return self.minus(token)
        if token.text == "not":
            part = self.yes_or_no(self.expression(_NOT_POWER))
            return self.made(Not(part.node), Kind.FLAG, token.at)
        if token.text == "missing":
            return self.missing(token)
        if token.text in CALLS:
            return self.call(token)
        raise ConditionInvalid(f"Here should be a feature or a value, not {token}.", at=token.at)

    def feature(self, token: Token) -> _Part:
        kind = self.kinds.get(token.text)
        if kind is None:
            raise _unknown(token, self.kinds)
        return self.made(Feature(token.text, kind), kind, token.at)

    def minus(self, token: Token) -> _Part:
        part = self.numeric(self.expression(_MINUS_POWER))
        if isinstance(part.node, Number):
            return _Part(_negative(part.node), Kind.NUMBER, token.at)
        less = Arithmetic("-", Number(0.0, "0"), part.node)
        return self.made(less, part.kind, token.at, part.factors)

    def missing(self, token: Token) -> _Part:
        self.expect("(", "Here should be `(`")
        part = self.expression(0)
        if part.kind is Kind.FLAG and not isinstance(part.node, Feature):
            raise ConditionInvalid("An answer is never missing; ask about a feature.", at=part.at)
        self.expect(")", "This parenthesis should be closed by `)`")
        return self.made(Missing(part.node), Kind.FLAG, token.at)

    def call(self, token: Token) -> _Part:
        least, most = CALLS[token.text]
        self.expect("(", "Here should be `(`")
        parts = [self.numeric(part) for part in self.listed(most)]
        if len(parts) < least:
            raise ConditionInvalid(f"`{token.text}` compares {least} values or more.", at=token.at)
        kind = parts[0].kind
        for part in parts[1:]:
            kind = _common(kind, part)
        factors = max(part.factors for part in parts)
        node = Call(token.text, tuple(part.node for part in parts))
        return self.made(node, kind, token.at, factors)

    def listed(self, most: int) -> list[_Part]:
        """Expressions with commas between them, up to the closing parenthesis."""
        parts = [self.expression(0)]
        while self.next.text == "," and self.next.kind == SIGN:
            comma = self.take()
            if len(parts) == most:
                raise ConditionInvalid(f"Here are at most {most} values.", at=comma.at)
            parts.append(self.expression(0))
        self.expect(")", "Here should be `,` or `)`")
        return parts

    # --- what may stand between two ----------------------------------------------------------

    def infix(self, left: _Part) -> _Part:
        token = self.take()
        if token.text in ("and", "or"):
            return self.junction(left, token)
        if token.text in COMPARISONS:
            return self.comparison(left, token)
        if token.text in ("in", "between", "not"):
            return self.membership(left, token)
        return self.arithmetic(left, token)

    def junction(self, left: _Part, token: Token) -> _Part:
        left = self.yes_or_no(left)
        right = self.yes_or_no(self.expression(_POWER[token.text]))
        parts = (*_flat(left.node, token.text), *_flat(right.node, token.text))
        return self.made(Junction(token.text, parts), Kind.FLAG, left.at)

    def comparison(self, left: _Part, token: Token) -> _Part:
        if left.kind is Kind.FLAG:
            raise _no_comparison(left, token.at)
        right = self.expression(_POWER[token.text])
        if right.kind is Kind.FLAG:
            raise _no_comparison(right, right.at)
        _common(left.kind, right)
        if left.kind is Kind.TEXT and token.text not in ("=", "!="):
            raise ConditionInvalid("Texts are the same or not, never more or less.", at=token.at)
        self.possible(left, token.text, right)
        self.possible(right, MIRRORED.get(token.text, token.text), left)
        return self.made(Compare(token.text, left.node, right.node), Kind.FLAG, left.at)

    def membership(self, left: _Part, token: Token) -> _Part:
        inverted = token.text == "not"
        if inverted:
            token = self.take()
        if token.text == "in":
            return self.among(left, inverted)
        if token.text == "between":
            return self.between(left, inverted)
        raise ConditionInvalid(f"Here should be `in` or `between`, not {token}.", at=token.at)

    def among(self, left: _Part, inverted: bool) -> _Part:
        if left.kind is Kind.FLAG:
            raise _no_comparison(left, left.at)
        self.expect("(", "Here should be a list in parentheses")
        options = self.listed(OPTIONS_MAX)
        for option in options:
            if not isinstance(option.node, Number | Text):
                raise ConditionInvalid("A list holds numbers or texts.", at=option.at)
            _common(left.kind, option)
            self.possible(left, "=", option)
        node = Among(left.node, tuple(option.node for option in options), inverted)
        return self.made(node, Kind.FLAG, left.at)

    def between(self, left: _Part, inverted: bool) -> _Part:
        left = self.numeric(left)
        power = _POWER["between"]
        low = self.numeric(self.expression(power))
        self.expect("and", "Between needs two values: here should be `and`")
        high = self.numeric(self.expression(power))
        for side in (low, high):
            _common(left.kind, side)
            self.possible(left, "<=", side)
        self.rising(left, low, high, inverted)
        node = Between(left.node, low.node, high.node, inverted)
        return self.made(node, Kind.FLAG, left.at)

    def arithmetic(self, left: _Part, token: Token) -> _Part:
        left = self.numeric(left)
        right = self.numeric(self.expression(_POWER[token.text]))
        factors = max(left.factors, right.factors)
        if token.text in "+-":
            kind = _common(left.kind, right)
        else:
            kind = _product(left.kind, right, token.text)
            factors = left.factors + right.factors + 1
            if factors > FACTORS_MAX:
                raise ConditionInvalid(
                    f"At most {FACTORS_MAX} multiplications and divisions follow each other.",
                    at=token.at,
                )
        node = Arithmetic(token.text, left.node, right.node)
        return self.made(node, kind, left.at, factors)

    # --- what no value could answer ----------------------------------------------------------

    def possible(self, asked: _Part, sign: str, constant: _Part) -> None:
        """Refuse a feature beside a value that it never has: always the same answer."""
        if not self.new or not isinstance(asked.node, Feature):
            return
        if not isinstance(constant.node, Number | Text):
            return
        name, value = asked.node.name, constant.node.value
        domain = FEATURES[name].domain
        if isinstance(value, str):
            if not domain.holds(value):
                spelled = next(filter(domain.holds, (value.upper(), value.lower())), None)
                instead = None if spelled is None else f"'{spelled}'"
                raise ConditionInvalid(f"`{name}` is {domain}.", at=constant.at, instead=instead)
            return
        edge = (sign == "<" and value == domain.least) or (sign == ">" and value == domain.most)
        broken = domain.whole and sign in ("=", "!=") and not value.is_integer()
        if edge or broken or not domain.holds(value):
            raise ConditionInvalid(f"`{name}` is {domain}.", at=constant.at)

    def rising(self, left: _Part, low: _Part, high: _Part, inverted: bool) -> None:
        """Refuse a range from more to less: nothing is within."""
        if not self.new or not isinstance(low.node, Number) or not isinstance(high.node, Number):
            return
        first, last = low.node, high.node
        if first.value <= last.value:
            return
        name = left.node.name if isinstance(left.node, Feature) else "…"
        why = "The smaller value comes first."
        instead = f"{name} {'not ' * inverted}between {last.digits} and {first.digits}"
        if left.kind is Kind.HOUR:  # people mean the night
            why = "No hour of a day lies in there."
            instead = f"{name} >= {first.digits} or {name} < {last.digits}"
            if inverted:
                instead = f"{name} >= {last.digits} and {name} < {first.digits}"
        raise ConditionInvalid(why, at=low.at, instead=instead)

    # --- what a place asks for ---------------------------------------------------------------

    def yes_or_no(self, part: _Part) -> _Part:
        if part.kind is Kind.FLAG:
            return part
        raise ConditionInvalid(
            f"This is {part.kind.article}, not a yes or no: compare it with something.", at=part.at
        )

    def numeric(self, part: _Part) -> _Part:
        if part.kind in (Kind.TEXT, Kind.FLAG):
            raise ConditionInvalid(f"Here should be a number, not {part.kind.article}.", at=part.at)
        return part


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below."""
    match node:
        case Arithmetic() | Compare():
            return node.left, node.right
        case Call():
            return node.values
        case Between():
            return node.value, node.low, node.high
        case Among():
            return (node.value, *node.options)
        case Junction():
            return node.parts
        case Missing() | Not():
            return (node.value,)
    return ()


def spelled(node: Node) -> Node:
    """The same question, its texts spelled as values are: for comparing, not for showing."""
    match node:
        case Junction():
            return replace(node, parts=tuple(spelled(part) for part in node.parts))
        case Not():
            return replace(node, value=spelled(node.value))
        case Compare():
            left, right = node.left, node.right
            return replace(node, left=_as_of(right, left), right=_as_of(left, right))
        case Among():
            options = tuple(_as_of(node.value, option) for option in node.options)
            return replace(node, options=options)
    return node


def _as_of(feature: Node, text: Node) -> Node:
    if isinstance(feature, Feature) and isinstance(text, Text):
        return Text(comparable(feature.name, text.value))
    return text


def features_of(node: Node) -> frozenset[str]:
    """The names of all features that it asks about."""
    if isinstance(node, Feature):
        return frozenset((node.name,))
    return frozenset().union(*(features_of(child) for child in children(node)))


def _number(text: str) -> Number:
    digits = Decimal(text.rstrip("%").replace("_", ""))
    percent = "%" if text.endswith("%") else ""
    value = float(digits / 100 if percent else digits)
    return Number(value, f"{digits.normalize():f}{percent}")


def _negative(number: Number) -> Number:
    if number.value == 0:
        return number
    if number.digits.startswith("-"):
        return Number(-number.value, number.digits[1:])
    return Number(-number.value, f"-{number.digits}")


def _flat(node: Node, word: str) -> tuple[Node, ...]:
    """`a and (b and c)` says the same as `a and b and c`."""
    return node.parts if isinstance(node, Junction) and node.word == word else (node,)


def _common(kind: Kind, part: _Part) -> Kind:
    """The kind of both; a plain number fits every measure."""
    if kind is part.kind or (part.kind is Kind.NUMBER and kind.is_numeric):
        return kind
    if kind is Kind.NUMBER and part.kind.is_numeric:
        return part.kind
    raise ConditionInvalid(
        f"{kind.article.capitalize()} cannot be compared with {part.kind.article}.", at=part.at
    )


def _product(left: Kind, right: _Part, sign: str) -> Kind:
    """Money times a number is money, money by money is a number; money times money is nothing."""
    if right.kind in _DIMENSIONLESS:
        return left
    if sign == "*" and left in _DIMENSIONLESS:
        return right.kind
    if sign == "/":
        return Kind.NUMBER
    raise ConditionInvalid(
        f"{left.article.capitalize()} times {right.kind.article} means nothing.", at=right.at
    )


def _no_comparison(part: _Part, at: int) -> ConditionInvalid:
    if isinstance(part.node, Feature):
        name = part.node.name
        return ConditionInvalid(
            f"`{name}` is a yes or no by itself, and compared with nothing.", at=at, instead=name
        )
    return ConditionInvalid("An answer cannot be compared; join answers by `and` or `or`.", at=at)


def _unknown(token: Token, kinds: Mapping[str, Kind]) -> ConditionInvalid:
    written = token.text.lower()
    begun = [name for name in kinds if name.startswith(written)]
    close = begun or get_close_matches(written, kinds, n=1, cutoff=0.6)
    return ConditionInvalid(
        f"There is no feature called `{token.text[:60]}`.", at=token.at,
        instead=close[0] if close else None,
    )  # fmt: skip
