"""The tree cut into tiles, as C2SP tlog-tiles names and shapes them.

A tile holds up to 256 hashes of one row of the tree, every eighth row has tiles, and a full
tile's root is one hash of the tile above. Only full tiles are ever stored: a tile that is still
growing follows from the leaves or from the roots of the tiles below, so everything the log writes
is written once.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from audit import merkle

HEIGHT = 8
WIDTH = 1 << HEIGHT
LEVEL_MAX = 63


@dataclass(frozen=True)
class Tile:
    """A full tile."""

    level: int
    index: int
    hashes: tuple[bytes, ...]

    @property
    def root(self) -> bytes:
        return merkle.root(self.hashes)


class Edge:
    """The right edge of the tree: what each level's growing tile holds so far."""

    def __init__(self, size: int = 0, levels: Sequence[Sequence[bytes]] = ()) -> None:
        for level, width in enumerate(edge_widths(size)):
            if len(levels[level]) != width:
                raise ValueError(f"level {level} of a tree of {size} holds {width} hashes")
        self._levels = [list(hashes) for hashes in levels]
        peaks = [peak for hashes in reversed(self._levels) for peak in merkle.peaks(hashes)]
        self._range = merkle.CompactRange(size, peaks)

    @property
    def size(self) -> int:
        return self._range.size

    def root(self) -> bytes:
        return self._range.root()

    def append(self, leaf_hash: bytes) -> list[Tile]:
        """Add a leaf and return the tiles it completed, lowest first."""
        self._range.append(leaf_hash)
        completed: list[Tile] = []
        value, level = leaf_hash, 0
        while True:
            if level == len(self._levels):
                self._levels.append([])
            growing = self._levels[level]
            growing.append(value)
            if len(growing) < WIDTH:
                return completed
            tile = Tile(level, (self.size >> HEIGHT * (level + 1)) - 1, tuple(growing))
            completed.append(tile)
            growing.clear()
            value, level = tile.root, level + 1


def edge_widths(size: int) -> list[int]:
    """How many hashes the growing tile of each level holds in a tree of this size."""
    widths = []
    while size:
        widths.append(size % WIDTH)
        size //= WIDTH
    return widths


def width_in(size: int, level: int, index: int) -> int:
    """How much of this tile a tree of `size` leaves fills, from 0 to 256."""
    return max(0, min(WIDTH, (size >> HEIGHT * level) - index * WIDTH))


def node_at(tile_hashes: Callable[[int, int], Sequence[bytes]]) -> merkle.NodeAt:
    """Where merkle's proofs find nodes, given what each tile holds."""

    def find(height: int, place: int) -> bytes:
        level, above = divmod(height, HEIGHT)
        index, start = divmod(place << above, WIDTH)
        return merkle.root(tile_hashes(level, index)[start : start + (1 << above)])

    return find


def path(level: int | str, index: int, width: int = WIDTH) -> str:
    """The tile's address; `level` may be the word "entries"."""
    parts = [f"{index % 1000:03d}"]
    while index := index // 1000:
        parts.insert(0, f"x{index % 1000:03d}")
    suffix = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{'/'.join(parts)}{suffix}"


_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/){0,5}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)


def parse_path(text: str) -> tuple[int | str, int, int] | None:
    """(level or "entries", index, width) of an address, or None. A tile has one address only."""
    match = _PATH.fullmatch(text)
    if match is None:
        return None
    level = match["level"] if match["level"] == "entries" else int(match["level"])
    index = int(match["index"].replace("/", "").replace("x", ""))
    width = int(match["width"] or WIDTH)
    if width > WIDTH or (level != "entries" and int(level) > LEVEL_MAX):
        return None
    return (level, index, width) if path(level, index, width) == text else None


def bundle(entries: Sequence[bytes]) -> bytes:
    """An entry bundle: each entry after its length in two bytes."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
