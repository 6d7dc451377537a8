"""The state directory: what survives between runs, and who holds it at this moment."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TextIO

from fintrust.embedded import locked

PROJECT = Path(__file__).resolve().parents[2]

STARTING, READY, STOPPING = "starting", "ready", "stopping"


@dataclass
class Holder:
    """What the supervisor tells about itself, to people and to later commands."""

    pid: int = field(default_factory=os.getpid)
    doing: str = "up"
    phase: str = STARTING
    address: str = ""
    processes: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        where = f", {self.address}" if self.address else ""
        return f"pid {self.pid}{where}, doing `{self.doing}`"


class Held(Exception):
    """Another supervisor works with this state directory."""

    def __init__(self, holder: Holder | None) -> None:
        super().__init__(f"FinTrust is already running here ({holder or 'just starting'}).")


class State:
    def __init__(self, root: Path | None = None) -> None:
        given = os.environ.get("FINTRUST_STATE")
        self.root = (root or (Path(given) if given else PROJECT / "var")).resolve()
        self.logs = self.root / "logs"
        self.welcome = self.root / "welcome.txt"
        self._holder = self.root / "running.json"
        self._held_door: TextIO | None = None

    @contextlib.contextmanager
    def claim(self, holder: Holder) -> Iterator[None]:
        """Be the only supervisor of this directory while in the block, or alive."""
        # As root the servers run as somebody else, who must be able to pass through.
        self.root.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        with locked(self.root / "lock") as mine:
            if not mine:
                raise Held(self.holder())
            self.publish(holder)
            try:
                yield
            finally:
                self._holder.unlink(missing_ok=True)

    def publish(self, holder: Holder) -> None:
        draft = self._holder.with_suffix(".new")
        draft.write_text(json.dumps(asdict(holder), indent=1))
        draft.replace(self._holder)

    def holder(self) -> Holder | None:
        """Who claims to hold the directory; a dead process's words do not count."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            holder = Holder(**json.loads(self._holder.read_text()))
            os.kill(holder.pid, 0)
            return holder
        return None

    # --- Guests: commands that use the services of somebody else's supervisor ------------------

    def enter_as_guest(self) -> bool:
        """Join running services until this process, or the program it becomes, ends."""
        door = self._door()
        fcntl.flock(door, fcntl.LOCK_SH)
        holder = self.holder()
        if holder and holder.phase == READY:
            os.set_inheritable(door.fileno(), True)
            self._held_door = door  # open until the end of the process
            return True
        door.close()
        return False

    def shut_door(self) -> bool:
        """When no guest is left: let nobody in any more."""
        door = self._door()
        try:
            fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            door.close()
            return False
        self._held_door = door
        return True

    def _door(self) -> TextIO:
        return (self.root / "guests.lock").open("a")
