"""The models of this process: read from their rows once, checked, and swapped by id."""

import time
from functools import lru_cache

import structlog

from fintrust.core.errors import Problem
from fraud.learning import bundle
from fraud.learning.booster import BoosterBroken
from fraud.learning.library import LibraryMissing
from fraud.learning.scorer import Scorer
from fraud.models import ModelVersion

KEPT = 4  # champion, shadow, and those before them while requests still run
RETRY_SECONDS = 60  # what could not be read is tried again, and not at every payment

_failed: dict[str, float] = {}
log = structlog.get_logger(__name__)


def scorer(name: str) -> Scorer | None:
    """The model of this public id; None when it cannot be had: the decision is degraded then."""
    if time.monotonic() - _failed.get(name, -RETRY_SECONDS) < RETRY_SECONDS:
        return None
    try:
        return load(name)
    except (Problem, BoosterBroken, LibraryMissing) as problem:
        _failed[name] = time.monotonic()
        log.error("model cannot be loaded", model=name, why=str(problem))
        return None


@lru_cache(maxsize=KEPT)
def load(name: str) -> Scorer:
    """The same, or why not. A model's row never changes, so once is enough."""
    stored = ModelVersion.objects.only("content", "sha256").get_public(name)
    return Scorer(bundle.read(bytes(stored.content), stored.sha256))


def forget() -> None:
    """Let go of all models, so that the next decision reads them again."""
    load.cache_clear()
    _failed.clear()
