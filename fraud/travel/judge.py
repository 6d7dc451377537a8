"""Whether one person can have been at both places. Values in, a value out: no I/O, no Django."""

import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from fraud.limits.places import normalise
from fraud.travel.policy import TRAVEL, TravelPolicy

EARTH_KM = 6371.0088  # the mean radius (IUGG)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Somebody was here, then: by name, and when it is known by coordinates and how sure they are.

    `source` says who says so: "coordinates" and "name" are the asker's words, "address" is ours.
    """

    at: datetime
    source: str
    place: str = ""
    latitude: float | None = None
    longitude: float | None = None
    accuracy_km: float = 0.0

    @property
    def located(self) -> bool:
        return self.latitude is not None and self.longitude is not None

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.astimezone(UTC).isoformat()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Exactly what was written; a 51 that a database made of 51.0 is a float again."""
        latitude, longitude = values["latitude"], values["longitude"]
        return cls(
            at=datetime.fromisoformat(values["at"]),
            source=values["source"],
            place=values["place"],
            latitude=None if latitude is None else float(latitude),
            longitude=None if longitude is None else float(longitude),
            accuracy_km=float(values["accuracy_km"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Travel:
    """The way between two sightings: at least so far, in so long, and whether that can be.

    `from_` is the last place that was trusted. Stored with a decision, so it is never worked out
    again: another machine's sine may differ in the last bit.
    """

    km: float  # at least: both accuracies are taken off
    hours: float
    kmh: float
    impossible: bool
    from_: Sighting
    to: Sighting

    def to_json(self) -> dict[str, Any]:
        return {
            "km": self.km,
            "hours": self.hours,
            "kmh": self.kmh,
            "impossible": self.impossible,
            "from": self.from_.to_json(),
            "to": self.to.to_json(),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        return cls(
            km=float(values["km"]),
            hours=float(values["hours"]),
            kmh=float(values["kmh"]),
            impossible=values["impossible"],
            from_=Sighting.from_json(values["from"]),
            to=Sighting.from_json(values["to"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """With what and how quickly somebody asks. None is unknown."""

    device_known: bool | None = None  # a step-up, or use without suspicion, has vouched for it
    hosting: bool | None = None  # the address is a data centre's or a VPN's
    addresses_24h: int | None = None  # different ones, this one included
    tries_10s: int | None = None  # judged before this one
    tries_60s: int | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        return cls(**values)


def judge(
    last: Sighting | None, now: Sighting | None, policy: TravelPolicy = TRAVEL
) -> Travel | None:
    """The way from the last trusted place to here; None when nothing can be said about it."""
    if last is None or now is None:
        return None
    apart = _apart_km(last, now)
    if apart is None:
        return None
    # Rounded first and judged then, so that what is shown is what was judged.
    km = round(apart, 3)
    hours = round(_elapsed(last, now, policy) / HOUR, 6)
    kmh = round(km / hours, 3)
    return Travel(
        km=km,
        hours=hours,
        kmh=kmh,
        impossible=km >= policy.distance_km_min and kmh > policy.speed_kmh_max,
        from_=last,
        to=now,
    )


def _elapsed(last: Sighting, now: Sighting, policy: TravelPolicy) -> timedelta:
    """Either way round: news may arrive late, and clocks differ. Never nothing."""
    return max(abs(now.at - last.at), policy.clocks)


def _apart_km(a: Sighting, b: Sighting) -> float | None:
    """How far at least. By name alone places are the same or unknown: there is no gazetteer."""
    if a.located and b.located:
        return max(0.0, haversine_km(a, b) - a.accuracy_km - b.accuracy_km)
    return 0.0 if normalise(a.place) and same_place(a.place, b.place) else None


def haversine_km(a: Sighting, b: Sighting) -> float:
    """Along the surface. Right across the antimeridian, over the poles and half around."""
    assert a.latitude is not None and a.longitude is not None
    assert b.latitude is not None and b.longitude is not None
    from_, to = math.radians(a.latitude), math.radians(b.latitude)
    east = math.radians(b.longitude - a.longitude)
    half = (
        math.sin((to - from_) / 2) ** 2 + math.cos(from_) * math.cos(to) * math.sin(east / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, half)))


def same_place(a: str, b: str) -> bool:
    return normalise(a) == normalise(b)


def replaces(last: Sighting | None, now: Sighting | None) -> bool:
    """Whether this becomes the last place. Late news does not; nor does a bare name take the place
    of coordinates, or whoever only says "Lisbon" would make the bank forget where they were."""
    if now is None or last is None:
        return now is not None
    return now.at >= last.at and (now.located or not last.located)
