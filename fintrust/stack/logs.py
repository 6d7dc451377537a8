"""What the processes say: to the terminal with their name in front, and each to its own file."""

from __future__ import annotations

import contextlib
import os
import sys
import zlib
from collections import deque
from pathlib import Path

FILE_BYTES_MAX = 20_000_000
LINE_BYTES_MAX = 64_000
_COLOURS = (32, 33, 34, 35, 36)


class Terminal:
    """Where people read. It may be absent, a file, or go away; nothing stops because of that."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self._colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def line(self, name: str, text: str) -> None:
        label = f"{name:<8}|"
        if self._colour:
            label = f"\x1b[{_COLOURS[zlib.crc32(name.encode()) % len(_COLOURS)]}m{label}\x1b[0m"
        self.say(f"{label} {text}")

    def say(self, text: str) -> None:
        if self.quiet:
            return
        try:
            print(text, flush=True)
        except OSError:  # the reader of a pipe left, the terminal was closed
            self.quiet = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for its last flush


class Log:
    """One process's output: complete lines, the last of them remembered for a post-mortem."""

    def __init__(self, name: str, directory: Path, terminal: Terminal, *, shown: bool = True):
        directory.mkdir(mode=0o700, exist_ok=True)
        self.name, self.path, self._terminal = name, directory / f"{name}.log", terminal
        self._shown = shown
        self.last: deque[str] = deque(maxlen=30)
        self._partial = b""
        if self.path.exists():
            self._keep_old()
        self._file = self.path.open("ab")

    def _keep_old(self) -> None:
        self.path.replace(self.path.with_suffix(".log.1"))

    def feed(self, data: bytes) -> None:
        *lines, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) > LINE_BYTES_MAX:
            lines, self._partial = [*lines, self._partial], b""
        for line in lines:
            self._write(line)

    def close(self) -> None:
        if self._partial:
            self._write(self._partial)
            self._partial = b""
        self._file.close()

    def note(self, text: str) -> None:
        """A remark of the supervisor about this process."""
        self._terminal.line(self.name, text)
        self._store(f"-- {text}".encode())

    def _write(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip("\r")
        self.last.append(text)
        if self._shown:
            self._terminal.line(self.name, text)
        self._store(line)

    def _store(self, line: bytes) -> None:
        with contextlib.suppress(OSError):  # a full disk must not stop the bank
            if self._file.tell() > FILE_BYTES_MAX:
                self._file.close()
                self._keep_old()
                self._file = self.path.open("ab")
            self._file.write(line + b"\n")
            self._file.flush()
