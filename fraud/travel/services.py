"""The verbs of travel: look before a decision, learn after its commit, trust what was confirmed."""

from dataclasses import dataclass
from typing import Any, Self

import structlog
from django.db import transaction
from django.utils import timezone

from audit.services import record
from fintrust.core import context
from fintrust.core.errors import Unavailable
from fintrust.core.models import User
from fraud.facts import Facts
from fraud.travel import geoip, presence, store
from fraud.travel.judge import Sighting, Travel, judge, replaces
from fraud.travel.policy import TRAVEL
from fraud.travel.presence import Presence
from fraud.travel.store import Away, Known

log = structlog.get_logger(__name__)

ROUNDS_MAX = 5  # so often somebody else may have been quicker; then this sighting is let go


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What is known of where and with what somebody asks. None is unknown; all of it is, while
    Redis is away, and `degraded` says so."""

    travel: Travel | None = None
    device_known: bool | None = None  # a step-up or days of use have vouched for it
    hosting: bool | None = None  # the address is a data centre's or a VPN's
    addresses_24h: int | None = None  # different ones, this one included
    tries_10s: int | None = None  # judged before this one
    tries_60s: int | None = None
    degraded: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "travel": self.travel and self.travel.to_json(),
            "device_known": self.device_known,
            "hosting": self.hosting,
            "addresses_24h": self.addresses_24h,
            "tries_10s": self.tries_10s,
            "tries_60s": self.tries_60s,
            "degraded": list(self.degraded),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        travel = values["travel"]
        return cls(
            **values
            | {
                "travel": travel and Travel.from_json(travel),
                "degraded": tuple(values["degraded"]),
            }
        )


NOBODY = Looked()  # nobody stands at this door
REDIS = "redis"


def look(facts: Facts) -> Looked:
    """Before a decision: at most one round trip, 50 ms, and nothing is changed."""
    here = presence.of(facts)
    if here is None:
        return NOBODY
    try:
        known = store.look(here)
    except Away as error:
        log.warning("travel_unknown", error=str(error))
        return Looked(degraded=(REDIS,))
    address = geoip.locate(here.ip)
    now = presence.sighted(here, address, device_known=known.device_known)
    return Looked(
        travel=judge(known.last, now),
        device_known=known.device_known if here.device else None,
        hosting=address.hosting,
        addresses_24h=known.addresses,
        tries_10s=known.tries[0],
        tries_60s=known.tries[1],
    )


def learn_after_commit(facts: Facts, *, trusted: bool, refused: bool) -> None:
    """Once the money's transaction has committed, remember that it was asked for, from here.

    A refused one counts as a try and leaves nothing else; one that waits for its customer adds its
    address; only what went through at once may say where the customer is and what is theirs.
    """
    here = presence.of(facts)
    if here is None:
        return

    def learn() -> None:
        _learn(here, trusted=trusted, address=not refused, tried=True)

    transaction.on_commit(learn, robust=True)


def confirm_after_commit(facts: Facts) -> None:
    """A step-up has shown that it was the customer: where they asked is trusted, however far."""
    here = presence.of(facts)
    if here is not None:
        transaction.on_commit(lambda: _learn(here, trusted=True, confirmed=True), robust=True)


def seen(person: User) -> Travel | None:
    """Somebody has signed in as this person, or is still there. What cannot be is put on record,
    and is not believed; the payment that follows will be judged from the place before."""
    here = presence.now(person.pk, timezone.now(), context.current())
    travel = _learn(here, trusted=True)
    if travel is not None and travel.impossible:
        _tell(person, travel)
    return travel


def _learn(
    here: Presence,
    *,
    trusted: bool,
    confirmed: bool = False,
    address: bool = True,
    tried: bool = False,
) -> Travel | None:
    """Remember as much as this sighting deserves, judged against what is known at this moment."""
    if here.at > timezone.now() + TRAVEL.clocks:
        # A clock that is ahead must not pin anybody to a place until the world has caught up.
        log.warning("travel_from_tomorrow", person=str(here.person), at=here.at.isoformat())
        return None
    try:
        for _ in range(ROUNDS_MAX):
            known = store.look(here)
            travel, place, device = _deserved(here, known, trusted=trusted, confirmed=confirmed)
            if store.learn(here, known, place=place, device=device, address=address, tried=tried):
                return travel
        log.warning("travel_contended", person=str(here.person))
    except Away as error:
        log.warning("travel_not_learned", error=str(error))
    return None


def _deserved(
    here: Presence, known: Known, *, trusted: bool, confirmed: bool
) -> tuple[Travel | None, Sighting | None, bool]:
    """The way here, the place if it may become the last one, and whether the device is theirs.

    The address of a data centre is nobody's place, and vouches for no device: who hides behind it
    must first show who they are.
    """
    at = geoip.locate(here.ip)
    now = presence.sighted(here, at, device_known=known.device_known)
    travel = judge(known.last, now)
    suspicious = travel is not None and travel.impossible
    if not trusted or (suspicious and not confirmed):
        return travel, None, False
    nowhere = now is None or (bool(at.hosting) and now.source == "address")
    place = None if nowhere or now is None or not replaces(known.last, now) else now
    return travel, place, confirmed or known.device_known or not at.hosting


@transaction.atomic
def _tell(person: User, travel: Travel) -> None:
    try:
        if not store.first_in(person.pk, TRAVEL.told_again):
            return
    except Away as error:
        log.warning("travel_told_without_memory", error=str(error))
    record(
        "fraud.travel.impossible",
        subject=person,
        owner=person,
        data={"km": f"{travel.km:.0f}", "hours": f"{travel.hours:.2f}", "kmh": f"{travel.kmh:.0f}"},
    )


def forget(person: User) -> None:
    """The customer wants their profile reset: where they were and what they use, too."""
    try:
        store.forget(person.pk)
    except Away as error:
        raise Unavailable() from error
