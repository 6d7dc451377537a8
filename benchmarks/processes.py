"""What the kernel says about processes: who belongs to whom, their CPU time, their memory."""

import os
from collections import defaultdict
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    children = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            children[int(_fields(stat)[1])].append(int(stat.parent.name))
        except OSError:
            continue  # it has just ended
    found = [pid]
    for parent in found:
        found.extend(children[parent])
    return found


def cpu_seconds(pid: int) -> float:
    """What the whole tree has used so far, in itself and in children that have ended."""
    total = 0
    for process in tree(pid):
        try:
            fields = _fields(Path(f"/proc/{process}/stat"))
        except OSError:
            continue
        total += sum(int(ticks) for ticks in fields[11:15])  # utime, stime, cutime, cstime
    return total / _TICKS


def pss_mb(pid: int) -> float:
    """Its own memory, and its share of what it has in common with others."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _fields(stat: Path) -> list[str]:
    """The fields behind the name, which may hold anything: state, parent, …"""
    return stat.read_text().rpartition(")")[2].split()


def name(pid: int) -> str:
    """What a process is in the bank, by its command line."""
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    for word, known in _NAMES.items():
        if word in words:
            return known
    # Servers write what they do behind their name: `postgres: checkpointer`.
    return Path((words[0].split() or ["kernel"])[0].rstrip(":")).name


_NAMES = {
    "granian": "web",
    "worker": "worker",
    "beat": "beat",
    "stream": "stream",
    "fintrust.stack": "supervisor",
}
