"""The sequencer: gives committed records their places in the log and signs the new head.

It only ever inserts, and everything a batch adds (leaves, tiles, checkpoint) commits together. It
reads records in the order (tx, id) and stops below the oldest transaction that is still open, so
a record that commits late is still ahead of the cursor when it appears. What slips past all the
same (a cluster restored from a dump counts transactions afresh) is found by asking for records
without a leaf, which every sequencing process does when it starts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connections, transaction
from django.db.models import Exists, OuterRef, QuerySet

from audit import entries, merkle, notes, selectors, signing, tiles
from audit.errors import LogDamaged
from audit.models import Checkpoint, Leaf, Record, Tile

Row = tuple[Any, ...]  # a record's entries.COLUMNS

SEQUENCER = "sequencer"
BATCH_MAX = 2_000
NIL = UUID(int=0)
ONLY_ONE = 4_702_394_921  # the advisory lock; any number no one else uses

_PLACE = """
    SELECT (SELECT system_identifier::text FROM pg_control_system()),
           committed_horizon()::text::bigint
"""


@dataclass(frozen=True)
class Sealed:
    """What one run added, and the size of the log after it. `busy`: another one was at work."""

    leaves: int
    size: int
    busy: bool = False


@dataclass(frozen=True)
class _Place:
    """How far the sequencer has read."""

    cluster: str
    tx: int = 0
    id: UUID = NIL


def seal(batch_max: int = BATCH_MAX) -> Sealed:
    """Put the next records into the log and sign it. Two at once do no harm."""
    return _seal(batch_max, missed=False)


def catch_up(batch_max: int = BATCH_MAX) -> Sealed:
    """The same for records that have no leaf wherever they stand."""
    return _seal(batch_max, missed=True)


@transaction.atomic(using=SEQUENCER)
def _seal(batch_max: int, *, missed: bool) -> Sealed:
    if not _alone():
        return Sealed(leaves=0, size=0, busy=True)
    head = selectors.head(SEQUENCER)
    cluster, horizon = _ask(_PLACE)
    place = _place(head, cluster)
    if missed:
        rows = _without_leaf(batch_max)
    else:
        rows, place = _next(place, horizon, batch_max)
    if not rows:
        return Sealed(leaves=0, size=head.size if head else 0)
    edge = _edge(head)
    _append(edge, rows)
    _sign(edge, place)
    return Sealed(leaves=len(rows), size=edge.size)


def _ask(sql: str, parameters: Sequence[Any] = ()) -> Sequence[Any]:
    with connections[SEQUENCER].cursor() as cursor:
        cursor.execute(sql, parameters)
        row: Sequence[Any] = cursor.fetchone()
        return row


def _alone() -> bool:
    """One sequencer at a time; the lock ends with the transaction, however that ends."""
    (mine,) = _ask("SELECT pg_try_advisory_xact_lock(%s)", [ONLY_ONE])
    return bool(mine)


def _place(head: Checkpoint | None, cluster: str) -> _Place:
    if head is None or head.cluster != cluster:
        return _Place(
            cluster
        )  # numbers of another cluster say nothing here; leaves tell what is done
    return _Place(cluster, head.cursor_tx, head.cursor_id)


def _next(place: _Place, horizon: int, batch_max: int) -> tuple[list[Row], _Place]:
    """The next records in order, and the place behind them.

    Those that were caught up with, or sealed in a former cluster, have a leaf already and are
    passed. Asking for both at once would be an anti-join, which reads all there is.
    """
    while True:
        ahead = _records().filter(selectors.after(place.tx, place.id), selectors.below(horizon))
        batch = list(ahead[:batch_max])
        if not batch:
            return [], place
        id, tx = batch[-1][:2]
        place = replace(place, tx=tx, id=id)
        leaves = Leaf.objects.using(SEQUENCER).filter(record_id__in=[row[0] for row in batch])
        sealed = set(leaves.values_list("record_id", flat=True))
        if rows := [row for row in batch if row[0] not in sealed]:
            return rows, place


def _without_leaf(batch_max: int) -> list[Row]:
    return list(
        _records().filter(~Exists(Leaf.objects.filter(record_id=OuterRef("pk"))))[:batch_max]
    )


def _records() -> QuerySet[Record, Row]:
    rows = Record.objects.using(SEQUENCER).order_by("tx", "id")
    return rows.values_list(*entries.COLUMNS)


def _edge(head: Checkpoint | None) -> tiles.Edge:
    """Where the last checkpoint left off; a log that does not fit its signature stays as it is."""
    if head is None:
        if Leaf.objects.using(SEQUENCER).exists():
            raise LogDamaged("The log has leaves but no checkpoint.")
        return tiles.Edge()
    try:
        signed = selectors.open_head(head, signing.trusted())
        edge = selectors.edge(head.size, using=SEQUENCER)
    except (notes.NoteError, ValueError) as exc:
        raise LogDamaged(f"The log's last checkpoint does not hold: {exc}.") from exc
    if edge.root() != signed.root:
        raise LogDamaged("The log's leaves do not lead to its last signed root.")
    return edge


def _append(edge: tiles.Edge, rows: Sequence[Row]) -> None:
    leaves, full = [], []
    for row in rows:
        entry = entries.entry_bytes(row)
        hash = merkle.leaf_hash(entry)
        leaves.append((edge.size, row[0], entry, hash))
        full += edge.append(hash)
    _write_leaves(leaves)
    Tile.objects.using(SEQUENCER).bulk_create(
        Tile(level=tile.level, index=tile.index, hashes=b"".join(tile.hashes), root=tile.root)
        for tile in full
    )


def _write_leaves(leaves: Sequence[tuple[int, UUID, bytes, bytes]]) -> None:
    """By COPY, at a third of what inserts cost: this is most of a sequencer's work."""
    with (
        connections[SEQUENCER].cursor() as cursor,
        cursor.copy("COPY audit_leaf (index, record_id, entry, hash) FROM STDIN") as copy,
    ):
        for leaf in leaves:
            copy.write_row(leaf)


def _sign(edge: tiles.Edge, place: _Place) -> None:
    checkpoint = notes.Checkpoint(settings.AUDIT_LOG_ORIGIN, edge.size, edge.root())
    Checkpoint.objects.using(SEQUENCER).create(
        size=checkpoint.size,
        root=checkpoint.root,
        note=notes.sign_note(checkpoint.text, signing.signers()),
        cursor_tx=place.tx,
        cursor_id=place.id,
        cluster=place.cluster,
    )
