"""What the processes are told through the environment, and who is told what."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from fintrust.embedded import DATABASE, MARK, Place, Postgres, Redis, Server
from fintrust.stack import secret_file, urls
from fintrust.stack.state import State


@dataclass(frozen=True)
class Connections:
    """Servers to start, if any, and the addresses that result."""

    servers: list[Server]
    redis: str
    administrator: str | None  # None: the operator made roles and database, and named all URLs
    databases: dict[str, str]
    passwords: dict[str, str]


def connections(state: State) -> Connections:
    """Servers named in the environment are used; the others are embedded ones."""
    database, redis = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    servers: list[Server] = []
    if not (database and redis):
        place = Place.settle(state.root)
        if not redis:
            servers.append(embedded := Redis(place))
            redis = embedded.url()
        if not database:
            servers.append(own := Postgres(place))
            return Connections(servers, redis, own.url(), urls.for_roles(own.url(), {}), {})
    assert database is not None
    if os.environ.get("DATABASE_OWNER_URL"):
        named = {name: os.environ[name] for name in urls.VARIABLES if name in os.environ}
        return Connections(servers, redis, None, named, {})
    administrator = _with_our_database(database)
    passwords = secret_file.passwords(state.root)
    return Connections(
        servers, redis, administrator, urls.for_roles(administrator, passwords), passwords
    )


def _with_our_database(url: str) -> str:
    """An administrator's URL often names the maintenance database, which is not for tables."""
    named = urlsplit(url).path.strip("/")
    return urls.with_login(url, database=DATABASE) if named in {"", "postgres"} else url


@dataclass(frozen=True)
class Environment:
    application: dict[str, str]  # what runs: it never learns the owner's URL
    owner: dict[str, str]  # what migrates, and the developer's own commands
    administrator: dict[str, str]  # what makes the roles


def environment(state: State, found: Connections, *, port: int) -> Environment:
    usual = {name: value for name, value in os.environ.items() if name != MARK}
    for name in urls.VARIABLES:
        usual.pop(name, None)
    usual["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), usual.get("PATH", "")])
    usual["FINTRUST_STATE"] = str(state.root)
    usual.setdefault("FINTRUST_ENV", "development")
    usual["PORT"], usual["REDIS_URL"] = str(port), found.redis
    usual["PYTHONUNBUFFERED"] = "1"
    if not sys.stdout.isatty():
        usual["NO_COLOR"] = "1"
    owner = usual | found.databases
    application = {key: value for key, value in owner.items() if key != "DATABASE_OWNER_URL"}
    # Through the environment, which other users cannot read, unlike the command line.
    secret = {"FINTRUST_PASSWORDS": json.dumps(found.passwords)}
    administrator = usual | secret | {"DATABASE_URL": found.administrator or ""}
    return Environment(application, owner, administrator)
