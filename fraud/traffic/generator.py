"""The traffic of a bank in order of time, as long as somebody takes of it. Pure: the same seed,
start and customers give the same payments, to the last digit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from fintrust.core.money import Money
from fraud.traffic.people import CURRENCY, Life, Party, Payment, Persona
from fraud.traffic.scenarios import SCENARIOS, episode

DAY = timedelta(days=1)
A_DAY_MIN = 1.0  # payments of a customer, on average: so many days last at least so long


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    seed: int
    start: datetime  # a midnight in UTC
    fraud_share: float = 0.01  # of the payments

    def __post_init__(self) -> None:
        if not 0 <= self.fraud_share < 1:
            raise ValueError("a share of frauds lies between 0 and 1")


def traffic(plan: Plan, parties: Sequence[Party]) -> Iterator[Payment]:
    """Payments of all customers, oldest first, without end."""
    numbers = count(1)
    lives = [
        Life(Persona.of(number, parties, plan.seed), Random(f"{plan.seed}:life:{number}"))
        for number in range(len(parties))
    ]
    thieves = Thieves(plan, parties, lives)
    waiting: list[Payment] = []
    for day in count():
        begins = plan.start + day * DAY
        lived = [payment for life in lives for payment in life.day(begins.date())]
        waiting += [*lived, *thieves.day(begins, len(lived))]
        waiting.sort(key=lambda payment: (payment.at, payment.party.id, payment.minor))
        # West of here the day goes on. The next begins after midnight in UTC for everybody.
        settled = [payment for payment in waiting if payment.at < begins + DAY]
        waiting = waiting[len(settled) :]
        for payment in settled:
            yield replace(payment, id=f"gen-{plan.seed}-{plan.start:%Y%m%d%H%M}-{next(numbers)}")


class Thieves:
    """As many frauds as the plan's share asks for, never more than an episode ahead of it."""

    def __init__(self, plan: Plan, parties: Sequence[Party], lives: Sequence[Life]) -> None:
        self._share, self._parties, self._lives = plan.fraud_share, parties, lives
        self._dice = Random(f"{plan.seed}:thieves")
        self._owed = 0.0
        self._next: list[str] = []

    def day(self, begins: datetime, genuine: int) -> list[Payment]:
        self._owed += genuine * self._share / (1 - self._share)
        played: list[Payment] = []
        while self._owed > 0:
            one = self._episode(begins)
            played += one
            self._owed -= sum(payment.fraud for payment in one)
        return played

    def _episode(self, begins: datetime) -> list[Payment]:
        """All kinds come equally often. The victim is at home: only the thief is strange."""
        if not self._next:
            self._next = sorted(SCENARIOS)
            self._dice.shuffle(self._next)
        at_home = [life for life in self._lives if life.away is None] or self._lives
        victim = self._dice.choice(at_home)
        at = begins + self._dice.uniform(12, 20) * timedelta(hours=1)
        at = at.replace(microsecond=0)
        return episode(self._next.pop(), victim, self._parties, at, self._dice)


def start_for(payments: int, parties: int, *, until: datetime) -> datetime:
    """A midnight early enough for so many payments to lie before `until`."""
    days = 3 + payments / (A_DAY_MIN * parties)
    midnight = until.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=int(days))


# --- how it is written ----------------------------------------------------------------------


def event_of(payment: Payment) -> dict[str, Any]:
    """An event of version 1, as `manage.py stream` reads it. What is unknown is left out."""
    latitude, longitude = payment.spot or (None, None)
    values = {
        "v": 1,
        "id": payment.id,
        "customer": payment.party.id,
        "account": payment.party.account,
        "counterparty": payment.counterparty,
        "kind": payment.kind,
        "amount": str(Money(payment.minor, CURRENCY).decimal),
        "currency": CURRENCY,
        "at": payment.at.isoformat(),
        "channel": payment.channel,
        "device": payment.device,
        "place": payment.place,
        "latitude": None if latitude is None else round(latitude, 5),
        "longitude": None if longitude is None else round(longitude, 5),
        "accuracy_km": payment.accuracy_km,
        "ip": payment.ip,
    }
    return {name: value for name, value in values.items() if value not in (None, "")}


def label_of(payment: Payment) -> dict[str, Any]:
    """What it really was, for whoever measures or trains."""
    return {
        "id": payment.id,
        "customer": payment.party.id,
        "at": payment.at.isoformat(),
        "fraud": payment.fraud,
        "scenario": payment.scenario,
    }
