"""Checks the log against its records and its signatures, and names the first that does not fit.

Every leaf is rebuilt from its record, every tile and root from the leaves, every signature from
its note. Only a chunk is in memory at a time, however long the log is.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from audit import entries, merkle, notes, selectors, signing, tiles
from audit.models import Checkpoint, Leaf, Record
from fintrust.core.ids import to_public

CHUNK = 8 * tiles.WIDTH
FINDINGS_MAX = 100
CHECKPOINTS_READ = 500


@dataclass(frozen=True, order=True)
class Finding:
    """Something that does not fit, at this place in the log or, with `until`, in this range."""

    index: int
    kind: str
    detail: str
    record: str = ""
    until: int | None = None

    def __str__(self) -> str:
        place = (
            f"at {self.index}" if self.until is None else f"between {self.index} and {self.until}"
        )
        return f"{self.kind} {place}{f' ({self.record})' if self.record else ''}: {self.detail}"


@dataclass
class Outcome:
    """What was checked, from which tree size to which, and what did not fit."""

    since: int
    size: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        return not self.findings

    @property
    def first(self) -> Finding | None:
        return min(self.findings, default=None)


def verify(*, since: int = 0, against: str | None = None) -> Outcome:
    """Check the log from the last checkpoint at or below `since`; 0 checks all of it.

    `against` is a checkpoint that someone kept: the log must still contain it.
    """
    return _Check(since).run(against)


@dataclass(frozen=True)
class _Row:
    """A leaf as stored, with the columns of its record, if that is still there."""

    index: int
    record_id: UUID
    entry: bytes
    hash: bytes
    columns: Sequence[Any] | None

    @property
    def public_id(self) -> str:
        return to_public(Record.prefix, self.record_id)


class _Check:
    """One walk along the log."""

    def __init__(self, since: int) -> None:
        self.trusted = signing.trusted()
        start = Checkpoint.objects.filter(size__lte=since).order_by("-size").first()
        self.start = start if since else None
        self.outcome = Outcome(since=self.start.size if self.start else 0)
        self.last = self.start  # the checkpoint behind us
        self.ahead: list[Checkpoint] = []
        self.suspect: Finding | None = None  # where a stored tile and its leaves part
        self.rooted = True  # whether our tree can still be compared with theirs

    def run(self, against: str | None) -> Outcome:
        self.edge = self._begin()
        place = self.edge.size
        for row in _leaves(place):
            if self._next() is None:
                self._find(row.index, "unsigned", "no checkpoint covers this leaf", row.public_id)
                break
            if row.index != place:
                self._find(place, "missing", "no leaf is here", until=_last(place, row.index))
                self.rooted = False
            self._leaf(row)
            place = row.index + 1
            while (head := self._next()) and head.size <= place:
                self._pass(head)
        self._end(place)
        if against is not None:
            self._kept(against)
        self.outcome.findings.sort()
        return self.outcome

    def _find(
        self, index: int, kind: str, detail: str, record: str = "", until: int | None = None
    ) -> None:
        if len(self.outcome.findings) < FINDINGS_MAX:
            self.outcome.findings.append(Finding(index, kind, detail, record, until))

    def _begin(self) -> tiles.Edge:
        """The tree at the checkpoint from which we go on, which has to hold itself."""
        if self.start is None:
            return tiles.Edge()
        self._signature(self.start)
        edge = selectors.edge(self.start.size)
        if edge.root() != bytes(self.start.root):
            why = "the leaves before do not lead to the signed root; check from the beginning"
            self._find(0, "rewritten", why, until=self.start.size - 1)
            self.rooted = False
        return edge

    def _next(self) -> Checkpoint | None:
        """The checkpoint ahead of us. Leaves and their checkpoint commit together, so whoever sees
        a leaf and then looks here must find one, even while the log is growing."""
        if not self.ahead:
            behind = self.last.size if self.last else 0
            later = Checkpoint.objects.filter(size__gt=behind).order_by("size")
            self.ahead = list(later[:CHECKPOINTS_READ])
        return self.ahead[0] if self.ahead else None

    def _pass(self, head: Checkpoint) -> None:
        self._signature(head)
        if self.rooted:
            self._root(head)
        self.suspect = None
        self.last = self.ahead.pop(0)

    def _signature(self, checkpoint: Checkpoint) -> None:
        try:
            selectors.open_head(checkpoint, self.trusted)
        except notes.NoteError as exc:
            self._find(checkpoint.size - 1, "signature", f"checkpoint {checkpoint.size}: {exc}")

    def _leaf(self, row: _Row) -> None:
        if row.columns is None:
            why = f"the record is gone; it said {_told(row.entry)}"
            self._find(row.index, "deleted", why, row.public_id)
        elif (now := entries.entry_bytes(row.columns)) != row.entry:
            self._find(row.index, "changed", _difference(row.entry, now), row.public_id)
        if merkle.leaf_hash(row.entry) != row.hash:
            why = "the leaf's entry and its hash do not belong together"
            self._find(row.index, "changed", why, row.public_id)
        for tile in self.edge.append(row.hash):
            if self.rooted:
                self._tile(tile, row.index)

    def _tile(self, tile: tiles.Tile, index: int) -> None:
        stored = selectors.tile_hashes(tile.level, tile.index, tiles.WIDTH)
        if not stored:
            self._find(index, "missing", f"tile {tile.level}/{tile.index} is gone")
        pairs = enumerate(zip(stored, tile.hashes, strict=False))
        parted = next((at for at, (theirs, ours) in pairs if theirs != ours), None)
        if parted is not None and self.suspect is None:
            leaves = tiles.WIDTH**tile.level
            first = (tile.index * tiles.WIDTH + parted) * leaves
            why = f"tile {tile.level}/{tile.index} is not what its leaves make it"
            self.suspect = Finding(first, "tile", why, until=_last(first, first + leaves))

    def _root(self, head: Checkpoint) -> None:
        """At a signed size: if the leaves do not lead to the signed root, where did they part?"""
        if self.edge.root() != bytes(head.root):
            self.rooted = False
            self.outcome.findings.append(self._where(head))
        elif self.suspect is not None:
            self.outcome.findings.append(self.suspect)

    def _where(self, head: Checkpoint) -> Finding:
        """The narrowest answer: by a tile the leaf, by the batch's order a swap, else the batch."""
        why = f"the leaves do not lead to the root signed at {head.size}"
        if self.suspect is not None:
            return Finding(self.suspect.index, "rewritten", why, until=self.suspect.until)
        first = self.last.size if self.last else 0
        batch = list(_leaves(first, head.size))
        for row, expected in zip(batch, sorted(batch, key=_order), strict=True):
            if row is not expected:
                return Finding(row.index, "reordered", why, row.public_id)
        return Finding(first, "rewritten", why, until=_last(first, head.size))

    def _end(self, place: int) -> None:
        while head := self._next():
            self._signature(head)
            self.last = self.ahead.pop(0)
        if self.last is None:
            return
        self.outcome.size = self.last.size
        if place < self.last.size:
            why = f"the log ends here, and {self.last.size} leaves were signed"
            self._find(place, "truncated", why, until=_last(place, self.last.size))
        for record in _passed_over(self.last, self.start):
            why = f"{record} stands among sealed records and has no leaf"
            self._find(self.last.size, "inserted", why, record.public_id)

    def _kept(self, note: str) -> None:
        """Whoever kept a checkpoint sees a log that was rolled back, or rewritten and resigned."""
        try:
            kept = notes.open_checkpoint(note, self.trusted)
        except notes.NoteError as exc:
            self._find(0, "signature", f"the checkpoint that was kept: {exc}")
            return
        if kept.size > self.outcome.size:
            why = f"a log of {kept.size} leaves was signed once"
            self._find(self.outcome.size, "truncated", why, until=kept.size - 1)
        elif kept.root != merkle.root_at(kept.size, selectors.nodes(kept.size)):
            why = "this log does not contain the checkpoint that was kept"
            self._find(0, "rewritten", why, until=kept.size - 1)


