"""What a customer's money did and will do. Everything starts from what is theirs.

Costs follow the period that is looked at, not the history behind it: see decision 0059.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from statistics import fmean
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from banking.insights import commitments, forecast, recurring, sums
from banking.insights.categories import LABELS, Categoriser
from banking.insights.commitments import Commitment, LeftToSpend
from banking.insights.errors import PeriodTooBusy
from banking.insights.flows import Counterparty, Flow, next_month
from banking.insights.forecast import GAP, Forecast, History
from banking.insights.recurring import Recurring
from banking.insights.sums import Sum
from banking.models import Account, CategoryChoice, Movement, Transfer
from banking.policy import INSIGHTS, InsightsPolicy
from banking.schedules.selectors import upcoming
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


def flow_of(user: User, transfer: Transfer) -> Flow | None:
    """A transfer as a flow of this customer; None for what has not moved or stayed with them."""
    pays, gets = transfer.source.owner_id == user.pk, transfer.target.owner_id == user.pk
    if transfer.movement_id is None or pays == gets:
        return None
    own, other = (transfer.source, transfer.target) if pays else (transfer.target, transfer.source)
    return Flow(
        transfer.asked_at.astimezone(zone_of(user)).date(),
        -transfer.cost if pays else transfer.arrives,
        counterparty_of(other),
        transfer.note,
        own.public_id,
        to_public(Movement.prefix, transfer.movement_id),
    )


def categoriser_of(user: User, flow: Flow | None = None) -> Categoriser:
    """With everything the customer has said about categories, or all that matters for one flow."""
    chosen = CategoryChoice.objects.filter(customer=user)
    if flow is not None:
        chosen = chosen.filter(about__in=[flow.reference, flow.counterparty.key])
    return Categoriser(dict(chosen.values_list("about", "category")))


# --- sums -----------------------------------------------------------------------------------

GROUPINGS = ("month", "category", "counterparty", "account")


@dataclass(slots=True)
class Group:
    """One line of a summary."""

    key: str
    name: str
    sum: Sum
    partial: bool = False


def currencies_of(user: User, flows: Iterable[Flow]) -> list[str]:
    """The customer's currencies, the one most used first."""
    uses = Counter(accounts_of(user).values_list("currency", flat=True))
    uses.update(flow.amount.currency for flow in flows)
    return [currency for currency, _ in uses.most_common()]


def summaries(
    user: User, flows: Sequence[Flow], *, by: str, currency: str = ""
) -> list[dict[str, Any]]:
    """The flows summed in each currency, or in this one: all of them, and in groups."""
    found = []
    naming = _naming(user, by)
    for code in currencies_of(user, flows):
        if currency in ("", code):
            total = sums.total(flows, code)
            whole = {"income": total.income, "spending": total.spending, "net": total.net}
            groups = groups_of(flows, code, naming, by_time=by == "month")
            found.append({"currency": code, **whole, "groups": groups})
    return found


Naming = Callable[[Flow], tuple[Hashable, str, str]]  # what is one group, its key and its name


def groups_of(
    flows: Sequence[Flow],
    currency: str,
    naming: Naming,
    *,
    by_time: bool = False,
    policy: InsightsPolicy = INSIGHTS,
) -> list[Group]:
    """Months in their order; anything else with most money first, and the rest in one line."""
    found = [
        (named, Group(named[1], named[2], one))
        for named, one in sums.by(flows, currency, naming).items()
    ]
    if by_time:
        return [group for _, group in sorted(found, key=lambda pair: pair[1].key)]
    found.sort(key=lambda pair: (-_weight(pair[1].sum), pair[1].name, str(pair[0])))
    shown = [group for _, group in found[: policy.groups_max]]
    rest = {named for named, _ in found[policy.groups_max :]}
    if rest:
        others = sums.by(flows, currency, lambda flow: naming(flow) in rest)[True]
        shown.append(Group("", "Everybody else", others))
    return shown


def _weight(one: Sum) -> int:
    return abs(one.income.minor) + abs(one.spending.minor)


def _naming(user: User, by: str) -> Naming:
    if by == "month":
        return lambda flow: (flow.month, f"{flow.month:%Y-%m}", f"{flow.month:%B %Y}")
    if by == "category":
        return by_category(categoriser_of(user))
    if by == "account":
        names = {account.public_id: account.name for account in accounts_of(user)}
        return lambda flow: (flow.account, flow.account, names[flow.account])
    return by_counterparty


