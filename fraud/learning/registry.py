"""The models of this process: read from their rows once, checked, and swapped by id."""

import time
from functools import lru_cache
from uuid import UUID

import structlog

from fintrust.core.errors import Problem
from fraud.learning import bundle
from fraud.learning.booster import BoosterBroken
from fraud.learning.library import LibraryMissing
from fraud.learning.scorer import Scorer
from fraud.models import ModelVersion

KEPT = 4  # champion, shadow, and those before them while requests still run
RETRY_SECONDS = 60  # what could not be read is tried again, and not at every payment

_failed: dict[UUID, float] = {}
log = structlog.get_logger(__name__)


def scorer(id: UUID) -> Scorer | None:
    """The model of this id; None when it cannot be had, and then the decision is degraded."""
    if time.monotonic() - _failed.get(id, -RETRY_SECONDS) < RETRY_SECONDS:
        return None
    try:
        return load(id)
    except (ModelVersion.DoesNotExist, Problem, BoosterBroken, LibraryMissing) as problem:
        _failed[id] = time.monotonic()
        log.error("model cannot be loaded", model=str(id), why=str(problem))
        return None


@lru_cache(maxsize=KEPT)
def load(id: UUID) -> Scorer:
    """The same, or why not. A model's row never changes, so once is enough."""
    content, sha256 = ModelVersion.objects.values_list("content", "sha256").get(pk=id)
    return Scorer(bundle.read(bytes(content), sha256))


def forget() -> None:
    """Let go of all models, so that the next decision reads them again."""
    load.cache_clear()
    _failed.clear()
