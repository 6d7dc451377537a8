"""The past in columns: every decision about money that left, with its features, and every label.

PostgreSQL stays the only truth. The columns live behind an Ibis URL (`FRAUD_HISTORY_URL`; a DuckDB
file by default, a cluster when history outgrows one machine), and are filled from where they end:
rows of transactions that have ended never change, so the largest one there says where to go on.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from django.conf import settings
from django.db.models import Q, QuerySet

from fintrust.core.live import HORIZON
from fraud.backtest.measure import week_of
from fraud.features import catalogue
from fraud.features.moments import micros_of
from fraud.models import Decision, Label
from fraud.rulebook.closures import readable
from fraud.rulebook.vocabulary import KINDS, Kind

# How values are spelled. Another number makes another table, filled anew: rows stay as written.
SPELLING = 2  # places as `limits.places` normalises them
BATCH_MAX = 5_000  # rows in memory at a time
_BY_KIND = {Kind.FLAG: pa.bool_(), Kind.TEXT: pa.string()}
# tx and id: where the rows end. amount_minor and stopped: what a backtest counts besides.
DECISIONS = pa.schema(
    [
        ("tx", pa.int64()), ("decision", pa.string()), ("at_us", pa.int64()), ("week", pa.int64()),
        ("amount_minor", pa.int64()), ("stopped", pa.bool_()),
        *((name, _BY_KIND.get(kind, pa.float64())) for name, kind in KINDS.items()),
    ]
)  # fmt: skip
LABELS = pa.schema(
    [
        ("tx", pa.int64()), ("id", pa.int64()), ("decision", pa.string()), ("fraud", pa.bool_()),
        ("known_us", pa.int64()), ("weight", pa.float64()),
    ]
)  # fmt: skip
Told = Callable[[], None]


@contextmanager
def opened(url: str | None = None) -> Iterator[Any]:
    """The engine, closed again at once: a file of columns belongs to one process at a time."""
    engine = ibis.connect(url or settings.FRAUD_HISTORY_URL)
    try:
        yield engine
    finally:
        engine.disconnect()


def table(engine: Any, schema: pa.Schema, name: str) -> ir.Table:
    """The table of that form, made when it is not there. Other features make another table."""
    form = hashlib.sha256(f"{schema.to_string()}{SPELLING}".encode()).hexdigest()[:8]
    full = f"{name}_{form}"
    if full not in engine.list_tables():
        engine.create_table(full, schema=ibis.Schema.from_pyarrow(schema))
    return engine.table(full)


def decisions(engine: Any) -> ir.Table:
    return table(engine, DECISIONS, "decisions")


def labels(engine: Any) -> ir.Table:
    return table(engine, LABELS, "labels")


def catch_up(engine: Any, told: Told = lambda: None) -> int:
    """Bring the columns up to what has committed; how many rows that took."""
    judged = Decision.objects.filter(forbidden=False, facts__outgoing=True)
    return _follow(engine, decisions(engine), judged, "decision", _decision, told) + _follow(
        engine, labels(engine), Label.objects.all(), "id", _label, told
    )


def _follow(
    engine: Any,
    into: ir.Table,
    rows: "QuerySet[Any]",
    key: str,
    written: Callable[[Any], dict[str, Any]],
    told: Told,
) -> int:
    schema = DECISIONS if key == "decision" else LABELS
    count, place = 0, _end(into, key)
    while batch := list(_after(rows, place)[:BATCH_MAX]):
        # One statement: all of the batch is there, or none of it.
        data = pa.Table.from_pylist([written(row) for row in batch], schema=schema)
        engine.insert(into.get_name(), data)
        place = (batch[-1].tx, batch[-1].pk)
        count += len(batch)
        told()
    return count


def _end(into: ir.Table, key: str) -> tuple[int, Any] | None:
    last = into.order_by([into.tx.desc(), into[key].desc()]).limit(1).select("tx", key)
    rows = last.to_pyarrow().to_pylist()
    return (rows[0]["tx"], rows[0][key]) if rows else None


def _after(rows: "QuerySet[Any]", place: tuple[int, Any] | None) -> "QuerySet[Any]":
    rows = rows.filter(tx__lt=HORIZON).order_by("tx", "pk")
    if place is None:
        return rows
    tx, pk = place
    return rows.filter(tx__gte=tx).filter(Q(tx__gt=tx) | Q(pk__gt=pk))


def _decision(row: Decision) -> dict[str, Any]:
    facts = row.facts_then()
    return {
        **readable(catalogue.of(facts, row.snapshot_then())),
        "tx": row.tx,
        "decision": str(row.pk),
        "at_us": micros_of(row.at),
        "week": week_of(row.at),
        "amount_minor": facts.amount_minor,
        "stopped": row.verdict != Decision.Verdict.VERIFIED,
    }


def _label(row: Label) -> dict[str, Any]:
    return {
        "tx": row.tx,
        "id": row.pk,
        "decision": str(row.decision_id),
        "fraud": row.fraud,
        "known_us": micros_of(row.known_at),
        "weight": row.weight,
    }
