"""The bank's own business numbers, each with its reason."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class TransferPolicy:
    hold_max: timedelta = timedelta(hours=72)
    # what is held on Friday evening must still be there on Monday
    deposit_major_max: int = 25_000  # of whole units: a demo top-up, not a lottery win
    accounts_max: int = 20  # for one customer: more is a mistake or a mule


@dataclass(frozen=True)
class BatchPolicy:
    items_max: int = 250  # one batch: long enough to share a commit, short enough to wait for
    waiting_max: int = 1_000  # callers in the queue; the next one is told to come back
    wait: timedelta = timedelta(seconds=10)  # as long as a statement may take
    idle: timedelta = timedelta(seconds=1)  # then the writer gives its connection back


STANDARD = TransferPolicy()
BATCHES = BatchPolicy()
