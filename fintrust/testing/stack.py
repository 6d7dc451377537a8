"""The whole bank, running, for browsers, fuzzers and chaos: `stack`, one for each run of pytest."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fintrust.embedded import free_port, tied_to_parent
from fintrust.stack import ports, urls
from fintrust.stack.state import READY, Holder, State
from fintrust.testing import servers

START_SECONDS_MAX = 300
_PREFIX = "fintrust-stack-"
BANK = ("web", "worker", "beat", "stream")


class RunningStack:
    """`python -m fintrust.stack up` (or `services`) with a state directory and port of its own."""

    def __init__(self, state: Path, what: str = "up", **environment: str) -> None:
        self.state, self.port, self._what = State(state), free_port(), what
        self.url = f"http://localhost:{self.port}"
        self.output = state.parent / f"{state.name}.txt"
        self._environment = outside() | {
            "FINTRUST_STATE": str(self.state.root),
            "PORT": str(self.port),
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._known_environment: dict[str, str] | None = None

    # --- Life -------------------------------------------------------------------------------------

    def launch(self) -> subprocess.Popen[bytes]:
        """Start it and return at once."""
        self.state.root.parent.mkdir(parents=True, exist_ok=True)
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "fintrust.stack", self._what],
                cwd=servers.PROJECT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=tied_to_parent(signal.SIGTERM),
            )
        return self._process

    def start(self) -> None:
        process = self.launch()
        self.wait_for(
            lambda: process.poll() is not None or self._phase() == READY,
            seconds_max=START_SECONDS_MAX,
        )
        if process.poll() is not None:
            pytest.fail(f"The stack did not start:\n{self.said()}", pytrace=False)

    def stop(self, kind: signal.Signals = signal.SIGTERM) -> int:
        assert self._process is not None
        self._process.send_signal(kind)
        return self._process.wait(timeout=60)

    def _phase(self) -> str | None:
        holder = self.state.holder()
        return holder.phase if holder else None

    @property
    def holder(self) -> Holder:
        holder = self.state.holder()
        assert holder is not None, f"The stack is not running:\n{self.said()}"
        return holder

    @property
    def supervisor(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def said(self) -> str:
        return self.output.read_text(errors="replace")[-8000:]

    # --- What tests do with it --------------------------------------------------------------------

    @property
    def env(self) -> Mapping[str, str]:
        """The environment of `stack exec`, the owner's URL included."""
        if self._known_environment is None:
            command = "import json, os; print(json.dumps(dict(os.environ)))"
            said = self.execute(sys.executable, "-c", command).stdout
            self._known_environment = dict(json.loads(said))
        return self._known_environment

    def execute(self, *command: str, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run a command beside the stack, with its services."""
        return subprocess.run(
            [sys.executable, "-m", "fintrust.stack", "exec", *command],
            cwd=servers.PROJECT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            **more,
        )

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.execute(sys.executable, "manage.py", *arguments)

    def sql(
        self, statement: str, *parameters: Any, role: str = urls.OWNER
    ) -> list[tuple[Any, ...]]:
        variable = next(name for name, known in urls.VARIABLES.items() if known == role)
        with psycopg.connect(self.env[variable], autocommit=True) as connection:
            cursor = connection.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def pid(self, name: str) -> int:
        return self.holder.processes[name]

    def kill(self, name: str) -> int:
        """SIGKILL, for web, worker and beat with all their children; returns the pid it had."""
        pid = self.pid(name)
        if name in BANK:
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
        return pid

    def wait_until_back(self, name: str, killed: int, *, seconds_max: float = 60) -> None:
        def back() -> bool:
            now = self.holder.processes.get(name)
            return now not in {None, killed} and (name != "web" or self.answers())

        self.wait_for(back, seconds_max=seconds_max)

    def answers(self, path: str = "/healthz") -> bool:
        return ports.answers(self.port, path)

    def wait_for(self, condition: Callable[[], bool], *, seconds_max: float = 30) -> None:
        deadline = time.monotonic() + seconds_max
        while not condition():
            assert time.monotonic() < deadline, f"It did not happen in time:\n{self.said()}"
            time.sleep(0.1)


def outside() -> dict[str, str]:
    """The environment without what this plugin put there for the tests themselves."""
    ours = {*urls.VARIABLES, "REDIS_URL", "FINTRUST_ENV", "FINTRUST_STATE"}
    ours |= {servers.RUN_VARIABLE, servers.SEED_VARIABLE}
    return {name: value for name, value in os.environ.items() if name not in ours}


@pytest.fixture(scope="session")
def stack_settings() -> dict[str, str]:
    """Environment variables for `stack`; override it in a conftest.py."""
    return {"TRAVEL_SECONDS_MAX": "5"}  # a busy machine is no outage


@pytest.fixture(scope="session")
def stack(stack_settings: dict[str, str]) -> Iterator[RunningStack]:
    """The running bank: `.url`, `.env`, `.sql(…)`, `.manage(…)`, `.kill("web" | "worker" | …)`."""
    with a_stack("stack", redis=15, **stack_settings) as running:
        yield running


@contextmanager
def a_stack(name: str, *, redis: int, **settings: str) -> Iterator[RunningStack]:
    """A bank of one's own, for who must not meet what other tests have paid. With external servers
    it has the database of this name, and this one of Redis."""
    _sweep()
    home = Path(tempfile.mkdtemp(prefix=_PREFIX))
    home.chmod(0o711)
    external = _external_servers(home / "state", name, redis)
    running = RunningStack(home / "state", **external, **settings)
    try:
        running.start()
        yield running
        assert running.supervisor.poll() is None, f"The stack died:\n{running.said()}"
    finally:
        if running.supervisor.poll() is None:
            running.stop()
        servers.drop_external(name)
        _remove(home)


def _sweep() -> None:
    """What a killed pytest left: its stack died with it, its directory did not."""
    for home in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        mine, age = home.stat().st_uid == os.geteuid(), time.time() - home.stat().st_mtime
        if mine and age > START_SECONDS_MAX and State(home / "state").holder() is None:
            _remove(home)


def _remove(home: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "fintrust.stack", "clean"],
        env=outside() | {"FINTRUST_STATE": str(home / "state")},
        cwd=servers.PROJECT,
        check=True,
    )
    shutil.rmtree(home)


def _external_servers(state: Path, name: str, redis: int) -> dict[str, str]:
    """When the run has external servers, so has its stack: another database, the same logins."""
    run = servers.current()
    if not run.external:
        return {}
    state.mkdir(mode=0o700)
    (state / "secrets.json").write_text(json.dumps(run.passwords))
    database = urls.with_login(run.administrator, database=run.database(name))
    return {"DATABASE_URL": database, "REDIS_URL": urls.redis_database(run.redis, redis)}
