"""Signed notes and checkpoints, as C2SP signed-note, tlog-checkpoint and tlog-cosignature
describe them.

A checkpoint carries two signatures: Ed25519, which every existing verifier understands, and
ML-DSA-44, which a quantum computer does not break. Pure: no clock, no files, no settings.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.mldsa import (
    MLDSA44PrivateKey,
    MLDSA44PublicKey,
)

ED25519 = 0x01
ML_DSA_44 = 0x06
SIGNATURES_MAX = 100
NOTE_BYTES_MAX = 1_000_000

# \s is Unicode's White_Space plus U+001C..U+001F, which a note may not hold anyway.
_KEY_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


class NoteError(ValueError):
    """The note is malformed, or no trusted key signed it."""


class Signer(Protocol):
    @property
    def verifier(self) -> "Verifier": ...

    def sign(self, text: str) -> bytes: ...


class Verifier(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def key_id(self) -> bytes: ...

    @property
    def vkey(self) -> str: ...

    def verify(self, text: str, signature: bytes) -> bool: ...


@dataclass(frozen=True)
class Ed25519Verifier:
    name: str
    public: Ed25519PublicKey

    @property
    def key_id(self) -> bytes:
        return _key_id(self.name, ED25519, self.public.public_bytes_raw())

    @property
    def vkey(self) -> str:
        return _vkey(self.name, self.key_id, ED25519, self.public.public_bytes_raw())

    def verify(self, text: str, signature: bytes) -> bool:
        return _holds(self.public, signature, text.encode())


@dataclass(frozen=True)
class Ed25519Signer:
    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> Ed25519Verifier:
        return Ed25519Verifier(self.name, self.private.public_key())

    def sign(self, text: str) -> bytes:
        return self.private.sign(text.encode())


@dataclass(frozen=True)
class MLDSA44Verifier:
    """A cosignature of a checkpoint; the log is its own first cosigner."""

    name: str
    public: MLDSA44PublicKey

    @property
    def key_id(self) -> bytes:
        return _key_id(self.name, ML_DSA_44, self.public.public_bytes_raw())

    @property
    def vkey(self) -> str:
        return _vkey(self.name, self.key_id, ML_DSA_44, self.public.public_bytes_raw())

    def verify(self, text: str, signature: bytes) -> bool:
        try:
            message = _cosigned(self.name, signature[:8], Checkpoint.parse(text))
        except NoteError:
            return False
        return len(signature) > 8 and _holds(self.public, signature[8:], message)


@dataclass(frozen=True)
class MLDSA44Signer:
    """Signs that the checkpoint is consistent with the log and, by timestamp 0, no time."""

    name: str
    private: MLDSA44PrivateKey

    @property
    def verifier(self) -> MLDSA44Verifier:
        return MLDSA44Verifier(self.name, self.private.public_key())

    def sign(self, text: str) -> bytes:
        timestamp = bytes(8)
        return timestamp + self.private.sign(
            _cosigned(self.name, timestamp, Checkpoint.parse(text))
        )


def _cosigned(name: str, timestamp: bytes, checkpoint: "Checkpoint") -> bytes:
    origin, cosigner = checkpoint.origin.encode(), name.encode()
    if not (0 < len(origin) < 256 and 0 < len(cosigner) < 256 and len(checkpoint.root) == 32):
        raise NoteError("this checkpoint cannot be cosigned")
    start, end = (0).to_bytes(8, "big"), checkpoint.size.to_bytes(8, "big")
    return (
        b"subtree/v1\n\x00"
        + len(cosigner).to_bytes(1, "big") + cosigner
        + timestamp
        + len(origin).to_bytes(1, "big") + origin
        + start + end + checkpoint.root
    )  # fmt: skip


def _holds(public: Ed25519PublicKey | MLDSA44PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        public.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _key_id(name: str, kind: int, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def _vkey(name: str, key_id: bytes, kind: int, public: bytes) -> str:
    return f"{name}+{key_id.hex()}+{base64.b64encode(bytes([kind]) + public).decode()}"


def parse_vkey(text: str) -> Verifier:
    """A verifier from its one-line form, NAME+ID+KEY."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    material = _unbase64(encoded)
    verifier: Verifier
    try:
        if material[:1] == bytes([ED25519]):
            verifier = Ed25519Verifier(name, Ed25519PublicKey.from_public_bytes(material[1:]))
        elif material[:1] == bytes([ML_DSA_44]):
            verifier = MLDSA44Verifier(name, MLDSA44PublicKey.from_public_bytes(material[1:]))
        else:
            raise NoteError("a key of an unknown kind")
    except ValueError as exc:
        raise NoteError(str(exc) or "a key of the wrong length") from exc
    if not _KEY_NAME.fullmatch(name) or verifier.key_id.hex() != key_id:
        raise NoteError("the key's id does not belong to its name and bytes")
    return verifier


