"""The servers and databases of one test run. Nothing here imports Django."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql

from fintrust.stack import roles, secret_file, urls

PROJECT = Path(__file__).resolve().parents[2]
RUN_VARIABLE = "FINTRUST_TEST_RUN"  # set by the controller; its children see it and join the run
SEED_VARIABLE = "FINTRUST_TEST_SEED"  # the data that the servers of other processes begin with
_PREFIX = "fintrust_test_"
_REDIS_MARK = "fintrust:throw-away"


class Unusable(Exception):
    """The tests cannot run on these servers; the message says why."""


@dataclass(frozen=True)
class Run:
    """What the processes of one run share, handed on through the environment as JSON."""

    name: str
    administrator: str
    redis: str
    passwords: dict[str, str]
    external: bool

    @property
    def template(self) -> str:
        return f"{_PREFIX}{self.name}_template"

    def database(self, part: str) -> str:
        return f"{_PREFIX}{self.name}_{part}"

    def addresses(self, database: str) -> dict[str, str]:
        return urls.for_roles(self.administrator, self.passwords, database=database)

    @contextlib.contextmanager
    def connect(self, database: str = "postgres") -> Iterator[roles.Connection]:
        url = urls.with_login(self.administrator, database=database)
        name = f"{_PREFIX}{self.name}"
        with psycopg.connect(url, autocommit=True, application_name=name) as connection:
            yield connection

    def clone(self, database: str) -> None:
        with self.connect() as connection:
            roles.ensure_database(connection, database, template=self.template)

    def drop(self, database: str) -> None:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        with self.connect() as connection:
            connection.execute(statement.format(sql.Identifier(database)))


def drop_external(part: str) -> None:
    """A database that something else made on a server which outlives the run."""
    if current().external:
        current().drop(current().database(part))


# --- The life of a run ---------------------------------------------------------------------------

_guardian: subprocess.Popen[str] | None = None
_building: subprocess.Popen[str] | None = None
_presence: contextlib.ExitStack = contextlib.ExitStack()
_current_database = ""
_data = ""


def begin() -> None:
    """Start or join the run, and point this process's environment at its own databases."""
    if RUN_VARIABLE not in os.environ:
        _begin_as_controller()
    elif SEED_VARIABLE in os.environ:
        _begin_with_own_servers()
    point_at(current().database(process_name()))
    os.environ["REDIS_URL"] = _own_redis()


def current() -> Run:
    return Run(**json.loads(os.environ[RUN_VARIABLE]))


def process_name() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def point_at(database: str) -> None:
    """From now on the application's database is this one, for children of this process too."""
    global _current_database
    _current_database = database
    addresses = current().addresses(database)
    del addresses["DATABASE_OWNER_URL"]  # the application does not have it
    os.environ.update(addresses)


def current_database() -> str:
    return _current_database


def _begin_as_controller() -> None:
    external = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    if os.environ.get("DATABASE_OWNER_URL"):
        raise Unusable(
            "The tests create and drop databases: DATABASE_URL must be an administrator's, and "
            "DATABASE_OWNER_URL unset. (Inside `fintrust.stack exec` they are the stack's own.)"
        )
    own = {} if all(external) else _start_guardian()
    administrator = external[0] or own["DATABASE_URL"]
    passwords = secret_file.passwords(_usual_state()) if external[0] else {}
    run = Run(
        name=f"{os.getpid()}{secrets.token_hex(2)}",
        administrator=administrator,
        redis=external[1] or own["REDIS_URL"],
        passwords=passwords,
        external=bool(external[0]),
    )
    os.environ[RUN_VARIABLE] = json.dumps(run.__dict__)
    if own:
        global _data
        os.environ["FINTRUST_STATE"] = own["FINTRUST_STATE"]
        _data = own["POSTGRES_DATA"]
    # Kept open for the whole run: it shows other runs that these databases are in use.
    connection = _presence.enter_context(run.connect())
    _sweep(run, connection)
    roles.ensure_roles(connection, passwords)
    roles.ensure_database(connection, run.template)
    with run.connect(run.template) as inside:
        roles.ensure_schema(inside)


def _usual_state() -> Path:
    return Path(os.environ.get("FINTRUST_STATE") or PROJECT / "var").resolve()


