"""From the declared aggregates to the one statement that reads them all. Text only: no database.

Every entity is a bounded read of one covering index, newest first; its aggregates are one row.
The rows stand side by side, so a decision asks PostgreSQL once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fraud.facts import Facts
from fraud.features.aggregates import (
    BELIEVED_MIN,
    COUNT,
    DISTINCT,
    FIRST,
    LARGEST,
    LAST,
    NEWEST,
    OWN,
    PEERS,
    PEERS_ASKED_BELOW,
    QUANTILE,
    SERIES,
    SINCE_FRAUD,
    SQUARES,
    SUM,
    Aggregate,
    Entity,
    Is,
    Same,
    micros,
)
from fraud.profile.statement import LEARN_SINCE


@dataclass(frozen=True)
class Table:
    """A table of rows as the declarations speak of it."""

    name: str
    time: str  # what windows are about
    order: str  # what settles the order of rows of one moment
    paid_at: str
    columns: tuple[str, ...]  # always read
    renamed: Mapping[str, str]
    only: tuple[str, ...] = ()  # of its rows; as the conditions of its indexes have it

    def column(self, name: str) -> str:
        return self.renamed.get(name, name)


_TABLES = {
    "payments": Table(
        name="fraud_paymentfact",
        time="at",
        order="decision_id",
        paid_at="at",
        columns=(),
        renamed={"customer": "customer_id"},
    ),
    "labels": Table(
        name="fraud_label",
        time="known_at",
        order="id",
        paid_at="paid_at",
        columns=("decision_id", "paid_at", "fraud"),
        renamed={"customer": "customer_id"},
        only=(f"weight >= {BELIEVED_MIN}",),
    ),
}  # fmt: skip

_TYPES = {
    "customer": "uuid",
    "outgoing": "boolean",
    "account": "text",
    "counterparty": "text",
    "currency": "text",
    "device": "text",
    "at": "timestamptz",
}


@dataclass(frozen=True)
class Statement:
    """The text, and how its row becomes whole numbers by name."""

    sql: str
    columns: tuple["Column", ...]

    def values(self, row: Sequence[Any]) -> dict[str, int | None]:
        found: dict[str, int | None] = {}
        for column, answer in zip(self.columns, row, strict=True):
            found |= column.read(answer)
        return found


@dataclass(frozen=True)
class Column:
    """One column of the answer: a number, or the values that several counts are made of."""

    sql: str
    name: str = ""
    spread: Mapping[int, str] | None = None

    def read(self, answer: Any) -> dict[str, int | None]:
        if self.spread is None:
            return {self.name: None if answer is None else int(answer)}
        counts: dict[str, int | None] = dict.fromkeys(self.spread.values(), 0)
        for value in answer or ():
            if value is not None:
                name = self.spread[value]
                counts[name] = (counts[name] or 0) + 1
        return counts


def parameters(facts: Facts) -> dict[str, Any]:
    return {
        "customer": facts.customer_id,
        "outgoing": facts.outgoing,
        "account": facts.account,
        "counterparty": facts.counterparty,
        "currency": facts.currency,
        "device": facts.device or "",
        "at": facts.at,
    }


def statement(
    aggregates: Iterable[Aggregate], riders: Mapping[str, str] | None = None
) -> Statement:
    """The one statement of these aggregates. Riders are further columns, each a subselect of
    its own topic, that travel with it; they come after the aggregates."""
    by_entity: dict[Entity, list[Aggregate]] = {}
    for aggregate in aggregates:
        by_entity.setdefault(aggregate.entity, []).append(aggregate)
    parts, columns = [f"learning AS MATERIALIZED (\n    SELECT {LEARN_SINCE} AS since\n)"], []
    for entity, mine in by_entity.items():
        made = list(_columns(entity, mine))
        parts += [*_rows(entity, mine), _counted(entity, made)]
        columns += made
    names = [f"{entity.name}_counted" for entity in by_entity]
    more = "".join(f",\n       ({sql}) AS {name}" for name, sql in (riders or {}).items())
    stars = ", ".join(f"{name}.*" for name in names)
    sql = f"WITH {', '.join(parts)}\nSELECT {stars}{more}\nFROM {' CROSS JOIN '.join(names)}"
    return Statement(sql, tuple(columns))


# --- the rows of an entity ----------------------------------------------------------------------


def _rows(entity: Entity, aggregates: list[Aggregate]) -> Iterator[str]:
    table = _TABLES[entity.table]
    # Only what is counted: then the index alone answers, and no row is fetched.
    bounded = f"""SELECT {", ".join(_needed(table, aggregates))}
    FROM {table.name}
    WHERE {" AND ".join(_bounds(entity, table))}
    ORDER BY {table.time} DESC, {table.order} DESC
    LIMIT {entity.rows_max}"""
    if entity.table == "payments":
        yield f"{entity.name} AS MATERIALIZED (\n    {bounded}\n)"
        return
    # Of one payment the newest known label counts; then the payments are ranked by their own time.
    measures = {aggregate.measure for aggregate in aggregates}
    windows = "".join(f",\n           {sql}" for name, sql in _WINDOWS.items() if name in measures)
    yield f"""{entity.name} AS MATERIALIZED (
    SELECT *{windows}
    FROM (
        SELECT DISTINCT ON (decision_id) *
        FROM ({bounded}) AS known
        ORDER BY decision_id, {table.time} DESC, {table.order} DESC
    ) AS newest
)"""


# What some measures want to know of all rows before they count.
_WINDOWS = {
    NEWEST: "row_number() OVER (ORDER BY paid_at DESC, decision_id DESC) AS place",
    SINCE_FRAUD: "max(paid_at) FILTER (WHERE fraud) OVER () AS last_fraud_at",
    SERIES: "max(paid_at) FILTER (WHERE NOT fraud) OVER () AS last_good_at",
}


def _needed(table: Table, aggregates: list[Aggregate]) -> list[str]:
    needed = [table.order, table.time, *table.columns]
    for aggregate in aggregates:
        needed += [condition.column for condition in aggregate.where]
        needed += [aggregate.column] if aggregate.column else []
        needed += ["amount_minor"] if aggregate.measure in _OF_AMOUNTS else []
        needed += ["unusual"] if aggregate.measure == SERIES else []
    return sorted({table.column(name) for name in needed})


_OF_AMOUNTS = {SUM, SQUARES, QUANTILE, LARGEST}


def _bounds(entity: Entity, table: Table) -> Iterator[str]:
    for column, fact in entity.key:
        yield f"{table.column(column)} = {_fact(fact)}"
        if _TYPES[fact] == "text":
            # Said of the fact, nothing is read for nothing; said of the column, the planner sees
            # before it knows the fact that an index without empty names is enough.
            yield f"{_fact(fact)} <> '' AND {table.column(column)} <> ''"
    if entity.outgoing:
        yield "outgoing"
    yield from table.only
    yield f"{table.time} < {_fact('at')}"
    if entity.span is not None:
        yield f"{table.time} > {_start(entity.span)}"
    if entity.name == PEERS.name:
        yield f"customer_id <> {_fact('customer')}"
        asked = f"(SELECT own_same_count FROM {OWN.name}_counted)"
        yield f"{asked} < {PEERS_ASKED_BELOW}"


def _fact(name: str) -> str:
    return f"%({name})s::{_TYPES[name]}"


def _start(window: timedelta) -> str:
    # In seconds: a day of 24 hours, also when the clocks change.
    return f"{_fact('at')} - interval '{micros(window) // 1_000_000} seconds'"


# --- its aggregates -----------------------------------------------------------------------------


def _counted(entity: Entity, columns: list[Column]) -> str:
    listed = ",\n           ".join(column.sql for column in columns)
    return (
        f"{entity.name}_counted AS MATERIALIZED (\n    SELECT {listed}\n    FROM {entity.name}\n)"
    )


def _columns(entity: Entity, aggregates: list[Aggregate]) -> Iterator[Column]:
    """A column for each, but one for all the counts that only differ by a column's value."""
    spreads: dict[str, dict[int, str]] = {}
    for aggregate in aggregates:
        if spread := _spread(aggregate):
            spreads.setdefault(spread.column, {})[spread.value] = aggregate.name
        else:
            sql = f"{_measure(aggregate)} AS {aggregate.name}"
            yield Column(sql, name=aggregate.name)
    for column, names in spreads.items():
        learned = f" FILTER (WHERE {_LEARNED})"  # every spread is a habit
        yield Column(f"array_agg({column}){learned} AS {entity.name}_{column}", spread=names)


