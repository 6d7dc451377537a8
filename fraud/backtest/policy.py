"""How far back a rule is tried. No Django here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BacktestPolicy:
    days: int = 90  # a quarter: weekdays, paydays and a holiday are in it
    tries_max: int = 3  # a worker may die by chance; of the same backtest, not three times
    days_max: int = 730  # habits of two years ago say nothing of today


BACKTESTS = BacktestPolicy()
