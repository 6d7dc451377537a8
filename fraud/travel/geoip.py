"""Where an internet address is, from database files of the GeoLite form, where they are configured.

None is shipped. A file that is missing, broken or of another kind is said once at the start, by
name, and addresses are unknown then; decisions go on without them.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any

import maxminddb
import structlog
from django.conf import settings
from maxminddb.reader import Reader

from fraud.travel.policy import TRAVEL, TravelPolicy

log = structlog.get_logger(__name__)

CITY, NETWORK = "GEOIP_DATABASE", "GEOIP_ASN_DATABASE"
# What a file says of itself, and the setting that it fits. The makers' names differ around these.
KINDS: Mapping[str, tuple[str, ...]] = {
    CITY: ("city", "enterprise"),
    NETWORK: ("asn", "isp", "anonymous"),
}
_FLAGS = ("is_hosting_provider", "is_anonymous_vpn", "is_public_proxy", "is_tor_exit_node")


class Unusable(Exception):
    """This file cannot tell us anything; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What is known of an address. `hosting`: it stands in a data centre or is a VPN's."""

    place: str = ""  # "Lisbon, PT", or "PT" alone
    country: str = ""  # two capital letters
    latitude: float | None = None
    longitude: float | None = None
    accuracy_km: float | None = None
    hosting: bool | None = None  # None: nobody could say


UNKNOWN = Address()


def locate(ip: str | None) -> Address:
    """What is known of this address; private and unreadable ones are unknown."""
    text = _public(ip)
    if text is None:
        return UNKNOWN
    city, network = _record(CITY, text), _record(NETWORK, text)
    return Address(**_place(city), hosting=_hosting(network))


def _public(ip: str | None) -> str | None:
    try:
        address = ip_address(ip or "")
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(address) if address.is_global else None


def _place(record: Mapping[str, Any] | None) -> dict[str, Any]:
    if record is None:
        return {}
    country = _text(_dig(record, "country", "iso_code"))[:2].upper()
    city = _text(_dig(record, "city", "names", "en"))[:60]
    named = {"place": ", ".join(filter(None, [city, country])), "country": country}
    where = _dig(record, "location")
    if not isinstance(where, Mapping):
        return named
    return named | {
        "latitude": _number(where.get("latitude")),
        "longitude": _number(where.get("longitude")),
        "accuracy_km": _number(where.get("accuracy_radius")),
    }


def _hosting(record: Mapping[str, Any] | None, policy: TravelPolicy = TRAVEL) -> bool | None:
    """By the network's number; or by the makers' own marks, in the databases that have them."""
    if record is None:
        return None
    if any(record.get(flag) is True for flag in _FLAGS):
        return True
    return record.get("autonomous_system_number") in policy.hosting_networks | more_hosting()


def more_hosting() -> frozenset[int]:
    """Networks that the operator counts as hosting, too."""
    return frozenset(settings.HOSTING_NETWORKS)


def _dig(record: Any, *names: str) -> Any:
    for name in names:
        record = record.get(name) if isinstance(record, Mapping) else None
    return record


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    """A file may hold anything: only what is a number is one."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


# --- the files ------------------------------------------------------------------------------


def _record(setting: str, ip: str) -> Mapping[str, Any] | None:
    reader = _reader(setting, getattr(settings, setting))
    if reader is None:
        return None
    try:
        found = reader.get(ip)
    except ValueError:  # the sixth kind of address, in a file of the fourth
        return None
    except maxminddb.InvalidDatabaseError as error:
        log.warning("place_database_broken", setting=setting, error=str(error))
        return None
    return found if isinstance(found, Mapping) else None


@lru_cache
def _reader(setting: str, path: str) -> Reader | None:
    """Opened once a process. A newer file is put in its place by renaming, and read by the next."""
    if not path:
        return None
    try:
        return _opened(setting, Path(path))
    except Unusable as error:
        log.warning("place_database_unusable", setting=setting, path=path, reason=str(error))
        return None


def _opened(setting: str, path: Path) -> Reader:
    try:
        reader = maxminddb.open_database(path)
    except (OSError, ValueError) as error:
        raise Unusable(f"it cannot be opened: {error}") from error
    except maxminddb.InvalidDatabaseError as error:
        raise Unusable(f"it is no such database, or only a part of one: {error}") from error
    kind = reader.metadata().database_type
    if not _fits(kind, KINDS[setting]):
        reader.close()
        raise Unusable(f"it is a database of the kind {kind!r}")
    return reader


def _fits(kind: str, words: Iterable[str]) -> bool:
    return any(word in kind.lower() for word in words)


def open_configured() -> None:
    """At the start of each process, so that a warning stands where an operator looks for it."""
    for setting in KINDS:
        _reader(setting, getattr(settings, setting))
