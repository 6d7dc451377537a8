"""
Starts processes, watches them, stops them in order.

One thread, one loop: output, deaths and signals all arrive at one selector. Children are started
from the main thread only, since their death signal follows the thread that made them.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fintrust.embedded import MARK, tied_to_parent
from fintrust.stack.keeper import Keeper
from fintrust.stack.logs import Log, Terminal
from fintrust.stack.processes import BANK, Program
from fintrust.stack.state import Holder, State

BACKOFF_SECONDS = (0.5, 1, 2, 5, 10, 30)
STEADY_SECONDS = 60  # who lived this long starts with the shortest pause again


class Stop(Exception):
    """Somebody asked us to stop."""


class Failure(Exception):
    """The stack cannot go on; the message says why."""


@dataclass
class Child:
    program: Program
    log: Log
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0
    failures: int = 0
    restart_at: float | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None

    def signal(self, kind: signal.Signals) -> None:
        if self.process is not None and self.alive:
            self.process.send_signal(kind)

    def kill_group(self) -> None:
        """It and whatever it started; the group is its own, and empty groups are no error."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


@dataclass
class Supervisor:
    state: State
    holder: Holder
    terminal: Terminal
    children: dict[str, Child] = field(default_factory=dict)
    ready: bool = False
    foreground: subprocess.Popen[bytes] | None = None
    _stop_requests: int = 0
    _keeper: Keeper = field(default_factory=Keeper)

    # --- Beginning and end ------------------------------------------------------------------------

    @contextlib.contextmanager
    def on_duty(self, *, ignore_interrupt: bool = False) -> Iterator[None]:
        """Receive signals; and whatever happens inside, leave no process behind."""
        self._keeper.start()  # first of all: it must inherit nothing but its pipe
        self._selector = selectors.DefaultSelector()
        self._adopt_orphans()
        self._listen_to_signals(ignore_interrupt=ignore_interrupt)
        try:
            yield
        finally:
            self._stop_all()
            self._keeper.dismiss()
            signal.set_wakeup_fd(-1)

    @staticmethod
    def _adopt_orphans() -> None:
        """Grandchildren whose parent died become ours, and are reaped instead of lingering."""
        if sys.platform.startswith("linux"):
            ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER

    def _listen_to_signals(self, *, ignore_interrupt: bool) -> None:
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        self._selector.register(reading, selectors.EVENT_READ, None)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake the selector
        for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(kind, self._asked_to_stop)
        if ignore_interrupt:  # Ctrl-C belongs to the command that we run, not to us
            signal.signal(signal.SIGINT, lambda *_: None)

    def _asked_to_stop(self, *_: object) -> None:
        self._stop_requests += 1

    # --- Children ---------------------------------------------------------------------------------

    def start(self, program: Program) -> Child:
        log = Log(program.name, self.state.logs, self.terminal, shown=program.shown)
        child = Child(program, log)
        self.children[program.name] = child
        self._spawn(child)
        return child

    def _spawn(self, child: Child) -> None:
        program = child.program
        child.process = subprocess.Popen(
            program.argv,
            env={**program.environment, MARK: str(self.state.root)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone, and we stop them in order
            preexec_fn=tied_to_parent(program.orphan_signal),
            **program.options,
        )
        self._keeper.watch(child.process.pid, patient=program.tier != BANK)
        child.started_at, child.restart_at = time.monotonic(), None
        assert child.process.stdout is not None
        os.set_blocking(child.process.stdout.fileno(), False)
        self._selector.register(child.process.stdout, selectors.EVENT_READ, child)
        self._publish()

    def _publish(self) -> None:
        self.holder.processes = {
            name: child.process.pid
            for name, child in self.children.items()
            if child.process is not None and child.alive
        }
        self.state.publish(self.holder)

    def enter(self, phase: str) -> None:
        self.holder.phase = phase
        self._publish()

    # --- The loop ---------------------------------------------------------------------------------

    def run_until(self, done: Callable[[], bool], *, seconds_max: float, waiting_for: str) -> None:
        deadline = time.monotonic() + seconds_max
        while not done():
            if time.monotonic() > deadline:
                raise Failure(f"{waiting_for} took longer than {seconds_max:.0f} seconds.")
            self.turn(0.1)

    def run_forever(self) -> None:
        while True:
            self.turn(30)

    def turn(self, seconds_max: float) -> None:
        """Wait for something to happen, and see to it."""
        self._listen(min(seconds_max, self._until_restart()))
        for child in self._deaths():
            self._mourn(child)
        self._restart_due()
        if self._stop_requests:
            raise Stop

    def _listen(self, seconds_max: float) -> None:
        for key, _events in self._selector.select(max(0, seconds_max)):
            if key.data is None:
                os.read(key.fd, 4096)  # a signal; its handler has already run
            else:
                self._read(key.fileobj, key.data)

    def _read(self, pipe: Any, child: Child) -> None:
        try:
            data = os.read(pipe.fileno(), 65536)
        except BlockingIOError:
            return
        if data:
            child.log.feed(data)
        else:
            self._selector.unregister(pipe)
            pipe.close()

    def _read_rest(self, child: Child) -> None:
        assert child.process is not None
        pipe = child.process.stdout
        deadline = time.monotonic() + 1
        while pipe is not None and not pipe.closed and time.monotonic() < deadline:
            self._read(pipe, child)

    def _until_restart(self) -> float:
        due = [child.restart_at for child in self.children.values() if child.restart_at is not None]
        return min(due, default=float("inf")) - time.monotonic()

    def _deaths(self) -> list[Child]:
        """Everybody who died, adopted grandchildren included; only our own are returned."""
        mine = {child.process.pid: child for child in self.children.values() if child.process}
        dead: list[Child] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return dead
            if pid == 0:
                return dead
            if self.foreground is not None and pid == self.foreground.pid:
                self.foreground.returncode = os.waitstatus_to_exitcode(status)
            if (child := mine.get(pid)) and child.process is not None:
                child.process.returncode = os.waitstatus_to_exitcode(status)
                dead.append(child)

    def _mourn(self, child: Child) -> None:
        assert child.process is not None
        child.kill_group()  # what it started has lost its master, and may hold its port
        self._keeper.forget(child.process.pid)
        self._read_rest(child)
        self._publish()
        code = child.process.returncode
        end = f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        if not child.program.restarts:
            if child.program.ends and code == 0:
                return
            raise Failure(f"{child.program.name} {end}.{self._last_words(child)}")
        if not self.ready:
            raise Failure(
                f"{child.program.name} {end} before the bank was ready.{self._last_words(child)}"
            )
        if time.monotonic() - child.started_at > STEADY_SECONDS:
            child.failures = 0
        pause = BACKOFF_SECONDS[min(child.failures, len(BACKOFF_SECONDS) - 1)]
        child.failures += 1
        child.restart_at = time.monotonic() + pause
        child.log.note(f"{child.program.name} {end}; starting again in {pause} s")

    def _restart_due(self) -> None:
        for child in self.children.values():
            if child.restart_at is not None and child.restart_at <= time.monotonic():
                self._spawn(child)

    def _last_words(self, child: Child) -> str:
        """Why it died, for who has not just read it on the terminal."""
        lines = "\n".join(f"  {line}" for line in list(child.log.last)[-15:])
        if not lines or (child.program.shown and not self.terminal.quiet):
            return f" What it said is in {child.log.path}"
        return f" Its last words:\n{lines}\nAll of them: {child.log.path}"

    # --- Steps of a start -------------------------------------------------------------------------

    def run_to_end(self, program: Program, *, seconds_max: float) -> None:
        """A step that must succeed, such as migrating."""
        child = self.start(program)
        self.run_until(
            lambda: not child.alive, seconds_max=seconds_max, waiting_for=f"`{program.name}`"
        )
        del self.children[program.name]
        child.log.close()

    # --- Stopping ---------------------------------------------------------------------------------

    def _stop_all(self) -> None:
        for child in self.children.values():
            child.restart_at = None
        for tier in sorted({child.program.tier for child in self.children.values()}):
            self._stop_tier([c for c in self.children.values() if c.program.tier == tier])
        self._drain()
        for child in self.children.values():
            child.log.close()

    def _stop_tier(self, children: list[Child]) -> None:
        for child in children:
            child.signal(child.program.stop_signal)
        asked_before, began = self._stop_requests, time.monotonic()
        while remaining := [child for child in children if child.alive]:
            impatient = self._stop_requests > max(1, asked_before)
            for child in remaining:
                if impatient or time.monotonic() - began > child.program.grace_seconds:
                    child.log.note("did not stop in time; killed")
                    child.kill_group()
            self._listen(0.1)
            self._deaths()
        for child in children:
            child.kill_group()
            if child.process is not None:
                self._keeper.forget(child.process.pid)

    def _drain(self) -> None:
        """The last words of everybody."""
        deadline = time.monotonic() + 1
        while len(self._selector.get_map()) > 1 and time.monotonic() < deadline:
            self._listen(0.05)
