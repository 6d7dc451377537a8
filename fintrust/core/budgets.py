"""Budgets of requests: so many in a window of time, counted in Redis.

Every process counts in the same place, and one atomic step counts, so two requests at once are two.
While Redis is away each process counts for itself: money still moves, and nobody guesses without
end.
"""

import time
from dataclasses import dataclass
from functools import cache
from threading import Lock

from django.conf import settings
from redis import Redis
from rest_framework.settings import api_settings

from fintrust.core.away import Away, Patience
from fintrust.core.errors import TooMany, Unavailable

WAIT_SECONDS_MAX = 1.0  # for Redis; longer, and the counting would hold up what it guards
COUNTED_HERE_MAX = 10_000  # people and windows in one process, while Redis is away
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Budget:
    """So many requests in so many seconds."""

    name: str
    quota: int
    window: int

    @classmethod
    def named(cls, name: str) -> "Budget":
        number, period = str(api_settings.DEFAULT_THROTTLE_RATES[name]).split("/")
        return cls(name, int(number), _SECONDS[period[0]])

    def spend(self, who: str, *, now: float) -> "Usage":
        window, into = divmod(now, self.window)
        key = f"rate:{self.name}:{who}:{int(window)}"
        try:
            spent = _PATIENCE.ask(lambda: self._counted(key))
        except Away:
            spent = _HERE.count(key, until=(window + 1) * self.window, now=now)
        return Usage(self, spent, int(self.window - into) + 1)

    def _counted(self, key: str) -> int:
        with _redis().pipeline() as both:  # one round trip, and one step for everybody else
            both.set(key, 0, ex=self.window + 1, nx=True)
            both.incr(key)
            return int(both.execute()[1])


class _Here:
    """What this process has counted itself."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._spent: dict[str, tuple[float, int]] = {}  # until when, and how often

    def count(self, key: str, *, until: float, now: float) -> int:
        with self._lock:
            if len(self._spent) >= COUNTED_HERE_MAX and key not in self._spent:
                self._spent = {k: kept for k, kept in self._spent.items() if kept[0] > now}
                if len(self._spent) >= COUNTED_HERE_MAX:
                    raise Unavailable()  # rather nobody new than nobody counted
            spent = self._spent.get(key, (until, 0))[1] + 1
            self._spent[key] = until, spent
            return spent


_HERE = _Here()
_PATIENCE = Patience("how often somebody asked")


@cache
def _redis() -> Redis:
    wait = WAIT_SECONDS_MAX
    return Redis.from_url(settings.REDIS_URL, socket_timeout=wait, socket_connect_timeout=wait)


@dataclass(frozen=True, slots=True)
class Usage:
    budget: Budget
    spent: int
    resets_in: int

    @property
    def left(self) -> int:
        return max(0, self.budget.quota - self.spent)

    @property
    def allowed(self) -> bool:
        return self.spent <= self.budget.quota

    def headers(self) -> dict[str, str]:
        """RateLimit header fields for HTTP (IETF httpapi draft)."""
        name = self.budget.name
        return {
            "RateLimit-Policy": f'"{name}";q={self.budget.quota};w={self.budget.window}',
            "RateLimit": f'"{name}";r={self.left};t={self.resets_in}',
        }


class BudgetSpent(TooMany):
    """Too many requests; wait a moment."""

    def __init__(self, message: str | None = None, *, wait: int = 3600) -> None:
        self.wait = wait  # becomes Retry-After
        super().__init__(message or f"That was often. Try again in {-(-wait // 60)} min.")


def spend(name: str, who: str) -> None:
    """For pages: one request of this budget, or a problem."""
    usage = Budget.named(name).spend(who, now=time.time())
    if not usage.allowed:
        raise BudgetSpent(wait=usage.resets_in)
