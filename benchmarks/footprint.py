"""How long a stranger waits for the first page, and how much memory the whole bank takes.

    python -m benchmarks.footprint [--warm-seconds 90]

Clones this repository (what is committed) into an empty directory and does there what the README
says: `make run`, with packages from the installer's cache. Then asks some pages until payments have
been scored and a model is in memory, and adds up the memory of all processes: PSS, so that what
several share counts once. Ends it by SIGINT, looks for anything left, and does that once more.
"""

import argparse
import http.client
import os
import signal
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import floor, processes
from fintrust.embedded import free_port

START_SECONDS_MAX = 900
STOP_SECONDS_MAX = 60
PAGES = (
    "/",
    "/account/login/",
    "/account/signup/",
    "/api/v1/schema/",
    "/api/v1/docs/",
    "/errors/",
)


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.footprint", description=__doc__)
    # Payments are scored once a minute, and afterwards a model is in memory.
    parser.add_argument("--warm-seconds", type=int, default=90)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Linux {os.uname().release}")
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="fintrust-footprint-") as home:
        Path(home).chmod(0o711)
        clone = Path(home, "clone")
        began = time.monotonic()
        subprocess.run(["git", "clone", "--quiet", floor.PROJECT, clone], check=True)
        with bank(clone, began) as first:
            figures["clone_to_first_page_s"] = first.seconds
            warm(first.port, options.warm_seconds)
            figures |= memory(first.pid)
        with bank(clone, time.monotonic()) as second:
            figures["start_again_s"] = second.seconds
    floor.report(**figures)


class First:
    """A bank that has answered, and how long that took."""

    def __init__(self, pid: int, port: int, seconds: float) -> None:
        self.pid, self.port, self.seconds = pid, port, seconds


@contextmanager
def bank(clone: Path, began: float) -> Iterator[First]:
    port, log = free_port(), clone.parent / "log.txt"
    # Not in the virtual environment that runs us, and on servers of its own.
    ours = {"VIRTUAL_ENV", "PYTHONPATH", "DATABASE_URL", "REDIS_URL", "FINTRUST_STATE"}
    environment = {key: value for key, value in os.environ.items() if key not in ours}
    environment["PORT"] = str(port)
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["make", "run"],
            cwd=clone, env=environment, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            while not answers(port):
                if process.poll() is not None or time.monotonic() > began + START_SECONDS_MAX:
                    raise SystemExit(f"make run did not start:\n{log.read_text()[-4000:]}")
                time.sleep(0.05)
            yield First(process.pid, port, time.monotonic() - began)
        finally:
            known = {pid: started(pid) for pid in processes.tree(process.pid)}
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does on Ctrl-C
            process.wait(STOP_SECONDS_MAX)
    if left := [pid for pid, when in known.items() if when and started(pid) == when]:
        raise SystemExit(f"Left running after SIGINT: {[processes.name(pid) for pid in left]}")
    print(f"Ctrl-C ended {len(known)} processes, none is left", flush=True)


def started(pid: int) -> str | None:
    """When a process began, which tells it from a later one with the same number."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if stat[0] == "Z" else stat[19]


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("localhost", port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def warm(port: int, seconds: int) -> None:
    until = time.monotonic() + seconds
    connection = http.client.HTTPConnection("localhost", port, timeout=60)
    while time.monotonic() < until:
        for path in PAGES:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"{path} answered {answer.status}")
        time.sleep(5)
    connection.close()


def memory(root: int) -> dict[str, float]:
    """By the name of the program, and in sum."""
    found: dict[str, float] = defaultdict(float)
    for pid in processes.tree(root):
        try:
            found[processes.name(pid)] += processes.pss_mb(pid)
        except OSError:
            continue  # it has just ended
    total = {"stack_pss_mb": sum(found.values())}
    return {f"{name}_pss_mb": mb for name, mb in sorted(found.items())} | total


if __name__ == "__main__":
    main()
