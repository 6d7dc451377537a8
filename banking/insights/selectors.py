"""What a customer's money did and will do. Everything starts from what is theirs.

Costs follow the period that is looked at, not the history behind it: see decision 0059.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from banking.errors import PeriodTooBusy
from banking.insights import forecast, recurring, sums
from banking.insights.categories import Categoriser
from banking.insights.flows import Counterparty, Flow, next_month
from banking.insights.forecast import GAP, Forecast, History
from banking.insights.recurring import Recurring
from banking.models import Account, CategoryChoice, Movement
from banking.policy import INSIGHTS, InsightsPolicy
from banking.selectors import accounts_of, name_of
from fintrust.core.http import zone_of
from fintrust.core.ids import to_public
from fintrust.core.models import User
from fintrust.core.money import Money

_FLOWS = (Path(__file__).parent.parent / "sql" / "flows.sql").read_text()
_SEQS = """
    SELECT since.place, account.id, banking_seq_before(account.id, since.at), account.seq
      FROM unnest(%s::timestamptz[]) WITH ORDINALITY AS since (at, place),
           banking_account AS account
     WHERE account.id = ANY(%s::bigint[])
"""


def today_of(user: User) -> date:
    """The day on the customer's calendar."""
    return timezone.now().astimezone(zone_of(user)).date()


# --- flows ----------------------------------------------------------------------------------


def flows_of(
    user: User, *, since: date, until: date | None = None, policy: InsightsPolicy = INSIGHTS
) -> list[Flow]:
    """Money in and out of everything the customer has, from one day to another, oldest first."""
    accounts = list(accounts_of(user))
    (reading,) = _readings(accounts, [since], zone_of(user))
    if reading.entries > policy.entries_max:
        raise PeriodTooBusy()
    flows = _read(user, accounts, reading)
    return [flow for flow in flows if until is None or flow.day <= until]


def months_back(
    user: User, months: Sequence[int], *, policy: InsightsPolicy = INSIGHTS
) -> tuple[int, list[Flow]]:
    """The flows of as many months, this one included, as can be read at once: how many, and they.

    `months` are tried in their order. With 0 at its end there is always an answer.
    """
    this = today_of(user).replace(day=1)
    accounts = list(accounts_of(user))
    starts = [next_month(this, 1 - count) for count in months]
    readings = _readings(accounts, starts, zone_of(user))
    for count, reading in zip(months, readings, strict=True):
        if reading.entries <= policy.entries_max:
            return count, _read(user, accounts, reading)
    raise PeriodTooBusy()


def _read(user: User, accounts: Sequence[Account], reading: "_Reading") -> list[Flow]:
    """Whatever else can tell its lines as flows (accounts elsewhere) is added here."""
    flows = [flow for flow in _booked(user, accounts, reading) if flow.day >= reading.since]
    return sorted(flows, key=lambda flow: (flow.day, flow.reference))


@dataclass(frozen=True, slots=True)
class _Reading:
    """Where in each account a period begins, and how many entries it has."""

    since: date
    seqs: dict[int, int]
    entries: int


def _readings(accounts: Sequence[Account], since: list[date], zone: ZoneInfo) -> list[_Reading]:
    seqs: list[dict[int, int]] = [{} for _ in since]
    entries = [0] * len(since)
    moments = [datetime.combine(day, time.min, zone) for day in since]
    with connection.cursor() as cursor:
        cursor.execute(_SEQS, [moments, [account.pk for account in accounts]])
        for place, account, before, now in cursor.fetchall():
            seqs[place - 1][account] = before
            entries[place - 1] += now - before
    return [_Reading(*one) for one in zip(since, seqs, entries, strict=True)]


def _booked(user: User, accounts: Sequence[Account], reading: _Reading) -> list[Flow]:
    """What the ledger says."""
    with connection.cursor() as cursor:
        cursor.execute(
            _FLOWS,
            {
                "accounts": list(reading.seqs),
                "seqs": list(reading.seqs.values()),
                "zone": str(zone_of(user)),
                "owner": user.pk,
            },
        )
        rows = cursor.fetchall()
    own = {account.pk: account for account in accounts}
    others = _counterparties({counter for *_, counter in rows})
    return [
        Flow(
            day,
            Money(minor, own[account].currency),
            others[counter],
            text,
            own[account].public_id,
            to_public(Movement.prefix, movement),
        )
        for account, minor, text, movement, day, counter in rows
    ]


