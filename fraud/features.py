"""What the bank knew about the customer at that moment. Values only: no Django here.

A snapshot is stored with its decision, so a decision can be made again at any time. It holds
whole numbers: means and deviations are worked out from exact sums, the same everywhere.
"""

import math
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fraud.limits.own import NOTHING, UNCOUNTED, CustomerPolicies, Standing

HOURS = 24


@dataclass(frozen=True, slots=True)
class Speed:
    """Payments in a stretch of time before this one; the sum is in this payment's currency."""

    payments: int = 0
    sum_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The customer's own normal, and that of others while there is none.

    Everything is causal: only what had moved before the payment's own time is in it.
    """

    # The customer's clock when it was asked for. Kept, because time zones change their laws.
    local_hour: int
    local_minute: int = 0
    # Own payments in this currency and direction, newest first up to the policy's bounds.
    payments: int = 0
    sum_minor: int = 0
    square_sum: int = 0
    median_minor: int | None = None
    largest_minor: int | None = None
    hours: tuple[int, ...] = (0,) * HOURS  # how many of them in each hour of the day
    first_at: datetime | None = None
    last_at: datetime | None = None
    # Own payments in any currency, in the policy's windows, shortest first.
    speeds: tuple[Speed, ...] = ()
    # Payments to this payee, ever.
    payee_payments: int = 0
    payee_largest_minor: int | None = None
    # Others' newest payments in this currency; read only while own history is short.
    peer_payments: int = 0
    peer_customers: int = 0
    peer_high_minor: int | None = None  # 95 of 100 stay below
    # The customer's own hard limits, where they stand against them, and how the session was typing.
    own: CustomerPolicies = NOTHING
    standing: Standing = UNCOUNTED
    limit_minor: int | None = None  # all of it that decisions of earlier versions knew
    session_risk: float | None = None

    @property
    def mean_minor(self) -> float:
        return self.sum_minor / self.payments if self.payments else 0.0

    @property
    def deviation_minor(self) -> float:
        """The sample standard deviation, from exact integers: no rounding piles up."""
        n = self.payments
        if n < 2:
            return 0.0
        return math.sqrt((n * self.square_sum - self.sum_minor**2) / (n * (n - 1)))

    def days(self, at: datetime) -> float:
        """How long this history reaches back."""
        return (at - self.first_at).total_seconds() / 86_400 if self.first_at else 0.0

    def to_json(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "hours": list(self.hours),
            "speeds": [[speed.payments, speed.sum_minor] for speed in self.speeds],
            "first_at": _text(self.first_at),
            "last_at": _text(self.last_at),
            "own": self.own.to_json(),
            "standing": self.standing.to_json(),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Snapshot":
        """Exactly what was written: JSON keeps whole numbers, and floats by their repr."""
        known = {field.name: values[field.name] for field in fields(cls) if field.name in values}
        risk = values.get("session_risk")
        known |= {
            "hours": tuple(values["hours"]),
            "speeds": tuple(Speed(*pair) for pair in values["speeds"]),
            "first_at": _time(values.get("first_at")),
            "last_at": _time(values.get("last_at")),
            "session_risk": None if risk is None else float(risk),
            "own": CustomerPolicies.from_json(values.get("own", {})),
        }
        if "standing" in values:
            known["standing"] = Standing.from_json(values["standing"])
        return cls(**known)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def local(at: datetime, timezone: str) -> datetime:
    """The moment on the customer's own clock; UTC when their zone is unknown to this machine."""
    try:
        return at.astimezone(ZoneInfo(timezone))
    except (ZoneInfoNotFoundError, ValueError):
        return at.astimezone(UTC)