def _leaves(start: int, end: int | None = None) -> Iterator[_Row]:
    """The leaves from this place on. A deleted record must not hide its leaf, hence no join."""
    wanted = Leaf.objects.order_by("index")
    if end is not None:
        wanted = wanted.filter(index__lt=end)
    while True:
        ahead = wanted.filter(index__gte=start)
        chunk = list(ahead.values_list("index", "record_id", "entry", "hash")[:CHUNK])
        records = Record.objects.filter(pk__in=[leaf[1] for leaf in chunk])
        columns = {row[0]: row for row in records.values_list(*entries.COLUMNS)}
        for index, record_id, entry, hash in chunk:
            yield _Row(index, record_id, bytes(entry), bytes(hash), columns.get(record_id))
        if len(chunk) < CHUNK:
            return
        start = chunk[-1][0] + 1


def _passed_over(last: Checkpoint, start: Checkpoint | None) -> Iterable[Record]:
    """Records that stand before the sequencer's cursor and yet have no leaf."""
    sealed = Exists(Leaf.objects.filter(record_id=OuterRef("pk")))
    rows = Record.objects.filter(~sealed, selectors.up_to(last.cursor_tx, last.cursor_id))
    if start is not None and start.cluster == last.cluster:
        rows = rows.filter(selectors.after(start.cursor_tx, start.cursor_id))
    return rows.order_by("tx", "id")[:FINDINGS_MAX]


def _last(first: int, end: int) -> int | None:
    return end - 1 if end - first > 1 else None


def _order(row: _Row) -> tuple[int, str]:
    """Where the sequencer would have put it, by its sealed words."""
    told = _parsed(row.entry)
    return (told.get("tx", 0), told.get("id", ""))


def _parsed(entry: bytes) -> dict[str, Any]:
    try:
        told = json.loads(entry)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _told(entry: bytes) -> str:
    told = _parsed(entry)
    return f"{told.get('action')} of {told.get('subject')} at {told.get('at')}"


def _difference(sealed: bytes, now: bytes) -> str:
    """Which fields of the record are no longer what was sealed."""
    before, after = _parsed(sealed), _parsed(now)
    names = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    if not names:
        return "the sealed entry is no longer what it was"
    name = names[0]
    shown = f"{name} was {before.get(name)!r} and is {after.get(name)!r}"[:300]
    return shown if len(names) == 1 else f"{shown}; also {', '.join(names[1:])}"
