"""From which score on somebody is asked, by what officers can look at; by costs see `costs`."""

import math
from typing import Any

import numpy as np


class NoBudget(ValueError):
    """A budget of alerts is positive."""


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


def step(now: float, wanted: float, *, share_max: float) -> float:
    """Towards what is wanted, at most this share of what is: nobody wakes up in another bank."""
    return min(max(wanted, now * (1 - share_max)), now * (1 + share_max), 1.0)
