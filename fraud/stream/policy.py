"""The numbers of the stream, each with its reason."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class StreamPolicy:
    """How much at once, how often again, how long alone."""

    # --- bounds --------------------------------------------------------------------------------
    batch_events_max: int = 500  # one transaction: enough to share its commit, short to redo
    event_bytes_max: int = 16_384  # the largest honest event has under 2 KB; looked at unparsed
    kept_bytes_max: int = 1_000_000  # of a dead letter: what a broker takes by default
    headers_max: int = 32  # kept of a dead letter
    header_bytes_max: int = 1024
    ahead_max: timedelta = timedelta(minutes=5)  # clocks differ by seconds; a payment of tomorrow
    # would be nobody's normal until then
    released_max: int = 200  # parked events judged in one request; the consumers do the rest

    # --- patience ------------------------------------------------------------------------------
    tries: int = 3  # a deadlock passes by itself; what fails three times has a reason
    pauses_seconds: tuple[float, ...] = (0.1, 0.5)  # between them
    outage_seconds: tuple[float, ...] = (0.2, 0.5, 1, 2, 5, 10)  # then every ten seconds
    wait_seconds: float = 0.5  # for the next event; so long a stop may take
    gather_seconds: float = 0.02  # for company of the first event of a batch

    # --- each other ----------------------------------------------------------------------------
    abandoned_seconds: float = 30  # unacknowledged for so long: whoever took it is dead
    claim_seconds: float = 5  # how often that is looked at
    forgotten_seconds: float = 3600  # a consumer without work that was silent so long is removed
    beat_seconds: float = 2  # how often a reader says that it lives
    sweep_seconds: float = 10  # how often parked events are looked at
    silent_seconds: float = 15  # a reader that missed so many beats is not counted
    readers_kept: timedelta = timedelta(days=1)


STREAM = StreamPolicy()
