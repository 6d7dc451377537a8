"""From which score on somebody is asked, by what officers can look at; by costs see `costs`."""

import math
from typing import Any

import numpy as np


class NoBudget(ValueError):
    """A budget of alerts is positive."""


def by_budget(scores: Any, *, days: float, alerts_a_day: float) -> float:
    """The lowest threshold that raised no more alerts than the budget in these days; 0 if any does.

    Of equal scores all are alerts or none: a budget is never overdrawn. Above 1 nothing reaches. It
    is a bound and no wish: a budget that is not used up says nothing about what is worth asking.
    """
    if not (days > 0 and alerts_a_day > 0 and math.isfinite(alerts_a_day * days)):
        raise NoBudget("days and alerts a day are more than nothing")
    ordered = np.sort(np.asarray(scores, dtype=float))[::-1]
    allowed = math.floor(alerts_a_day * days)
    if allowed >= len(ordered):
        return 0.0
    return math.nextafter(float(ordered[allowed]), 2.0)  # above the first that is too many


def within(wanted: float, *, least: float, most: float) -> float:
    return min(max(wanted, least), most)


def step(now: float, wanted: float, *, share_max: float) -> float:
    """Towards what is wanted, at most this share of what is: nobody wakes up in another bank."""
    return min(max(wanted, now * (1 - share_max)), now * (1 + share_max), 1.0)
