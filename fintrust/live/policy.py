"""The numbers of the feed, each with its reason."""

from dataclasses import dataclass
from datetime import timedelta

from fintrust.core import roles

WATCHERS = (roles.SUPPORT, roles.COMPLIANCE, roles.SENIOR, roles.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class FeedPolicy:
    page_rows_max: int = 50  # two screens; older ones are a link away
    batch_rows_max: int = 100  # one message stays well under a megabyte
    backlog_rows_max: int = 2_000  # a screen that slept longer is told how much it missed instead
    poll_seconds: float = 3.0  # a lost wake-up costs at most this
    # A row can be hidden by an older open transaction when the wake-up comes; nobody will wake us
    # again when that one ends, so look again soon, then less and less often.
    recheck_seconds: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4, 0.8)
    beat_seconds: float = 10.0  # also how long a signed-out screen stays connected
    seen_seconds_max: float = 60.0  # a screen that takes longer to draw a batch is gone
    rate_minutes: int = 30
    text_length_max: int = 80


STANDARD = FeedPolicy()
RATE_WINDOW = timedelta(minutes=STANDARD.rate_minutes)
