"""Servers for the length of a process: tests, benchmarks, one command."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path

from fintrust.embedded.places import Account, Binaries, Place, ServerError
from fintrust.embedded.processes import children, evict, locked, tied_to_parent
from fintrust.embedded.servers import Postgres, Redis, Server, Tcp

_MEMORY = Path("/dev/shm")
#: For each core: every process of a run may have a server, whose data and log grow with its tests.
_ROOM_BYTES_MIN = 1_500_000_000


class Throwaway:
    """
    PostgreSQL and Redis in a temporary directory, without a thought for power cuts, for as long
    as this process lives. Both die with it even by SIGKILL, and the next one clears the directory.

    `memory` asks for that directory to be in memory, where the machine has room for it.
    """

    prefix = "fintrust-throwaway-"
    birth_seconds_max = 5

    def __init__(
        self,
        *,
        binaries: Binaries | None = None,
        tcp: bool = False,
        seed: Path | None = None,
        memory: bool = False,
    ) -> None:
        self._sweep()
        self._seed = seed
        home = _MEMORY if memory and _roomy(_MEMORY) else _temporary()
        self.state = Path(tempfile.mkdtemp(prefix=self.prefix, dir=home)).resolve()
        self.state.chmod(0o711 if os.geteuid() == 0 else 0o700)
        self._lock = (self.state / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.place = Place.settle(self.state, binaries)
        self.postgres = Postgres(self.place, durable=False, tcp=Tcp.choose() if tcp else None)
        self.redis = Redis(self.place, durable=False, tcp=Tcp.choose() if tcp else None)
        self._running: list[tuple[Server, subprocess.Popen[bytes]]] = []

    @classmethod
    def _sweep(cls) -> None:
        for state in chain.from_iterable(
            home.glob(f"{cls.prefix}*") for home in {_temporary(), _MEMORY}
        ):
            if state.is_symlink() or state.stat().st_uid != os.geteuid():
                continue
            lock = state / "lock"
            if not lock.exists() or time.time() - lock.stat().st_mtime < cls.birth_seconds_max:
                continue  # somebody may be making it at this moment
            with locked(lock) as abandoned:
                if abandoned:
                    evict(state.resolve())
                    shutil.rmtree(state, ignore_errors=True)

    def start(self) -> Mapping[str, str]:
        if self._seed is not None:  # the data of servers that were frozen, owner and all
            copy = ["cp", "--archive", "--reflink=auto", str(self._seed), str(self.postgres.data)]
            subprocess.run(copy, check=True)
        for server in (self.redis, self.postgres):
            server.prepare()
            self._running.append((server, self._spawn(server)))
        for server, process in self._running:
            self._await(server, process)
        return {
            "DATABASE_URL": self.postgres.url(),
            "REDIS_URL": self.redis.url(),
            "FINTRUST_STATE": str(self.state / "application"),
        }

    def _spawn(self, server: Server) -> subprocess.Popen[bytes]:
        with self._log(server).open("wb") as log:
            return subprocess.Popen(
                server.argv(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                umask=0o077,
                preexec_fn=tied_to_parent(server.stop_signal),
                **server.popen_options(),
            )

    def _log(self, server: Server) -> Path:
        return self.state / f"{server.name}.log"

    def _await(self, server: Server, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + server.start_seconds_max
        while not server.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                said = self._log(server).read_text(errors="replace")
                self.stop()
                raise ServerError(f"{server.name} did not start:\n{said}")
            time.sleep(0.02)

    def freeze(self) -> None:
        """Stop PostgreSQL cleanly, so that its data can be the seed of others."""
        for server, process in self._running:
            if server is self.postgres:
                process.send_signal(server.stop_signal)
                process.wait()

    def crash(self) -> None:
        """SIGKILL every process of PostgreSQL at once, as a power cut would, and start it again."""
        number = next(n for n, (server, _) in enumerate(self._running) if server is self.postgres)
        _, process = self._running[number]
        # Stopped first, so that the head starts no further process while its limbs are counted.
        process.send_signal(signal.SIGSTOP)
        for pid in [*children(process.pid), process.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        self.postgres.prepare()
        self._running[number] = self.postgres, self._spawn(self.postgres)
        self._await(*self._running[number])

    def stop(self) -> None:
        for server, process in self._running:
            if process.poll() is None:
                process.send_signal(server.stop_signal)
        for _server, process in self._running:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()
        self.place.remove()
        shutil.rmtree(self.state, ignore_errors=True)
        self._lock.close()


def _temporary() -> Path:
    base, account = Path(tempfile.gettempdir()), Account.needed()
    return base if account is None or account.can_enter(base) else Path("/tmp")


def _roomy(home: Path) -> bool:
    """Directories of containers are often too small there, and of some systems not there at all."""
    if not os.access(home, os.W_OK):
        return False
    return shutil.disk_usage(home).free >= _ROOM_BYTES_MIN * (os.cpu_count() or 1)
