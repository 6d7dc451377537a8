"""The smallest writer of MaxMind DB files (format 2.0) that a test needs."""

import struct
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

_MARK = b"\xab\xcd\xefMaxMind.com"
_TEXT, _DOUBLE, _UINT16, _UINT32, _MAP, _UINT64, _ARRAY, _BOOLEAN = 2, 3, 5, 6, 7, 9, 11, 14


def write(path: Path, networks: Mapping[str, Any], *, kind: str = "GeoLite2-City") -> Path:
    """A file of IPv4 networks and their records: the tree, the data, what it says of itself."""
    tree: list[list[int | None]] = [[None, None]]
    data, places = b"", {}
    for network, record in networks.items():
        places[network] = len(data)
        data += _value(record)
    for network in networks:
        _plant(tree, network, places[network])
    nodes = len(tree)
    packed = b"".join(_node(pair, nodes) for pair in tree)
    about = {
        "binary_format_major_version": _whole(_UINT16, 2),
        "binary_format_minor_version": _whole(_UINT16, 0),
        "build_epoch": _whole(_UINT64, 1_790_000_000), "database_type": kind,
        "description": {"en": "a test's own"}, "ip_version": _whole(_UINT16, 4),
        "languages": ["en"], "node_count": nodes, "record_size": _whole(_UINT16, 32),
    }  # fmt: skip
    path.write_bytes(packed + bytes(16) + data + _MARK + _value(about))
    return path


def _plant(tree: list[list[int | None]], text: str, place: int) -> None:
    """A network's bits lead to its record; a record is minus one less its place in the data."""
    network = ip_network(text)
    bits = f"{int(network.network_address):032b}"[: network.prefixlen]
    node = 0
    for bit in bits[:-1]:
        following = tree[node][int(bit)]
        if following is None:
            tree.append([None, None])
            following = tree[node][int(bit)] = len(tree) - 1
        node = following
    tree[node][int(bits[-1])] = -1 - place


def _node(pair: list[int | None], nodes: int) -> bytes:
    def record(value: int | None) -> int:
        if value is None:
            return nodes
        return value if value >= 0 else nodes + 16 + (-1 - value)

    return struct.pack(">II", *(record(value) for value in pair))


def _value(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value  # packed already
    if isinstance(value, bool):
        return _control(_BOOLEAN, int(value))
    if isinstance(value, str):
        text = value.encode()
        return _control(_TEXT, len(text)) + text
    if isinstance(value, float):
        return _control(_DOUBLE, 8) + struct.pack(">d", value)
    if isinstance(value, int):
        return _whole(_UINT32, value)
    if isinstance(value, list):
        return _control(_ARRAY, len(value)) + b"".join(map(_value, value))
    pairs = (_value(key) + _value(inner) for key, inner in value.items())
    return _control(_MAP, len(value)) + b"".join(pairs)


def _whole(kind: int, number: int) -> bytes:
    packed = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return _control(kind, len(packed)) + packed


def _control(kind: int, size: int) -> bytes:
    """The type and how much follows; lengths from 29 on need a byte more."""
    more = b"" if size < 29 else bytes([size - 29])
    size = min(size, 29)
    if kind < 8:
        return bytes([kind << 5 | size]) + more
    return bytes([size, kind - 7]) + more


def city(name: str, country: str, latitude: float, longitude: float, radius: int) -> dict[str, Any]:
    return {
        "city": {"names": {"en": name}},
        "country": {"iso_code": country},
        "location": {"latitude": latitude, "longitude": longitude, "accuracy_radius": radius},
    }
