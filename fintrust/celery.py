"""The Celery application. Who asked, and under which request id, travels in the task's headers."""

import gc
import os
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fintrust.settings")

app = Celery("fintrust")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

_HEADER = "fintrust_context"
_running: dict[str, Any] = {}


@signals.before_task_publish.connect
def _pack(headers: dict[str, Any], **_: Any) -> None:
    from fintrust.core import context

    headers[_HEADER] = context.current().headers()


@signals.task_prerun.connect
def _unpack(task_id: str, task: Any, **_: Any) -> None:
    import structlog

    from fintrust.core import context

    came_with = context.Context.from_headers(getattr(task.request, _HEADER, None) or {})
    scope = context.use(**came_with.headers())
    entered = scope.__enter__()
    structlog.contextvars.bind_contextvars(task=task.name, request_id=entered.request_id)
    _running[task_id] = scope


@signals.task_postrun.connect
def _leave(task_id: str, **_: Any) -> None:
    import structlog

    scope = _running.pop(task_id, None)
    if scope is not None:
        scope.__exit__(None, None, None)
    structlog.contextvars.unbind_contextvars("task", "request_id")


@signals.setup_logging.connect
def _use_django_logging(**_: Any) -> None:
    """Celery must not replace the logging that settings describe."""
    import logging.config

    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@signals.worker_before_create_process.connect
def _share_memory(**_: Any) -> None:
    """What is loaded now stays as it is, so the garbage collector must not write beside it: a
    page that nobody writes to is one page for the worker and all its children."""
    gc.collect()
    gc.freeze()
