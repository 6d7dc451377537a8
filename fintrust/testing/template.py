"""Migrates the template database as its owner; a process of its own, the only one to be it."""

import os

import django
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fintrust.settings")
    django.setup()
    from fintrust.core import setup

    call_command("migrate", database="owner", verbosity=0, interactive=False)
    setup.give_permissions()
    setup.first_keys()


if __name__ == "__main__":
    main()
