"""Months of ordinary life, as a list of payments; and then booked like everything else.

The same seed gives the same life, so two demo banks started on one day are alike.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from banking import ledger
from banking.models import Account, Transfer
from banking.transfers import services
from fintrust.core.models import User
from fintrust.core.money import Money

Pay = Callable[[str, int, str, int], "Payment"]  # payee, minor units, note, hour
MONTHS = 5
SEED = 20_180_401


@dataclass(frozen=True, slots=True, order=True)
class Payment:
    """One thing that happened. `payer` and `payee` are handles; `""` is the clearing account."""

    at: datetime
    payer: str = field(compare=False)
    payee: str = field(compare=False)
    minor: int = field(compare=False)
    note: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Life:
    """How one customer earns and spends, in euro cents."""

    handle: str
    salary: int
    rent: int
    groceries: tuple[int, int]
    coffee_days: tuple[int, ...]  # weekdays
    saves: int


LIVES = (
    Life("amara", 3_420_00, 1_050_00, (28_00, 74_00), (0, 2, 4), 400_00),
    Life("jonas", 4_105_00, 1_280_00, (35_00, 92_00), (0, 1, 2, 3, 4), 600_00),
    Life("priya", 2_960_00, 890_00, (22_00, 58_00), (5,), 350_00),
    Life("tomas", 980_00, 410_00, (12_00, 34_00), (1, 3), 0),
)


def payments(today: date) -> list[Payment]:
    """All payments of all lives up to yesterday, in the order they happened."""
    dice = random.Random(SEED)
    start = begins(today)
    days = [start + timedelta(days=n) for n in range((today - start).days)]
    lived = sorted(one for life in LIVES for day in days for one in _day(life, day, dice))
    lived = sorted([*lived, *_films(days)])
    return [*_openings(lived, start), *lived]


def begins(today: date) -> date:
    """The first day of the story."""
    return today - timedelta(days=30 * MONTHS)


def _openings(lived: list[Payment], start: date) -> Iterator[Payment]:
    """What everybody who pays began with: enough that no day of the calendar leaves them short.

    Wages come on fixed days of the month and bills on others, so what somebody needs until the
    first wages depends on the day the story starts.
    """
    cushions = {life.handle: life.rent * 2 + 600_00 for life in LIVES} | {"lumen": 2_000_00}
    shortest = _shortest(lived)
    for payer, cushion in cushions.items():
        opening = cushion - shortest[payer]
        rounded = -(-opening // 50_00) * 50_00
        yield Payment(_at(start, 6), "", payer, rounded, "Opening balance")


def _shortest(lived: list[Payment]) -> dict[str, int]:
    """How far each payer would sink below zero if they began with nothing; 0 if they never do."""
    balance: dict[str, int] = defaultdict(int)
    lowest: dict[str, int] = defaultdict(int)
    for payment in lived:
        balance[payment.payee] += payment.minor
        balance[payment.payer] -= payment.minor
        lowest[payment.payer] = min(lowest[payment.payer], balance[payment.payer])
    return lowest


def _day(life: Life, day: date, dice: random.Random) -> Iterator[Payment]:
    """What one customer pays and is paid on one day, in no particular order."""
    me = life.handle

    def pay(payee: str, minor: int, note: str, hour: int) -> Payment:
        return Payment(_at(day, hour, dice.randrange(60)), me, payee, minor, note)

    yield from _wages(life, day)
    yield from _bills(life, day, dice, pay)
    if day.weekday() in (2, 5):
        hour = 17 + dice.randrange(3)
        yield pay("northfield", dice.randrange(*life.groceries), "Groceries", hour)
    if day.weekday() in life.coffee_days and dice.random() < 0.8:
        yield pay("copper", dice.randrange(2_80, 7_40, 10), "Coffee", 8)
    if day.weekday() == 0:
        yield pay("tramline", 24_50, "Weekly pass", 7)
    if dice.random() < 0.04:
        yield pay("foxglove", dice.randrange(8_00, 46_00), "Books", 16)


def _wages(life: Life, day: date) -> Iterator[Payment]:
    if day.day == 20:  # the employer is paid before it pays
        yield Payment(_at(day, 7), "", "lumen", life.salary, "Client invoice")
    if day.day == 25:
        yield Payment(_at(day, 9), "lumen", life.handle, life.salary, f"Salary {day:%B}")


def _bills(life: Life, day: date, dice: random.Random, pay: Pay) -> Iterator[Payment]:
    if day.day == 1:
        yield pay("halden", life.rent, f"Rent {day:%B}", 8)
    if day.day == 5:
        yield pay("brightwell", dice.randrange(46_00, 88_00), "Electricity", 10)
    if day.day == 8:
        yield pay("signal", 19_99, "Mobile plan", 10)
    if day.day == 26 and life.saves:
        yield pay(f"{life.handle}:savings", life.saves, "Savings", 18)


def _films(days: list[date]) -> Iterator[Payment]:
    """A subscription that became dearer in the third month, as they do."""
    times = [day for day in days if day.day == 12]
    for number, day in enumerate(times):
        for life in LIVES:
            price = 9_99 if number < 3 else 12_99
            yield Payment(_at(day, 6), life.handle, "marquee", price, "Monthly plan")


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), UTC)


def book(
    happened: list[Payment],
    people: dict[str, User],
    accounts: dict[str, Account],
    officer: User,
) -> None:
    """Take the payments over. What looks unusual is held, and an officer has let it go."""
    for number, payment in enumerate(happened):
        amount = Money(payment.minor, "EUR")
        if payment.payer:
            source, by = accounts[payment.payer], people[payment.payer]
            kind = Transfer.Kind.TRANSFER
        else:
            source, by = ledger.internal("clearing", "EUR"), people[payment.payee]
            kind = Transfer.Kind.DEPOSIT
        transfer = services.record_past(
            kind=kind,
            by=by,
            source=source,
            target=accounts[payment.payee],
            amount=amount,
            request_id=f"demo-{number}",
            happened_at=payment.at,
            note=payment.note,
        )
        if transfer.is_held:
            services.release_transfer(
                transfer=transfer,
                by=officer,
                reason="known to the customer, asked by phone",
            )
