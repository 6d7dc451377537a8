"""The command line of the stack; `python -m fintrust.stack --help`."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time

from fintrust.embedded import Account, Place, ServerError, evict, tied_to_parent
from fintrust.stack import ports, processes
from fintrust.stack.environment import Connections, Environment, connections, environment
from fintrust.stack.logs import Terminal
from fintrust.stack.processes import Program
from fintrust.stack.state import READY, STOPPING, Held, Holder, State
from fintrust.stack.supervisor import Failure, Stop, Supervisor

PREPARE_SECONDS_MAX = 600  # the first start makes months of demo history
HEALTHY_SECONDS_MAX = 120
GUEST_SECONDS_MAX = 120


class Stack:
    """One supervisor with its settings: what `up`, `exec` and `services` have in common."""

    def __init__(self, doing: str, *, quiet: bool = False) -> None:
        self.state = State()
        self.host = os.environ.get("FINTRUST_HOST") or "127.0.0.1"
        self.port = _port()
        self.terminal = Terminal(quiet=quiet)
        self.supervisor = Supervisor(self.state, Holder(doing=doing), self.terminal)
        self.environment: Environment

    # --- Steps ------------------------------------------------------------------------------------

    def start_services(self) -> Connections:
        self._evict()
        found = connections(self.state)
        self.environment = environment(self.state, found, port=self.port)
        programs = []
        for server in found.servers:
            server.prepare()
            programs.append(program := processes.service(server))
            self.supervisor.start(program)
        for program in programs:
            self.supervisor.run_until(
                program.is_ready, seconds_max=60, waiting_for=f"The start of {program.name}"
            )
        if found.administrator is not None:
            self._ensure_roles()
        return found

    def _evict(self) -> None:
        if left := evict(self.state.root):
            self.terminal.say(f"An earlier run left {len(left)} processes behind; they are ended.")

    def _ensure_roles(self) -> None:
        # A process of its own: the database driver would stay in the supervisor's memory.
        command = [sys.executable, "-m", "fintrust.stack.roles"]
        step = Program("roles", command, self.environment.administrator, ends=True)
        self.supervisor.run_to_end(step, seconds_max=60)

    def prepare(self) -> None:
        """Migrate, collect static files, load the demo bank: in one process, to import once."""
        command = [sys.executable, "manage.py", "prepare", *self._demo()]
        step = Program("prepare", command, self.environment.owner, ends=True)
        self.supervisor.run_to_end(step, seconds_max=PREPARE_SECONDS_MAX)

    def _demo(self) -> list[str]:
        wanted = os.environ.get("FINTRUST_DEMO", "1") != "0"
        production = self.environment.owner["FINTRUST_ENV"] == "production"
        return ["--demo"] if wanted and not production else []

    def start_bank(self) -> None:
        for program in processes.bank(
            state=self.state.root,
            host=self.host,
            port=self.port,
            environment=self.environment.application,
        ):
            self.supervisor.start(program)
        self.supervisor.run_until(
            lambda: ports.answers(self.port, "/healthz", self._local()),
            seconds_max=HEALTHY_SECONDS_MAX,
            waiting_for="The first answer of /healthz",
        )
        self.supervisor.ready = True

    def _local(self) -> str:
        """Where this machine reaches the web server, whatever it listens on."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)

    @property
    def address(self) -> str:
        name = "localhost" if self.host in {"127.0.0.1", "0.0.0.0", "::", "::1"} else self.host
        return f"http://{name}:{self.port}/"

    def greet(self) -> None:
        welcome = self.state.welcome.read_text() if self.state.welcome.exists() else ""
        self.terminal.say(f"\nFinTrust is running at {self.address}\n\n{welcome}")
        self.terminal.say(f"Logs: {self.state.logs}. Ctrl-C stops everything.\n")

    # --- Commands ---------------------------------------------------------------------------------

    def up(self) -> int:
        self._evict()  # before looking at the port, which an orphan may hold
        if complaint := ports.complaint(self.host, self.port):
            raise Failure(complaint)
        self.supervisor.holder.address = self.address
        with self.supervisor.on_duty():
            self.start_services()
            self.prepare()
            self.start_bank()
            self.supervisor.enter(READY)
            self.greet()
            self.supervisor.run_forever()
        return 0

    def services(self) -> int:
        with self.supervisor.on_duty():
            found = self.start_services()
            self.supervisor.enter(READY)
            for name, url in {**found.databases, "REDIS_URL": found.redis}.items():
                self.terminal.say(f"export {name}='{url}'")
            self.supervisor.run_forever()
        return 0

    def execute(self, command: list[str]) -> int:
        """Run a command while the services are up; guests who came meanwhile may finish too."""
        with self.supervisor.on_duty(ignore_interrupt=True):
            self.start_services()
            self.supervisor.enter(READY)
            code = self._run(command)
            self.supervisor.run_until(
                self.state.shut_door, seconds_max=float("inf"), waiting_for="The last guest"
            )
            self.supervisor.enter(STOPPING)
        return code

    def _run(self, command: list[str]) -> int:
        # In our own process group, on our terminal: it is the command that the person talks to.
        with subprocess.Popen(
            command, env=self.environment.owner, preexec_fn=tied_to_parent(signal.SIGTERM)
        ) as process:
            self.supervisor.foreground = process
            try:
                self.supervisor.run_until(
                    lambda: process.returncode is not None,
                    seconds_max=float("inf"),
                    waiting_for=command[0],
                )
            except Stop:
                process.terminate()
        code = process.returncode
        return 128 - code if code < 0 else code

    def visit(self, command: list[str]) -> None:
        """Become the command, using the services of the supervisor that runs already."""
        found = connections(self.state)
        os.execvpe(command[0], command, environment(self.state, found, port=self.port).owner)


