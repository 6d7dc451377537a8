"""
The one who survives the supervisor, to see that nobody else does.

The kernel tells each child when the supervisor dies, but not the child's own children: a web
server killed in the middle leaves its worker on the port. The keeper is a fork of the supervisor
(so it costs next to nothing) that reads from a pipe only the supervisor can write to. When the
pipe ends, it ends the groups of processes it has been told of.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import time

SERVER_SECONDS_MAX = 15  # for PostgreSQL's last checkpoint; the kernel has told it to stop
_HASTY, _PATIENT, _GONE = "hasty", "patient", "gone"


class Keeper:
    def __init__(self) -> None:
        self._pipe: int | None = None
        self._pid = 0

    def start(self) -> None:
        reading, writing = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            with contextlib.suppress(BaseException):
                _keep(reading)
            os._exit(0)
        os.close(reading)
        self._pipe = writing

    def watch(self, group: int, *, patient: bool) -> None:
        self._tell(group, _PATIENT if patient else _HASTY)

    def forget(self, group: int) -> None:
        self._tell(group, _GONE)

    def dismiss(self) -> None:
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None
            with contextlib.suppress(ChildProcessError):  # killed, and reaped with the others
                os.waitpid(self._pid, 0)

    def _tell(self, group: int, what: str) -> None:
        if self._pipe is not None:
            with contextlib.suppress(BrokenPipeError):  # somebody killed the keeper; we go on
                os.write(self._pipe, f"{group} {what}\n".encode())


def _keep(reading: int) -> None:
    os.setsid()
    for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(kind, signal.SIG_IGN)
    # Neither the supervisor's lock nor its terminal may live on in us.
    os.dup2(reading, 0)
    os.closerange(1, 4096)
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(15, b"fintrust-keeper", 0, 0, 0)  # PR_SET_NAME
    groups = _listen()
    for group in (group for group, what in groups.items() if what == _HASTY):
        _kill(group)
    deadline = time.monotonic() + SERVER_SECONDS_MAX
    while any(_exists(group) for group in groups) and time.monotonic() < deadline:
        time.sleep(0.1)
    for group in groups:
        _kill(group)


def _listen() -> dict[int, str]:
    groups: dict[int, str] = {}
    with os.fdopen(0) as pipe:
        for line in pipe:
            group, what = line.split()
            groups[int(group)] = what
            if what == _GONE:
                del groups[int(group)]
    return groups


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _exists(group: int) -> bool:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, 0)
        return True
    return False
