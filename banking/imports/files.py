"""An uploaded file as pieces in the database, where every process can read it."""

import hashlib
import io
from collections.abc import Iterator
from typing import Any, BinaryIO, cast
from uuid import UUID

from banking.imports.lines import Opener
from banking.models import Import, ImportChunk
from banking.policy import ImportPolicy


class StoredFile(io.RawIOBase):
    """The file of an import, read one piece at a time."""

    def __init__(self, import_id: UUID) -> None:
        self._pieces = ImportChunk.objects.filter(of_id=import_id)
        self._number = 0
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            piece = self._pieces.filter(number=self._number).values_list("data", flat=True).first()
            self._rest = memoryview(b"" if piece is None else bytes(piece))
            self._number += 1
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def opener(item: Import) -> Opener:
    return lambda: cast(BinaryIO, io.BufferedReader(StoredFile(item.pk), 1 << 16))


def digest_of(file: BinaryIO, policy: ImportPolicy) -> tuple[str, int]:
    """The file's SHA-256 and length; reads one byte more than is allowed at most."""
    digest, size = hashlib.sha256(), 0
    for piece in pieces(file, policy):
        digest.update(piece)
        size += len(piece)
        if size > policy.file_bytes_max:
            break
    return digest.hexdigest(), size


def pieces(file: BinaryIO, policy: ImportPolicy) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(policy.chunk_bytes):
        yield piece


def store(item: Import, file: BinaryIO, policy: ImportPolicy) -> None:
    for number, piece in enumerate(pieces(file, policy)):
        ImportChunk.objects.create(of=item, number=number, data=piece)


class Unclosed(io.BufferedIOBase):
    """An upload's file for a reader that closes what it opened: the upload is read again later."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.seek(0)

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        return self._file.read(-1 if size is None else size)

    def read1(self, size: int = -1, /) -> bytes:
        return self.read(size)


def opener_of_upload(file: BinaryIO) -> Opener:
    return lambda: cast(BinaryIO, Unclosed(file))