def parse_vkeys(text: str) -> list[Verifier]:
    """One verifier a line; blank lines and lines beginning with # are for people."""
    lines = (line.strip() for line in text.splitlines())
    return [parse_vkey(line) for line in lines if line and not line.startswith("#")]


# --- notes --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Note:
    text: str
    signed_by: tuple[Verifier, ...]  # those of the trusted keys that did sign


def sign_note(text: str, signers: Sequence[Signer]) -> str:
    if not text.endswith("\n") or _control_character(text):
        raise NoteError("a note's text ends in a newline and holds no control characters")
    lines = [
        f"— {signer.verifier.name} {_base64(signer.verifier.key_id + signer.sign(text))}\n"
        for signer in signers
    ]
    return text + "\n" + "".join(lines)


def open_note(note: bytes | str, trusted: Iterable[Verifier]) -> Note:
    """The note's text, if a trusted key signed it and no trusted key signed it wrongly."""
    text, signatures = _take_apart(note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in trusted}
    signed_by: dict[tuple[str, bytes], Verifier] = {}
    for name, signature in signatures:
        key = (name, signature[:4])
        if key not in known or key in signed_by:
            continue
        if not known[key].verify(text, signature[4:]):
            raise NoteError(f"the signature of {name} does not fit the text")
        signed_by[key] = known[key]
    if not signed_by:
        raise NoteError("no trusted key signed this note")
    return Note(text, tuple(signed_by.values()))


def _take_apart(note: bytes | str) -> tuple[str, list[tuple[str, bytes]]]:
    whole = _decode(note)
    body, separator, block = whole.rpartition("\n\n")
    if not separator or not block.endswith("\n"):
        raise NoteError("a note ends in a blank line and its signatures")
    lines = block[:-1].split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise NoteError(f"more than {SIGNATURES_MAX} signatures")
    return body + "\n", [_signature(line) for line in lines]


def _decode(note: bytes | str) -> str:
    if len(note) > NOTE_BYTES_MAX:
        raise NoteError("the note is too long")
    try:
        text = note.decode() if isinstance(note, bytes) else note
    except UnicodeDecodeError as exc:
        raise NoteError("the note is not UTF-8") from exc
    if _control_character(text):
        raise NoteError("the note holds a control character")
    return text


def _control_character(text: str) -> bool:
    return any(character < " " and character != "\n" for character in text)


def _signature(line: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    signature = _unbase64(encoded)
    if dash != "—" or not _KEY_NAME.fullmatch(name) or len(signature) <= 4:
        raise NoteError("a malformed signature line")
    return name, signature


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unbase64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise NoteError("malformed base64") from exc
    if _base64(data) != text:  # one encoding for one value, or two notes could mean the same
        raise NoteError("base64 in an unusual form")
    return data


# --- checkpoints --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checkpoint:
    """The head of a log: whose it is, how many leaves it has, and their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() != "" or not all(lines):
            raise NoteError("a checkpoint has an origin, a size and a root, one a line")
        if not _SIZE.fullmatch(lines[1]):
            raise NoteError("the tree size is not a plain number")
        return cls(lines[0], int(lines[1]), _unbase64(lines[2]))


def open_checkpoint(note: bytes | str, trusted: Sequence[Verifier]) -> Checkpoint:
    """The checkpoint in a note that a trusted key signed."""
    return Checkpoint.parse(open_note(note, trusted).text)
