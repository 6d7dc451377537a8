"""The whole bank on a port and in a state directory of its own, while a benchmark lasts."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from benchmarks.floor import PROJECT
from fintrust.embedded import free_port
from fintrust.stack import urls
from fintrust.stack.state import READY, State

START_SECONDS_MAX = 300
STOP_SECONDS_MAX = 60


@dataclass(frozen=True)
class Running:
    """A stack that answers, and what its processes were told."""

    port: int
    state: State
    supervisor: int
    environment: dict[str, str]
    administrator: str

    def pid(self, name: str) -> int:
        return self._processes[name]

    @property
    def database_pid(self) -> int | None:
        """None when the server is somebody else's."""
        return self._processes.get("postgres")

    @property
    def _processes(self) -> dict[str, int]:
        holder = self.state.holder()
        if holder is None:
            raise SystemExit("The stack has stopped by itself.")
        return holder.processes


@contextmanager
def stack(**more: str) -> Iterator[Running]:
    """`python -m fintrust.stack up`, ended by SIGINT as a person would. DATABASE_URL is heeded."""
    with tempfile.TemporaryDirectory(prefix="fintrust-bench-") as home:
        Path(home).chmod(0o711)
        state, port = State(Path(home, "state")), free_port()
        environment = os.environ | {"FINTRUST_STATE": str(state.root), "PORT": str(port)} | more
        own = _own_database()
        if own:
            environment["DATABASE_URL"] = own
        log = Path(home, "log.txt")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "fintrust.stack", "up"],
                cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
            try:
                _wait_until_ready(process, state, log)
                told = _told(environment)
                # The embedded server trusts whoever reaches its socket.
                embedded = urls.with_login(told["DATABASE_OWNER_URL"], user="postgres")
                yield Running(port, state, process.pid, told, own or embedded)
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(STOP_SECONDS_MAX)
                command = [sys.executable, "-m", "fintrust.stack", "clean"]
                subprocess.run(command, cwd=PROJECT, env=environment, check=True)
                if own:
                    _drop(own)


def _wait_until_ready(process: "subprocess.Popen[bytes]", state: State, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while (holder := state.holder()) is None or holder.phase != READY:
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"The stack did not start:\n{log.read_text()[-4000:]}")
        time.sleep(0.1)


def _told(environment: dict[str, str]) -> dict[str, str]:
    said = subprocess.run(
        [sys.executable, "-m", "fintrust.stack", "exec", "env", "-0"],
        cwd=PROJECT, env=environment, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return dict(pair.split("=", 1) for pair in said.split("\0") if pair)


def _own_database() -> str | None:
    """On a server that was named to us: a database that nobody else uses."""
    address = os.environ.get("DATABASE_URL")
    return urls.with_login(address, database=f"fintrust_bench_{os.getpid()}") if address else None


def _drop(own: str) -> None:
    with psycopg.connect(urls.with_login(own, database="postgres"), autocommit=True) as connection:
        name = sql.Identifier(urlsplit(own).path.strip("/"))
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
