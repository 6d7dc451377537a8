"""The table of processes: a new one is a new line in `bank()`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fintrust.embedded import Redis, Server
from fintrust.stack.state import PROJECT

# Stopped in this order, each tier when the one before is gone: nobody loses its database under it.
BANK, CACHE, DATABASE = range(3)


@dataclass(frozen=True)
class Program:
    name: str
    argv: list[str]
    environment: Mapping[str, str]
    tier: int = BANK
    stop_signal: signal.Signals = signal.SIGTERM
    # What it gets when the supervisor is killed. A worker that is asked kindly would wait for a
    # Redis that is gone as well; its tasks are swept from rows again.
    orphan_signal: signal.Signals = signal.SIGKILL
    grace_seconds: float = 15
    restarts: bool = False
    shown: bool = True  # on the terminal; its file has everything in any case
    ends: bool = False  # a step with an end, rather than a service
    options: Mapping[str, Any] = field(default_factory=lambda: {"cwd": PROJECT})
    is_ready: Callable[[], bool] = lambda: True


def bank(*, state: Path, host: str, port: int, environment: Mapping[str, str]) -> list[Program]:
    def program(name: str, *argv: str, **more: Any) -> Program:
        # As modules: a script's #! line fails in a deep directory, and with spaces in its path.
        # Celery's lecture about root is for pickled tasks; ours are JSON.
        quiet = ("-W", "ignore:You're running the worker with superuser")
        command = [sys.executable, *quiet, "-m", *argv]
        return Program(name, command, environment, restarts=True, **more)

    celery = ("celery", "--quiet", "-A")
    return [
        program(
            "web",
            *("granian", "--interface", "asginl", "fintrust.asgi:application"),
            *("--host", host, "--port", str(port), "--workers", "1"),
            *("--workers-kill-timeout", "5", "--no-access-log"),
        ),
        program(
            "worker",
            *(*celery, "fintrust.celery", "worker", "--concurrency", "2", "--loglevel", "INFO"),
            *("--without-gossip", "--without-mingle"),
        ),
        # Payments of elsewhere, from Redis or, with KAFKA_URL, from brokers; run more by hand.
        program("stream", "manage", "stream"),
        program(
            "beat",
            *(
                *celery,
                "fintrust.beat",
                "beat",
                "--schedule",
                str(state / "beat"),
                "--pidfile=",
                "--loglevel",
                "INFO",
            ),
        ),
    ]


def service(server: Server) -> Program:
    options = dict(server.popen_options())
    environment = options.pop("env")
    return Program(
        name=server.name,
        argv=server.argv(),
        environment=environment,
        tier=CACHE if isinstance(server, Redis) else DATABASE,
        stop_signal=server.stop_signal,
        orphan_signal=server.stop_signal,
        grace_seconds=30,
        shown=False,
        options=options | {"umask": 0o077},
        is_ready=server.is_ready,
    )
