"""Processes that belong to a state directory: tied to their parent, found and ended again."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

MARK = "FINTRUST_STACK"  # in the environment of every process that belongs to a state directory


def tied_to_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """
    What a child runs before it becomes its program: die with the parent, however that dies.

    It runs after the change of user, which would otherwise clear the death signal. The parent may
    have died before the signal was arranged, hence the second look.
    """
    if not sys.platform.startswith("linux"):
        return lambda: None
    libc, parent, set_death_signal = ctypes.CDLL(None), os.getpid(), 1

    def tie() -> None:
        libc.prctl(set_death_signal, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return tie


def belongs_to(state: Path) -> list[int]:
    """Living processes that were started for this state directory, other than this one."""
    mark, places = f"{MARK}={state}".encode(), (state / "servers").resolve()
    return [pid for pid in _pids() if pid != os.getpid() and _is_ours(pid, mark, places)]


def _pids() -> list[int]:
    with contextlib.suppress(OSError):
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return []


def _is_ours(pid: int, mark: bytes, places: Path) -> bool:
    process = Path("/proc") / str(pid)
    with contextlib.suppress(OSError):  # gone meanwhile, or somebody else's: not ours either way
        if mark in (process / "environ").read_bytes().split(b"\0"):
            return not _is_zombie(process)
        # The servers overwrite their environment with their title, but they live in their data.
        program = os.readlink(process / "exe").rsplit("/", 1)[-1]
        if program.split(" ")[0] in {"postgres", "redis-server", "redis-check-rdb"}:
            return Path(os.readlink(process / "cwd")).is_relative_to(places)
    return False


def _heads(pids: list[int]) -> list[int]:
    """Those of them that no other of them has started."""
    return [pid for pid in pids if _parent(pid) not in pids]


def children(parent: int) -> list[int]:
    """The processes that this one has started and that still live."""
    return [pid for pid in _pids() if _parent(pid) == parent]


def _parent(pid: int) -> int | None:
    with contextlib.suppress(OSError):
        return int(_stat(Path("/proc") / str(pid))[1])
    return None


def _is_zombie(process: Path) -> bool:
    return _stat(process)[0] == "Z"


def _stat(process: Path) -> list[str]:
    """The fields behind the program's name, which may itself hold spaces and brackets."""
    return (process / "stat").read_text().rsplit(")", 1)[-1].split()


def evict(state: Path, *, patience_seconds: float = 10) -> list[int]:
    """
    End what an earlier supervisor left behind. Call it only while holding the state's lock.

    The lock proves that the earlier one is dead, so whatever still runs for this directory has
    lost its master: asked kindly first, since PostgreSQL has a checkpoint to write.
    """
    found = belongs_to(state)
    for kind in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        left = belongs_to(state)
        # A server tells its own children, in its own order: PostgreSQL whose writer is gone before
        # its checkpoint has not been shut down, it has crashed.
        for pid in left if kind == signal.SIGKILL else _heads(left):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, kind)
        deadline = time.monotonic() + patience_seconds / 2
        while belongs_to(state) and time.monotonic() < deadline:
            time.sleep(0.1)
        if not belongs_to(state):
            break
    return found


@contextlib.contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Hold an exclusive lock if nobody else does. The kernel drops it however the holder dies."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
