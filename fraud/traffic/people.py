"""Customers with homes and habits. The same seed makes the same person. Pure."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from fraud.traffic.world import HOMES, City, Spot, moved

GENUINE = ""
CURRENCY = "EUR"
SHOPS = 400
_PEAKS = ((8.2, 0.8), (12.6, 1.0), (18.4, 1.6), (20.8, 1.2))  # coffee, lunch, shopping, evening
_AWAY_CHANCE = 0.015  # of leaving on a given day


@dataclass(frozen=True, slots=True)
class Party:
    """A customer as the bank knows them."""

    id: str  # usr_…
    account: str  # acc_…, or another bank's name for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One movement, and what it really was."""

    at: datetime
    id: str = ""
    party: Party
    counterparty: str = ""
    kind: str = "transfer"
    minor: int
    channel: str = "app"
    device: str | None = None
    place: str = ""
    spot: Spot | None = None
    accuracy_km: float | None = None
    ip: str | None = None
    scenario: str = GENUINE
    fraud: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """What is usual for one customer."""

    party: Party
    number: int
    city: City
    home: Spot
    phone: str
    laptop: str
    ip: str
    a_day: float  # payments
    amount_log: float  # of an ordinary payment in major units: its mean
    amount_spread: float
    shifts: float  # hours later than others
    weekend: float  # times as much as on a working day
    shops: tuple[str, ...]  # the first ones most
    friends: tuple[str, ...]
    salary: int  # minor units
    salary_day: int
    rent: int

    @classmethod
    def of(cls, number: int, parties: Sequence[Party], seed: int) -> "Persona":
        dice = Random(f"{seed}:person:{number}")
        city = dice.choice(HOMES)
        others = [party.account for party in parties if party != parties[number]]
        salary = round(math.exp(dice.gauss(7.9, 0.35)) * 100)
        return cls(
            party=parties[number],
            number=number,
            city=city,
            home=moved(city.spot, dice.uniform(0, 15), dice.uniform(0, 360)),
            phone=f"phone-{dice.getrandbits(48):012x}",
            laptop=f"laptop-{dice.getrandbits(48):012x}",
            ip=address(dice),
            a_day=dice.uniform(1.2, 3.0),
            amount_log=dice.gauss(3.0, 0.35),
            amount_spread=dice.uniform(0.5, 0.8),
            shifts=dice.gauss(0, 0.7),
            weekend=dice.uniform(0.8, 1.6),
            shops=tuple(shop(dice.randrange(SHOPS)) for _ in range(dice.randint(6, 15))),
            friends=tuple(dice.sample(others, min(3, len(others)))),
            salary=salary,
            salary_day=dice.choice([25, 26, 27, 28]),
            rent=int(salary * dice.uniform(0.25, 0.38)) // 1000 * 1000,
        )

    def amount(self, dice: Random, times: float = 1.0) -> int:
        """Log-normal around what is usual, times so much; never nothing."""
        major = times * math.exp(dice.gauss(self.amount_log, self.amount_spread))
        return max(100, round(major * 100))

    @property
    def usual(self) -> int:
        return round(math.exp(self.amount_log) * 100)


def shop(number: int) -> str:
    return f"shop-{number:04d}"


def address(dice: Random) -> str:
    """In a range that belongs to nobody (RFC 2544)."""
    return f"198.{dice.choice((18, 19))}.{dice.randrange(256)}.{dice.randrange(1, 255)}"


@dataclass(slots=True)
class Life:
    """One customer through the days; where they are is all that is carried over."""

    persona: Persona
    dice: Random
    away: City | None = None
    until: date = date.min

    def day(self, day: date) -> Iterator[Payment]:
        self._move(day)
        yield from self._fixed(day)
        persona, dice = self.persona, self.dice
        mean = persona.a_day * (persona.weekend if day.weekday() >= 5 else 1.0)
        for _ in range(_poisson(dice, mean)):
            yield self.payment(self._moment(day))

    def payment(self, at: datetime, **changes: Any) -> Payment:
        """An ordinary one, at a shop or to a friend."""
        persona, dice = self.persona, self.dice
        friend = bool(persona.friends) and dice.random() < 0.08
        to = dice.choice(persona.friends) if friend else _often(dice, persona.shops)
        ordinary = {"at": at, "counterparty": to, "minor": persona.amount(dice), **self._where()}
        return Payment(party=persona.party, **ordinary | changes)

    def _where(self) -> dict[str, Any]:
        """By phone they say where they are; from the laptop at home only the address does."""
        persona, dice = self.persona, self.dice
        if self.away is None and dice.random() < 0.3:
            return {"channel": "web", "device": persona.laptop, "ip": persona.ip}
        middle = self.away.spot if self.away else persona.home
        city = self.away or persona.city
        return {
            "device": persona.phone,
            "place": city.name,
            "spot": moved(middle, dice.uniform(0, 8), dice.uniform(0, 360)),
            "accuracy_km": round(dice.uniform(0.02, 0.8), 2),
            "ip": persona.ip if self.away is None else None,
        }

    def _move(self, day: date) -> None:
        """Trips begin and end at night: nobody pays on the plane."""
        if self.away and day >= self.until:
            self.away = None
        elif self.away is None and self.dice.random() < _AWAY_CHANCE:
            self.away = self.dice.choice([city for city in HOMES if city != self.persona.city])
            self.until = day + timedelta(days=self.dice.randint(2, 6))

    def _fixed(self, day: date) -> Iterator[Payment]:
        persona = self.persona
        bank = {"channel": "web", "device": None, "ip": None, "place": "", "spot": None,
                "accuracy_km": None}  # fmt: skip
        if day.day == persona.salary_day:
            employer = f"employer-{persona.number % 7}"
            yield self.payment(
                _at(day, 6.5, persona), kind="deposit", minor=persona.salary,
                counterparty=employer, **bank,
            )  # fmt: skip
        if day.day == 1:
            landlord = f"landlord-{persona.number % 11}"
            yield self.payment(
                _at(day, 9.0, persona), minor=persona.rent, counterparty=landlord, **bank
            )

    def _moment(self, day: date) -> datetime:
        peak, width = self.dice.choice(_PEAKS)
        later = self.persona.shifts + (1.0 if day.weekday() >= 5 else 0.0)
        hour = min(23.9, max(6.0, self.dice.gauss(peak + later, width)))
        return _at(day, hour, self.persona)


def _at(day: date, hour: float, persona: Persona) -> datetime:
    """On the customer's clock, told in UTC."""
    local = datetime.combine(day, time(), ZoneInfo(persona.city.zone))
    return (local + timedelta(seconds=round(hour * 3600))).astimezone(UTC)


def _often(dice: Random, shops: Sequence[str]) -> str:
    """The first shop twice as often as the second, three times as often as the third, …"""
    weights = [1 / (place + 1) for place in range(len(shops))]
    return dice.choices(shops, weights)[0]


def _poisson(dice: Random, mean: float) -> int:
    """Knuth's way; means here are small."""
    limit, product, count = math.exp(-mean), dice.random(), 0
    while product > limit:
        product *= dice.random()
        count += 1
    return count
