"""From which score on somebody is asked: by what officers can look at, or by what errors cost."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Costs:
    """In any one currency: only their proportions matter."""

    missed_fraud: float  # a fraud that went through
    held_genuine: float  # a customer who was asked for nothing, or calls
    looking: float  # an officer's or customer's minutes for each alert, either way


class NoBudget(ValueError):
    """A budget of alerts is positive, and a cost is not negative."""


def by_budget(scores: Any, *, days: float, alerts_a_day: float) -> float:
    """The lowest threshold that raised no more alerts than the budget in these days.

    Of equal scores all are alerts or none: a budget is never overdrawn. Above 1 nothing reaches.
    """
    if not (days > 0 and alerts_a_day > 0 and math.isfinite(alerts_a_day * days)):
        raise NoBudget("days and alerts a day are more than nothing")
    ordered = np.sort(np.asarray(scores, dtype=float))[::-1]
    allowed = math.floor(alerts_a_day * days)
    if allowed >= len(ordered):
        return float(ordered[-1]) if len(ordered) else 1.0
    first_too_many = ordered[allowed]
    higher = ordered[:allowed][ordered[:allowed] > first_too_many]
    return float(higher[-1]) if len(higher) else math.nextafter(float(first_too_many), 2.0)


def by_cost(costs: Costs) -> float:
    """Where a calibrated chance makes asking as dear as letting go.

    Asked: `looking + (1 - p) * held_genuine`. Let go: `p * missed_fraud`.
    """
    values = (costs.missed_fraud, costs.held_genuine, costs.looking)
    if min(values) < 0 or not all(map(math.isfinite, values)) or costs.missed_fraud <= 0:
        raise NoBudget("costs are not negative, and a missed fraud costs something")
    return min(
        (costs.looking + costs.held_genuine) / (costs.missed_fraud + costs.held_genuine), 1.0
    )


def step(now: float, wanted: float, *, share_max: float) -> float:
    """Towards what is wanted, at most this share of what is: nobody wakes up in another bank."""
    return min(max(wanted, now * (1 - share_max)), now * (1 + share_max), 1.0)
