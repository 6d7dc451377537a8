"""Is the port free, and if not, who has it?"""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path


def complaint(host: str, port: int) -> str | None:
    """Why this address cannot be listened on; None when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers do; connections that are merely closing are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            taken_by = owner(port)
            by = f" by {taken_by}" if taken_by else ""
            if isinstance(error, OSError) and error.errno == 98:
                return f"Port {port} is in use{by}. Choose another: PORT={port + 1} make run"
            return f"Cannot listen on {host} port {port}: {error}"
    return None


def owner(port: int) -> str | None:
    """The process that listens on the port, if we may see it."""
    sockets = _listening(port)
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for descriptor in (process / "fd").iterdir():
                if os.readlink(descriptor) in sockets:
                    name = (process / "comm").read_text().strip()
                    return f"{name} (pid {process.name})"
    return None


def _listening(port: int) -> set[str]:
    listen, found = "0A", set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                parts = line.split()
                if parts[3] == listen and int(parts[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{parts[9]}]")
    return found


def answers(port: int, path: str, host: str = "127.0.0.1") -> bool:
    """Whether a GET is answered with 200. By hand: http.client would cost megabytes."""
    question = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with (
        contextlib.suppress(OSError),
        socket.create_connection((host, port), timeout=2) as connection,
    ):
        connection.sendall(question.encode())
        return connection.recv(64).split(b" ")[1:2] == [b"200"]
    return False
