"""Where a webhook may lead: a public address, looked up once and connected to as it was found.

A name is resolved by us, every address behind it is judged, and the connection goes to the one
that was judged. A name that answers differently the second time gains nothing.
"""

import asyncio
import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from banking.models.webhooks import URL_MAX
from banking.webhooks.errors import WebhookUrlInvalid

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-:_")  # of a host; others are encoded
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class AddressRefused(Exception):
    """The name leads to an address that is not public."""


def clean_url(text: str) -> str:
    """The address somebody named, or a refusal. A name is judged when it is resolved."""
    if len(text) > URL_MAX or not text.isascii() or not text.isprintable() or " " in text:
        raise WebhookUrlInvalid()
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise WebhookUrlInvalid() from None
    plain = set(host) <= _PLAIN and "\\" not in text
    if not host or not plain or "@" in parts.netloc or "#" in text or port == 0:
        raise WebhookUrlInvalid()
    if parts.scheme != "https" and not (parts.scheme == "http" and settings.WEBHOOK_HTTP):
        raise WebhookUrlInvalid()
    if _is_number(host) and not is_allowed(host):
        raise WebhookUrlInvalid()
    return text


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_allowed(address: str) -> bool:
    """Whether an address is of the public internet, also when it is an IPv4 one in disguise."""
    if settings.WEBHOOK_PRIVATE_ADDRESSES:
        return True
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = _inside(found) if isinstance(found, ipaddress.IPv6Address) else None
    return all(_is_public(each) for each in (found, inner) if each is not None)


def _is_public(found: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(found, ipaddress.IPv6Address) and (found.ipv4_mapped or found in _NAT64):
        return True  # as public as what is inside
    return found.is_global and not found.is_multicast and not found.is_reserved


def _inside(found: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to."""
    if found in _NAT64:
        return ipaddress.IPv4Address(found.packed[-4:])
    teredo = found.teredo[1] if found.teredo else None
    return found.ipv4_mapped or found.sixtofour or teredo


async def resolve(url: str) -> tuple[SplitResult, str]:
    """The parts of a URL and the one address to connect to."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = [str(answer[4][0]) for answer in found]
    # All of them: a name that mixes a public and a private address is up to something.
    if not addresses or not all(is_allowed(address) for address in addresses):
        raise AddressRefused()
    return parts, addresses[0]
