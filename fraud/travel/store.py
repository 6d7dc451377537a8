"""What Redis remembers of a person: the last trusted place, devices, addresses, and quick tries.

Only what may be lost is here, and nothing longer than the policy says. Devices and addresses are
kept as keyed hashes. Each call is one round trip and one atomic script; Redis being away is for
the caller to bear, in a bounded time.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from fintrust.core.away import Away, Patience
from fraud.travel.judge import Sighting
from fraud.travel.policy import TRAVEL, TravelPolicy
from fraud.travel.presence import Presence

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")

# Scores are whole microseconds, which a double holds exactly until the year 2255.
_LOOK = """
local place, devices, addresses, tries = unpack(KEYS)
local at, device, address = ARGV[1], ARGV[2], ARGV[3]
local before = '(' .. at
local known = device ~= '' and redis.call('ZSCORE', devices, device)
local here = address ~= '' and redis.call('ZSCORE', addresses, address)
if here and tonumber(here) < tonumber(ARGV[5]) then here = false end
local others = redis.call('ZCOUNT', addresses, ARGV[5], '+inf')
return {
    redis.call('GET', place) or '',
    (known and tonumber(known) >= tonumber(ARGV[4])) and 1 or 0,
    others + ((address ~= '' and not here) and 1 or 0),
    redis.call('ZCOUNT', tries, ARGV[6], before),
    redis.call('ZCOUNT', tries, ARGV[7], before),
}
"""

# The last place is written only while it is still the one that was read: of two sightings at
# once, the later one is told so, changes nothing, and is judged again.
_LEARN = """
local place, devices, addresses, tries = unpack(KEYS)
local at = ARGV[1]
local function keep(key, member, since, most, seconds)
    if member == '' then return end
    redis.call('ZADD', key, 'GT', at, member)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. since)
    redis.call('ZREMRANGEBYRANK', key, 0, -most - 1)
    redis.call('EXPIRE', key, seconds)
end
if ARGV[3] ~= '' then
    local now = redis.call('GET', place) or ''
    if now ~= ARGV[2] then return 0 end
    redis.call('SET', place, ARGV[3], 'EX', ARGV[4])
end
keep(devices, ARGV[5], ARGV[6], ARGV[7], ARGV[8])
keep(addresses, ARGV[9], ARGV[10], ARGV[11], ARGV[12])
keep(tries, ARGV[13], ARGV[14], ARGV[15], ARGV[16])
return 1
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What was remembered. `raw` is the last place as it is written, to be replaced only if it is
    still that."""

    raw: str
    device_known: bool
    addresses: int  # in the window, this one included
    tries: tuple[int, int]  # in each window, before this one

    @property
    def last(self) -> Sighting | None:
        return Sighting.from_json(json.loads(self.raw)) if self.raw else None

    @classmethod
    def still(cls, last: Sighting | None, device_known: bool) -> Self:
        """What was remembered then, supposed that nothing has changed; `learn` finds out."""
        return cls("" if last is None else _written(last), device_known, 0, (0, 0))


def look(presence: Presence) -> Known:
    """Everything about this person at this moment, in one round trip. Changes nothing."""
    with looking(presence) as known:
        return known()


@contextmanager
def looking(presence: Presence, policy: TravelPolicy = TRAVEL) -> Iterator[Callable[[], Known]]:
    """The same, asked at once and read when it is called for: others can be asked meanwhile."""
    at = presence.at
    with _asked(
        _LOOK,
        presence.person,
        _us(at),
        _hidden(presence.device),
        _hidden(presence.ip),
        _us(at - policy.device_max),
        _us(at - policy.address_window),
        *(_us(at - window) for window in policy.try_windows),
    ) as answer:

        def known() -> Known:
            raw, device_known, addresses, short, long = answer()
            return Known(raw.decode(), bool(device_known), addresses, (short, long))

        yield known


def learn(
    presence: Presence,
    known: Known,
    *,
    place: Sighting | None,
    device: bool,
    address: bool,
    tried: bool,
    policy: TravelPolicy = TRAVEL,
) -> bool:
    """Remember so much of this moment. False, and nothing is, when the last place has changed."""
    at = presence.at
    longest = policy.try_windows[-1]
    return bool(
        _call(
            _LEARN,
            presence.person,
            _us(at),
            known.raw,
            "" if place is None else _written(place),
            _seconds(policy.place_max),
            _hidden(presence.device) if device else "",
            _us(at - policy.device_max),
            policy.devices_max,
            _seconds(policy.device_max),
            _hidden(presence.ip) if address else "",
            _us(at - policy.address_window),
            policy.addresses_max,
            _seconds(policy.address_window),
            presence.name if tried else "",
            _us(at - longest),
            policy.tries_max,
            _seconds(longest),
        )
    )


def first_in(person: UUID, lasting: timedelta) -> bool:
    """Whether this has not been told of this person for so long."""
    client, key = _client(), f"travel:{{{person}}}:told"
    return bool(PATIENCE.ask(lambda: client.set(key, 1, nx=True, ex=_seconds(lasting))))


def _written(place: Sighting) -> str:
    return json.dumps(place.to_json(), separators=(",", ":"), sort_keys=True)


def _us(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())


def _hidden(value: str | None) -> str:
    """Enough to know it again, and nothing to read: plain hashes of addresses can be reversed."""
    return salted_hmac("fraud.travel", value, algorithm="sha256").hexdigest()[:24] if value else ""


def _keys(person: UUID) -> list[str]:
    return [f"travel:{{{person}}}:{part}" for part in ("place", "devices", "addresses", "tries")]


# --- the connection -------------------------------------------------------------------------


def _client() -> Redis:
    return _made(settings.REDIS_URL, settings.TRAVEL_SECONDS_MAX)


@lru_cache
def _made(url: str, seconds_max: float | None) -> Redis:
    """Quick to give up, and asked once: a payment holds its accounts' locks meanwhile."""
    return Redis.from_url(
        url,
        socket_connect_timeout=seconds_max or TRAVEL.connect_seconds_max,
        socket_timeout=seconds_max or TRAVEL.answer_seconds_max,
        retry=Retry(NoBackoff(), 0),
    )


PATIENCE = Patience("where somebody was", TRAVEL.rest_seconds)


def _call(script: str, person: UUID, *arguments: Any) -> Any:
    with _asked(script, person, *arguments) as answer:
        return answer()


@contextmanager
def _asked(script: str, person: UUID, *arguments: Any) -> Iterator[Callable[[], Any]]:
    """Sent at once; the answer, or Away, comes when it is called for.

    The whole script each time: a kilobyte is cheaper than a second trip when it is unknown.
    """
    pool = _client().connection_pool
    connection, read = None, False
    with suppress(Away):
        connection = PATIENCE.ask(
            lambda: _sent(pool, "EVAL", script, 4, *_keys(person), *arguments)
        )

    def answer() -> Any:
        nonlocal read
        if connection is None:
            raise Away
        got = PATIENCE.ask(connection.read_response)
        read = True
        return got

    try:
        yield answer
    finally:
        if connection is not None:
            if not read:  # whoever has this connection next must not get this answer
                connection.disconnect()
            pool.release(connection)


def _sent(pool: Any, *command: Any) -> Any:
    connection = pool.get_connection()
    try:
        connection.send_command(*command)
    except BaseException:
        pool.release(connection)
        raise
    return connection
