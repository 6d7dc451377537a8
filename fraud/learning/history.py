"""What there is to learn from: stored decisions as columns, and what became known. Reads only.

Features come from what was stored with each decision: what a model is taught is, to the bit, what
it would have been asked.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Exists, OuterRef, QuerySet

from fraud import features, verdict
from fraud.facts import Facts
from fraud.features import Snapshot
from fraud.features.moments import micros_of
from fraud.learning import training, voices
from fraud.learning.booster import as_number
from fraud.learning.training import Labels
from fraud.models import Decision, Label, PaymentFact

CHUNK = 2_000  # decisions read at once: some megabytes of JSON


@dataclass(frozen=True)
class Stored:
    """Decisions as columns; a `training.Table`."""

    ids: Sequence[UUID]
    at: Any
    moved: Any
    columns: dict[str, Any]

    @property
    def outgoing(self) -> Any:
        return np.ones(len(self.ids), dtype=bool)

    def feature(self, name: str) -> Any:
        return self.columns[name]

    def digest(self) -> str:
        """A name for exactly these numbers."""
        found = hashlib.sha256(np.ascontiguousarray(self.at).tobytes() + self.moved.tobytes())
        for name in sorted(self.columns):
            found.update(name.encode() + self.columns[name].tobytes())
        return found.hexdigest()


def stored(
    decisions: "QuerySet[Decision]", say: Callable[[int], None] = lambda rows: None
) -> Stored:
    """What these decisions were made from. What a customer's own limit forbids is left out: it is
    never learned from."""
    names = training.NAMES
    ids: list[UUID] = []
    at: list[int] = []
    moved: list[bool] = []
    rows: list[list[float]] = []
    allowed = decisions.filter(forbidden=False)
    for read, (id, facts, snapshot, has_moved) in enumerate(_read(allowed), start=1):
        if facts.outgoing:
            values = values_of(facts, snapshot)
            ids.append(id)
            at.append(micros_of(facts.at))
            moved.append(has_moved)
            rows.append([as_number(values[name]) for name in names])
        if read % CHUNK == 0:
            say(read)
    table = np.array(rows, dtype=float).reshape(len(rows), len(names))
    columns = {name: np.ascontiguousarray(table[:, place]) for place, name in enumerate(names)}
    return Stored(ids, np.array(at, dtype=np.int64), np.array(moved, dtype=bool), columns)


def _read(decisions: "QuerySet[Decision]") -> Iterator[tuple[UUID, Facts, Snapshot, bool]]:
    fact = PaymentFact.objects.filter(decision=OuterRef("pk"))
    rows = decisions.values_list("id", "facts", "snapshot", Exists(fact))
    for id, facts, snapshot, moved in rows.iterator(chunk_size=CHUNK):
        yield id, Facts.from_json(facts), Snapshot.from_json(snapshot), moved


def values_of(facts: Facts, snapshot: Snapshot) -> dict[str, Any]:
    """All that a model may ask about a payment: the features, and what the house's rules say."""
    return features.of(facts, snapshot) | {
        voices.RULES: verdict.decide(facts, snapshot, verdict.CURRENT).score
    }


def between(start: datetime, end: datetime, *, newest: int) -> "QuerySet[Decision]":
    """Decisions about payments asked for in this time, oldest first, at most the newest so many."""
    chosen = Decision.objects.filter(at__gte=start, at__lt=end).order_by("-at", "-id")
    return Decision.objects.filter(pk__in=chosen.values("pk")[:newest]).order_by("at", "id")


def labels_of(table: Stored) -> Labels:
    """All that was ever said about these payments."""
    place = {id: row for row, id in enumerate(table.ids)}
    rows: list[tuple[int, bool, int, float]] = []
    for chunk in _chunks(table.ids):
        said = Label.objects.filter(decision__in=chunk).order_by("id")
        rows += [
            (place[decision], fraud, micros_of(known_at), weight)
            for decision, fraud, known_at, weight in said.values_list(
                "decision", "fraud", "known_at", "weight"
            )
        ]
    kinds = (np.int64, bool, np.int64, float)
    columns = zip(*rows, strict=True) if rows else ([] for _ in kinds)
    return Labels(*(np.array(one, kind) for one, kind in zip(columns, kinds, strict=True)))


def _chunks(ids: Sequence[UUID]) -> Iterable[Sequence[UUID]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


def decided(ids: Sequence[UUID]) -> "QuerySet[Decision]":
    return Decision.objects.filter(pk__in=ids).order_by("at", "id")


def newest_payments(count: int) -> "QuerySet[Decision]":
    """The decisions about the newest payments that moved."""
    moved = PaymentFact.objects.filter(outgoing=True).order_by("-id")[:count]
    return decided(list(moved.values_list("decision", flat=True)))
