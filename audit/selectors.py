"""Questions to the log. Proofs read a handful of tiles, however long the log has grown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from audit import access, merkle, notes, proofs, tiles
from audit.errors import RecordNotSealed
from audit.models import Checkpoint, Leaf, Record, Tile, Verification
from fintrust.core.errors import NotFound
from fintrust.core.models import User

WAITING_COUNTED_MAX = 10_000


def head(using: str = "default") -> Checkpoint | None:
    """The latest signed checkpoint."""
    return Checkpoint.objects.using(using).order_by("-size").first()


def log_head() -> Checkpoint:
    checkpoint = head()
    if checkpoint is None:
        raise NotFound("Nothing has been sealed yet.")
    return checkpoint


# --- the tree -----------------------------------------------------------------------------------


def tile_hashes(level: int, index: int, width: int, *, using: str = "default") -> list[bytes]:
    """The first `width` hashes of a tile, whether it is full or still growing."""
    if width == tiles.WIDTH:
        full = Tile.objects.using(using).filter(level=level, index=index).first()
        return _split(bytes(full.hashes)) if full else []
    start = index * tiles.WIDTH
    place = {"index__gte": start, "index__lt": start + width}
    if level == 0:
        leaves = Leaf.objects.using(using).filter(**place).order_by("index")
        return [bytes(value) for value in leaves.values_list("hash", flat=True)]
    below = Tile.objects.using(using).filter(level=level - 1, **place).order_by("index")
    return [bytes(value) for value in below.values_list("root", flat=True)]


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[i : i + merkle.HASH_BYTES] for i in range(0, len(hashes), merkle.HASH_BYTES)]


def edge(size: int, *, using: str = "default") -> tiles.Edge:
    """The right edge of the tree of this size, or ValueError where rows of it are missing."""
    levels = [
        tile_hashes(level, size >> tiles.HEIGHT * (level + 1), width, using=using)
        for level, width in enumerate(tiles.edge_widths(size))
    ]
    return tiles.Edge(size, levels)


def nodes(size: int) -> merkle.NodeAt:
    """Where the nodes of the tree of this size are; each tile is read once."""
    read: dict[tuple[int, int], Sequence[bytes]] = {}

    def hashes(level: int, index: int) -> Sequence[bytes]:
        if (level, index) not in read:
            width = tiles.width_in(size, level, index)
            read[level, index] = tile_hashes(level, index, width)
        return read[level, index]

    return tiles.node_at(hashes)


def proof_of(record: Record) -> proofs.Proof:
    """That the record stands in the log, under the latest checkpoint."""
    leaf = Leaf.objects.filter(record_id=record.pk).first()
    checkpoint = head()
    if leaf is None or checkpoint is None or leaf.index >= checkpoint.size:
        raise RecordNotSealed()
    path = merkle.inclusion_proof(leaf.index, checkpoint.size, nodes(checkpoint.size))
    return proofs.Proof(leaf.index, tuple(path), checkpoint.note, bytes(leaf.entry))


def record_about(subject: str, action: str, *, reader: User) -> Record | None:
    """The newest record of such actions (`banking.transfer.`) about something, if the reader may
    read it; `leaf` is there once it has its place in the log."""
    found = access.readable_by(reader).filter(subject=subject, action__startswith=action)
    return found.select_related("leaf").order_by("-id").first()


def consistency(old: int, new: int) -> list[bytes]:
    """That the log of `new` leaves continues the one of `old`."""
    return merkle.consistency_proof(old, new, nodes(new))


def bundle(index: int, width: int) -> bytes:
    """The entries behind a tile of the lowest level; empty when they are not all there."""
    start = index * tiles.WIDTH
    found = Leaf.objects.filter(index__gte=start, index__lt=start + width).order_by("index")
    entries = [bytes(entry) for entry in found.values_list("entry", flat=True)]
    return tiles.bundle(entries) if len(entries) == width else b""


# --- how it stands ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Status:
    """The log at a glance."""

    size: int
    signed_at: datetime | None
    waiting: int  # records without a leaf, counted up to a limit
    waiting_since: datetime | None
    verified: Verification | None

    @property
    def intact(self) -> bool | None:
        return self.verified.intact if self.verified else None


def status() -> Status:
    checkpoint = head()
    waiting = _behind(checkpoint)[:WAITING_COUNTED_MAX]
    oldest = waiting.first()
    return Status(
        size=checkpoint.size if checkpoint else 0,
        signed_at=checkpoint.at if checkpoint else None,
        waiting=waiting.count(),
        waiting_since=oldest.at if oldest else None,
        verified=Verification.objects.order_by("-id").first(),
    )


def _behind(checkpoint: Checkpoint | None) -> QuerySet[Record]:
    """What the sequencer has not read yet."""
    rows = Record.objects.order_by("tx", "id")
    if checkpoint is None:
        return rows
    return rows.filter(after(checkpoint.cursor_tx, checkpoint.cursor_id))


def after(tx: int, id: object) -> RawSQL:
    """Condition: the record comes after this place in the order of the sequencer."""
    return _where("(audit_record.tx, audit_record.id) > (%s::xid8, %s)", str(tx), id)


def up_to(tx: int, id: object) -> RawSQL:
    """Condition: it stands at this place or before."""
    return _where("(audit_record.tx, audit_record.id) <= (%s::xid8, %s)", str(tx), id)


def below(tx: int) -> RawSQL:
    """Condition: an earlier transaction wrote it."""
    return _where("audit_record.tx < %s::xid8", str(tx))


def _where(sql: str, *parameters: object) -> RawSQL:
    return RawSQL(sql, parameters, BooleanField())


def open_head(checkpoint: Checkpoint, trusted: Sequence[notes.Verifier]) -> notes.Checkpoint:
    """What the note says, if it is signed and the columns beside it agree; NoteError if not."""
    signed = notes.open_checkpoint(checkpoint.note, trusted)
    if (signed.size, signed.root) != (checkpoint.size, bytes(checkpoint.root)):
        raise notes.NoteError("the note speaks of another size or root than its row")
    return signed
