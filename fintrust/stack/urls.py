"""Connection URLs: the same server for another login or another database. No driver needed."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

OWNER, APP, READER, SEQUENCER = (
    "fintrust_owner",
    "fintrust_app",
    "fintrust_reader",
    "fintrust_sequencer",
)
VARIABLES = {
    "DATABASE_OWNER_URL": OWNER,
    "DATABASE_URL": APP,
    "DATABASE_READER_URL": READER,
    "DATABASE_SEQUENCER_URL": SEQUENCER,
}


def with_login(
    url: str, *, user: str | None = None, password: str | None = None, database: str | None = None
) -> str:
    parts = urlsplit(url)
    netloc, path = parts.netloc, parts.path
    if user is not None:
        secret = f":{quote(password, safe='')}" if password else ""
        netloc = f"{quote(user, safe='')}{secret}@{parts.netloc.rpartition('@')[2]}"
    if database is not None:
        path = f"/{quote(database, safe='')}"
    # Not geturl(): it would drop the empty host of a socket's URL.
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{netloc}{path}{query}"


def for_roles(
    administrator: str, passwords: Mapping[str, str], *, database: str | None = None
) -> dict[str, str]:
    """The four URLs that the house connects with, from the administrator's."""
    return {
        variable: with_login(
            administrator, user=role, password=passwords.get(role), database=database
        )
        for variable, role in VARIABLES.items()
    }


def redis_database(url: str, number: int) -> str:
    """The same Redis, another of its numbered databases."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        query = dict(parse_qsl(parts.query)) | {"db": str(number)}
        return f"unix://{parts.path}?{urlencode(query)}"
    return urlunsplit((parts.scheme, parts.netloc, f"/{number}", parts.query, ""))
