"""Moments as whole microseconds since 1970, exactly."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros_of(at: datetime) -> int:
    return (at - EPOCH) // _MICROSECOND


def moment_of(micros: int) -> datetime:
    return EPOCH + micros * _MICROSECOND
