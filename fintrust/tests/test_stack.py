"""The supervisor on the real thing: fresh state directories, real servers, real signals."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from fintrust import embedded
from fintrust.stack import ports
from fintrust.stack.keeper import SERVER_SECONDS_MAX
from fintrust.stack.state import Held, Holder, State
from fintrust.testing import servers
from fintrust.testing.stack import BANK, RunningStack, outside

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root must become somebody else")
Start = Callable[..., RunningStack]


@pytest.fixture
def home() -> Iterator[Path]:
    """A short path that the servers' user can enter; pytest's own is neither."""
    path = Path(tempfile.mkdtemp(prefix="fintrust-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def start(home: Path) -> Iterator[Start]:
    started: list[RunningStack] = []

    def start(state: Path = home / "state", what: str = "services", **more: str) -> RunningStack:
        running = RunningStack(state, what, **more)
        started.append(running)
        running.start()
        return running

    yield start
    for running in started:
        if running.supervisor.poll() is None:
            running.stop()
    for state in {running.state.root: running for running in started}.values():
        clean(state)


def clean(running: RunningStack) -> None:
    environment = outside() | {"FINTRUST_STATE": str(running.state.root)}
    command = [sys.executable, "-m", "fintrust.stack", "clean"]
    subprocess.run(command, env=environment, cwd=servers.PROJECT, check=True)


def wait_until_nothing_is_left(running: RunningStack) -> None:
    running.wait_for(
        lambda: not embedded.belongs_to(running.state.root), seconds_max=SERVER_SECONDS_MAX + 5
    )


# --- Services ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_services_answer_and_leave_nothing_when_asked_to_stop(
    start: Start, kind: signal.Signals
) -> None:
    running = start()
    assert running.sql("SELECT current_user::text") == [("fintrust_owner",)]
    assert len(embedded.belongs_to(running.state.root)) > 2
    assert running.stop(kind) == 0
    assert embedded.belongs_to(running.state.root) == []
    assert running.state.holder() is None


def test_a_second_start_is_refused_and_says_who_runs(start: Start) -> None:
    running = start()
    second = RunningStack(running.state.root, "services")
    second.output = running.output.with_name("second.txt")
    assert second.launch().wait(timeout=20) != 0
    assert f"already running here (pid {running.supervisor.pid}" in second.said()
    assert running.sql("SELECT 1") == [(1,)]


def test_a_supervisor_killed_leaves_nothing_and_the_next_start_has_everything(start: Start) -> None:
    running = start()
    running.sql("CREATE TABLE kept AS SELECT 42 AS answer")
    running.stop(signal.SIGKILL)
    wait_until_nothing_is_left(running)
    assert start().sql("SELECT answer FROM kept") == [(42,)]


def test_everything_killed_at_once_is_a_power_cut_and_survived(start: Start) -> None:
    running = start()
    running.sql("CREATE TABLE kept AS SELECT 42 AS answer")
    for pid in [running.supervisor.pid, *embedded.belongs_to(running.state.root)]:
        with contextlib.suppress(ProcessLookupError):  # it followed the supervisor already
            os.kill(pid, signal.SIGKILL)
    running.supervisor.wait(timeout=10)
    assert start().sql("SELECT answer FROM kept") == [(42,)]


def test_an_orphan_of_an_earlier_run_is_ended_before_the_next(start: Start) -> None:
    running = start()
    running.stop()
    place = embedded.Place.settle(running.state.root)
    server = embedded.Postgres(place)
    server.prepare()
    orphan = subprocess.Popen(server.argv(), start_new_session=True, **server.popen_options())
    running.wait_for(server.is_ready)
    assert start().sql("SELECT 1") == [(1,)]
    assert orphan.wait(timeout=10) == 0


def test_a_stale_pid_file_that_names_an_innocent_process_is_dropped(start: Start) -> None:
    running = start()
    running.stop()
    with subprocess.Popen(["sleep", "60"]) as innocent:
        stale = running.state.root / "servers" / "postgres" / "data" / "postmaster.pid"
        stale.write_text(f"{innocent.pid}\n{stale.parent}\n0\n5432\n\n\n0\nready\n")
        assert start().sql("SELECT 1") == [(1,)]
        assert innocent.poll() is None
        innocent.kill()


@pytest.mark.parametrize("name", ["long-" * 30, "with spaces and ünicode's"])
def test_any_path_will_do(start: Start, home: Path, name: str) -> None:
    running = start(home / name)
    assert running.sql("SELECT 1") == [(1,)]
    running.stop()
    clean(running)
    servers_place = running.state.root / "servers"
    account = embedded.Account.needed()
    assert not embedded.Place.run_directory(servers_place, account).exists()


def test_the_sockets_are_behind_a_private_door(start: Start) -> None:
    running = start()
    door = (running.state.root / "servers" / "run").stat()
    assert door.st_mode & 0o777 == 0o700
    account = embedded.Account.needed()
    assert door.st_uid == (account.uid if account else os.geteuid())
    assert not list(_listening_sockets(running))


def _listening_sockets(running: RunningStack) -> Iterator[str]:
    """Network sockets of PostgreSQL and Redis: there should be none."""
    listening = {line.split()[9] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]}
    for name in ("postgres", "redis"):
        for descriptor in Path(f"/proc/{running.pid(name)}/fd").iterdir():
            target = os.readlink(descriptor)
            if target.removeprefix("socket:[").rstrip("]") in listening:
                yield f"{name}: {target}"


@as_root
def test_below_a_private_home_the_servers_live_elsewhere_until_cleaned(
    start: Start, home: Path
) -> None:
    private = home / "private"
    private.mkdir(mode=0o700)
    running = start(private / "state")
    elsewhere = (running.state.root / "servers").resolve()
    assert not elsewhere.is_relative_to(home)
    running.sql("CREATE TABLE kept AS SELECT 42 AS answer")
    running.stop()
    again = start(private / "state")
    assert again.sql("SELECT answer FROM kept") == [(42,)]
    again.stop()
    clean(again)
    assert not elsewhere.exists()


@as_root
def test_programs_that_the_servers_user_cannot_reach_are_copied(home: Path) -> None:
    private = home / "private"
    private.mkdir(mode=0o700)
    wheels = embedded.Binaries.from_wheels()
    package = wheels.postgres.parent.parent
    shutil.copytree(wheels.postgres.parent, private / package.name / "pginstall18", symlinks=True)
    shutil.copytree(package.with_name(f"{package.name}.libs"), private / f"{package.name}.libs")
    hidden = embedded.Binaries(private / package.name / "pginstall18" / "bin", wheels.redis)
    account = embedded.Account.needed()
    assert account is not None
    assert not account.can_run(hidden.postgres / "postgres")
    copied = hidden.reachable_by(account)
    try:
        assert account.can_run(copied.postgres / "postgres")
        assert account.can_run(copied.postgres / "psql")  # it needs the libraries beside
    finally:
        shutil.rmtree(copied.redis.parent)


def test_a_dead_database_stops_the_services_loudly(start: Start) -> None:
    running = start()
    running.kill("postgres")
    assert running.supervisor.wait(timeout=30) == 1
    assert "postgres ended by SIGKILL" in running.said()
    wait_until_nothing_is_left(running)


# --- Commands beside them ------------------------------------------------------------------------


def test_exec_starts_what_is_missing_and_hands_on_the_exit_code(home: Path) -> None:
    running = RunningStack(home / "state")
    done = running.execute("sh", "-c", "echo $DATABASE_OWNER_URL; exit 7")
    assert done.returncode == 7
    assert "fintrust_owner@" in done.stdout
    assert embedded.belongs_to(running.state.root) == []
    clean(running)


def test_exec_is_a_guest_where_services_run(start: Start) -> None:
    running = start()
    before = running.pid("postgres")
    assert running.execute("true").returncode == 0
    assert running.pid("postgres") == before


def test_exec_ends_its_services_only_when_its_guests_have_left(home: Path) -> None:
    running = RunningStack(home / "state")
    query = (
        "import os, time, psycopg; time.sleep(3);"
        "print(psycopg.connect(os.environ['DATABASE_URL']).execute('SELECT 42').fetchone())"
    )
    command = [sys.executable, "-m", "fintrust.stack", "exec", "sleep", "2"]
    environment = outside() | {"FINTRUST_STATE": str(running.state.root)}
    with subprocess.Popen(command, env=environment, cwd=servers.PROJECT) as host:
        running.wait_for(lambda: (running.state.holder() or Holder()).phase == "ready")
        guest = running.execute(sys.executable, "-c", query)
        assert guest.stdout == "(42,)\n", guest.stderr
        assert host.wait(timeout=20) == 0
    assert embedded.belongs_to(running.state.root) == []
    clean(running)


def test_a_claim_ends_with_its_holder(home: Path) -> None:
    state = State(home / "state")
    with (
        state.claim(Holder()),
        pytest.raises(Held, match=f"pid {os.getpid()}"),
        State(state.root).claim(Holder()),
    ):
        pass
    with State(state.root).claim(Holder()):
        pass


# --- Throw-away servers --------------------------------------------------------------------------


@pytest.fixture(params=[[], ["--memory"]], ids=["on disk", "in memory"])
def throwaway(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "fintrust.embedded", *request.param],
        cwd=servers.PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def _state_of(process: subprocess.Popen[str]) -> Path:
    assert process.stdout is not None
    return Path(process.stdout.readline().split('"FINTRUST_STATE": "')[1].split('"')[0]).parent


def test_throw_away_servers_go_with_whoever_wanted_them(throwaway: subprocess.Popen[str]) -> None:
    state = _state_of(throwaway)
    assert embedded.belongs_to(state)
    assert throwaway.stdin is not None
    throwaway.stdin.close()
    assert throwaway.wait(timeout=20) == 0
    assert embedded.belongs_to(state) == []
    assert not state.exists()


def test_what_killed_throw_away_servers_leave_is_swept_by_the_next(
    throwaway: subprocess.Popen[str],
) -> None:
    state = _state_of(throwaway)
    throwaway.kill()
    throwaway.wait()
    deadline = time.monotonic() + 20
    while embedded.belongs_to(state) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert embedded.belongs_to(state) == []
    os.utime(state / "lock", (0, 0))
    embedded.Throwaway().stop()
    assert not state.exists()


@pytest.mark.parametrize("missing, in_memory", [(0, True), (1, False)])
def test_throw_away_servers_are_in_memory_where_there_is_room(
    monkeypatch: pytest.MonkeyPatch, missing: int, in_memory: bool
) -> None:
    usual, room = shutil.disk_usage, 1_500_000_000 * (os.cpu_count() or 1)
    monkeypatch.setattr(
        shutil, "disk_usage", lambda path: usual(path)._replace(free=room - missing)
    )
    throwaway = embedded.Throwaway(memory=True)
    try:
        assert throwaway.state.is_relative_to("/dev/shm") == in_memory
    finally:
        throwaway.stop()


# --- The port ------------------------------------------------------------------------------------


def test_a_free_port_gives_no_complaint() -> None:
    assert ports.complaint("127.0.0.1", embedded.free_port()) is None


def test_a_busy_port_is_named_with_its_owner() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        complaint = ports.complaint("127.0.0.1", port)
    assert complaint is not None
    assert f"Port {port} is in use by" in complaint
    assert f"(pid {os.getpid()})" in complaint


# --- The whole bank ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BANK)
def test_a_killed_process_comes_back(stack: RunningStack, name: str) -> None:
    stack.wait_until_back(name, stack.kill(name))
    assert stack.answers()


def test_a_killed_child_of_the_web_server_is_replaced(stack: RunningStack) -> None:
    children = Path(f"/proc/{stack.pid('web')}/task/{stack.pid('web')}/children")
    before = children.read_text().split()
    os.kill(int(before[-1]), signal.SIGKILL)
    stack.wait_for(lambda: not stack.answers() or _children(stack) != before)
    stack.wait_for(stack.answers)


def _children(stack: RunningStack) -> list[str]:
    web = stack.holder.processes.get("web", 0)
    path = Path(f"/proc/{web}/task/{web}/children")
    return path.read_text().split() if path.exists() else []


@pytest.mark.parametrize("name", BANK)
def test_what_runs_never_learns_how_to_be_the_owner(stack: RunningStack, name: str) -> None:
    environment = Path(f"/proc/{stack.pid(name)}/environ").read_bytes()
    assert b"DATABASE_URL=" in environment
    assert b"DATABASE_OWNER_URL=" not in environment
    assert b"fintrust_owner" not in environment


def test_a_second_bank_in_the_same_place_is_told_the_address(stack: RunningStack) -> None:
    second = RunningStack(stack.state.root)
    second.output = stack.output.with_name("second.txt")
    assert second.launch().wait(timeout=30) == 1
    assert f"already running here (pid {stack.supervisor.pid}" in second.said()
    assert f"http://localhost:{stack.port}/" in second.said()


def test_a_bank_on_a_busy_port_says_which(stack: RunningStack, home: Path) -> None:
    second = RunningStack(home / "state", PORT=str(stack.port))
    assert second.launch().wait(timeout=30) == 1
    assert f"Port {stack.port} is in use by" in second.said()
    assert f"PORT={stack.port + 1}" in second.said()
    clean(second)


def test_commands_work_beside_the_running_bank(stack: RunningStack) -> None:
    done = stack.manage("shell", "-v0", "-c", "from django.db import connection; print(connection)")
    assert done.returncode == 0, done.stderr


@pytest.mark.stack
@pytest.mark.xdist_group("stack")
def test_a_bank_killed_starts_again_and_stops_in_order(home: Path, start: Start) -> None:
    running = start(home / "state", what="up", FINTRUST_DEMO="0")
    running.stop(signal.SIGKILL)
    wait_until_nothing_is_left(running)
    assert ports.complaint("127.0.0.1", running.port) is None
    again = start(home / "state", what="up", FINTRUST_DEMO="0")
    assert again.stop(signal.SIGTERM) == 0
    assert embedded.belongs_to(again.state.root) == []
    spoke_last = [
        (again.state.logs / f"{name}.log").stat().st_mtime_ns
        for name in ("worker", "redis", "postgres")
    ]
    assert spoke_last == sorted(spoke_last)


def test_the_servers_of_the_tests_are_not_those_of_the_stack(stack: RunningStack) -> None:
    with psycopg.connect(stack.env["DATABASE_URL"]) as connection:
        found = connection.execute("SELECT current_database()").fetchone()
    assert found is not None
    assert found[0] != servers.current_database()
