"""The customer's own clock. Settled when a snapshot is made: time zones change their laws."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def local(at: datetime, timezone: str) -> datetime:
    """The moment on the customer's own clock; UTC when their zone is unknown to this machine."""
    try:
        return at.astimezone(ZoneInfo(timezone))
    except (ZoneInfoNotFoundError, ValueError):
        return at.astimezone(UTC)
