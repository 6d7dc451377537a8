"""What mistakes cost, and from which chance of fraud on asking is worth it. Values only."""

import math
from dataclasses import dataclass


class NoCosts(ValueError):
    """A cost is not negative, and a missed fraud costs something."""


@dataclass(frozen=True)
class Costs:
    """In any one currency: only their proportions matter."""

    missed_fraud: float  # a fraud that went through
    held_genuine: float  # a customer who was asked for nothing, or calls
    looking: float  # an officer's or customer's minutes for each alert, either way

    def __post_init__(self) -> None:
        values = (self.missed_fraud, self.held_genuine, self.looking)
        if min(values) < 0 or not all(map(math.isfinite, values)) or self.missed_fraud <= 0:
            raise NoCosts

    @property
    def threshold(self) -> float:
        """Where a calibrated chance makes asking as dear as letting go; at most 1.

        Asked: `looking + (1 - p) * held_genuine`. Let go: `p * missed_fraud`.
        """
        asking = self.looking + self.held_genuine
        return min(asking / (self.missed_fraud + self.held_genuine), 1.0)
