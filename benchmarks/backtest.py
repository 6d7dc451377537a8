"""A rule on a million labelled payments, and what a rule costs a payment.

    python -m benchmarks.backtest [--payments 1000000]

The payments are invented in columns, with the product's own table of history in a DuckDB file; what
is measured is the product's own backtest, from the file to the result, the newest labels and 20
rules in force included. A part of the same history is asked of PostgreSQL, too, and must say the
same.
Goals: backtest_seconds below 10, rules_50_us around 30.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa

from benchmarks import floor
from fraud.rulebook.closures import closure, readable
from fraud.rulebook.syntax import parse

UNTIL = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = 180
SECOND_MAX = 10_000  # payments that the second engine is asked about: it is filled row by row
BATCH = 100_000
RULE = "amount_vs_median > 5 and new_payee and (hour between 0 and 5 or balance_share > 50%)"
OTHERS = [
    f"amount_vs_mean > {2 + n / 10} and hour = {n} and not (device_new and missing(country))"
    for n in range(20)
]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.backtest", description=__doc__)
    parser.add_argument("--payments", type=int, default=1_000_000)
    options = parser.parse_args()
    with floor.bank() as bank, tempfile.TemporaryDirectory() as home:
        floor.environment(bank)
        path = f"duckdb://{Path(home, 'history.duckdb')}"
        seconds, flagged = million(path, options.payments)
        floor.report(
            backtest_seconds=seconds,
            backtest_flagged=flagged,
            rules_50_us=rules(),
            second_engine_same=same(path, bank.administrator),
        )


def million(url: str, count: int) -> tuple[float, int]:
    from fraud.backtest import history

    with history.opened(url) as engine:
        for decisions, labels in _invented(count):
            engine.insert(history.decisions(engine).get_name(), decisions)
            engine.insert(history.labels(engine).get_name(), labels)
    began = time.perf_counter()
    with history.opened(url) as engine:  # a worker opens the file, too
        result = _measured(engine, show=True)
    return time.perf_counter() - began, result["flagged"]


def _measured(engine: Any, *, most: int | None = None, show: bool = False) -> dict[str, Any]:
    from fraud.backtest import history
    from fraud.backtest.measure import Present, measure

    decisions = history.decisions(engine)
    if most is not None:
        decisions = decisions.filter(decisions.tx < most)
    present = tuple(Present(f"rlv_{n}", text, parse(text)) for n, text in enumerate(OTHERS))
    return measure(
        decisions, history.labels(engine), parse(RULE), present,
        since=UNTIL - timedelta(days=DAYS), until=UNTIL,
        progress=lambda percent: print(f"{percent} %", flush=True) if show else None,
    )  # fmt: skip


def _invented(count: int) -> Iterator[tuple[pa.Table, pa.Table]]:
    from fraud.backtest import history
    from fraud.features.moments import micros_of
    from fraud.rulebook.vocabulary import KINDS, Kind

    chance = np.random.default_rng(71)
    start = micros_of(UNTIL - timedelta(days=DAYS))
    for first in range(0, count, BATCH):
        rows = min(BATCH, count - first)
        tx = np.arange(first, first + rows)
        at = start + tx * (DAYS * 86_400_000_000 // count)
        minor = (np.exp(chance.normal(3.5, 1.2, rows)) * 100).astype(np.int64) + 1
        names = [f"d{n:09}" for n in tx]
        # Days since Monday, 29 December 1969, as `week_of` counts.
        columns: dict[str, Any] = {
            "tx": tx, "decision": names, "at_us": at, "amount_minor": minor,
            "week": (at // 86_400_000_000 + 3) // 7, "stopped": chance.random(rows) < 0.01,
        }  # fmt: skip
        for name, kind in KINDS.items():
            if kind is Kind.FLAG:
                columns[name] = pa.array(chance.random(rows) < 0.2, mask=chance.random(rows) < 0.1)
            elif kind is Kind.TEXT:
                columns[name] = np.array(["EUR", "GBP"])[chance.integers(0, 2, rows)]
            else:
                columns[name] = np.exp(chance.normal(0.5, 1, rows))
        columns |= {
            "amount": minor / 100, "amount_scaled": minor / 100,
            "hour": chance.integers(0, 24, rows).astype(float),
            "balance_share": chance.random(rows),
        }  # fmt: skip
        answers = {
            "tx": tx, "id": tx, "decision": names, "fraud": chance.random(rows) < 0.008,
            "known_us": at + 86_400_000_000, "weight": np.ones(rows),
        }  # fmt: skip
        yield (
            pa.table(columns).select(history.DECISIONS.names).cast(history.DECISIONS),
            pa.table(answers).select(history.LABELS.names).cast(history.LABELS),
        )


def rules(repeats: int = 2000) -> float:
    """Fifty rules on one payment, in microseconds, values made readable included."""
    asks = [closure(parse(RULE.replace("5 and", f"{n + 1} and"))) for n in range(50)]
    values = {"amount_vs_median": 7.5, "new_payee": True, "hour": 3, "balance_share": 0.7} | {
        f"other_{n}": float(n) for n in range(70)
    }
    took = []
    for _ in range(repeats):
        began = time.perf_counter()
        seen = readable(values)
        for ask in asks:
            ask(seen)
        took.append(time.perf_counter() - began)
    return median(took) * 1e6


def same(url: str, administrator: str) -> int:
    """1 when PostgreSQL says of a part of history exactly what DuckDB says."""
    from fraud.backtest import history

    with history.opened(url) as engine:
        here = _measured(engine, most=SECOND_MAX)
        tables = [
            (schema, name, found.filter(found.tx < SECOND_MAX).to_pyarrow())
            for schema, name, found in (
                (history.DECISIONS, "decisions", history.decisions(engine)),
                (history.LABELS, "labels", history.labels(engine)),
            )
        ]
    with psycopg.connect(administrator, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA IF NOT EXISTS elsewhere")
    with history.opened(administrator) as engine:
        engine.raw_sql("SET search_path = elsewhere")
        for schema, name, rows in tables:
            engine.insert(history.table(engine, schema, name).get_name(), rows)
        return int(_measured(engine, most=SECOND_MAX) == here)


if __name__ == "__main__":
    main()
