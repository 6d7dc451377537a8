"""The rulebook's numbers, each with its reason. No Django here."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class RulebookPolicy:
    # History moves on: a rule goes live on what was measured this week, not last summer.
    backtest_age_max: timedelta = timedelta(days=7)
    live_max: int = 200  # rules in force at once: four times what 30 microseconds are measured for
    shadow_max: int = 100  # and on trial
    # What a new rule may stop until somebody has seen it work; its author may choose otherwise.
    hour_max: int = 20
    day_max: int = 100
    hundred_max: int = 10  # of the newest hundred payments
    hundred: int = 100  # a rule gone wild is out of force within as many payments
    budget_max: int = 100_000  # more is no budget
    name_max: int = 80
    purpose_max: int = 500
    sentence_max: int = 200
    reason_min: int = 3
    reason_max: int = 500
    name_min: int = 3


RULEBOOK = RulebookPolicy()
