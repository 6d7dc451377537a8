"""What an account may still send today and this month.

Days and months are the bank's, in UTC, like its value dates: a window that followed the customer's
time zone would start anew whenever they changed it, and would be 23 or 25 hours long twice a year.
People are told the moment it starts anew on their own clock.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from banking.models import Account
from banking.policy import LIMITS
from fintrust.core.money import Money
from fraud.policy import STANDARD as MAGNITUDES


@dataclass(frozen=True, slots=True)
class Window:
    """One limit of an account, as it stands."""

    name: str  # today, this month
    limit: Money
    sent: Money
    resets_at: datetime

    @property
    def left(self) -> Money:
        return Money(max(self.limit.minor - self.sent.minor, 0), self.limit.currency)


@dataclass(frozen=True, slots=True)
class Allowance:
    """All that is left of an account's limits."""

    day: Window
    month: Window
    count_limit: int
    count: int

    @property
    def left(self) -> Money:
        """What can be sent at once without reaching a limit."""
        return min(self.day.left, self.month.left, key=lambda money: money.minor)

    @property
    def count_left(self) -> int:
        return max(self.count_limit - self.count, 0)


def allowance(account: Account, *, at: datetime | None = None) -> Allowance:
    """The account's limits and what is left of them. Exact under the lock of the account."""
    today = (at or timezone.now()).astimezone(UTC).date()
    first = today.replace(day=1)
    found = _read(account, first, today)
    return Allowance(
        day=_window(account, "today", found.day_max, found.day, today + timedelta(days=1)),
        month=_window(account, "this month", found.month_max, found.month, _next_month(first)),
        count_limit=found.count_max,
        count=found.payments,
    )


class _Found(NamedTuple):
    """Limits, and what was sent, in minor units and payments."""

    day_max: int
    month_max: int
    count_max: int
    day: int
    month: int
    payments: int


# One statement, as it is asked before every payment. What staff allowed last counts; null and no
# row leave what is usual for the product.
_READ = """
SELECT coalesce(own.day_minor, %(day_max)s), coalesce(own.month_minor, %(month_max)s),
       coalesce(own.day_count, %(count_max)s), sent.day, sent.month, sent.payments
  FROM (
       SELECT coalesce(sum(minor), 0)::bigint AS month,
              coalesce(sum(minor) FILTER (WHERE day = %(today)s), 0)::bigint AS day,
              coalesce(sum(count) FILTER (WHERE day = %(today)s), 0)::bigint AS payments
         FROM banking_outgoing
        WHERE account_id = %(account)s AND day BETWEEN %(first)s AND %(today)s
  ) AS sent
  LEFT JOIN LATERAL (
       SELECT day_minor, month_minor, day_count FROM banking_accountlimit
        WHERE account_id = %(account)s ORDER BY id DESC LIMIT 1
  ) AS own ON true
"""


def _read(account: Account, first: date, today: date) -> _Found:
    usual = LIMITS[account.product]
    parameters: dict[str, Any] = {
        "account": account.pk,
        "first": first,
        "today": today,
        "day_max": MAGNITUDES.minor(usual.day_major, account.currency),
        "month_max": MAGNITUDES.minor(usual.month_major, account.currency),
        "count_max": usual.day_count,
    }
    with connection.cursor() as cursor:
        cursor.execute(_READ, parameters)
        return _Found(*cursor.fetchone())


def _window(account: Account, name: str, limit: int, sent: object, ends: date) -> Window:
    currency = account.currency
    resets_at = datetime.combine(ends, time.min, UTC)
    return Window(name, Money(limit, currency), Money(int(str(sent)), currency), resets_at)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