def _spread(aggregate: Aggregate) -> Is | None:
    if aggregate.measure == COUNT and aggregate.habit and len(aggregate.where) == 1:
        (condition,) = aggregate.where
        if isinstance(condition, Is) and condition.column in {"local_hour", "local_weekday"}:
            return condition
    return None


def _measure(aggregate: Aggregate) -> str:
    table = _TABLES[aggregate.entity.table]
    conditions = [_condition(table, condition) for condition in aggregate.where]
    if aggregate.window is not None and aggregate.window != aggregate.entity.span:
        conditions.append(f"{table.time} > {_start(aggregate.window)}")
    if aggregate.habit:
        conditions.append(_LEARNED)
    if aggregate.measure == NEWEST:
        conditions.append(f"place <= {aggregate.newest}")
    if aggregate.measure == SINCE_FRAUD:
        conditions.append("paid_at > last_fraud_at")
    if aggregate.measure == SERIES:
        conditions += ["fraud", "NOT unusual", "paid_at > coalesce(last_good_at, '-infinity')"]
    only = f" FILTER (WHERE {' AND '.join(conditions)})" if conditions else ""
    return _MEASURES[aggregate.measure].format(
        only=only, column=table.column(aggregate.column), share=aggregate.share, at=table.paid_at
    )


_LEARNED = "at >= (SELECT since FROM learning)"
_MICROS = "(extract(epoch FROM {moment}) * 1000000)::bigint"
_MEASURES = {
    COUNT: "count(*){only}",
    NEWEST: "count(*){only}",
    SUM: "coalesce(sum(amount_minor){only}, 0)",
    SQUARES: "coalesce(sum(amount_minor::numeric * amount_minor){only}, 0)",
    QUANTILE: "percentile_disc({share}) WITHIN GROUP (ORDER BY amount_minor){only}",
    LARGEST: "max(amount_minor){only}",
    DISTINCT: "count(DISTINCT {column}){only}",
    FIRST: _MICROS.format(moment="min({at}){only}"),
    LAST: _MICROS.format(moment="max({at}){only}"),
    SERIES: _MICROS.format(moment="min({at}){only}"),
    # Without a fraud there is nothing to count from.
    SINCE_FRAUD: "CASE WHEN count(last_fraud_at) > 0 THEN count(*){only} END",
}


def _condition(table: Table, condition: Same | Is) -> str:
    column = table.column(condition.column)
    if isinstance(condition, Same):
        given = f" AND {_fact(condition.fact)} <> ''" if _TYPES[condition.fact] == "text" else ""
        return f"{column} = {_fact(condition.fact)}{given}"
    if column in {"outgoing", "unusual", "fraud"}:
        return column if condition.value else f"NOT {column}"
    return f"{column} = {condition.value}"