def _counterparties(ids: Iterable[int]) -> dict[int, Counterparty]:
    found = Account.objects.select_related("owner").in_bulk(list(ids))
    return {pk: counterparty_of(account) for pk, account in found.items()}


def counterparty_of(account: Account) -> Counterparty:
    """An account as the other side of somebody's payment: the same customer is always the same."""
    if account.owner_id is not None:
        return Counterparty(to_public(User.prefix, account.owner_id), name_of(account))
    category = "cash" if account.gl_code == "clearing" else "bank"
    return Counterparty(f"bank:{account.gl_code}", name_of(account), category)


def categoriser_of(user: User) -> Categoriser:
    """With everything the customer has said about categories."""
    return Categoriser(dict(user.category_choices.values_list("about", "category")))


def choices_about(user: User, *about: str) -> Categoriser:
    """With only what they said about these: enough for one payment."""
    chosen = CategoryChoice.objects.filter(customer=user, about__in=about)
    return Categoriser(dict(chosen.values_list("about", "category")))


# --- what comes again -----------------------------------------------------------------------


def recurring_of(user: User) -> tuple[Recurring, ...]:
    """Payments and income that come again, dearest first.

    Worked out anew when something was booked or the day has changed, and else remembered: this
    is on the page that everybody opens first.
    """
    state = accounts_of(user).values_list("id", "seq")
    return _remembered(user.pk, user.timezone, today_of(user), tuple(state))


@lru_cache(maxsize=1000)  # customers, each with a handful of payments
def _remembered(
    user: UUID, zone: str, today: date, state: tuple[tuple[int, int], ...]
) -> tuple[Recurring, ...]:
    _, flows = months_back(User.objects.get(pk=user), _LOOKS_BACK)
    return tuple(recurring.find(flows, today=today))


_LOOKS_BACK = (INSIGHTS.months_read, 13, 6, 3, 1, 0)  # this page must not fail: 0 finds nothing


# --- forecast -------------------------------------------------------------------------------


def forecast_of(
    flows: Sequence[Flow], currency: str, *, today: date, policy: InsightsPolicy = INSIGHTS
) -> Forecast | None:
    """Next month's spending in one currency, from flows that reach back as far as they may."""
    own = [flow for flow in flows if flow.amount.currency == currency]
    months = whole_months(own, currency, today=today, policy=policy)
    spent = [month.sum.spending.minor for month in months]
    if len(spent) < policy.forecast_months_min:
        return None
    firsts = [month.first for month in months]
    firsts += [next_month(firsts[-1], by) for by in range(1, GAP + 2)]
    expected = [_known_to_come(own, first) for first in firsts]
    return forecast.predict(History(spent, expected), policy)


def whole_months(
    flows: Sequence[Flow], currency: str, *, today: date, policy: InsightsPolicy = INSIGHTS
) -> list[sums.Month]:
    """The months that are over, from the first in which the customer was there all along."""
    if not flows:
        return []
    start = min(flow.day for flow in flows)
    if start.day > policy.whole_month_from:
        start = next_month(start.replace(day=1))
    last = next_month(today.replace(day=1), -1)
    count = (last.year - start.year) * 12 + last.month - start.month + 1
    count = min(count, policy.forecast_months_max)
    return sums.months(flows, currency, until=last, count=count) if count > 0 else []


def _known_to_come(flows: Sequence[Flow], month: date) -> int:
    """What was known to come again in this month when the one before began to run."""
    seen_from = next_month(month, -GAP)
    known = recurring.find([flow for flow in flows if flow.day < seen_from], today=seen_from)
    last = next_month(month) - timedelta(days=1)
    return sum(
        one.usual.minor * sum(day >= month for day in one.dates(last))
        for one in known
        if not one.incoming
    )
