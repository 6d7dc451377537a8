"""How tests look at what is read: other bounds, and what really went to the server."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from django.db import connection

from fraud.features import AGGREGATES
from fraud.features.aggregates import Aggregate


def bounded(rows_max: int) -> list[Aggregate]:
    """The declared aggregates over so many rows of each entity at most."""
    return [
        replace(aggregate, entity=replace(aggregate.entity, rows_max=rows_max))
        for aggregate in AGGREGATES.values()
    ]


@contextmanager
def round_trips() -> Iterator[list[str]]:
    """Each question that the connection sends meanwhile, as libpq itself traces them."""
    connection.ensure_connection()
    server = connection.connection.pgconn
    seen: list[str] = []
    with tempfile.NamedTemporaryFile() as file:
        with Path(file.name).open("w") as trace:
            server.trace(trace.fileno())
            try:
                yield seen
            finally:
                server.untrace()
        # A question ends with Sync, or is a simple Query; either waits for an answer.
        seen += re.findall(r"^\S* ?\S*\tF\t\d+\t(Sync|Query)\b", Path(file.name).read_text(), re.M)
