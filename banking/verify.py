"""Does the ledger still say what its movements say? A command, a task and every journey ask."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction

_SQL = [
    (Path(__file__).parent / "sql" / name).read_text()
    for name in ("verify.sql", "verify_queue.sql")
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One promise that is broken: which, where, and what was seen."""

    code: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.code}: {self.subject} {self.detail}"


def verify_ledger(using: str = DEFAULT_DB_ALIAS) -> list[Finding]:
    """Recompute every balance, hold and order from the movements. Empty when all is well."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        # A full check may take longer than a page, and sorts all entries once.
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '128MB'")
        return findings(cursor)


def findings(cursor: Any) -> list[Finding]:
    """The same on a cursor of one's own, inside whatever transaction it is in."""
    found = []
    for statement in _SQL:
        cursor.execute(statement)
        found += [Finding(*row) for row in cursor.fetchall()]
    return found
