"""The verbs of travel: look before a decision, learn after its commit, trust what was confirmed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import structlog
from django.db import transaction
from django.utils import timezone

from audit.services import record
from fintrust.core import context
from fintrust.core.away import Away
from fintrust.core.models import User
from fraud.facts import Facts
from fraud.travel import geoip, presence, store
from fraud.travel.judge import Around, Sighting, Travel, judge, replaces
from fraud.travel.policy import TRAVEL
from fraud.travel.presence import Presence
from fraud.travel.store import Known

log = structlog.get_logger(__name__)

ROUNDS_MAX = 5  # so often somebody else may have been quicker; then this sighting is let go


class Seen(Protocol):
    """What was known when it was judged, as a snapshot keeps it."""

    @property
    def travel(self) -> Travel | None: ...

    @property
    def around(self) -> Around | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What is known of where and with what somebody asks: nothing, while Redis is away, and
    `degraded` says so. Each part is a value of its own in the snapshot."""

    travel: Travel | None = None
    around: Around | None = None
    degraded: tuple[str, ...] = ()


NOBODY = Looked()  # nobody stands at this door
REDIS = "redis"


def look(facts: Facts) -> Looked:
    """Before a decision: at most one round trip, 50 ms, and nothing is changed."""
    with looking(presence.of(facts)) as looked:
        return looked()


@contextmanager
def looking(here: Presence | None) -> Iterator[Callable[[], Looked]]:
    """The same, asked at once and read when it is called for: PostgreSQL can be asked meanwhile."""
    if here is None:
        yield lambda: NOBODY
        return
    with store.looking(here) as known:
        yield lambda: _looked(here, known)


def _looked(here: Presence, answer: Callable[[], Known]) -> Looked:
    try:
        known = answer()
    except Away:
        return Looked(degraded=(REDIS,))
    address = geoip.locate(here.ip)
    now = presence.sighted(here, address, device_known=known.device_known)
    around = Around(
        device_known=known.device_known if here.device else None,
        hosting=address.hosting,
        addresses_24h=known.addresses,
        tries_10s=known.tries[0],
        tries_60s=known.tries[1],
    )
    return Looked(travel=judge(known.last, now), around=around)


def learn_after_commit(facts: Facts, looked: Seen, *, trusted: bool, refused: bool) -> None:
    """Once the money's transaction has committed, remember that it was asked for, from here.

    A refused one counts as a try and leaves nothing else; one that waits for its customer adds its
    address; only what went through at once may say where the customer is and what is theirs. A
    batch is one try, and money that arrives is none.
    """
    here = presence.of(facts)
    if here is None:
        return
    if batch := context.current().batch:
        here = replace(here, name=batch)
    device_known = looked.around is not None and bool(looked.around.device_known)
    known = Known.still(looked.travel.from_ if looked.travel else None, device_known)

    def remember() -> None:
        learn(
            here, trusted=trusted, paid=True, address=not refused, tried=facts.outgoing, known=known
        )

    transaction.on_commit(remember, robust=True)


def confirm_after_commit(facts: Facts) -> None:
    """A step-up has shown that it was the customer: where they asked is trusted, however far."""
    here = presence.of(facts)
    if here is not None:
        transaction.on_commit(lambda: learn(here, trusted=True, confirmed=True), robust=True)


def seen(person: User) -> Travel | None:
    """Somebody has signed in as this person, or is still there. What cannot be is put on record,
    and is not believed; the payment that follows will be judged from the place before."""
    here = presence.now(person.pk, timezone.now(), context.current())
    travel = learn(here, trusted=True)
    if travel is not None and travel.impossible:
        _tell(person, travel)
    return travel


def learn(
    here: Presence,
    *,
    trusted: bool,
    confirmed: bool = False,
    paid: bool = False,
    address: bool = True,
    tried: bool = False,
    known: Known | None = None,
) -> Travel | None:
    """Remember as much as this sighting deserves, judged against what is known at this moment.

    `known` is what was known when it was judged: while that still holds, one round trip will do.
    """
    if here.at > timezone.now() + TRAVEL.clocks:
        # A clock that is ahead must not pin anybody to a place until the world has caught up.
        log.warning("travel_from_tomorrow", person=str(here.person), at=here.at.isoformat())
        return None
    try:
        for _ in range(ROUNDS_MAX):
            known = known or store.look(here)
            travel, place, device = _deserved(
                here, known, trusted=trusted, confirmed=confirmed, paid=paid or tried
            )
            if store.learn(here, known, place=place, device=device, address=address, tried=tried):
                return travel
            known = None
        log.warning("travel_contended", person=str(here.person))
    except Away:
        return None  # a place less is known; nothing else waits for it
    return None


def _deserved(
    here: Presence, known: Known, *, trusted: bool, confirmed: bool, paid: bool
) -> tuple[Travel | None, Sighting | None, bool]:
    """The way here, the place if it may become the last one, and whether the device is theirs."""
    address = geoip.locate(here.ip)
    now = presence.sighted(here, address, device_known=known.device_known)
    travel = judge(known.last, now)
    if not trusted or not (confirmed or _believable(travel, known)):
        return travel, None, False
    # The address of a data centre is nobody's place, and vouches for no device: who hides behind
    # it must first show who they are. Nor does a sign-in, which a stolen password is enough for.
    placeless = now is None or (bool(address.hosting) and now.source == "address")
    place = None if placeless or not replaces(known.last, now) else now
    return travel, place, confirmed or known.device_known or (paid and not address.hosting)


def _believable(travel: Travel | None, known: Known) -> bool:
    """A device we know may be anywhere it can have got to. A strange one moves nobody far: a thief
    in no hurry would become the customer's last place, and its owner the one who cannot be."""
    if travel is None:
        return True
    return not travel.impossible and (known.device_known or travel.km < TRAVEL.distance_km_min)


@transaction.atomic
def _tell(person: User, travel: Travel) -> None:
    try:
        if not store.first_in(person.pk, TRAVEL.told_again):
            return
    except Away:
        pass  # rather told twice than never
    record(
        "fraud.travel.impossible",
        subject=person,
        owner=person,
        data={"km": f"{travel.km:.0f}", "hours": f"{travel.hours:.2f}", "kmh": f"{travel.kmh:.0f}"},
    )