def _begin_with_own_servers() -> None:
    """
    A server for each process of the run, not only a database.

    Followers read up to the oldest transaction that is still open anywhere on the server; another
    process's long test would hide from this one what it has just committed.
    """
    own = _start_guardian("--seed", os.environ[SEED_VARIABLE])
    shared = current()
    run = replace(shared, administrator=own["DATABASE_URL"], redis=own["REDIS_URL"])
    os.environ[RUN_VARIABLE] = json.dumps(run.__dict__)


def _start_guardian(*options: str) -> dict[str, str]:
    """
    A process that ends the servers when this one is gone, whatever ended it.

    In memory: a clone is a thousand files, and a disk pays for each that comes and goes.
    """
    global _guardian
    _guardian = subprocess.Popen(
        [sys.executable, "-m", "fintrust.embedded", "--memory", *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        start_new_session=True,  # Ctrl-C is for pytest, which then ends the servers itself
    )
    assert _guardian.stdout is not None
    line = _guardian.stdout.readline()
    if not line:
        raise Unusable("The throw-away servers did not start; the reason is above.")
    return json.loads(line)


def _sweep(run: Run, connection: roles.Connection) -> None:
    """Drop what killed runs left on a server that outlives them."""
    alive = {
        name
        for (name,) in connection.execute("SELECT DISTINCT application_name FROM pg_stat_activity")
    }
    found = connection.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE %s", [_PREFIX.replace("_", r"\_") + "%"]
    )
    for (database,) in found.fetchall():
        if _PREFIX + str(database).removeprefix(_PREFIX).split("_")[0] not in alive:
            run.drop(str(database))


def build_template() -> None:
    """Begin to migrate the template, while pytest is still collecting."""
    global _building
    if process_name() != "main" or _building is not None:
        return
    run = current()
    environment = os.environ | run.addresses(run.template) | {"REDIS_URL": os.environ["REDIS_URL"]}
    _building = subprocess.Popen(
        [sys.executable, "-m", "fintrust.testing.template"],
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish_template() -> None:
    """Wait until the template can be cloned. Only the controller has something to wait for."""
    if process_name() != "main":
        return
    build_template()
    assert _building is not None
    said, _ = _building.communicate()
    if _building.returncode != 0:
        raise Unusable(f"The template database could not be migrated:\n{said}")
    run = current()
    with run.connect() as connection:  # nobody may be connected to a database that is cloned
        connection.execute(
            sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(
                sql.Identifier(run.template)
            )
        )


def hand_out_seeds() -> None:
    """Before other processes start: theirs shall begin where the template is."""
    if process_name() != "main" or _guardian is None:
        return
    _presence.close()
    assert _guardian.stdin is not None
    assert _guardian.stdout is not None
    _guardian.stdin.write("freeze\n")
    _guardian.stdin.flush()
    if _guardian.stdout.readline() != "frozen\n":
        raise Unusable("The throw-away PostgreSQL could not be stopped to copy it.")
    os.environ[SEED_VARIABLE] = _data


def end() -> None:
    if RUN_VARIABLE not in os.environ:
        return
    if process_name() != "main":
        if _guardian is not None:
            _guardian.communicate()
        return
    if _building is not None and _building.poll() is None:
        _building.kill()
        _building.wait()
    run = current()
    with contextlib.suppress(psycopg.Error):  # a server that died in the tests has nothing to drop
        if _guardian is None:
            for database in (run.template, run.database("main")):
                run.drop(database)
    with contextlib.suppress(psycopg.Error):
        _presence.close()
    if _guardian is not None:
        _guardian.communicate()
    del os.environ[RUN_VARIABLE]


# --- Redis ---------------------------------------------------------------------------------------


def _own_redis() -> str:
    """A numbered database for each process of the run, where they share a server."""
    worker = process_name().removeprefix("gw")
    return urls.redis_database(current().redis, 1 + int(worker) if worker.isdigit() else 0)


def redis_client() -> redis.Redis:
    """Refuses a database that holds somebody's data: the tests empty it again and again."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    if client.dbsize() and not client.exists(_REDIS_MARK):
        raise Unusable(
            f"Redis database {urlsplit(os.environ['REDIS_URL']).path} is not empty, and the tests "
            "would empty it. Name another server in REDIS_URL, or flush it yourself."
        )
    empty(client)
    return client


def empty(client: redis.Redis) -> None:
    with client.pipeline() as commands:
        commands.flushdb()
        commands.set(_REDIS_MARK, "1")
        commands.execute()
