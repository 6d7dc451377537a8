"""What each process loads: memory is mostly modules, and one import can double it."""

import subprocess
import sys

import pytest

PROGRAMS = {
    "web": "import fintrust.asgi",
    "worker": "from fintrust.celery import app; app.loader.import_default_modules()",
    "stream": "import django; django.setup(); import fraud.management.commands.stream,"
    " fraud.stream.redis_source",
    "beat": "from fintrust.beat import app; app.loader.import_default_modules(); app.conf.timezone",
}
LEARNING = ("numpy", "scipy", "sklearn")


def loaded(program: str) -> set[str]:
    """The packages in memory when this program has started, in a process of its own."""
    code = f"{PROGRAMS[program]}\nimport sys; print('\\n'.join(sys.modules))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_process_starts_with_the_libraries_that_learn(program: str) -> None:
    assert not loaded(program).intersection(LEARNING)


def test_who_reads_redis_has_no_kafka_in_memory() -> None:
    assert not loaded("stream").intersection({"confluent_kafka"})


def test_the_clock_knows_neither_models_nor_tasks() -> None:
    modules = loaded("beat")
    assert "fintrust.settings" in modules
    assert not modules.intersection({"banking", "fraud", "audit", "django.contrib.auth.models"})


def test_every_task_that_is_due_has_a_worker_that_knows_it() -> None:
    from fintrust import beat, celery

    celery.app.loader.import_default_modules()
    due = {entry["task"] for entry in beat.app.conf.beat_schedule.values()}
    assert due
    assert due <= set(celery.app.tasks)
