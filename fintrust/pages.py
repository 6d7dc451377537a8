"""What every page knows, and the pages that belong to no app."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from redis import Redis
from redis.exceptions import RedisError

from fintrust.core import roles

THEMES = {"light", "dark"}


def context(request: HttpRequest) -> dict[str, Any]:
    """Template context of every page: the person's roles and the theme they chose."""
    theme = request.COOKIES.get("theme", "")
    user = getattr(request, "user", None)
    return {
        "roles": roles.of(user) if user is not None else frozenset(),
        "theme": theme if theme in THEMES else "",
    }


def error_catalogue(request: HttpRequest) -> HttpResponse:
    """docs/errors.md as a page: where the `type` of every problem points."""
    text = (Path(settings.BASE_DIR) / "docs" / "errors.md").read_text()
    sections = [part.strip().partition("\n") for part in text.split("\n## ")[1:]]
    entries = [{"code": code.strip(), "text": body.strip()} for code, _, body in sections]
    return render(request, "errors/catalogue.html", {"entries": entries})


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Everything this process needs is there: database, its migrations, Redis."""
    checks = {"database": _database(), "migrations": _migrated(), "redis": _redis()}
    ready = all(checks.values())
    return JsonResponse({"ready": ready, "checks": checks}, status=200 if ready else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return True
    except Exception:  # whatever the reason, the answer is "not ready", and readyz says so
        return False


def _migrated() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Exception:  # as above
        return False


def _redis() -> bool:
    try:
        with Redis.from_url(settings.REDIS_URL, socket_timeout=2) as redis:
            return bool(redis.ping())
    except RedisError:
        return False
