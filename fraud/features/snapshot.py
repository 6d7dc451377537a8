"""What the bank knew about the customer at that moment. Values only: no Django here.

A snapshot is stored with its decision, so a decision can be made again at any time. It holds
whole numbers, one for each of `aggregates.AGGREGATES`: means and deviations are worked out from
exact sums, the same everywhere.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from fraud.features import aggregates
from fraud.features.aggregates import HOURS, WEEKDAYS
from fraud.features.moments import micros_of
from fraud.limits.own import NOTHING, UNCOUNTED, CustomerPolicies, Standing
from fraud.lists.matched import Listed
from fraud.travel.judge import Around, Travel

Values = Mapping[str, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The customer's own normal, and that of others while there is none.

    Everything is causal: only what had moved before the payment's own time is in it.
    """

    # The customer's clock when it was asked for. Kept, because time zones change their laws.
    local_hour: int
    local_minute: int = 0
    local_weekday: int | None = None  # 0 is Monday; None in snapshots that did not keep it
    values: Values = field(default_factory=dict)
    limit_minor: int | None = None  # all of own limits that decisions of the first form knew
    # How the session was typing.
    session_risk: float | None = None
    # Values of their own topics; see PARTS.
    own: CustomerPolicies = NOTHING  # the customer's own hard limits
    standing: Standing = UNCOUNTED  # where the customer stands against them
    travel: Travel | None = None  # how fast the customer must have moved to be here
    around: Around | None = None  # with what, and how quickly, they ask
    listed: Listed | None = None  # what the bank's own lists say of it
    degraded: tuple[str, ...] = ()  # what could not be asked: "redis"

    def __post_init__(self) -> None:
        known = {name: value for name, value in self.values.items() if value is not None}
        object.__setattr__(self, "values", MappingProxyType(known))

    def get(self, name: str) -> int | None:
        return self.values.get(name)

    def count(self, name: str) -> int:
        """A count or a sum; what was not kept is nothing."""
        return self.values.get(name) or 0

    @property
    def payments(self) -> int:
        """Own payments in this currency and direction."""
        return self.count("own_same_count")

    @property
    def mean_minor(self) -> float:
        return self.count("own_same_sum") / self.payments if self.payments else 0.0

    @property
    def deviation_minor(self) -> float:
        """The sample standard deviation, from exact integers: no rounding piles up."""
        n = self.payments
        if n < 2:
            return 0.0
        square = n * self.count("own_same_squares") - self.count("own_same_sum") ** 2
        return math.sqrt(square / (n * (n - 1)))

    def unusual(self, amount_minor: int) -> bool:
        """Whether such a payment would have been out of the customer's habit."""
        return aggregates.unusual(amount_minor, self.payments, self.get("own_high"))

    def hours_between(self, start: int, end: int) -> int:
        """Own payments on these hours of the customer's clock."""
        return sum(self.count(f"own_hour_{hour % HOURS}") for hour in range(start, end))

    def days(self, at: datetime) -> float:
        """How long this history reaches back, in this currency."""
        first = self.get("own_same_first_at")
        return 0.0 if first is None else (micros_of(at) - first) / 86_400_000_000

    def to_json(self) -> dict[str, Any]:
        """Short, since one is kept with every payment: what is not known is left out, and habits
        are lists."""
        values = dict(self.values)
        written = {
            "local_hour": self.local_hour,
            "local_minute": self.local_minute,
            "local_weekday": self.local_weekday,
            **{
                habit: [values.pop(one, None) for one in names]
                for habit, names in _HABITS.items()
                if not values.keys().isdisjoint(names)
            },
            "values": values,
            "limit_minor": self.limit_minor,
            "session_risk": self.session_risk,
            **{name: part.to_json() for name in PARTS if (part := getattr(self, name)) is not None},
            "degraded": list(self.degraded),
        }
        return {
            name: value
            for name, value in written.items()
            if name == "values" or value not in (None, {}, [])
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Snapshot":
        """Exactly what was written: JSON keeps whole numbers, and floats by their repr."""
        risk = stored.get("session_risk")
        return cls(
            local_hour=stored["local_hour"],
            local_minute=stored.get("local_minute", 0),
            local_weekday=stored.get("local_weekday"),
            values=_values(stored) if "values" in stored else _first_form(stored),
            limit_minor=stored.get("limit_minor"),
            session_risk=None if risk is None else float(risk),
            degraded=tuple(stored.get("degraded", ())),
            **{name: read(stored[name]) for name, read in PARTS.items() if stored.get(name)},
        )


#: The counts of a habit, which stand in one list: `[0, 0, …, 3]` of the hours of the day.
_HABITS = {
    "hours": tuple(f"own_hour_{hour}" for hour in range(HOURS)),
    "weekdays": tuple(f"own_weekday_{day}" for day in range(WEEKDAYS)),
}


def _values(stored: Mapping[str, Any]) -> Values:
    """Up to November 2026 all of them stood under their own names."""
    values = dict(stored["values"])
    for habit, names in _HABITS.items():
        values |= zip(names, stored.get(habit, ()), strict=False)
    return values


#: How a part of another topic comes back from JSON: `"own": CustomerPolicies.from_json`.
#: Each has a `to_json()` of its own.
PARTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "own": CustomerPolicies.from_json,
    "standing": Standing.from_json,
    "travel": Travel.from_json,
    "around": Around.from_json,
    "listed": Listed.from_json,
}


def _first_form(stored: Mapping[str, Any]) -> Values:
    """Snapshots up to November 2026 had a field for each number. They are decided about again by
    what they hold; what they did not keep stays unknown."""
    values: dict[str, int | None] = {
        "own_same_count": stored["payments"],
        "own_same_sum": stored["sum_minor"],
        "own_same_squares": stored["square_sum"],
        "own_count_180d": stored["payments"],
        "own_median": stored["median_minor"],
        "own_largest": stored["largest_minor"],
        "own_same_first_at": _micros(stored["first_at"]),
        "own_last_at": _micros(stored["last_at"]),
        "pair_count": stored["payee_payments"],
        "pair_largest": stored["payee_largest_minor"],
        "peer_count": stored["peer_payments"],
        "peer_customers": stored["peer_customers"],
        "peer_high": stored["peer_high_minor"],
    }
    for hour, payments in enumerate(stored["hours"]):
        values[f"own_hour_{hour}"] = payments
    for window, (payments, total) in zip(("10m", "1h", "24h"), stored["speeds"], strict=False):
        values |= {f"own_count_{window}": payments, f"own_sum_{window}": total}
    return values


def _micros(text: str | None) -> int | None:
    return None if text is None else micros_of(datetime.fromisoformat(text))
