"""What a condition says, and which of the newest payments it matches: for who is writing it."""

from dataclasses import dataclass
from typing import Any

from fraud.errors import ConditionInvalid
from fraud.features import catalogue
from fraud.models import Decision
from fraud.rulebook.closures import closure, readable
from fraud.rulebook.syntax import Node, parse, parse_new
from fraud.rulebook.vocabulary import KINDS
from fraud.rulebook.writing import canonical, english

RECENT = 200  # decisions that are looked at while somebody waits
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Said:
    """A condition in English; or what is wrong with it, its line, and a caret below the place."""

    english: str = ""
    canonical: str = ""
    problem: str = ""
    line: str = ""
    caret: str = ""


def say(condition: str, *, new: bool = False) -> Said:
    """`new` for what is being written, of which more is asked than of what is stored."""
    try:
        tree = parse_new(condition) if new else parse(condition)
    except ConditionInvalid as problem:
        start = condition.rfind("\n", 0, problem.at) + 1
        line = condition[start:].partition("\n")[0]
        return Said(problem=problem.message, line=line, caret=" " * (problem.at - start) + "^")
    meant = english(tree)
    return Said(english=meant[:1].upper() + meant[1:] + ".", canonical=canonical(tree))


@dataclass(frozen=True, slots=True)
class Trial:
    """Which of the newest decisions about outgoing money a condition matches."""

    looked_at: int
    matched: int
    shown: list[Decision]


def recent(tree: Node) -> Trial:
    newest = Decision.objects.filter(facts__outgoing=True).order_by("-at", "-id")[:RECENT]
    decisions, ask = list(newest), closure(tree)
    found = [
        decision
        for decision in decisions
        if ask(readable(catalogue.of(decision.facts_then(), decision.snapshot_then())))
    ]
    return Trial(len(decisions), len(found), found[:SHOWN])


def features() -> list[dict[str, Any]]:
    """The catalogue, as a list to choose from."""
    return [
        {"name": name, "kind": KINDS[name].value, "label": feature.label}
        for name, feature in catalogue.FEATURES.items()
    ]
