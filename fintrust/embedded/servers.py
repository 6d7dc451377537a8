"""PostgreSQL and Redis: prepared, started, asked whether they are ready, told to stop."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fintrust.embedded.places import Place, ServerError, free_port
from fintrust.embedded.processes import MARK

ADMINISTRATOR = "postgres"
DATABASE = "fintrust"

# A session of PostgreSQL keeps what memory it has used: glibc would give it back after every
# statement and fault each page in again for the next, a quarter of the server's work here.
_KEEP_MEMORY = ":".join(
    f"glibc.malloc.{name}={megabytes << 20}"
    for name, megabytes in (("top_pad", 1), ("trim_threshold", 64), ("mmap_threshold", 32))
)


@dataclass(frozen=True)
class Tcp:
    """Loopback instead of a private socket, so with a password: how a server of one's own looks."""

    port: int
    password: str

    @classmethod
    def choose(cls) -> Tcp:
        return cls(free_port(), secrets.token_urlsafe(12))


@dataclass(frozen=True)
class Postgres:
    place: Place
    durable: bool = True
    tcp: Tcp | None = None

    name = "postgres"
    stop_signal = signal.SIGINT  # fast shutdown; SIGTERM would wait for every client to leave
    start_seconds_max = 60  # recovery after a power cut reads the log again

    @property
    def data(self) -> Path:
        return self.place.root / "postgres" / "data"

    def prepare(self) -> None:
        """Make the cluster on the first start; on later ones clear what a crash left."""
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._check_version()
        # The caller holds the lock and has evicted orphans: no server runs here, whatever a
        # stale file says, even when its process number now belongs to somebody else.
        for leftover in (
            self.data / "postmaster.pid",
            *self.place.run.glob(".s.PGSQL.*"),
        ):
            leftover.unlink(missing_ok=True)

    def _initialise(self) -> None:
        building = self.data.with_name("building")
        shutil.rmtree(building, ignore_errors=True)  # an earlier attempt was cut off
        command = [
            str(self._program("initdb")),
            "-D",
            str(building),
            "-U",
            ADMINISTRATOR,
        ]
        command += ["--locale=C.UTF-8", "--encoding=UTF8", "--no-instructions"]
        command += [] if self.durable else ["--no-sync"]
        with tempfile.NamedTemporaryFile("w", dir="/tmp", prefix="fintrust-") as password:
            if self.tcp is None:  # safe because only the servers' user can enter the socket's place
                command += ["--auth=trust"]
            else:
                password.write(self.tcp.password)
                password.flush()
                if self.place.account:
                    os.chown(password.name, self.place.account.uid, self.place.account.gid)
                command += ["--auth=scram-sha-256", f"--pwfile={password.name}"]
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                umask=0o077,
                **self.popen_options(),
            )
        if done.returncode != 0:
            raise ServerError(f"initdb failed:\n{done.stdout}{done.stderr}")
        building.rename(self.data)  # only a finished cluster gets the name

    def _check_version(self) -> None:
        version = (self.data / "PG_VERSION").read_text().strip()
        done = subprocess.run(
            [self._program("postgres"), "--version"],
            capture_output=True,
            text=True,
            check=True,
            **self.popen_options(),
        )
        program = done.stdout.split("(PostgreSQL)")[-1].split()[0]
        if program.split(".")[0] != version:
            raise ServerError(
                f"{self.data} was made by PostgreSQL {version}, and this is {program}. "
                "Dump it with the old version, or begin anew with `make clean`."
            )

    def _program(self, name: str) -> Path:
        return self.place.binaries.postgres / name

    def argv(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1" if self.tcp else "",
            "port": str(self.tcp.port if self.tcp else 5432),
            "unix_socket_directories": str(self.place.run),
            "unix_socket_permissions": "0700",
            "max_connections": "120",
            "shared_buffers": "64MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "[%p] ",
            "log_checkpoints": "off",
        }
        if not self.durable:  # a test's database need not survive a power cut
            settings |= {
                "fsync": "off",
                "full_page_writes": "off",
                "synchronous_commit": "off",
            }
            settings |= {
                "autovacuum": "off",
                "max_wal_size": "512MB",
                "checkpoint_timeout": "1h",
            }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._program("postgres")), "-D", str(self.data), *options]

    def popen_options(self) -> dict[str, Any]:
        environment = {
            "PATH": os.defpath,
            "LC_ALL": "C.UTF-8",
            MARK: str(self.place.state),
            "GLIBC_TUNABLES": _KEEP_MEMORY,
        }
        return {"cwd": self.place.run, "env": environment, **self.place.identity()}

    def is_ready(self) -> bool:
        """The server itself writes so, in the eighth line of its own pid file."""
        with contextlib.suppress(OSError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return len(lines) > 7 and lines[7].strip() == "ready"
        return False

    def url(self, role: str = ADMINISTRATOR, database: str = DATABASE) -> str:
        if self.tcp:
            return f"postgresql://{role}:{self.tcp.password}@127.0.0.1:{self.tcp.port}/{database}"
        return f"postgresql://{role}@/{database}?host={quote(str(self.place.run), safe='/')}"


@dataclass(frozen=True)
class Redis:
    place: Place
    durable: bool = True
    tcp: Tcp | None = None

    name = "redis"
    stop_signal = signal.SIGTERM
    start_seconds_max = 60

    @property
    def data(self) -> Path:
        return self.place.root / "redis"

    @property
    def socket_path(self) -> Path:
        return self.place.run / "redis.sock"

    def prepare(self) -> None:
        self.socket_path.unlink(missing_ok=True)

    def argv(self) -> list[str]:
        command = [str(self.place.binaries.redis), "--dir", str(self.data)]
        command += ["--save", "", "--appendonly", "yes" if self.durable else "no"]
        command += ["--databases", "64", "--daemonize", "no"]
        if self.tcp:
            command += ["--bind", "127.0.0.1", "--port", str(self.tcp.port)]
            return [*command, "--requirepass", self.tcp.password]
        return [
            *command,
            "--port",
            "0",
            "--unixsocket",
            str(self.socket_path),
            "--unixsocketperm",
            "700",
        ]

    def popen_options(self) -> dict[str, Any]:
        environment = {"PATH": os.defpath, MARK: str(self.place.state)}
        return {"cwd": self.data, "env": environment, **self.place.identity()}

    def is_ready(self) -> bool:
        """Answers PING; while it reads its log back it says LOADING instead."""
        with contextlib.suppress(OSError), self._connection() as connection:
            if self.tcp:
                connection.sendall(f"AUTH {self.tcp.password}\r\n".encode())
                connection.recv(64)
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        return False

    def _connection(self) -> socket.socket:
        if self.tcp:
            return socket.create_connection(("127.0.0.1", self.tcp.port), timeout=2)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(2)
        connection.connect(str(self.socket_path))
        return connection

    def url(self) -> str:
        if self.tcp:
            return f"redis://:{self.tcp.password}@127.0.0.1:{self.tcp.port}/0"
        return f"unix://{quote(str(self.socket_path), safe='/')}"


Server = Postgres | Redis
