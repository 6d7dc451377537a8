"""Interest: counted once a day for every account, paid once a month.

A day is the bank's, in UTC, and is counted when it is over, on the balance by value date. The sweep
catches up after any pause, stretch by stretch and month by month, so that what a month pays earns
in the next one. Whoever sweeps at the same time waits and then finds nothing to do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from django.db import connection, transaction
from django.db.models import Min
from django.utils import timezone

from audit.services import record
from banking import ledger
from banking.errors import UnknownCurrency
from banking.interest.errors import InterestDayClosed, InvalidTerms
from banking.interest.selectors import Due, due_to
from banking.ledger import Instruction
from banking.models import (
    Account,
    AccrualRun,
    Currency,
    InterestMonth,
    InterestPayment,
    InterestTerms,
)
from banking.models.interest import PARTS, UNITS, is_month_end
from banking.policy import FEES, INTEREST, FeePolicy, InterestPolicy
from fintrust.core.errors import Forbidden, Problem
from fintrust.core.models import User
from fintrust.core.money import MINOR_MAX, Money, exponent

INTEREST_SUBJECT = "banking.interest"  # of records about all accounts at once
_ACCRUE = (Path(__file__).parents[1] / "sql" / "accrue.sql").read_text()
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days that are counted together, both ends included and never across a month's end."""

    first: date
    last: date


@transaction.atomic
def set_terms(
    *,
    product: str,
    currency: str,
    valid_from: date,
    day_count: str,
    tiers: Sequence[tuple[int, Decimal]],
    by: User,
    overdraft: Decimal = Decimal(0),
    reason: str = "",
    policy: InterestPolicy = INTEREST,
) -> InterestTerms:
    """What a product earns from a day on that has not been counted yet.

    A tier is from how many minor units on, and the rate of a year there: (0, Decimal("0.0225")).
    """
    if not by.has_perm("banking.add_interestterms"):
        raise Forbidden()
    _check(product, currency, day_count, tiers, policy)
    parts = [_parts(rate) for _, rate in tiers]
    if valid_from < timezone.now().date() - policy.past_max:
        raise InvalidTerms("Terms do not begin that long ago.", field="valid_from")
    _lock()
    newest = AccrualRun.objects.order_by("-last").first()
    if newest is not None and valid_from <= newest.last:
        raise InterestDayClosed()
    made = InterestTerms.objects.create(
        product=product,
        currency=currency,
        valid_from=valid_from,
        day_count=day_count,
        tier_from=[start for start, _ in tiers],
        tier_parts=parts,
        overdraft_parts=_parts(overdraft),
        set_by=by,
    )
    record(
        "banking.interest.terms_set",
        subject=f"{product}/{currency}",
        by=by,
        after={
            "valid_from": str(valid_from),
            "day_count": day_count,
            "tiers": [f"{start}: {rate}" for start, rate in tiers],
            "overdraft": str(overdraft),
        },
        reason=reason,
    )
    return made


def _check(
    product: str,
    currency: str,
    day_count: str,
    tiers: Sequence[tuple[int, Decimal]],
    policy: InterestPolicy,
) -> None:
    if product not in Account.Product.values or product == Account.Product.INTERNAL:
        raise InvalidTerms("There is no such product.", field="product")
    if not Currency.objects.filter(code=currency).exists():
        raise UnknownCurrency()
    if day_count not in InterestTerms.DayCount.values:
        raise InvalidTerms("There is no such way to count days.", field="day_count")
    starts = [start for start, _ in tiers]
    if not 0 < len(tiers) <= policy.tiers_max or starts[0] != 0 or starts[-1] > MINOR_MAX:
        raise InvalidTerms("The first of one to ten tiers is from zero on.", field="tiers")
    if starts != sorted(set(starts)):
        raise InvalidTerms("Each tier is from a higher balance on.", field="tiers")


def _parts(rate: Decimal) -> int:
    if not (rate.is_finite() and 0 <= rate <= 1 and rate * PARTS == int(rate * PARTS)):
        raise InvalidTerms(field="tiers")
    return int(rate * PARTS)


# --- every day ------------------------------------------------------------------------------


def sweep(
    *,
    now: datetime | None = None,
    fees: FeePolicy = FEES,
    policy: InterestPolicy = INTEREST,
) -> int:
    """Count every day that is over and pay every month that is; returns how many days."""
    today = (now or timezone.now()).astimezone(UTC).date()
    days = 0
    while True:
        _pay_month(fees, policy)  # first: what it pays counts from the next day on
        stretch = _count(today, policy)
        if stretch is None:
            return days
        days += (stretch.last - stretch.first).days + 1


@transaction.atomic
def _count(today: date, policy: InterestPolicy) -> Stretch | None:
    """Count the next stretch of days; None when there is none."""
    _lock()
    newest = AccrualRun.objects.order_by("-last").first()
    stretch = _next(newest, today)
    if stretch is None or (newest is not None and _unpaid(newest.last)):
        return None
    seen = newest.at - policy.transaction_max if newest else _NEVER
    with connection.cursor() as cursor:
        # Every account at once: longer than a page may take, and it sorts and joins in memory.
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '128MB'")
        cursor.execute(
            _ACCRUE,
            {
                "first": stretch.first,
                "last": stretch.last,
                "horizon": str(newest.horizon) if newest else None,
                "seen": seen,
            },
        )
        horizon, accruals, corrections = cursor.fetchone()
    run = AccrualRun.objects.create(
        first=stretch.first,
        last=stretch.last,
        horizon=int(horizon),
        accruals=accruals,
        corrections=corrections,
    )
    _remember("banking.interest.counted", run.last, first=str(run.first), accruals=accruals,
              corrections=corrections)  # fmt: skip
    return stretch


