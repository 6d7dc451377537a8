"""The hands that beat moves: seal what has committed, check what is sealed."""

from collections.abc import Callable

from celery import shared_task

from audit import checks, log

BATCHES_MAX = 20  # a run ends after this many, so that a flood does not keep a worker for itself

_caught_up = False


@shared_task(name="audit.seal")
def seal() -> None:
    """Seal what has committed; a process's first run also looks for what was passed over."""
    global _caught_up
    if not _caught_up:
        _caught_up = _until_done(log.catch_up)
    _until_done(log.seal)


def _until_done(work: Callable[[], log.Sealed]) -> bool:
    for _ in range(BATCHES_MAX):
        sealed = work()
        if sealed.leaves < log.BATCH_MAX:
            return not sealed.busy
    return False


@shared_task(name="audit.verify")
def verify() -> None:
    checks.check_on_schedule()
