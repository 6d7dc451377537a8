"""The numbers of this app, each with its reason."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class ConsentPolicy:
    days_max: int = 90  # a season: longer, and people forget whom they let in
    history_days_max: int = 90  # before the grant: three rents and three salaries show a habit
    rows_max: int = 100  # of one page of transactions, so that one disclosure can be read

    @property
    def length_max(self) -> timedelta:
        return timedelta(days=self.days_max)

    @property
    def history_max(self) -> timedelta:
        return timedelta(days=self.history_days_max)


STANDARD = ConsentPolicy()
