"""The numbers of what is watched, each with its reason. Values only: no Django here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MonitoringPolicy:
    history_days: int = 30  # shown when nobody asks for more
    history_days_max: int = 366  # a year and its leap day; one range of an index
    bins: int = 10  # of scores: a tenth is as fine as anybody reads them
    stopped_rows_max: int = 2_000  # newest held or refused decisions whose reasons are counted
    stopped_shown: int = 25
    alerts_max: int = 2_000  # newest alerts whose answers are timed
    rules_shown: int = 10
    # Population stability index of the scores against the time before: the usual reading of it.
    drift_from: float = 0.1  # worth a look
    drift_alarm: float = 0.2  # another population than the one before
    # Decisions on each side before anything is said of it. By chance alone the index is about
    # (bins - 1) * (1/n + 1/m), and in one of a hundred ranges 2.4 times that: with 500 below 0.1.
    drift_decisions_min: int = 500


MONITORING = MonitoringPolicy()
