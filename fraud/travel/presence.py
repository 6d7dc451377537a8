"""Somebody asks for something, from somewhere, with something: who, when, and where that is."""

import math
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from fintrust.core.context import Context
from fraud.facts import Facts
from fraud.travel import geoip
from fraud.travel.geoip import Address
from fraud.travel.judge import Sighting, judge
from fraud.travel.policy import TRAVEL, TravelPolicy

# Doors that nobody stands at: what was taken over, what a clock sends, what an officer does.
ABSENT = frozenset({"import", "schedule", "console"})
PLACE_MAX = 80
DECIMALS = 2  # of a degree: about a kilometre, and no more than that is kept of anybody


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """One person at one moment. `person` is who asks: who operates another's account is elsewhere
    than its owner, and must not move them."""

    person: UUID
    at: datetime
    name: str  # of what was asked for: the same again is the same
    device: str | None = None
    ip: str | None = None
    place: str = ""
    latitude: float | None = None
    longitude: float | None = None
    accuracy_km: float | None = None


def of(facts: Facts) -> Presence | None:
    """Who stands behind these facts; None when nobody does."""
    if facts.channel in ABSENT:
        return None
    return Presence(
        person=facts.asker_id or facts.customer_id,
        at=facts.at,
        name=facts.subject,
        device=facts.device,
        ip=facts.ip,
        place=facts.place,
        latitude=facts.latitude,
        longitude=facts.longitude,
        accuracy_km=facts.accuracy_km,
    )


def now(person: UUID, at: datetime, asked: Context) -> Presence:
    """Who signs in or is still here, as the request says."""
    return Presence(
        person=person,
        at=at,
        name=asked.request_id,
        device=asked.device,
        ip=asked.ip,
        place=asked.place,
        latitude=asked.latitude,
        longitude=asked.longitude,
        accuracy_km=asked.accuracy_km,
    )


def placed(facts: Facts) -> Facts:
    """Facts as they are kept, for limits, lists and rules: coordinates to about a kilometre, and
    what the address says, which is the place when none was declared.

    That of a VPN too: who may pay from some places only must not get round it by renting a server.
    """
    address = geoip.locate(facts.ip)
    return replace(
        facts,
        latitude=_rounded(facts.latitude),
        longitude=_rounded(facts.longitude),
        place=facts.place or address.place,
        address_place=address.place,
        address_km=_apart_km(facts, address),
    )


def _apart_km(facts: Facts, address: Address) -> int | None:
    """From what the address says to what the device does, as far as either is believed."""
    here = of(facts)
    way = here and judge(_by_address(here, address, TRAVEL), declared(here))
    return int(way.km) if way else None


def _rounded(degrees: float | None) -> float | None:
    """Always a float, and never minus zero: a database keeps neither apart."""
    return None if degrees is None else float(round(degrees, DECIMALS)) + 0.0


def sighted(
    presence: Presence, address: Address, *, device_known: bool, policy: TravelPolicy = TRAVEL
) -> Sighting | None:
    """Where they are, by the best that can be believed.

    What a device says counts when the customer is known to use it; from a strange one the address
    counts first, since words are cheaper than a network. The address of a data centre or a VPN
    says nothing about somebody on a device we know.
    """
    said, seen = declared(presence, policy), _by_address(presence, address, policy)
    if address.hosting and device_known:
        seen = None
    first, second = (said, seen) if device_known else (seen, said)
    return first or second or _by_name(presence)


def declared(presence: Presence, policy: TravelPolicy = TRAVEL) -> Sighting | None:
    """The coordinates as the asker says them; vague ones are none, or they would excuse all."""
    accuracy = policy.declared_km if presence.accuracy_km is None else presence.accuracy_km
    if not 0 <= accuracy <= policy.declared_km_max:
        return None
    return _at(
        presence,
        "coordinates",
        presence.place,
        presence.latitude,
        presence.longitude,
        max(accuracy, policy.declared_km),
    )


def _by_address(presence: Presence, address: Address, policy: TravelPolicy) -> Sighting | None:
    accuracy = policy.address_km if address.accuracy_km is None else address.accuracy_km
    if not 0 <= accuracy <= policy.address_km_max:
        return None
    return _at(presence, "address", address.place, address.latitude, address.longitude, accuracy)


def _by_name(presence: Presence) -> Sighting | None:
    if not presence.place:
        return None
    return Sighting(at=presence.at, source="name", place=presence.place)


def _at(
    presence: Presence,
    source: str,
    place: str,
    latitude: float | None,
    longitude: float | None,
    accuracy: float,
) -> Sighting | None:
    if latitude is None or longitude is None or not on_earth(latitude, longitude):
        return None
    return Sighting(
        at=presence.at,
        source=source,
        place=place,
        latitude=_rounded(latitude),
        longitude=_rounded(longitude),
        accuracy_km=float(accuracy),
    )


def on_earth(latitude: float, longitude: float) -> bool:
    finite = math.isfinite(latitude) and math.isfinite(longitude)
    return finite and abs(latitude) <= 90 and abs(longitude) <= 180
