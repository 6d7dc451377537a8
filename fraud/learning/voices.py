"""What speaks beside the trees: the forest, the customer's own profile, the house's rules.

Each says a number that grows with alarm, or NaN when it knows nothing; then it counts as usual.
The same bits for one row and for many.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fraud.learning.booster import as_number
from fraud.learning.forest import Forest
from fraud.learning.policy import LEARNING

UNLIKE = "unlike_others"  # the binary logarithm of the forest's score
PROFILE = "deviations"  # standard deviations above own payments
RULES = "rules_score"  # the rules' score, as the sum of what each of them weighs


NAMES = (UNLIKE, PROFILE, RULES)


def of_one(name: str, values: Mapping[str, object], forest: Forest) -> float:
    if name == UNLIKE:
        return forest.rarity(values)
    return _SAYS[name](as_number(values.get(name)))


def of_many(name: str, columns: Mapping[str, Any], forest: Forest) -> Any:
    if name == UNLIKE:
        return forest.rarities(columns)
    return np.array([_SAYS[name](one) for one in np.asarray(columns[name]).tolist()])


def profile(deviations: float) -> float:
    """Below one's own mean nothing is alarming, and beyond the extreme nothing is more so."""
    if math.isnan(deviations):
        return deviations
    return min(max(deviations, 0.0), LEARNING.deviations_max)


def evidence(score: float) -> float:
    """Rules agree by `1 - product(1 - weight)`; in this logarithm their weights simply add."""
    if math.isnan(score):
        return score
    return -math.log1p(-min(max(score, 0.0), LEARNING.rules_score_max))


_SAYS: Mapping[str, Callable[[float], float]] = {PROFILE: profile, RULES: evidence}