def by_category(categoriser: Categoriser) -> Naming:
    def named(flow: Flow) -> tuple[str, str, str]:
        category = categoriser.of(flow).category
        return category, category, LABELS[category]

    return named


def by_counterparty(flow: Flow) -> tuple[str, str, str]:
    """Told apart by who they are, and known by name only."""
    return flow.counterparty.key, flow.counterparty.name, flow.counterparty.name


def partial_months(since: date, until: date, today: date) -> set[str]:
    """The months that a period does not cover: it begins or ends within, or they still run."""
    partial = {f"{today:%Y-%m}"}
    if since.day > 1:
        partial.add(f"{since:%Y-%m}")
    if until.month == (until + timedelta(days=until < date.max)).month:
        partial.add(f"{until:%Y-%m}")
    return partial


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
    _, flows = months_back(User.objects.get(pk=user), LOOKS_BACK)
    return tuple(recurring.find(flows, today=today))


LOOKS_BACK = (INSIGHTS.months_read, 13, 6, 3, 1, 0)  # this page must not fail: 0 finds nothing


SCHEDULED_AHEAD = timedelta(days=35)  # money comes again, or the month ends, before that
_EVERYDAY = (Account.Product.CHECKING, Account.Product.WALLET)  # savings are not for spending


def left_to_spend(user: User, accounts: Iterable[Account]) -> list[LeftToSpend]:
    """What is left on the everyday accounts until money comes again, in each currency."""
    available: dict[str, int] = defaultdict(int)
    for account in accounts:
        if account.product in _EVERYDAY and account.status == Account.Status.ACTIVE:
            available[account.currency] += account.available.minor
    if not available:
        return []
    today, known = today_of(user), recurring_of(user)
    planned = _planned(user, today + SCHEDULED_AHEAD)
    return [
        commitments.left_to_spend(Money(minor, currency), known, today=today, scheduled=planned)
        for currency, minor in available.items()
    ]


def _planned(user: User, until: date) -> list[Commitment]:
    """What the customer has asked for in advance; between everyday accounts nothing is spent."""
    return [
        Commitment(one.when, one.amount, one.name, "scheduled", _key_of(one.schedule.target))
        for one in upcoming(user, until)
        if one.account.product in _EVERYDAY
        and not (
            one.schedule.target.owner_id == user.pk and one.schedule.target.product in _EVERYDAY
        )
    ]


def _key_of(account: Account) -> str:
    return to_public(User.prefix, account.owner_id) if account.owner_id else ""


# --- forecast -------------------------------------------------------------------------------


def forecast_of(
    flows: Sequence[Flow], currency: str, *, today: date, policy: InsightsPolicy = INSIGHTS
) -> tuple[Forecast | None, int]:
    """Next month's spending in one currency, from flows that reach back as far as they may; and
    how many whole months are known, for there is no number from too few."""
    own = [flow for flow in flows if flow.amount.currency == currency]
    months = whole_months(own, currency, today=today, policy=policy)
    spent = [month.sum.spending.minor for month in months]
    if len(spent) < policy.forecast_months_min:
        return None, len(spent)
    firsts = [month.first for month in months]
    firsts += [next_month(firsts[-1], by) for by in range(1, GAP + 2)]
    known = _Known([flow for flow in own if not flow.incoming], months)
    expected = [known.guess(first) for first in firsts]
    return forecast.predict(History(spent, expected), policy), len(spent)


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


class _Known:
    """What could be said of a month when the one before it began to run: what was known to come
    again, and the mean of what else the last three months cost."""

    def __init__(self, spent: Sequence[Flow], months: Sequence[sums.Month]) -> None:
        self.book = recurring.Book(spent)
        self.months = months
        self.paid: dict[tuple[recurring.Series, date], int] = defaultdict(int)
        for series, group in self.book.groups.items():
            for flow in group:
                self.paid[series, flow.month] -= flow.amount.minor

    def guess(self, target: date) -> int:
        began, last = next_month(target, -GAP), next_month(target) - timedelta(days=1)
        known = self.book.known(began - timedelta(days=1))
        coming = sum(one.usual.minor for one in known for day in one.dates(last) if day >= target)
        series = {one.series for one in known}
        whole = [month for month in self.months if month.first < began][-3:]
        rest = [
            month.sum.spending.minor - sum(self.paid.get((one, month.first), 0) for one in series)
            for month in whole
        ]
        return coming + round(fmean(rest or [0]))
