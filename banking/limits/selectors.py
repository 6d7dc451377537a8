"""What an account may still send today and this month.

Days and months are the bank's, in UTC, like its value dates: a window that followed the customer's
time zone would start anew whenever they changed it, and would be 23 or 25 hours long twice a year.
People are told the moment it starts anew on their own clock.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Sum
from django.utils import timezone

from banking.models import Account, AccountLimit, Outgoing
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
    own = AccountLimit.objects.filter(account=account).order_by("-id").first()
    sent = Outgoing.objects.filter(account=account, day__gte=first, day__lte=today)
    month = sent.aggregate(total=Sum("minor"))["total"] or 0
    day = sent.filter(day=today).first()
    limits = _limits_of(account, own)
    return Allowance(
        day=_window(
            account, "today", limits.day, day.minor if day else 0, today + timedelta(days=1)
        ),
        month=_window(account, "this month", limits.month, month, _next_month(first)),
        count_limit=limits.count,
        count=day.count if day else 0,
    )


@dataclass(frozen=True, slots=True)
class _Limits:
    day: int
    month: int
    count: int


def _limits_of(account: Account, own: AccountLimit | None) -> _Limits:
    product = LIMITS[account.product]
    usual = _Limits(
        MAGNITUDES.minor(product.day_major, account.currency),
        MAGNITUDES.minor(product.month_major, account.currency),
        product.day_count,
    )
    if own is None:
        return usual
    return _Limits(
        usual.day if own.day_minor is None else own.day_minor,
        usual.month if own.month_minor is None else own.month_minor,
        usual.count if own.day_count is None else own.day_count,
    )


def _window(account: Account, name: str, limit: int, sent: object, ends: date) -> Window:
    currency = account.currency
    resets_at = datetime.combine(ends, time.min, UTC)
    return Window(name, Money(limit, currency), Money(int(str(sent)), currency), resets_at)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
