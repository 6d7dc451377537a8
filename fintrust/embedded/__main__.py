"""
    python -m fintrust.embedded [--tcp] [--memory] [--postgres BIN_DIR] [--redis PROGRAM]
                                [-- COMMAND …]

runs throw-away servers for the time of COMMAND (or until standard input closes), with
DATABASE_URL (the administrator's) and REDIS_URL in its environment.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from fintrust.embedded import Binaries, Throwaway


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m fintrust.embedded", description=__doc__)
    parser.add_argument("--tcp", action="store_true", help="on loopback with passwords")
    parser.add_argument("--memory", action="store_true", help="in memory, where there is room")
    parser.add_argument("--postgres", type=Path, help="directory of other PostgreSQL programs")
    parser.add_argument("--redis", type=Path, help="another Redis server program")
    parser.add_argument("--seed", type=Path, help="begin with a copy of this PostgreSQL data")
    parser.add_argument("command", nargs="*", help="what to run meanwhile")
    return parser.parse_args()


def _obey(servers: Throwaway) -> None:
    """Until whoever wanted the servers closes our input, or is gone."""
    for line in sys.stdin:
        if line.strip() == "freeze":
            servers.freeze()
            print("frozen", flush=True)


def main() -> int:
    arguments = _arguments()
    wheels = Binaries.from_wheels()
    binaries = Binaries(arguments.postgres or wheels.postgres, arguments.redis or wheels.redis)
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, lambda *_: sys.exit(143))
    servers = Throwaway(
        binaries=binaries, tcp=arguments.tcp, seed=arguments.seed, memory=arguments.memory
    )
    try:
        environment = servers.start()
        if arguments.command:
            return subprocess.call(arguments.command, env=os.environ | environment)
        said = {**environment, "POSTGRES_DATA": str(servers.postgres.data)}
        print(json.dumps(said), flush=True)
        _obey(servers)
        return 0
    except KeyboardInterrupt:
        return 130
    finally:
        servers.stop()


if __name__ == "__main__":
    sys.exit(main())
