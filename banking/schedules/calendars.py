"""The customer's days: which day it is for them, and when an hour of it strikes."""

from datetime import date, datetime, time

from fintrust.core.http import zone_of
from fintrust.core.models import User


def today_of(user: User, now: datetime) -> date:
    return now.astimezone(zone_of(user)).date()


def at(user: User, day: date, hour: int) -> datetime:
    """The moment of an hour on the customer's clock. In a gap of the clock it is the moment the
    gap ends at or shortly after; of an hour that comes twice it is the first."""
    return datetime.combine(day, time(hour), zone_of(user))
