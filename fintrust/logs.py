"""Structured logs: one event a line with its request id; JSON in production, else readable."""

from typing import Any

import structlog
from structlog.typing import EventDict

SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]

_CHATTY = (
    "celery.app.trace",
    "celery.beat",
    "celery.worker.request",
    "celery.worker.strategy",
    "httpx",  # its lines tell whole addresses, and a customer's webhook may carry a token
)


def _chatty(level: str) -> str:
    return level if level == "DEBUG" else "WARNING"


def one_line_a_request(_: Any, method: str, event: EventDict) -> EventDict:
    """The line of its end says everything that the line of its beginning says."""
    if event.get("event") == "request_started":
        raise structlog.DropEvent
    return event


def without_query(_: Any, method: str, event: EventDict) -> EventDict:
    """A query may hold what somebody searched for or is about to send; the path does not."""
    if isinstance(event.get("request"), str):
        event["request"] = event["request"].partition("?")[0]
    return event


def logging_settings(*, json: bool, level: str) -> dict[str, Any]:
    """Django's LOGGING, and structlog configured to feed it."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            one_line_a_request,
            without_query,
            *SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processor": renderer,
                "foreign_pre_chain": [*SHARED, structlog.processors.format_exc_info],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django.server": {"handlers": ["stderr"], "propagate": False},
            # Every tick and every task that went well: noise, until somebody asks for DEBUG.
            **{name: {"level": _chatty(level)} for name in _CHATTY},
        },
    }
