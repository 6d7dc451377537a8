from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "fintrust.core"
    label = "core"
    verbose_name = "People"

    def ready(self) -> None:
        post_migrate.connect(_grant_third_party_tables, sender=self)


def _grant_third_party_tables(using: str, **_: Any) -> None:
    from fintrust.core.access import open_third_party_tables

    open_third_party_tables(using)
