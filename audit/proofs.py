"""The file given to a customer or an auditor: C2SP tlog-proof, which checks without us and
without a network.

The entry itself travels in the `extra` line. Nobody has to trust that line: the proof holds only
for the entry whose hash leads to the signed root.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from audit import merkle, notes

HEADER = "c2sp.org/tlog-proof@v1"
PROOF_CHARACTERS_MAX = 1_200_000
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})", re.ASCII)


class ProofError(ValueError):
    """The file is not a proof, or it proves nothing."""


@dataclass(frozen=True)
class Proof:
    index: int
    path: tuple[bytes, ...]
    checkpoint: str  # the signed note, verbatim
    extra: bytes = b""

    def __str__(self) -> str:
        extra = [f"extra {_encode(self.extra)}"] if self.extra else []
        lines = [HEADER, *extra, f"index {self.index}", *map(_encode, self.path)]
        return "\n".join(lines) + "\n\n" + self.checkpoint


@dataclass(frozen=True)
class Proven:
    """What a proof shows: this entry stands at this place of this log."""

    entry: bytes
    index: int
    checkpoint: notes.Checkpoint
    signed_by: tuple[notes.Verifier, ...]


def parse(text: str) -> Proof:
    if len(text) > PROOF_CHARACTERS_MAX:
        raise ProofError("the file is too long for a proof")
    head, separator, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines.pop(0) != HEADER:
        raise ProofError(
            f"a proof begins with {HEADER} and holds a blank line before its checkpoint"
        )
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = _decode(lines.pop(0).removeprefix("extra "))
    match = _INDEX.fullmatch(lines.pop(0)) if lines else None
    if match is None:
        raise ProofError("the index is missing")
    return Proof(int(match[1]), tuple(map(_decode, lines)), checkpoint, extra)


def verify(text: str, trusted: Sequence[notes.Verifier], entry: bytes | None = None) -> Proven:
    """What the file proves, or ProofError. The entry is taken from the file unless it is given."""
    proof = parse(text)
    entry = proof.extra if entry is None else entry
    try:
        note = notes.open_note(proof.checkpoint, trusted)
        checkpoint = notes.Checkpoint.parse(note.text)
    except notes.NoteError as exc:
        raise ProofError(f"the checkpoint does not hold: {exc}") from exc
    leaf = merkle.leaf_hash(entry)
    if not merkle.verify_inclusion(proof.index, checkpoint.size, leaf, proof.path, checkpoint.root):
        raise ProofError("the entry is not the one at this place of the log")
    return Proven(entry, proof.index, checkpoint, note.signed_by)


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ProofError("malformed base64") from exc
