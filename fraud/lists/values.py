"""How what is listed is spelled, so that it is found again: as facts name it."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from fintrust.core.errors import NotFound
from fintrust.core.ids import from_public
from fintrust.core.models import User
from fraud.errors import ListValueInvalid
from fraud.facts import DEVICE_MAX
from fraud.limits import places
from fraud.lists.matched import ACCOUNT, ADDRESS, CUSTOMER, DEVICE, PAYEE, PLACE
from fraud.lists.policy import LISTS, ListsPolicy

ACCOUNT_MAX, PLACE_MAX = 40, 80
_COUNTRY = re.compile(r"[a-z]{2}")
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def canonical(kind: str, written: str) -> str:
    """The one spelling of a value of this kind. Raises ListValueInvalid."""
    text = written.strip()
    if not text or _UNWRITABLE.search(text):
        raise ListValueInvalid()
    return _SPELLINGS[kind](text)


def _account(text: str) -> str:
    """Of this bank, or of elsewhere, where streams name accounts in their own way."""
    if len(text) > ACCOUNT_MAX:
        raise ListValueInvalid(f"An account's name has at most {ACCOUNT_MAX} characters.")
    if text.startswith("acc_"):
        try:
            from_public("acc", text)
        except NotFound:
            raise ListValueInvalid("This is no account number of this bank.") from None
    return text


def _customer(text: str) -> str:
    try:
        return str(User.objects.get_public(text).pk)
    except NotFound:
        raise ListValueInvalid("No customer has this id (usr_…).") from None


def _device(text: str) -> str:
    if len(text) > DEVICE_MAX:
        raise ListValueInvalid(f"A device's name has at most {DEVICE_MAX} characters.")
    return text


def _network(text: str, policy: ListsPolicy = LISTS) -> str:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ListValueInvalid(
            "An address is like 192.0.2.7 or 2001:db8::7, a network like 192.0.2.0/24."
        ) from None
    least = policy.network_bits_min_4 if network.version == 4 else policy.network_bits_min_6
    if network.prefixlen < least:
        raise ListValueInvalid(f"A network has at least {least} bits; this would be half a world.")
    return str(network)


def _place(text: str) -> str:
    place = places.normalise(text)
    if not place or len(place) > PLACE_MAX:
        raise ListValueInvalid("A place is like “Lisbon, PT”, or a country's two letters.")
    return place


_SPELLINGS: Mapping[str, Callable[[str], str]] = {
    PAYEE: _account,
    ACCOUNT: _account,
    CUSTOMER: _customer,
    DEVICE: _device,
    ADDRESS: _network,
    PLACE: _place,
}


# --- of a payment -------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def address_of(ip: str | None) -> str | None:
    """As PostgreSQL reads it. What is no address is none: no payment fails for it."""
    try:
        address = ipaddress.ip_address(ip or "")
    except ValueError:
        return None
    if address.version == 6:  # a zone means something on one machine only
        return str(address.ipv4_mapped or ipaddress.IPv6Address(int(address)))
    return str(address)


@lru_cache(maxsize=4096)
def places_of(place: str) -> tuple[str, str]:
    """The place by its whole name, and its country by two letters; nothing for what is unknown."""
    name = places.normalise(place)
    country = name.rpartition(", ")[2]
    return name, country if _COUNTRY.fullmatch(country) else ""
