"""What a rule would have caught and whom it would have annoyed, on any engine Ibis speaks to.

Imported by the worker only. It asks the engine for sums by week and currency, slice by slice, so
that progress can be shown; nothing that grows with history comes back.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

import ibis
import ibis.expr.types as ir

from fraud.features.aggregates import BELIEVED_MIN
from fraud.rulebook import columns
from fraud.rulebook.syntax import Node, features_of

SLICE_PAYMENTS = 400_000  # about so many at a time, for the sake of progress
SLICES_MAX = 20
EXAMPLES_MAX = 10
Progress = Callable[[int], None]
# Monday, 29 December 1969: weeks are counted from it, the same for every engine.
_FIRST_MONDAY = date(1969, 12, 29)
_WEEK = timedelta(days=7)


def week_of(at: datetime) -> int:
    return (at.astimezone(UTC).date() - _FIRST_MONDAY).days // 7


@dataclass(frozen=True, slots=True)
class Present:
    """A rule that is in force now."""

    id: str
    name: str
    tree: Node


@dataclass
class _Sums:
    """Sums by name, added up over slices."""

    sums: dict[str, int] = field(default_factory=dict)

    def add(self, row: Mapping[str, Any], names: Iterable[str]) -> None:
        for name in names:
            self.sums[name] = self.sums.get(name, 0) + int(row[name] or 0)

    def __getitem__(self, name: str) -> int:
        return self.sums.get(name, 0)


class _Steps:
    """How far it is, in percent, when so many of them are done."""

    def __init__(self, steps: int, progress: Progress) -> None:
        self._steps, self._count, self._progress = steps, 0, progress

    def done(self) -> None:
        self._count += 1
        self._progress(100 * self._count // self._steps)


def newest_labels(labels: ir.Table) -> ir.Table:
    """Of each decision what is known of it now: the newest answer counts, of those believed as far
    as features want it."""
    labels = labels.filter(labels.weight >= BELIEVED_MIN)
    newest = ibis.window(
        group_by=labels.decision, order_by=[labels.known_us.desc(), labels.id.desc()]
    )
    ranked = labels.mutate(place=ibis.row_number().over(newest))
    return ranked.filter(ranked.place == 0).select("decision", "fraud")


def measure(
    history: ir.Table,
    labels: ir.Table,
    tree: Node,
    present: tuple[Present, ...] = (),
    *,
    since: datetime,
    until: datetime,
    progress: Progress = lambda percent: None,
) -> dict[str, Any]:
    """A rule on the payments of a time, with what became known of them until now."""
    first, last = _micros(since), _micros(until)
    within = history.filter((history.at_us >= first) & (history.at_us < last))
    slices = min(within.count().to_pyarrow().as_py() // SLICE_PAYMENTS + 1, SLICES_MAX)
    judged = _judged(within, _kept(newest_labels(labels)), tree, present)
    steps = _Steps(2 * slices + 1, progress)
    weeks: dict[int, _Sums] = {}
    money: dict[str, _Sums] = {}
    examples: dict[str, list[dict[str, Any]]] = {"caught": [], "annoyed": []}
    total = _Sums()
    for part in range(slices):
        edges = [first + (last - first) * (part + more) // slices for more in (0, 1)]
        # Kept narrow: what follows asks about answers, and no more about features.
        one = _kept(judged.filter((judged.at_us >= edges[0]) & (judged.at_us < edges[1])))
        steps.done()
        for row in _rows(_summed(one, len(present))):
            counts = [name for name in row if name not in ("week", "currency", *_MONEY)]
            total.add(row, counts)
            weeks.setdefault(row["week"], _Sums()).add(row, counts)
            money.setdefault(row["currency"], _Sums()).add(row, _MONEY)
        for kind, found in examples.items():
            found += _examples(one.filter(one[kind]))
        steps.done()
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        **_figures(total, (until - since) / timedelta(days=1)),
        "money": {code: dict(money[code].sums) for code in sorted(money)},
        "weeks": [_week(number, weeks[number]) for number in sorted(weeks)],
        "present": _compared(total),
        "overlap": [
            {"id": rule.id, "name": rule.name, "flagged": total[f"present_{place}"],
             "both": total[f"both_{place}"]}
            for place, rule in enumerate(present)
        ],
        "examples": {kind: _largest(found) for kind, found in examples.items()},
    }  # fmt: skip


def _kept(table: ir.Table) -> ir.Table:
    """Worked out once, not again for each slice; it goes with the connection."""
    return table.get_backend().create_table(ibis.util.gen_name("kept"), table, temp=True)


def _judged(
    history: ir.Table, known: ir.Table, tree: Node, present: tuple[Present, ...]
) -> ir.Table:
    """Each payment with what is known of it, and what the rule and those in force say."""
    trees = [rule.tree for rule in present]
    asked = frozenset[str]().union(*(features_of(one) for one in (tree, *trees)))
    table = columns.readable(history, asked)
    answers = {f"in_force_{place}": columns.column(one, table) for place, one in enumerate(trees)}
    table = table.select(*_PLAIN, hit=columns.column(tree, table), **answers)
    table = table.left_join(known, "decision").drop("decision_right")
    fraud, good = table.fraud.fill_null(False), (~table.fraud).fill_null(False)
    return table.mutate(
        is_fraud=fraud, is_good=good, caught=table.hit & fraud, annoyed=table.hit & good,
        in_force=reduce(or_, (table[name] for name in answers), ibis.literal(False)),
    )  # fmt: skip


_PLAIN = ("decision", "at_us", "week", "currency", "amount_minor", "amount_scaled", "stopped")
_MONEY = ("caught_minor", "saved_minor", "annoyed_minor")


def _summed(table: ir.Table, present: int) -> ir.Table:
    def count(answer: Any) -> Any:
        return ibis.ifelse(answer, 1, 0).sum().cast("int64")  # some sum no booleans

    def minor(answer: Any) -> Any:
        return ibis.ifelse(answer, table.amount_minor, 0).sum().cast("int64")

    alone, only_old = table.hit & ~table.in_force, table.in_force & ~table.hit
    per_rule = [table[f"in_force_{place}"] for place in range(present)]
    return table.group_by("week", "currency").agg(
        payments=table.count(),
        frauds=count(table.is_fraud),
        good=count(table.is_good),
        flagged=count(table.hit),
        caught=count(table.caught),
        annoyed=count(table.annoyed),
        in_force=count(table.in_force),
        in_force_caught=count(table.in_force & table.is_fraud),
        in_force_annoyed=count(table.in_force & table.is_good),
        both=count(table.hit & table.in_force),
        alone=count(alone),
        alone_caught=count(alone & table.is_fraud),
        alone_annoyed=count(alone & table.is_good),
        only_old=count(only_old),
        only_old_caught=count(only_old & table.is_fraud),
        only_old_annoyed=count(only_old & table.is_good),
        caught_minor=minor(table.caught),
        # What was let through then: the rest was stopped without this rule.
        saved_minor=minor(table.caught & ~table.stopped),
        annoyed_minor=minor(table.annoyed),
        **{f"present_{place}": count(answer) for place, answer in enumerate(per_rule)},
        **{f"both_{place}": count(answer & table.hit) for place, answer in enumerate(per_rule)},
    )


def _figures(total: _Sums, days: float) -> dict[str, Any]:
    known = total["caught"] + total["annoyed"]
    return {
        "payments": total["payments"],
        "labelled": total["frauds"] + total["good"],
        "frauds": total["frauds"],
        "flagged": total["flagged"],
        "caught": total["caught"],
        "annoyed": total["annoyed"],
        "unknown": total["flagged"] - known,
        "precision": _share(total["caught"], known),
        "recall": _share(total["caught"], total["frauds"]),
        "per_day": round(total["flagged"] / days, 2),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _week(number: int, sums: _Sums) -> dict[str, Any]:
    names = ("payments", "frauds", "flagged", "caught", "annoyed")
    start = _FIRST_MONDAY + number * _WEEK
    return {"start": start.isoformat(), **{name: sums[name] for name in names}}


def _compared(total: _Sums) -> dict[str, dict[str, int]]:
    def three(name: str) -> dict[str, int]:
        return {
            "flagged": total[name],
            "caught": total[f"{name}_caught"],
            "annoyed": total[f"{name}_annoyed"],
        }

    return {
        "in_force": three("in_force"),
        "both": {"flagged": total["both"]},
        "only_this": three("alone"),
        "only_in_force": three("only_old"),
    }


def _examples(table: ir.Table) -> list[dict[str, Any]]:
    shown = table.select("decision", "at_us", "amount_minor", "currency", "amount_scaled")
    largest = shown.order_by([shown.amount_scaled.desc(), shown.decision])
    return _rows(largest.limit(EXAMPLES_MAX))


def _largest(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The largest of all slices; equal ones in the order of their ids, on every engine."""
    found.sort(key=lambda one: (-one["amount_scaled"], one["decision"]))
    return [
        {name: value for name, value in one.items() if name != "amount_scaled"}
        for one in found[:EXAMPLES_MAX]
    ]


def _rows(table: ir.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return found


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
