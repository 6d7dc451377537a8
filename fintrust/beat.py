"""The clock: `celery -A fintrust.beat beat`.

It only puts the names of due tasks on the queue. So it loads neither Django's apps nor any task,
and weighs half of what a worker does.
"""

import os
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fintrust.settings")

app = Celery("fintrust", fixups=[])  # the usual one would set Django up
app.config_from_object("django.conf:settings", namespace="CELERY")


@signals.setup_logging.connect
def _use_django_logging(**_: Any) -> None:
    import logging.config

    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)