def _next(newest: AccrualRun | None, today: date) -> Stretch | None:
    """From the day after the last counted one, up to yesterday or the end of that month."""
    if newest is None:
        first = InterestTerms.objects.aggregate(first=Min("valid_from"))["first"]
    else:
        first = newest.last + timedelta(days=1)
    if first is None or first >= today:
        return None
    return Stretch(first, min(today - timedelta(days=1), _month_end(first)))


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _lock() -> None:
    """One at a time, until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('banking.interest', 0))")


def _remember(action: str, through: date, **facts: Any) -> None:
    record(action, subject=INTEREST_SUBJECT, data={"through": str(through), **facts})


# --- every month ----------------------------------------------------------------------------


def _unpaid(last: date) -> bool:
    return is_month_end(last) and not InterestMonth.objects.filter(through=last).exists()


def _pay_month(fees: FeePolicy, policy: InterestPolicy) -> None:
    """Pay the month that was counted last, if it is a whole one, and charge its account fees.

    In batches, each a transaction. One that stops in the middle is taken up where it stopped:
    what is paid is not due any more, and a movement's id names its account and month.
    """
    newest = AccrualRun.objects.order_by("-last").first()
    if newest is None or not _unpaid(newest.last):
        return
    payments = charged = 0
    for accounts in _batches(policy):
        payments += _pay(accounts, newest.last)
        charged += _charge(accounts, newest.last, fees)
    with transaction.atomic():
        _lock()
        if _unpaid(newest.last):
            InterestMonth.objects.create(through=newest.last, payments=payments, fees=charged)
            _remember("banking.interest.paid", newest.last, payments=payments, fees=charged)


def _batches(policy: InterestPolicy) -> Iterator[list[int]]:
    """All accounts that money can reach, a batch at a time. What is frozen waits for the month in
    which it is active again; what is closed earns nothing more."""
    customers = Account.objects.filter(status=Account.Status.ACTIVE, owner__isnull=False)
    last = 0
    while batch := list(
        customers.filter(pk__gt=last)
        .order_by("pk")
        .values_list("pk", flat=True)[: policy.batch_accounts_max]
    ):
        yield batch
        last = batch[-1]


@transaction.atomic
def _pay(accounts: list[int], through: date) -> int:
    """Whole minor units to each account, or from it for its overdraft; the rest is carried on.

    Who cannot pay for the overdraft now owes it still, and is asked again with the next month.
    """
    _lock()
    due = [one for one in due_to(accounts, through) if one.minor]
    banks = _banks({one.currency for one in due})
    moved = ledger.move_many(
        [_instruction(one, through, banks) for one in due], value_date=through + timedelta(days=1)
    )
    paid = [
        InterestPayment(
            account_id=one.account_id,
            through=through,
            paid_minor=one.minor,
            carried=one.units - one.minor * UNITS,
            movement_id=done.id,
        )
        for one, done in zip(due, moved, strict=True)
        if not isinstance(done, Problem)
    ]
    InterestPayment.objects.bulk_create(paid)
    return len(paid)


Banks = dict[tuple[str, str], Account]


def _banks(currencies: set[str]) -> Banks:
    """The bank's side of interest and fees in these currencies."""
    codes = ("interest", "interest-income", "fees")
    return {(c, currency): ledger.internal(c, currency) for c in codes for currency in currencies}


def _instruction(due: Due, through: date, banks: Banks) -> Instruction:
    amount = Money(abs(due.minor), due.currency)
    id, narrative = _once(due.uuid, "interest", through), f"Interest {through:%B %Y}"
    if due.minor > 0:
        bank = banks["interest", due.currency]
        return Instruction(id, bank, due.account_id, amount, "interest", narrative)
    bank = banks["interest-income", due.currency]
    return Instruction(id, due.account_id, bank, amount, "interest", narrative)


def _once(account: UUID, what: str, through: date) -> UUID:
    """The id of an account's movement for a month: made again, it is the one that is stored."""
    return uuid5(account, f"{what} {through}")


@transaction.atomic
def _charge(accounts: list[int], through: date, fees: FeePolicy) -> int:
    """The month's fee of an account's product, where its policy has one. Who has not got it is not
    charged: a fee makes no debt. Replays are answered with the stored movement."""
    priced = {product: fee for product, fee in fees.account_month_major.items() if fee}
    if not priced:
        return 0
    rows = list(Account.objects.filter(pk__in=accounts, product__in=priced).order_by("pk"))
    banks = _banks({account.currency for account in rows})
    instructions = [
        Instruction(
            _once(account.uuid, "fee", through),
            account,
            banks["fees", account.currency],
            _fee(priced[account.product], account.currency),
            "fee",
            f"Account fee {through:%B %Y}",
        )
        for account in rows
    ]
    moved = ledger.move_many(instructions, value_date=through + timedelta(days=1))
    return sum(not isinstance(done, Problem) for done in moved)


def _fee(major: Decimal, currency: str) -> Money:
    return Money(int(major.scaleb(exponent(currency)).to_integral_value()), currency)
