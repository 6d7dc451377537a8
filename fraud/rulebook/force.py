"""What officers have put in force, as a frozen value that decides. No Django here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fraud.rulebook.closures import Ask, Values, closure
from fraud.rulebook.syntax import parse

# Said when officers wrote nothing for the customer. Never the condition: whoever is stopped, and
# may be a thief, would read the number to stay below.
NEUTRAL = "This payment matches a pattern that we stop and check"

WATCH, HOLD, BLOCK = "watch", "hold", "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficersRule:
    """One version of a rule, compiled. `matches` wants values that `closures.readable` gave."""

    id: str  # rlv_…: of the version
    name: str
    version: int
    condition: str
    action: str
    said: str = ""  # the officers' own words for the customer
    matches: Ask = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "matches", closure(parse(self.condition)))

    def sentence(self, values: Values) -> str:
        """Why, in the customer's words. The same for all payments that it matches."""
        return self.said or NEUTRAL

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _STORED}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "OfficersRule":
        return cls(**{name: values[name] for name in _STORED})


_STORED = ("id", "name", "version", "condition", "action", "said")


@dataclass(frozen=True, slots=True, kw_only=True)
class Force:
    """What the newest ruleset says. `unreadable` are rules that this program cannot read any more:
    they decide nothing, and a decision without them is marked degraded."""

    id: str = ""  # rst_…; empty before officers have ruled anything
    number: int = 0
    live: tuple[OfficersRule, ...] = ()
    shadow: tuple[OfficersRule, ...] = ()
    champion: str = ""
    shadow_model: str = ""
    flagged_from: float
    blocked_from: float
    unreadable: tuple[str, ...] = ()
