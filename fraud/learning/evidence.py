"""What later payments say about a model: those that neither it nor its rival has learned from."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from django.utils import timezone

from fraud.features.moments import micros_of
from fraud.learning import history, metrics, registry, training, voices
from fraud.learning.metrics import Comparison
from fraud.learning.policy import LearningPolicy
from fraud.learning.training import Window
from fraud.models import ModelVersion


@dataclass(frozen=True)
class Evidence:
    against: str | None  # the champion's public id; None for the rules alone
    payments: int
    frauds: int  # as far as they are believed
    comparison: Comparison | None  # None without a fraud to find
    shifted: str  # the feature that shifted most
    shift: float

    def to_json(self) -> dict[str, Any]:
        compared = self.comparison.to_json() if self.comparison else {}
        return {
            "against": self.against,
            "payments": self.payments,
            "frauds": self.frauds,
            "shifted": self.shifted,
            "shift": self.shift,
            **compared,
        }


def of(model: ModelVersion, champion: ModelVersion | None, policy: LearningPolicy) -> Evidence:
    """Both on the same payments, decided since both were trained, with outcomes known by now."""
    now = timezone.now()
    since = max(one.known_by for one in (model, champion) if one is not None)
    table = history.stored(history.between(since, now, newest=policy.later_payments_max))
    window = Window(micros_of(since), micros_of(now), micros_of(now))
    taught = training.lesson(table, history.labels_of(table), window, policy)
    loaded = registry.load(model.public_id)
    scores = loaded.scores(table.columns)
    shifts = loaded.bundle.reference.shifts(table.columns | {training.SCORE: scores})
    shifted = max(shifts, key=lambda name: shifts[name])
    rows, comparison = taught.rows, None
    if taught.fraud.any():
        rival = (
            registry.load(champion.public_id).scores(table.columns)
            if champion
            else np.nan_to_num(table.columns[voices.RULES])
        )
        comparison = metrics.compare(
            taught.fraud,
            scores[rows],
            rival[rows],
            taught.weight,
            resamples=policy.resamples,
            confidence=policy.confidence,
            seed=policy.seed,
        )
    return Evidence(
        against=champion.public_id if champion else None,
        payments=len(rows),
        frauds=taught.believed_frauds,
        comparison=comparison,
        shifted=shifted,
        shift=shifts[shifted],
    )


def moment(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


@lru_cache
def code_hash() -> str:
    """A name for exactly the code that trains and scores, and for the features it reads, of
    payments one by one and in columns."""
    found = hashlib.sha256()
    here = Path(__file__).parent
    for folder in (here, here.parent / "features"):
        for file in sorted(folder.rglob("*.py")):
            found.update(file.read_bytes())
    return found.hexdigest()