def _port() -> int:
    given = os.environ.get("PORT") or "8000"
    if not (given.isdigit() and given.isascii() and 0 < int(given) < 65536):
        raise Failure(f"PORT is a number from 1 to 65535, not {given!r}.")
    return int(given)


def _up() -> int:
    stack = Stack("up")
    with stack.state.claim(stack.supervisor.holder):
        return stack.up()


def _services() -> int:
    stack = Stack("services")
    with stack.state.claim(stack.supervisor.holder):
        return stack.services()


def _exec(command: list[str]) -> int:
    stack = Stack("exec", quiet=True)
    deadline = time.monotonic() + GUEST_SECONDS_MAX
    while True:
        try:
            with stack.state.claim(stack.supervisor.holder):
                return stack.execute(command)
        except Held:
            if stack.state.enter_as_guest():
                stack.visit(command)
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)  # its services are just starting, or just stopping


def _clean() -> int:
    """Forget the data of this state directory, wherever its servers keep it."""
    state = State()
    if not state.root.exists():
        return 0
    with state.claim(Holder(doing="clean")):
        evict(state.root)
        servers = (state.root / "servers").resolve()
        shutil.rmtree(Place.run_directory(servers, Account.needed()), ignore_errors=True)
        shutil.rmtree(servers, ignore_errors=True)  # it may be a link to elsewhere
        shutil.rmtree(state.root)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m fintrust.stack", description="The bank, running.")
    commands = parser.add_subparsers(dest="what", required=True)
    commands.add_parser("up", help="the whole bank until Ctrl-C")
    commands.add_parser("services", help="only PostgreSQL and Redis until Ctrl-C")
    execute = commands.add_parser("exec", help="one command, with the services running")
    execute.add_argument("command", nargs=argparse.REMAINDER)
    commands.add_parser("clean", help="forget all data of the state directory")
    return parser.parse_args()


def main() -> int:
    arguments = _arguments()
    commands = {"up": _up, "services": _services, "clean": _clean}
    try:
        if arguments.what == "exec":
            if not arguments.command:
                raise Failure("exec needs a command.")
            return _exec(arguments.command)
        return commands[arguments.what]()
    except Stop:
        return 0
    except (Failure, ServerError, Held, OSError) as error:
        print(f"fintrust: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
