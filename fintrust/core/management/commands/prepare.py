"""`manage.py prepare`: everything between an empty database and a bank that can be used."""

from typing import Any

from django.core.management import BaseCommand, call_command
from django.db import connections

from fintrust.core import setup


class Command(BaseCommand):
    help = "Migrate as the owner, give roles their permissions, collect static files, make keys."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--demo", action="store_true", help="load the demo bank, once")

    def handle(self, *args: Any, demo: bool = False, **options: Any) -> None:
        quiet = {"verbosity": 0, "interactive": False}
        call_command("migrate", database=_owner(), **quiet)
        setup.give_permissions()
        setup.first_keys()
        call_command("collectstatic", **quiet)
        if demo:
            call_command("load_demo")
        self.stdout.write("prepared")


def _owner() -> str:
    return "owner" if "owner" in connections else "default"
